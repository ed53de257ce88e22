-- name: export_settings
-- Read a member's own settings.
SELECT * FROM member_settings WHERE user_id = :user_id;

-- name: export_favorites
-- List a member's favorite models.
SELECT * FROM favorite_models WHERE user_id = :user_id;

-- name: export_presets
-- List a member's own presets.
SELECT * FROM presets WHERE user_id = :user_id ORDER BY guild_id, slot;

-- name: export_jobs
-- List a member's jobs, shots included, as they were accepted.
SELECT * FROM jobs WHERE user_id = :user_id ORDER BY accepted_at, id;

-- name: export_submissions
-- List what was handed to video services for a member's jobs.
SELECT submissions.* FROM submissions JOIN jobs ON jobs.id = submissions.job_id
WHERE jobs.user_id = :user_id ORDER BY submissions.intended_at, submissions.id;

-- name: export_messages
-- List the messages of a member's jobs.
SELECT deliveries.* FROM deliveries JOIN jobs ON jobs.id = deliveries.job_id
WHERE jobs.user_id = :user_id ORDER BY deliveries.owed_at, deliveries.job_id, deliveries.kind;

-- name: export_answers
-- List the private answers that follow a member's jobs.
SELECT private_answers.* FROM private_answers JOIN jobs ON jobs.id = private_answers.job_id
WHERE jobs.user_id = :user_id ORDER BY private_answers.answered_at;

-- name: export_offers
-- List a member's unconfirmed quotes.
SELECT * FROM offers WHERE user_id = :user_id ORDER BY expires_at, id;

-- name: export_improvements
-- List the prompts that a member had improved.
SELECT * FROM improvements WHERE user_id = :user_id ORDER BY asked_at, id;

-- name: export_accounts
-- List a member's accounts in the ledgers.
SELECT * FROM accounts WHERE user_id = :user_id ORDER BY guild_id, id;

-- name: export_transactions
-- List the money that was moved for a member, or by them.
SELECT * FROM ledger_transactions
WHERE user_id = :user_id OR actor_id = :user_id ORDER BY at, id;

-- name: export_entries
-- List the entries of those transactions.
SELECT ledger_entries.* FROM ledger_entries
JOIN ledger_transactions ON ledger_transactions.id = ledger_entries.transaction_id
WHERE ledger_transactions.user_id = :user_id OR ledger_transactions.actor_id = :user_id
ORDER BY ledger_entries.transaction_id, ledger_entries.account_id;

-- name: export_rate_windows
-- List the requests that count against a member's rate limits.
SELECT * FROM rate_windows WHERE user_id = :user_id ORDER BY guild_id, period_seconds;

-- name: export_overrides
-- List the limits that are set for a member alone.
SELECT * FROM policy_overrides
WHERE subject_kind = 'member' AND subject_id = :user_id ORDER BY guild_id;

-- name: export_events
-- List the sponsored events that a member opened.
SELECT * FROM events WHERE opened_by = :user_id ORDER BY opened_at, id;

-- name: export_changes
-- List what a member changed as an admin or a moderator.
SELECT * FROM policy_history WHERE actor_id = :user_id ORDER BY at, id;

-- name: export_pending_changes
-- List the changes that a member has still to confirm.
SELECT * FROM pending_changes WHERE actor_id = :user_id ORDER BY expires_at, id;

-- name: export_words
-- List the words that a member listed as a moderator.
SELECT * FROM disallowed_words WHERE added_by = :user_id ORDER BY guild_id, word_key;

-- name: export_blocks
-- List where a member is blocked, and whom they blocked.
SELECT * FROM blocked_members
WHERE user_id = :user_id OR blocked_by = :user_id ORDER BY blocked_at;

-- name: export_questions
-- List the questions about a member's pictures, and those they led to.
SELECT * FROM picture_questions
WHERE owner_id = :user_id OR requester_id = :user_id ORDER BY asked_at, id;

-- name: export_pictures
-- List the pictures that are known to be a member's.
SELECT * FROM picture_owners WHERE user_id = :user_id ORDER BY picture_key, picture;

-- name: export_notices
-- List the messages that notify a member.
SELECT * FROM notices WHERE mentions = :user_id ORDER BY owed_at, id;
