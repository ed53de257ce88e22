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
