-- name: claim_due_jobs
-- Take the lease of jobs at a provider that are due, most overdue first, `besides` those of a list
-- in JSON.
UPDATE jobs SET lease_owner = :owner, lease_expires_at = :expires_at
WHERE id IN (
    SELECT id FROM jobs
    WHERE state IN ('submitting', 'uncertain', 'in_progress', 'collecting')
        AND next_action_at <= :now
        AND (lease_owner IS NULL OR lease_owner = :owner OR lease_expires_at <= :now)
        AND id NOT IN (SELECT json_array_elements_text(CAST(:besides AS json)))
    ORDER BY next_action_at, id
    LIMIT :most
    FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: claim_jobs_in_progress
-- Take the lease of films in the making at one provider, due or not, soonest due first.
UPDATE jobs SET lease_owner = :owner, lease_expires_at = :expires_at
WHERE id IN (
    SELECT id FROM jobs
    WHERE provider = :provider AND state = 'in_progress'
        AND state IN ('submitting', 'uncertain', 'in_progress')  -- as the index says it
        AND (lease_owner IS NULL OR lease_owner = :owner OR lease_expires_at <= :now)
    ORDER BY next_action_at, id
    LIMIT :most
    FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: claim_jobs
-- Take the lease of these waiting jobs, as far as they can be had; `ids` is a list in JSON.
UPDATE jobs SET lease_owner = :owner, lease_expires_at = :expires_at
WHERE id IN (
    SELECT id FROM jobs
    WHERE id IN (SELECT json_array_elements_text(CAST(:ids AS json)))
        AND state = 'accepted' AND next_action_at <= :now
        AND (lease_owner IS NULL OR lease_owner = :owner OR lease_expires_at <= :now)
    FOR UPDATE SKIP LOCKED)
RETURNING *;

-- name: lock_queue^
-- Nobody else takes jobs from a provider's queue until the transaction ends.
SELECT pg_advisory_xact_lock(hashtext(:provider));

-- name: lock_jobs
-- These jobs as they are, and nobody moves them until the transaction ends; `ids` is a list in JSON.
SELECT id, version, state FROM jobs
WHERE id IN (SELECT json_array_elements_text(CAST(:ids AS json)))
ORDER BY id
FOR UPDATE;
