-- name: lock_policy^
-- Lock a server's money until the transaction ends; return its rules.
INSERT INTO policies (guild_id, body, version) VALUES (:guild_id, NULL, 0)
ON CONFLICT (guild_id) DO UPDATE SET version = policies.version
RETURNING *;

-- name: get_policy^
-- Get a server's rules.
SELECT * FROM policies WHERE guild_id = :guild_id;

-- name: update_policy^
-- Update a server's rules. The row is locked and its version was compared; comparing it again
-- changes nothing, but saves it from a caller that forgot to lock.
UPDATE policies SET body = :body, version = :version + 1
WHERE guild_id = :guild_id AND version = :version
RETURNING *;

-- name: list_overrides
-- List the overrides of a server's roles and members.
SELECT * FROM policy_overrides WHERE guild_id = :guild_id
ORDER BY subject_kind, subject_id;

-- name: list_role_overrides
-- List the overrides of a server's roles.
SELECT * FROM policy_overrides WHERE guild_id = :guild_id AND subject_kind = 'role'
ORDER BY subject_id;

-- name: get_override^
-- Get the override of one role or member.
SELECT * FROM policy_overrides
WHERE guild_id = :guild_id AND subject_kind = :subject_kind AND subject_id = :subject_id;

-- name: put_override^
-- Write the override of a role or member.
INSERT INTO policy_overrides (guild_id, subject_kind, subject_id, body)
VALUES (:guild_id, :subject_kind, :subject_id, :body)
ON CONFLICT (guild_id, subject_kind, subject_id) DO UPDATE SET body = excluded.body
RETURNING guild_id;

-- name: delete_override^
-- Delete the override of a role or member.
DELETE FROM policy_overrides
WHERE guild_id = :guild_id AND subject_kind = :subject_kind AND subject_id = :subject_id
RETURNING guild_id;

-- name: delete_overrides
-- Delete all overrides of a server.
DELETE FROM policy_overrides WHERE guild_id = :guild_id
RETURNING guild_id;

-- name: insert_history^
-- Record in the audit log who changed what.
INSERT INTO policy_history (id, guild_id, at, actor_id, what, before, after)
VALUES (:id, :guild_id, :at, :actor_id, :what, :before, :after)
RETURNING id;

-- name: list_history
-- List the audit log, latest first; of one admin or moderator, or of all with 0.
SELECT * FROM policy_history
WHERE guild_id = :guild_id AND (:actor_id = 0 OR actor_id = :actor_id)
ORDER BY at DESC, id DESC
LIMIT :most OFFSET :skip;

-- name: insert_pending_change^
-- Keep a change until it is confirmed.
INSERT INTO pending_changes (id, guild_id, actor_id, change, expires_at)
VALUES (:id, :guild_id, :actor_id, :change, :expires_at)
RETURNING id;

-- name: get_pending_change^
-- Get a pending change.
SELECT * FROM pending_changes WHERE id = :id;

-- name: delete_pending_change^
-- Take a pending change, once.
DELETE FROM pending_changes WHERE id = :id
RETURNING id;

-- name: forget_pending_changes
-- Delete pending changes that expired unconfirmed.
DELETE FROM pending_changes WHERE expires_at <= :before
RETURNING id;

-- name: list_rate_windows
-- List the requests that a member's rate limits count.
SELECT * FROM rate_windows WHERE guild_id = :guild_id AND user_id = :user_id;

-- name: put_rate_windows*!
-- Write the requests that rate limits count.
INSERT INTO rate_windows (guild_id, user_id, period_seconds, instants, used, most, is_exempt)
VALUES (:guild_id, :user_id, :period_seconds, :instants, :used, :most, :is_exempt)
ON CONFLICT (guild_id, user_id, period_seconds) DO UPDATE SET
    instants = excluded.instants, used = excluded.used, most = excluded.most,
    is_exempt = excluded.is_exempt;

-- name: count_open_jobs^
-- Count a member's open jobs on a server; a storyboard counts once, without its shots. With it, in
-- one trip, whether a moderator has blocked the member.
SELECT
    COUNT(*) AS open_jobs,
    (SELECT COUNT(*) FROM blocked_members AS b
     WHERE b.guild_id = :guild_id AND b.user_id = :user_id) AS blocks
