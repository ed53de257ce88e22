-- name: lock_policy^
-- Lock a server's money until the transaction ends; answers with its rules.
INSERT INTO policies (guild_id, body, version) VALUES (:guild_id, NULL, 0)
ON CONFLICT (guild_id) DO UPDATE SET version = policies.version
RETURNING *;

-- name: get_policy^
-- A server's rules.
SELECT * FROM policies WHERE guild_id = :guild_id;

-- name: update_policy^
-- Change a server's rules if nobody else did meanwhile.
UPDATE policies SET body = :body, version = :version + 1
WHERE guild_id = :guild_id AND version = :version
RETURNING *;

-- name: list_overrides
-- The rules of roles and members of a server.
SELECT * FROM policy_overrides WHERE guild_id = :guild_id
ORDER BY subject_kind, subject_id;

-- name: list_role_overrides
-- The rules of roles of a server.
SELECT * FROM policy_overrides WHERE guild_id = :guild_id AND subject_kind = 'role'
ORDER BY subject_id;

-- name: get_override^
-- The rules of one role or member.
SELECT * FROM policy_overrides
WHERE guild_id = :guild_id AND subject_kind = :subject_kind AND subject_id = :subject_id;

-- name: put_override^
-- Write the rules of a role or a member.
INSERT INTO policy_overrides (guild_id, subject_kind, subject_id, body)
VALUES (:guild_id, :subject_kind, :subject_id, :body)
ON CONFLICT (guild_id, subject_kind, subject_id) DO UPDATE SET body = excluded.body
RETURNING guild_id;

-- name: delete_override^
-- Remove the rules of a role or a member.
DELETE FROM policy_overrides
WHERE guild_id = :guild_id AND subject_kind = :subject_kind AND subject_id = :subject_id
RETURNING guild_id;

-- name: delete_overrides
-- Remove all of a server.
DELETE FROM policy_overrides WHERE guild_id = :guild_id
RETURNING guild_id;

-- name: insert_history^
-- Note who changed what.
INSERT INTO policy_history (id, guild_id, at, actor_id, what, before, after)
VALUES (:id, :guild_id, :at, :actor_id, :what, :before, :after)
RETURNING id;

-- name: list_history
-- Who changed what, latest first.
SELECT * FROM policy_history WHERE guild_id = :guild_id
ORDER BY at DESC, id DESC
LIMIT :most;

-- name: insert_pending_edit^
-- Keep a change that waits to be confirmed.
INSERT INTO pending_edits (id, guild_id, actor_id, edit, expires_at)
VALUES (:id, :guild_id, :actor_id, :edit, :expires_at)
RETURNING id;

-- name: get_pending_edit^
-- A change that waits to be confirmed.
SELECT * FROM pending_edits WHERE id = :id;

-- name: delete_pending_edit^
-- Take a change that waited, once.
DELETE FROM pending_edits WHERE id = :id
RETURNING id;

-- name: forget_pending_edits
-- Drop those that nobody confirmed.
DELETE FROM pending_edits WHERE expires_at <= :before
RETURNING id;

-- name: list_rate_windows
-- What a member's rate limits count.
SELECT * FROM rate_windows WHERE guild_id = :guild_id AND user_id = :user_id;

-- name: put_rate_window^
-- Write what a rate limit counts.
INSERT INTO rate_windows (guild_id, user_id, period_seconds, instants, used, most, is_exempt)
VALUES (:guild_id, :user_id, :period_seconds, :instants, :used, :most, :is_exempt)
ON CONFLICT (guild_id, user_id, period_seconds) DO UPDATE SET
    instants = excluded.instants, used = excluded.used, most = excluded.most,
    is_exempt = excluded.is_exempt
RETURNING used;

-- name: count_open_jobs^
-- How many jobs of a member of a server have not ended.
SELECT COUNT(*) AS open_jobs FROM jobs
WHERE guild_id = :guild_id AND user_id = :user_id
    AND state IN ('accepted', 'submitting', 'uncertain', 'in_progress', 'collecting');

