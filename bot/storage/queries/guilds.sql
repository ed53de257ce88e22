-- name: get_guild_settings^
-- What a server decided for itself.
SELECT * FROM guild_settings WHERE guild_id = :guild_id;

-- name: put_guild_settings^
-- Write what a server decided.
INSERT INTO guild_settings (guild_id, confirm_above_micros, log_channel_id)
VALUES (:guild_id, :confirm_above_micros, :log_channel_id)
ON CONFLICT (guild_id) DO UPDATE SET
    confirm_above_micros = excluded.confirm_above_micros,
    log_channel_id = excluded.log_channel_id
RETURNING guild_id;

-- name: list_log_channels
-- Servers that want to be told.
SELECT guild_id, log_channel_id FROM guild_settings WHERE log_channel_id IS NOT NULL
ORDER BY guild_id;

-- name: insert_notice^
-- Owe a word to a log channel; once for each id.
INSERT INTO notices (
    id, guild_id, channel_id, text, state, owed_at, next_attempt_at, attempts)
VALUES (
    :id, :guild_id, :channel_id, :text, :state, :owed_at, :next_attempt_at, :attempts)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- name: claim_notice^
-- Write down the intent to post, where nobody else has since it was read.
UPDATE notices SET
    posting_at = :posting_at, next_attempt_at = :next_attempt_at, attempts = :attempts
WHERE id = :id AND state = 'owed' AND attempts < :attempts
RETURNING id;

-- name: update_notice^
-- Note what became of it.
UPDATE notices SET state = :state, next_attempt_at = :next_attempt_at, attempts = :attempts
WHERE id = :id
RETURNING id;

-- name: list_owed_notices
-- Words that are owed and due, oldest first.
SELECT * FROM notices WHERE state = 'owed' AND next_attempt_at <= :now
ORDER BY owed_at, id
LIMIT :most;
