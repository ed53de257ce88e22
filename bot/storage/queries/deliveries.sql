-- name: insert_deliveries*!
-- Owe messages; once per job and kind.
INSERT INTO deliveries (
    job_id, kind, guild_id, channel_id, state, owed_at, next_attempt_at, attempts, posting_at,
    message_id, shown, version)
VALUES (
    :job_id, :kind, :guild_id, :channel_id, :state, :owed_at, :next_attempt_at, :attempts,
    :posting_at, :message_id, :shown, :version)
ON CONFLICT (job_id, kind) DO NOTHING;

-- name: update_delivery^
-- Move a delivery on if nobody else did meanwhile.
UPDATE deliveries SET
    state = :state, next_attempt_at = :next_attempt_at, attempts = :attempts,
    posting_at = :posting_at, message_id = :message_id, shown = :shown, version = :version + 1
WHERE job_id = :job_id AND kind = :kind AND version = :version
RETURNING job_id;

-- name: find_delivery^
-- A message that a job owes or has.
SELECT * FROM deliveries WHERE job_id = :job_id AND kind = :kind;

-- name: list_owed_deliveries
-- Messages that are owed and due, or further off than any wait is; oldest first.
SELECT * FROM deliveries
WHERE state IN ('owed', 'posting') AND (next_attempt_at <= :now OR next_attempt_at > :latest)
ORDER BY next_attempt_at, job_id
LIMIT :most;

-- name: list_posted_cards
-- Cards in channels whose job is active or changed lately, or of which nobody knows what they show.
SELECT d.* FROM deliveries AS d JOIN jobs AS j ON j.id = d.job_id
WHERE d.kind = 'card' AND d.state = 'posted' AND (
    j.state IN ('accepted', 'submitting', 'uncertain', 'in_progress', 'collecting')
    OR j.state_changed_at >= :since OR d.shown IS NULL);

-- name: list_jobs_with_posted_cards
-- The jobs of those cards, oldest first.
SELECT j.* FROM deliveries AS d JOIN jobs AS j ON j.id = d.job_id
WHERE d.kind = 'card' AND d.state = 'posted' AND (
    j.state IN ('accepted', 'submitting', 'uncertain', 'in_progress', 'collecting')
    OR j.state_changed_at >= :since OR d.shown IS NULL)
ORDER BY j.accepted_at, j.id;
