-- name: insert_job^
-- Insert a new job; return nothing if its idempotency key was used before.
INSERT INTO jobs ({jobs: columns})
VALUES ({jobs: values})
ON CONFLICT (idempotency_key) DO NOTHING
RETURNING id;

-- name: insert_jobs*!
-- Insert the shots of a storyboard.
INSERT INTO jobs ({jobs: columns}) VALUES ({jobs: values});

-- name: list_shots
-- List the shots of a storyboard, in order. The condition that the column is set only serves the index.
SELECT * FROM jobs
WHERE storyboard_id = :storyboard_id AND storyboard_id IS NOT NULL AND shot_number IS NOT NULL
ORDER BY shot_number;

-- name: release_shot^
-- Let a shot that was held take its turn, perhaps with a picture to start from.
UPDATE jobs SET
    is_held = 0, request = :request, next_action_at = :now, version = version + 1
WHERE id = :id AND version = :version AND state = 'queued' AND is_held = 1
RETURNING id;

-- name: get_job^
-- Get one job by its id.
SELECT * FROM jobs WHERE id = :id;

-- name: find_job_by_key^
-- Find the job of a repeated request.
SELECT * FROM jobs WHERE idempotency_key = :idempotency_key;

-- name: update_jobs*!
-- Update jobs that are locked and whose versions were compared with those of `lock_jobs`; comparing
-- them again changes nothing, but saves a job from a caller that forgot to lock it. Release their
-- leases, except while submitting: another process would take an intent without a lease for that of
-- a dead process.
UPDATE jobs SET
    {jobs: changes},
    version = :version + 1,
    lease_owner = CASE WHEN :state = 'submitting' THEN lease_owner END,
    lease_expires_at = CASE WHEN :state = 'submitting' THEN lease_expires_at END
WHERE id = :id AND version = :version;

-- name: postpone_jobs*!
-- Update jobs that stay in their state, as most polls leave them: columns that the state decides
-- are untouched, and so are, on SQLite, all indexes but one.
UPDATE jobs SET
    {jobs: changes but state, state_changed_at},
    version = :version + 1,
    lease_owner = CASE WHEN :state = 'submitting' THEN lease_owner END,
    lease_expires_at = CASE WHEN :state = 'submitting' THEN lease_expires_at END
WHERE id = :id AND version = :version;

-- name: put_off_jobs*!
-- Release unreadable jobs and make them due later.
UPDATE jobs SET next_action_at = :later, lease_owner = NULL, lease_expires_at = NULL WHERE id = :id;

-- name: renew_leases*!
-- Renew the lease of a job in work, if it is still ours.
UPDATE jobs SET lease_expires_at = :expires_at WHERE id = :id AND lease_owner = :owner;

-- name: list_active_jobs
-- List all jobs that have not ended, oldest first.
SELECT * FROM jobs
WHERE state IN ('queued', 'submitting', 'uncertain', 'rendering', 'downloading')
ORDER BY accepted_at, id;

-- name: count_open_by_state
-- Count open jobs by state, with the first due instant of each; shots that are held are not due.
SELECT state, count(*) AS jobs, min(next_action_at) AS first_due_at FROM jobs
WHERE state IN ('queued', 'submitting', 'uncertain', 'rendering', 'downloading') AND is_held = 0
GROUP BY state;

-- name: list_active_jobs_of_member
-- List a member's jobs that have not ended, oldest first; not the shots of storyboards.
SELECT * FROM jobs
WHERE user_id = :user_id AND shot_number IS NULL
    AND state IN ('queued', 'submitting', 'uncertain', 'rendering', 'downloading')
ORDER BY accepted_at, id;

-- name: list_ended_jobs_of_member
-- List a member's ended jobs on a server, latest first; not the shots of storyboards.
SELECT * FROM jobs
WHERE guild_id = :guild_id AND user_id = :user_id AND shot_number IS NULL
    AND state IN ('succeeded', 'failed', 'cancelled', 'expired')
ORDER BY accepted_at DESC, id DESC
LIMIT :most;

-- name: list_latest_jobs
-- List the latest jobs, of one server and member where these are given; not the shots of storyboards.
SELECT * FROM jobs
WHERE shot_number IS NULL AND CAST(:guild_id AS BIGINT) IN (0, guild_id)
    AND CAST(:user_id AS BIGINT) IN (0, user_id)
    AND (CAST(:is_open AS BIGINT) = 0 OR state IN ('queued', 'submitting', 'uncertain', 'rendering', 'downloading'))
