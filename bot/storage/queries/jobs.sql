-- name: insert_job^
-- Write a new job; answers with nothing if its idempotency key was used before.
INSERT INTO jobs (
    id, idempotency_key, guild_id, channel_id, user_id, source_message_id, provider, request,
    cost_micros, cost_is_estimate, expected_seconds, state, accepted_at, state_changed_at,
    next_action_at, submitted_at, last_queued_at, deadline_at, progress_percent, cancel_requested,
    failure_kind, failure_text, artifact, errors_in_row, unknown_in_row, has_priority, version)
VALUES (
    :id, :idempotency_key, :guild_id, :channel_id, :user_id, :source_message_id, :provider, :request,
    :cost_micros, :cost_is_estimate, :expected_seconds, :state, :accepted_at, :state_changed_at,
    :next_action_at, :submitted_at, :last_queued_at, :deadline_at, :progress_percent,
    :cancel_requested, :failure_kind, :failure_text, :artifact, :errors_in_row, :unknown_in_row,
    :has_priority, :version)
ON CONFLICT (idempotency_key) DO NOTHING
RETURNING id;

-- name: get_job^
-- One job by its id.
SELECT * FROM jobs WHERE id = :id;

-- name: find_job_by_key^
-- The job of a wish that was made before.
SELECT * FROM jobs WHERE idempotency_key = :idempotency_key;

-- name: update_jobs*!
-- Move jobs on that nobody else has moved meanwhile, which is known: they are locked. Give up their
-- leases, but not before they are sent: another process would take an intent without a lease for
-- one whose process has died.
UPDATE jobs SET
    state = :state, state_changed_at = :state_changed_at, next_action_at = :next_action_at,
    submitted_at = :submitted_at, last_queued_at = :last_queued_at, deadline_at = :deadline_at,
    progress_percent = :progress_percent, cancel_requested = :cancel_requested,
    failure_kind = :failure_kind, failure_text = :failure_text, artifact = :artifact,
    errors_in_row = :errors_in_row, unknown_in_row = :unknown_in_row, version = :version + 1,
    lease_owner = CASE WHEN :state = 'submitting' THEN lease_owner END,
    lease_expires_at = CASE WHEN :state = 'submitting' THEN lease_expires_at END
WHERE id = :id AND version = :version;

-- name: postpone_jobs*!
-- The same for jobs that stay in their state, which most looks leave them in: what the state
-- decides is left alone, and so are, on SQLite, all indexes but one.
UPDATE jobs SET
    next_action_at = :next_action_at, submitted_at = :submitted_at,
    last_queued_at = :last_queued_at, deadline_at = :deadline_at,
    progress_percent = :progress_percent, cancel_requested = :cancel_requested,
    failure_kind = :failure_kind, failure_text = :failure_text, artifact = :artifact,
    errors_in_row = :errors_in_row, unknown_in_row = :unknown_in_row, version = :version + 1,
    lease_owner = CASE WHEN :state = 'submitting' THEN lease_owner END,
    lease_expires_at = CASE WHEN :state = 'submitting' THEN lease_expires_at END
WHERE id = :id AND version = :version;

-- name: renew_leases*!
-- Hold on to a job that is worked on, as far as it is still one's own.
UPDATE jobs SET lease_expires_at = :expires_at WHERE id = :id AND lease_owner = :owner;

-- name: list_active_jobs
-- All that have not ended, oldest first.
SELECT * FROM jobs
WHERE state IN ('accepted', 'submitting', 'uncertain', 'in_progress', 'collecting')
ORDER BY accepted_at, id;

-- name: list_active_jobs_of_member
-- A member's jobs that have not ended, oldest first.
SELECT * FROM jobs
WHERE user_id = :user_id
    AND state IN ('accepted', 'submitting', 'uncertain', 'in_progress', 'collecting')
ORDER BY accepted_at, id;

-- name: list_ended_jobs_of_member
-- A member's jobs in a server that have ended, latest first.
SELECT * FROM jobs
WHERE guild_id = :guild_id AND user_id = :user_id
    AND state IN ('succeeded', 'failed', 'cancelled', 'expired')
ORDER BY accepted_at DESC, id DESC
LIMIT :most;

-- name: list_given_up_jobs
-- Jobs that were handed over and ended without a film although one may still come; those that were
-- called off last, the latest of each first.
SELECT * FROM jobs AS j
WHERE j.state_changed_at >= :since
    AND (j.state IN ('cancelled', 'expired') OR j.failure_kind IN ('uncertain', 'interrupted'))
    AND EXISTS (SELECT 1 FROM submissions AS s WHERE s.job_id = j.id AND s.state <> 'rejected')
    AND NOT EXISTS (SELECT 1 FROM deliveries AS d WHERE d.job_id = j.id AND d.kind = 'film')