FROM jobs
WHERE guild_id = :guild_id AND user_id = :user_id AND shot_number IS NULL
    AND state IN ('queued', 'submitting', 'uncertain', 'rendering', 'downloading');

-- name: get_account^
-- Get an account.
SELECT * FROM accounts WHERE id = :id;

-- name: insert_accounts*!
-- Open empty accounts; each once.
INSERT INTO accounts (id, guild_id, kind, user_id, ends_at, funded_micros, balance_micros)
VALUES (:id, :guild_id, :kind, :user_id, :ends_at, 0, 0)
ON CONFLICT (id) DO NOTHING;

-- name: list_grants
-- List a member's grants that hold money and have not lapsed, earliest-lapsing first.
SELECT * FROM accounts
WHERE guild_id = :guild_id AND user_id = :user_id AND kind = 'grant' AND balance_micros > 0
    AND (ends_at IS NULL OR ends_at > :now)
ORDER BY ends_at IS NULL, ends_at, id;

-- name: insert_transaction^
-- Write the reason why money moves.
INSERT INTO ledger_transactions (
    id, guild_id, kind, at, job_id, user_id, actor_id, reason, improvement_id)
VALUES (:id, :guild_id, :kind, :at, :job_id, :user_id, :actor_id, :reason, :improvement_id)
RETURNING id;

-- name: insert_entries*!
-- Write postings, in this order.
INSERT INTO ledger_entries (transaction_id, account_id, micros)
VALUES (:transaction_id, :account_id, :micros);

-- name: list_draws
-- List the source accounts a job was reserved from, in the order of the reservation. The kind only
-- serves the index reserved_once: settlements and refunds draw on no other source account.
SELECT a.*, e.micros FROM ledger_transactions AS t
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN accounts AS a ON a.id = e.account_id
WHERE t.job_id = :job_id AND t.kind = 'reserve' AND e.micros < 0
ORDER BY a.ends_at IS NULL, a.ends_at, a.id;

-- name: list_event_shares
-- List the event that holds or spent money for a video, all shots of it together, and how much.
WITH video AS (
    SELECT id FROM jobs WHERE id = :video_id
    UNION
    SELECT id FROM jobs WHERE storyboard_id = :video_id AND storyboard_id IS NOT NULL)
SELECT e.account_id, CAST(-SUM(e.micros) AS BIGINT) AS micros,
    (SELECT state FROM jobs WHERE id = :video_id) AS state
FROM video AS v
JOIN ledger_transactions AS t ON t.job_id = v.id
    AND t.kind IN ('reserve', 'settle', 'release', 'refund')
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN accounts AS a ON a.id = e.account_id AND a.kind = 'event'
GROUP BY e.account_id;

-- name: list_improvement_draws
-- List the source accounts an improvement was reserved from, as list_draws does for a job.
SELECT a.*, e.micros FROM ledger_transactions AS t
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN accounts AS a ON a.id = e.account_id
WHERE t.improvement_id = :improvement_id AND t.kind = 'reserve' AND e.micros < 0
ORDER BY a.ends_at IS NULL, a.ends_at, a.id;

-- name: insert_improvement^
-- Write that a better prompt is about to be asked for; nothing where it was before.
INSERT INTO improvements (
    id, guild_id, channel_id, user_id, model_id, reserved_micros, asked_at, state)
VALUES (
    :id, :guild_id, :channel_id, :user_id, :model_id, :reserved_micros, :asked_at, 'asking')
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- name: get_improvement^
-- Get an improvement by the offer whose prompt it is.
SELECT * FROM improvements WHERE id = :id;

-- name: end_improvement^
-- Write what became of an improvement, once.
UPDATE improvements SET
    state = :state, ended_at = :ended_at, improved_id = :improved_id, fault = :fault
WHERE id = :id AND state = 'asking'
RETURNING id;

-- name: list_improvements_of_member
-- List when a member asked for better prompts.
SELECT asked_at FROM improvements
WHERE guild_id = :guild_id AND user_id = :user_id AND asked_at > :since
ORDER BY asked_at;