ORDER BY accepted_at DESC, id DESC
LIMIT :most;

-- name: list_requests_with_pictures
-- List the requests with pictures of jobs accepted since then and of open offers. Without LIKE the
-- same pictures are found, but far more is read.
SELECT request FROM jobs WHERE accepted_at >= :since AND request LIKE '%"key"%'
UNION ALL
SELECT request FROM offers WHERE request LIKE '%"key"%';

-- name: list_given_up_jobs
-- List jobs that were submitted and ended without a video, but may still get a late result;
-- cancelled ones last, the latest of each first.
SELECT * FROM jobs AS j
WHERE j.state_changed_at >= :since
    AND (j.state IN ('cancelled', 'expired') OR j.failure_kind IN ('uncertain', 'interrupted'))
    AND EXISTS (SELECT 1 FROM submissions AS s WHERE s.job_id = j.id AND s.state <> 'rejected')
    AND NOT EXISTS (SELECT 1 FROM deliveries AS d WHERE d.job_id = j.id AND d.kind = 'video')
ORDER BY CASE WHEN j.state = 'cancelled' THEN 1 ELSE 0 END, j.state_changed_at DESC, j.id
LIMIT :most;

-- name: list_waiting_jobs
-- List the jobs queued at a provider, oldest first.
SELECT id, user_id, accepted_at, has_priority FROM jobs
WHERE provider = :provider AND state = 'queued' AND is_held = 0
ORDER BY accepted_at, id;

-- name: list_next_jobs
-- List the next due jobs of each queue, with priority and without: every member's n-th job comes
-- after all members' (n-1)-th, and within a round the oldest first.
WITH running AS (
    SELECT user_id, COUNT(*) AS videos FROM jobs
    WHERE provider = :provider AND state IN ('submitting', 'uncertain', 'rendering')
    GROUP BY user_id),
placed AS (
    SELECT id, user_id, accepted_at, has_priority, next_action_at,
        ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY accepted_at, id) AS place
    FROM jobs WHERE provider = :provider AND state = 'queued' AND is_held = 0),
ranked AS (
    SELECT p.id, p.user_id, p.accepted_at, p.has_priority,
        ROW_NUMBER() OVER (
            PARTITION BY p.has_priority
            ORDER BY p.place + COALESCE(r.videos, 0), p.accepted_at, p.id) AS turn
    FROM placed AS p LEFT JOIN running AS r ON r.user_id = p.user_id
    WHERE p.next_action_at <= :now)
SELECT id, user_id, accepted_at, has_priority FROM ranked
WHERE turn <= :most
ORDER BY turn, id;

-- name: list_turns
-- Get the queue positions of these jobs at a provider, from 1, with and without priority, and how
-- many wait in each; ranked as in `list_next_jobs`. `ids` is a JSON list.
WITH running AS (
    SELECT user_id, COUNT(*) AS videos FROM jobs
    WHERE provider = :provider AND state IN ('submitting', 'uncertain', 'rendering')
    GROUP BY user_id),
placed AS (
    SELECT id, user_id, accepted_at, has_priority,
        ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY accepted_at, id) AS place
    FROM jobs WHERE provider = :provider AND state = 'queued' AND is_held = 0),
ranked AS (
    SELECT p.id, p.has_priority,
        ROW_NUMBER() OVER (
            PARTITION BY p.has_priority
            ORDER BY p.place + COALESCE(r.videos, 0), p.accepted_at, p.id) AS number,
        SUM(p.has_priority) OVER () AS first, COUNT(*) OVER () AS videos
    FROM placed AS p LEFT JOIN running AS r ON r.user_id = p.user_id)
SELECT id, has_priority, number, first, videos FROM ranked
WHERE id IN (SELECT value FROM json_each(:ids));

-- name: count_claimed^
-- Count the jobs at a provider, including intents that other processes have just claimed. The check
-- for an owner only serves the index: a comparison with NULL is never true.
SELECT
    (SELECT COUNT(*) FROM jobs
     WHERE provider = :provider AND state IN ('submitting', 'uncertain', 'rendering'))
    + (SELECT COUNT(*) FROM jobs
       WHERE provider = :provider AND state = 'queued' AND lease_owner IS NOT NULL
           AND lease_expires_at > :now AND lease_owner <> :owner) AS videos;

-- name: count_in_hand^
-- Count the jobs at a provider, and those of them with priority.
SELECT COUNT(*) AS videos, COALESCE(SUM(has_priority), 0) AS first FROM jobs
WHERE provider = :provider AND state IN ('submitting', 'uncertain', 'rendering');