ORDER BY CASE WHEN j.state = 'cancelled' THEN 1 ELSE 0 END, j.state_changed_at DESC, j.id
LIMIT :most;

-- name: list_waiting_jobs
-- Jobs that wait for their turn at a provider and are due, oldest first.
SELECT id, user_id, accepted_at, has_priority FROM jobs
WHERE provider = :provider AND state = 'accepted'
ORDER BY accepted_at, id;

-- name: list_next_jobs
-- The first so many of each queue, with priority and without, of those that are due; as `in_order`
-- ranks them: a member's n-th job after everybody's (n-1)-th, within a round the oldest first.
WITH running AS (
    SELECT user_id, COUNT(*) AS films FROM jobs
    WHERE provider = :provider AND state IN ('submitting', 'uncertain', 'in_progress')
    GROUP BY user_id),
placed AS (
    SELECT id, user_id, accepted_at, has_priority, next_action_at,
        ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY accepted_at, id) AS place
    FROM jobs WHERE provider = :provider AND state = 'accepted'),
ranked AS (
    SELECT p.id, p.user_id, p.accepted_at, p.has_priority,
        ROW_NUMBER() OVER (
            PARTITION BY p.has_priority
            ORDER BY p.place + COALESCE(r.films, 0), p.accepted_at, p.id) AS turn
    FROM placed AS p LEFT JOIN running AS r ON r.user_id = p.user_id
    WHERE p.next_action_at <= :now)
SELECT id, user_id, accepted_at, has_priority FROM ranked
WHERE turn <= :most
ORDER BY turn, id;

-- name: list_turns
-- Where these jobs stand among those with or without priority that wait at a provider, from 1, and
-- how many wait in each; ranked as in `list_next_jobs`. `ids` is a list in JSON.
WITH running AS (
    SELECT user_id, COUNT(*) AS films FROM jobs
    WHERE provider = :provider AND state IN ('submitting', 'uncertain', 'in_progress')
    GROUP BY user_id),
placed AS (
    SELECT id, user_id, accepted_at, has_priority,
        ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY accepted_at, id) AS place
    FROM jobs WHERE provider = :provider AND state = 'accepted'),
ranked AS (
    SELECT p.id, p.has_priority,
        ROW_NUMBER() OVER (
            PARTITION BY p.has_priority
            ORDER BY p.place + COALESCE(r.films, 0), p.accepted_at, p.id) AS number,
        SUM(p.has_priority) OVER () AS first, COUNT(*) OVER () AS films
    FROM placed AS p LEFT JOIN running AS r ON r.user_id = p.user_id)
SELECT id, has_priority, number, first, films FROM ranked
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: count_claimed^
-- How many jobs a provider has in hand, or will have when others wrote the intents they just claimed.
SELECT
    (SELECT COUNT(*) FROM jobs
     WHERE provider = :provider AND state IN ('submitting', 'uncertain', 'in_progress'))
    + (SELECT COUNT(*) FROM jobs
       WHERE provider = :provider AND state = 'accepted' AND lease_owner IS NOT NULL
           AND lease_expires_at > :now AND lease_owner <> :owner) AS films;

-- name: count_in_hand^
-- How many jobs a provider has in hand, and how many of them had priority.
SELECT COUNT(*) AS films, COALESCE(SUM(has_priority), 0) AS first FROM jobs
WHERE provider = :provider AND state IN ('submitting', 'uncertain', 'in_progress');

-- name: count_running_jobs
-- How many jobs of each member a provider has in hand.
SELECT user_id, COUNT(*) AS running FROM jobs
WHERE provider = :provider AND state IN ('submitting', 'uncertain', 'in_progress')
GROUP BY user_id;

-- name: agenda
-- Of active jobs at a provider and of those that wait: when the first of all is due, and when the
-- first that is not due by now.
SELECT
    (SELECT MIN(next_action_at) FROM jobs
        WHERE state IN ('submitting', 'uncertain', 'in_progress', 'collecting')) AS first_at,
    (SELECT MIN(next_action_at) FROM jobs
        WHERE state IN ('submitting', 'uncertain', 'in_progress', 'collecting')
            AND next_action_at > :now) AS next_at
UNION ALL
SELECT
    (SELECT MIN(next_action_at) FROM jobs WHERE state = 'accepted'),
    (SELECT MIN(next_action_at) FROM jobs WHERE state = 'accepted' AND next_action_at > :now);
