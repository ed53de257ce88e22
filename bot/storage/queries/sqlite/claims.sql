-- name: claim_due_jobs
-- Claim due jobs at a provider, most overdue first, except the JSON list `besides`.
UPDATE jobs SET lease_owner = :owner, lease_expires_at = :expires_at
WHERE id IN (
    SELECT id FROM jobs
    WHERE state IN ('submitting', 'uncertain', 'rendering', 'downloading')
        AND next_action_at <= :now
        AND (lease_owner IS NULL OR lease_owner = :owner OR lease_expires_at <= :now)
        AND id NOT IN (SELECT value FROM json_each(:besides))
    ORDER BY next_action_at, id
    LIMIT :most)
RETURNING *;

-- name: claim_rendering_jobs
-- Claim the jobs that render at one provider, due or not, soonest due first.
UPDATE jobs SET lease_owner = :owner, lease_expires_at = :expires_at
WHERE id IN (
    SELECT id FROM jobs
    WHERE provider = :provider AND state = 'rendering'
        AND state IN ('submitting', 'uncertain', 'rendering')  -- only for the index jobs_in_hand
        AND (lease_owner IS NULL OR lease_owner = :owner OR lease_expires_at <= :now)
    ORDER BY next_action_at, id
    LIMIT :most)
RETURNING *;

-- name: claim_jobs
-- Claim these queued jobs, as far as they are free; `ids` is a JSON list.
UPDATE jobs SET lease_owner = :owner, lease_expires_at = :expires_at
WHERE id IN (
    SELECT id FROM jobs
    WHERE id IN (SELECT value FROM json_each(:ids))
        AND state = 'queued' AND next_action_at <= :now
        AND (lease_owner IS NULL OR lease_owner = :owner OR lease_expires_at <= :now))
RETURNING *;

-- name: list_unserved_jobs
-- List queued jobs that are due at none of these providers, oldest first; `providers` is a JSON
-- list.
SELECT * FROM jobs
WHERE state = 'queued' AND next_action_at <= :now
    AND provider NOT IN (SELECT value FROM json_each(:providers))
ORDER BY accepted_at, id
LIMIT :most;

-- name: lock_queue^
-- Lock a provider's queue until the transaction ends.
SELECT :provider AS provider;  -- a writing transaction is alone here

-- name: lock_questions^
-- Lock the questions to a member until the transaction ends.
SELECT :owner_id AS owner_id;  -- a writing transaction is alone here

-- name: lock_jobs
-- Lock these jobs until the transaction ends; `ids` is a JSON list. Rows are matched by id
-- afterwards: without the condition all jobs are read and locked.
SELECT id, version, state FROM jobs
WHERE id IN (SELECT value FROM json_each(:ids))
ORDER BY id;

-- name: lock_deliveries
-- Lock a job's messages until the transaction ends.
SELECT kind FROM deliveries WHERE job_id = :job_id
ORDER BY kind;  -- a writing transaction is alone here
