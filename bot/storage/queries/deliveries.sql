-- name: insert_deliveries*!
-- Owe messages; once per job and kind.
INSERT INTO deliveries ({deliveries: columns})
VALUES ({deliveries: values})
ON CONFLICT (job_id, kind) DO NOTHING;

-- name: update_delivery^
-- Update a delivery unless another process changed it since it was read.
UPDATE deliveries SET {deliveries: changes}, version = :version + 1
WHERE job_id = :job_id AND kind = :kind AND version = :version
RETURNING job_id;

-- name: find_delivery^
-- Get a message that a job owes or has posted.
SELECT * FROM deliveries WHERE job_id = :job_id AND kind = :kind;

-- name: list_owed_deliveries
-- List owed messages that are due, or further off than any wait; oldest first. A lease that is too
-- far off counts as taken now, and `clamp_posts` writes that down.
SELECT * FROM deliveries
WHERE state IN ('owed', 'posting')
    AND (next_attempt_at <= :now OR (state = 'owed' AND next_attempt_at > :latest))
ORDER BY next_attempt_at, job_id
LIMIT :most;

-- name: list_posted_cards
-- List posted cards whose job is active or changed recently, or whose content is unknown.
SELECT d.* FROM deliveries AS d JOIN jobs AS j ON j.id = d.job_id
WHERE d.kind = 'card' AND d.state = 'posted' AND (
    j.state IN ('queued', 'submitting', 'uncertain', 'rendering', 'downloading')
    OR j.state_changed_at >= :since OR d.shown IS NULL);

-- name: list_jobs_with_posted_cards
-- List the jobs of those cards, oldest first. The two lists are matched by job: a job missing from
-- one is skipped, so each query checks the state of both card and job.
SELECT j.* FROM deliveries AS d JOIN jobs AS j ON j.id = d.job_id
WHERE d.kind = 'card' AND d.state = 'posted' AND (
    j.state IN ('queued', 'submitting', 'uncertain', 'rendering', 'downloading')
    OR j.state_changed_at >= :since OR d.shown IS NULL)
ORDER BY j.accepted_at, j.id;

-- name: list_deliveries
-- List all messages of a job.
SELECT * FROM deliveries WHERE job_id = :job_id ORDER BY kind;

-- name: put_private_answer^
-- Write a private answer that follows its job; a later one takes its place.
INSERT INTO private_answers (
    job_id, application_id, token, message_id, text, answered_at, expires_at, next_look_at, shown)
VALUES (
    :job_id, :application_id, :token, :message_id, :text, :answered_at, :expires_at,
    :next_look_at, :shown)
ON CONFLICT (job_id) DO UPDATE SET
    application_id = excluded.application_id, token = excluded.token,
    message_id = excluded.message_id, text = excluded.text,
    answered_at = excluded.answered_at, expires_at = excluded.expires_at,
    next_look_at = excluded.next_look_at, shown = excluded.shown
RETURNING job_id;

-- name: find_due_private_answer^
-- Find a private answer that is due, or further off than any wait.
SELECT job_id FROM private_answers WHERE next_look_at <= :now OR next_look_at > :latest LIMIT 1;

-- name: claim_private_answers
-- Take the private answers that are due, or further off than any wait; soonest first.
UPDATE private_answers SET next_look_at = :until
WHERE (next_look_at <= :now OR next_look_at > :latest) AND job_id IN (
    SELECT job_id FROM private_answers
    WHERE next_look_at <= :now OR next_look_at > :latest
    ORDER BY next_look_at, job_id
    LIMIT :most)
RETURNING *;

-- name: update_private_answer^
-- Write what a private answer shows, unless a later one took its place.
UPDATE private_answers SET next_look_at = :next_look_at, shown = :shown
WHERE job_id = :job_id AND token = :token
RETURNING job_id;

-- name: remove_private_answer^
-- Remove a private answer that no longer changes, and its token with it.
DELETE FROM private_answers WHERE job_id = :job_id AND token = :token
RETURNING job_id;