-- name: agenda
-- Get the first due instant of active jobs and of queued jobs, and of each the first one after now;
-- shots that are held are not due.
SELECT
    (SELECT MIN(next_action_at) FROM jobs
        WHERE state IN ('submitting', 'uncertain', 'rendering', 'downloading')) AS first_at,
    (SELECT MIN(next_action_at) FROM jobs
        WHERE state IN ('submitting', 'uncertain', 'rendering', 'downloading')
            AND next_action_at > :now) AS next_at
UNION ALL
SELECT
    (SELECT MIN(next_action_at) FROM jobs WHERE state = 'queued' AND is_held = 0),
    (SELECT MIN(next_action_at) FROM jobs
        WHERE state = 'queued' AND is_held = 0 AND next_action_at > :now);

-- name: clamp_jobs_at_providers!
-- Date instants ahead of now in jobs at a provider to now. Each CASE decides for its column; the
-- condition after the states only avoids rewriting unchanged rows.
UPDATE jobs SET
    lease_expires_at =
        CASE WHEN lease_expires_at > :latest_lease THEN :lease ELSE lease_expires_at END,
    next_action_at = CASE
        WHEN next_action_at > :latest_wait OR (errors_in_row = 0 AND next_action_at > :latest_poll)
        THEN :now ELSE next_action_at END,
    submitted_at = CASE WHEN submitted_at > :latest THEN :now ELSE submitted_at END,
    last_queued_at = CASE WHEN last_queued_at > :latest THEN :now ELSE last_queued_at END,
    deadline_at = CASE WHEN deadline_at > :latest_deadline THEN :deadline ELSE deadline_at END
WHERE state IN ('submitting', 'uncertain', 'rendering', 'downloading')
    AND (lease_expires_at > :latest_lease OR next_action_at > :latest_wait
        OR (errors_in_row = 0 AND next_action_at > :latest_poll) OR submitted_at > :latest
        OR last_queued_at > :latest OR deadline_at > :latest_deadline);

-- name: clamp_claimed_jobs!
-- Clamp the leases of queued jobs. The state and the check for an owner only serve the index: jobs
-- at a provider come before, and no ended job has a lease.
UPDATE jobs SET lease_expires_at = :lease
WHERE state = 'queued' AND lease_owner IS NOT NULL AND lease_expires_at > :latest_lease;

-- name: clamp_waiting_jobs!
-- Clamp the instants at which queued jobs may be submitted again.
UPDATE jobs SET next_action_at = :now WHERE state = 'queued' AND next_action_at > :latest_wait;

-- name: clamp_queue_places!
-- Clamp the instants of acceptance, which decide the queue position.
UPDATE jobs SET accepted_at = :now WHERE state = 'queued' AND accepted_at > :latest;

-- name: clamp_changed_jobs!
-- Clamp the instants at which jobs entered their state, ended ones included.
UPDATE jobs SET state_changed_at = :now WHERE state_changed_at > :latest;

-- name: clamp_submissions!
-- Clamp the instants at which open jobs were submitted. Each CASE decides for its column; the last
-- condition only avoids rewriting unchanged rows.
UPDATE submissions SET
    intended_at = CASE WHEN intended_at > :latest THEN :now ELSE intended_at END,
    accepted_at = CASE WHEN accepted_at > :latest THEN :now ELSE accepted_at END
WHERE job_id IN (
        SELECT id FROM jobs WHERE state IN ('submitting', 'uncertain', 'rendering', 'downloading'))
    AND (intended_at > :latest OR accepted_at > :latest);

-- name: clamp_posts!
-- Clamp the leases of messages being posted.
UPDATE deliveries SET next_attempt_at = :posting
WHERE state = 'posting' AND next_attempt_at > :latest_posting;

-- name: clamp_offers!
-- Clamp the expiry of quotes.
UPDATE offers SET expires_at = :offer WHERE expires_at > :latest_offer;

-- name: clamp_changes!
-- Clamp the expiry of pending changes.
UPDATE pending_changes SET expires_at = :change WHERE expires_at > :latest_change;

-- name: clamp_cards!
-- Clamp the instants at which cards may be edited next.
UPDATE deliveries SET next_attempt_at = :now
WHERE state = 'posted' AND next_attempt_at > :latest;

-- name: clamp_durations!
-- Clamp the instants of render times, which decide the latest ones.
UPDATE durations SET observed_at = :now WHERE observed_at > :latest;