-- name: get_account^
-- What an account holds.
SELECT * FROM accounts WHERE id = :id;

-- name: insert_account^
-- Open an account with nothing in it; once.
INSERT INTO accounts (id, guild_id, kind, user_id, ends_at, funded_micros, balance_micros)
VALUES (:id, :guild_id, :kind, :user_id, :ends_at, 0, 0)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- name: list_grants
-- Grants of a member that hold money and have not lapsed, those that lapse first first.
SELECT * FROM accounts
WHERE guild_id = :guild_id AND user_id = :user_id AND kind = 'grant' AND balance_micros > 0
    AND (ends_at IS NULL OR ends_at > :now)
ORDER BY ends_at IS NULL, ends_at, id;

-- name: insert_transaction^
-- Write why money moves.
INSERT INTO ledger_transactions (id, guild_id, kind, at, job_id, user_id, actor_id, reason)
VALUES (:id, :guild_id, :kind, :at, :job_id, :user_id, :actor_id, :reason)
RETURNING id;

-- name: insert_entry^
-- Move it.
INSERT INTO ledger_entries (transaction_id, account_id, micros)
VALUES (:transaction_id, :account_id, :micros)
RETURNING micros;

-- name: list_draws
-- Which purses a job was reserved from, in the order of the reservation.
SELECT a.*, e.micros FROM ledger_transactions AS t
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN accounts AS a ON a.id = e.account_id
WHERE t.job_id = :job_id AND t.kind = 'reserve' AND e.micros < 0
ORDER BY a.ends_at IS NULL, a.ends_at, a.id;

-- name: find_refund^
-- Whether a job's money was given back.
SELECT * FROM ledger_transactions WHERE job_id = :job_id AND kind = 'refund';

-- name: find_resolution^
-- How a reservation ended.
SELECT * FROM ledger_transactions WHERE job_id = :job_id AND kind IN ('settle', 'release');

-- name: list_entries
-- Between which accounts a transaction moved money.
SELECT e.*, a.kind AS account_kind, a.ends_at FROM ledger_entries AS e
JOIN accounts AS a ON a.id = e.account_id
WHERE e.transaction_id = :transaction_id
ORDER BY e.account_id;

-- name: list_transactions_of_member
-- A member's movements of money, latest first: their own, and the gifts that they made.
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
-- What a member gave away, and got, since an instant.
SELECT
    COALESCE(SUM(CASE WHEN t.actor_id = :user_id THEN e.micros ELSE 0 END), 0) AS given,
    COALESCE(SUM(CASE WHEN t.user_id = :user_id THEN e.micros ELSE 0 END), 0) AS got
FROM ledger_transactions AS t JOIN ledger_entries AS e ON e.transaction_id = t.id
WHERE t.guild_id = :guild_id AND t.kind = 'gift' AND t.at >= :since AND e.micros > 0
    AND (t.actor_id = :user_id OR t.user_id = :user_id);

-- name: list_usage
-- What films of a server came to, oldest first: who, what, how much from the member and the pool.
SELECT t.at, t.kind, t.user_id, t.job_id, j.request, j.provider,
    COALESCE(SUM(CASE WHEN a.kind = 'pool_spent' THEN e.micros ELSE 0 END), 0) AS pool_micros,
    COALESCE(SUM(CASE WHEN a.kind = 'spent' THEN e.micros ELSE 0 END), 0) AS member_micros
FROM ledger_transactions AS t
JOIN ledger_entries AS e ON e.transaction_id = t.id
JOIN accounts AS a ON a.id = e.account_id
JOIN jobs AS j ON j.id = t.job_id
WHERE t.guild_id = :guild_id AND t.kind IN ('settle', 'refund') AND t.at >= :since AND t.at < :before
GROUP BY t.id, t.at, t.kind, t.user_id, t.job_id, j.request, j.provider
ORDER BY t.at, t.id;