-- name: list_open_improvements
-- List the improvements whose answer is overdue, and those that a wrong clock dated ahead.
SELECT * FROM improvements
WHERE state = 'asking' AND (asked_at <= :before OR asked_at > :ahead)
ORDER BY asked_at, id
LIMIT :most;

-- name: list_refunds
-- List a job's refunds: by an admin, by its service, or in part by each.
SELECT * FROM ledger_transactions WHERE job_id = :job_id AND kind = 'refund' ORDER BY at, id;

-- name: find_resolution^
-- Find the end of a reservation.
SELECT * FROM ledger_transactions WHERE job_id = :job_id AND kind IN ('settle', 'release');

-- name: list_entries
-- List the postings of a transaction.
SELECT e.*, a.kind AS account_kind, a.ends_at FROM ledger_entries AS e
JOIN accounts AS a ON a.id = e.account_id
WHERE e.transaction_id = :transaction_id
ORDER BY e.account_id;

-- name: list_transactions_of_member
-- List a member's transactions, latest first: their own, and gifts they made.
SELECT * FROM (
    SELECT * FROM (
        SELECT * FROM ledger_transactions
        WHERE guild_id = :guild_id AND user_id = :user_id AND kind <> 'fund'
        ORDER BY at DESC, id DESC
        LIMIT :most) AS own
    UNION
    SELECT * FROM (
        SELECT * FROM ledger_transactions
        WHERE guild_id = :guild_id AND actor_id = :user_id AND kind = 'gift'
        ORDER BY at DESC, id DESC
        LIMIT :most) AS given) AS both_of_them
ORDER BY at DESC, id DESC
LIMIT :most;

-- name: sum_gifts^
-- Sum a member's gifts, given and received, in a period. Each CASE decides for its sum; the last
-- condition only avoids reading the gifts of others.
SELECT
    COALESCE(SUM(CASE WHEN t.actor_id = :user_id THEN e.micros ELSE 0 END), 0) AS given,
    COALESCE(SUM(CASE WHEN t.user_id = :user_id THEN e.micros ELSE 0 END), 0) AS got
FROM ledger_transactions AS t JOIN ledger_entries AS e ON e.transaction_id = t.id
WHERE t.guild_id = :guild_id AND t.kind = 'gift' AND t.at >= :since AND t.at < :before AND e.micros > 0
    AND (t.actor_id = :user_id OR t.user_id = :user_id);

-- name: list_usage
-- List the cost of a server's videos and improved prompts, oldest first, paid by the member and by
-- the pool.
SELECT t.at, t.kind, t.user_id, t.job_id, t.improvement_id, j.request, i.model_id,
    COALESCE(j.channel_id, i.channel_id) AS channel_id,
    COALESCE(SUM(CASE WHEN a.kind = 'pool_spent' THEN e.micros ELSE 0 END), 0) AS pool_micros,
    COALESCE(SUM(CASE WHEN a.kind = 'spent' THEN e.micros ELSE 0 END), 0) AS member_micros
FROM ledger_transactions AS t
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN accounts AS a ON a.id = e.account_id
LEFT JOIN jobs AS j ON j.id = t.job_id
LEFT JOIN improvements AS i ON i.id = t.improvement_id
WHERE t.guild_id = :guild_id AND t.kind IN ('settle', 'refund') AND t.at >= :since AND t.at < :before
GROUP BY t.id, t.at, t.kind, t.user_id, t.job_id, t.improvement_id, j.request, i.model_id,
    j.channel_id, i.channel_id
ORDER BY t.at, t.id;

-- name: insert_event^
-- Open a sponsored event.
INSERT INTO events (
    id, guild_id, channel_id, account_id, videos_most, videos_used, video_micros_most, opened_by,
    opened_at, ends_at, closed_at)
VALUES (
    :id, :guild_id, :channel_id, :account_id, :videos_most, 0, :video_micros_most, :opened_by,
    :opened_at, :ends_at, NULL)
RETURNING id;

-- name: list_open_events
-- List a server's running events, with their remaining money.
SELECT e.*, a.balance_micros, a.funded_micros, a.kind, a.user_id FROM events AS e
JOIN accounts AS a ON a.id = e.account_id
WHERE e.guild_id = :guild_id AND e.closed_at IS NULL AND (e.ends_at IS NULL OR e.ends_at > :now)
ORDER BY e.opened_at, e.id;

