-- name: claim_due_jobs
-- Claim due jobs at a provider, most overdue first, except the JSON list `besides`.
UPDATE jobs SET lease_owner = :owner, lease_expires_at = :expires_at
WHERE id IN (
    SELECT id FROM jobs
    WHERE state IN ('submitting', 'uncertain', 'rendering', 'downloading')
        AND next_action_at <= :now
        AND (lease_owner IS NULL OR lease_owner = :owner OR lease_expires_at <= :now)
        AND id NOT IN (SELECT json_array_elements_text(CAST(:besides AS json)))
    ORDER BY next_action_at, id
    LIMIT :most
    FOR UPDATE SKIP LOCKED)
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
    LIMIT :most
    FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: claim_jobs
-- Claim these queued jobs, as far as they are free; `ids` is a JSON list.
UPDATE jobs SET lease_owner = :owner, lease_expires_at = :expires_at
WHERE id IN (
    SELECT id FROM jobs
    WHERE id IN (SELECT json_array_elements_text(CAST(:ids AS json)))
        AND state = 'queued' AND next_action_at <= :now
        AND (lease_owner IS NULL OR lease_owner = :owner OR lease_expires_at <= :now)
    FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: list_unserved_jobs
-- List queued jobs that are due at none of these providers, oldest first; `providers` is a JSON
-- list.
SELECT * FROM jobs
WHERE state = 'queued' AND next_action_at <= :now
    AND provider NOT IN (SELECT json_array_elements_text(CAST(:providers AS json)))
ORDER BY accepted_at, id
LIMIT :most;

-- name: lock_queue^
-- Lock a provider's queue until the transaction ends.
SELECT pg_advisory_xact_lock(hashtext(:provider));

-- name: lock_questions^
-- Lock the questions to a member until the transaction ends.
SELECT pg_advisory_xact_lock(:owner_id);

-- name: lock_jobs
-- Lock these jobs until the transaction ends; `ids` is a JSON list. Rows are matched by id
-- afterwards: without the condition all jobs are read and locked.
SELECT id, version, state FROM jobs
WHERE id IN (SELECT json_array_elements_text(CAST(:ids AS json)))
ORDER BY id
FOR UPDATE;

-- name: lock_deliveries
-- Lock a job's messages until the transaction ends.
SELECT kind FROM deliveries WHERE job_id = :job_id
ORDER BY kind
FOR UPDATE;