-- name: insert_event^
-- Open a sponsored event.
INSERT INTO events (
    id, guild_id, channel_id, account_id, films_most, films_used, film_micros_most, opened_by,
    opened_at, ends_at, closed_at)
VALUES (
    :id, :guild_id, :channel_id, :account_id, :films_most, 0, :film_micros_most, :opened_by,
    :opened_at, :ends_at, NULL)
RETURNING id;

-- name: list_open_events
-- A server's events under way, with what is left.
SELECT e.*, a.balance_micros, a.funded_micros, a.kind, a.user_id FROM events AS e
JOIN accounts AS a ON a.id = e.account_id
WHERE e.guild_id = :guild_id AND e.closed_at IS NULL AND (e.ends_at IS NULL OR e.ends_at > :now)
ORDER BY e.opened_at, e.id;

-- name: find_open_event^
-- The event of a channel that is not closed.
SELECT e.*, a.balance_micros, a.funded_micros, a.kind, a.user_id FROM events AS e
JOIN accounts AS a ON a.id = e.account_id
WHERE e.guild_id = :guild_id AND e.channel_id = :channel_id AND e.closed_at IS NULL;

-- name: close_event^
-- End an event.
UPDATE events SET closed_at = :now WHERE id = :id AND closed_at IS NULL
RETURNING id;

-- name: count_event_film^
-- One film more, or one less, that an event pays for.
UPDATE events SET films_used = films_used + :films WHERE account_id = :account_id
RETURNING films_used;

-- name: list_unbalanced
-- Transactions that do not come to nothing; there are none.
SELECT transaction_id, SUM(micros) AS micros FROM ledger_entries
GROUP BY transaction_id HAVING SUM(micros) <> 0
LIMIT 100;

-- name: list_wrong_balances
-- Accounts that hold something else than their entries say; there are none.
SELECT a.id, a.balance_micros, COALESCE(SUM(e.micros), 0) AS entries
FROM accounts AS a LEFT JOIN ledger_entries AS e ON e.account_id = a.id
GROUP BY a.id, a.balance_micros
HAVING a.balance_micros <> COALESCE(SUM(e.micros), 0)
LIMIT 100;

-- name: list_wrong_fundings
-- Accounts of which more, or less, counts as used than their entries say; there are none.
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
-- Jobs whose money and state disagree: ended and still held, or not ended and not held any more.
SELECT j.id, j.state, COUNT(r.id) AS resolutions FROM jobs AS j
JOIN ledger_transactions AS t ON t.job_id = j.id AND t.kind = 'reserve'
LEFT JOIN ledger_transactions AS r ON r.job_id = j.id AND r.kind IN ('settle', 'release')
GROUP BY j.id, j.state
HAVING (j.state IN ('succeeded', 'failed', 'cancelled', 'expired')) <> (COUNT(r.id) = 1)
LIMIT 100;

-- name: list_wrong_holdings
-- Accounts of held money that hold something else than the open reservations come to.
SELECT a.id, a.balance_micros, COALESCE(SUM(
    CASE WHEN e.micros > 0 AND r.id IS NULL THEN e.micros ELSE 0 END), 0) AS reserved
FROM accounts AS a
LEFT JOIN ledger_entries AS e ON e.account_id = a.id
LEFT JOIN ledger_transactions AS t ON t.id = e.transaction_id
LEFT JOIN ledger_transactions AS r
    ON r.job_id = t.job_id AND r.kind IN ('settle', 'release') AND t.kind = 'reserve'
WHERE a.kind IN ('held', 'pool_held')
GROUP BY a.id, a.balance_micros
HAVING a.balance_micros <> COALESCE(SUM(
    CASE WHEN e.micros > 0 AND r.id IS NULL THEN e.micros ELSE 0 END), 0)
LIMIT 100;