-- name: find_open_event^
-- Find the channel's event that is not closed.
SELECT e.*, a.balance_micros, a.funded_micros, a.kind, a.user_id FROM events AS e
JOIN accounts AS a ON a.id = e.account_id
WHERE e.guild_id = :guild_id AND e.channel_id = :channel_id AND e.closed_at IS NULL;

-- name: close_event^
-- Close an event that was found open under its server's lock; checking again only guards against a
-- caller that forgot to lock.
UPDATE events SET closed_at = :now WHERE id = :id AND closed_at IS NULL
RETURNING id;

-- name: count_event_video^
-- Count one video more, or one fewer, that an event pays for.
UPDATE events SET videos_used = videos_used + :videos WHERE account_id = :account_id
RETURNING videos_used;

-- name: list_unbalanced
-- List transactions that do not sum to zero; there are none.
SELECT transaction_id, SUM(micros) AS micros FROM ledger_entries
GROUP BY transaction_id HAVING SUM(micros) <> 0
LIMIT 100;

-- name: list_wrong_balances
-- List accounts whose balance differs from the sum of their entries; there are none.
SELECT a.id, a.balance_micros, COALESCE(SUM(e.micros), 0) AS entries
FROM accounts AS a LEFT JOIN ledger_entries AS e ON e.account_id = a.id
GROUP BY a.id, a.balance_micros
HAVING a.balance_micros <> COALESCE(SUM(e.micros), 0)
LIMIT 100;

-- name: list_wrong_fundings
-- List accounts whose funding differs from the sum of their entries; there are none.
SELECT a.id, a.funded_micros, COALESCE(SUM(e.micros), 0) AS entries
FROM accounts AS a
LEFT JOIN (
    SELECT e.account_id, e.micros FROM ledger_entries AS e
    JOIN ledger_transactions AS t ON t.id = e.transaction_id
    WHERE t.kind IN ('fund', 'grant', 'withdraw') OR (t.kind = 'gift' AND e.micros > 0)
) AS e ON e.account_id = a.id
GROUP BY a.id, a.funded_micros
HAVING a.funded_micros <> COALESCE(SUM(e.micros), 0)
LIMIT 100;

-- name: list_wrong_reservations
-- List jobs and improvements whose money and state disagree: ended and still held, or open and no
-- longer held.
SELECT j.id, j.state, COUNT(r.id) AS resolutions FROM jobs AS j
JOIN ledger_transactions AS t ON t.job_id = j.id AND t.kind = 'reserve'
LEFT JOIN ledger_transactions AS r ON r.job_id = j.id AND r.kind IN ('settle', 'release')
GROUP BY j.id, j.state
HAVING (j.state IN ('succeeded', 'failed', 'cancelled', 'expired')) <> (COUNT(r.id) = 1)
UNION ALL
SELECT i.id, i.state, COUNT(r.id) AS resolutions FROM improvements AS i
LEFT JOIN ledger_transactions AS r ON r.improvement_id = i.id AND r.kind IN ('settle', 'release')
GROUP BY i.id, i.state
HAVING (i.state <> 'asking') <> (COUNT(r.id) = 1)
LIMIT 100;

-- name: list_wrong_holdings
-- List held accounts whose balance differs from the sum of open reservations.
SELECT a.id, a.balance_micros, COALESCE(SUM(
    CASE WHEN e.micros > 0 AND r.id IS NULL THEN e.micros ELSE 0 END), 0) AS reserved
FROM accounts AS a
LEFT JOIN ledger_entries AS e ON e.account_id = a.id
LEFT JOIN ledger_transactions AS t ON t.id = e.transaction_id
LEFT JOIN ledger_transactions AS r
    ON COALESCE(r.job_id, r.improvement_id) = COALESCE(t.job_id, t.improvement_id)
    AND r.kind IN ('settle', 'release') AND t.kind = 'reserve'
WHERE a.kind IN ('held', 'pool_held')
GROUP BY a.id, a.balance_micros
HAVING a.balance_micros <> COALESCE(SUM(
    CASE WHEN e.micros > 0 AND r.id IS NULL THEN e.micros ELSE 0 END), 0)
LIMIT 100;
