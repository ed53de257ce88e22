-- name: get_guild_settings^
-- Get a server's settings.
SELECT * FROM guild_settings WHERE guild_id = :guild_id;

-- name: list_guild_settings
-- List the settings of these servers; `ids` is a JSON list.
SELECT * FROM guild_settings
WHERE guild_id IN (SELECT CAST(value AS BIGINT) FROM (SELECT value FROM json_each(:ids)) AS wanted);

-- name: put_guild_settings^
-- Write a server's settings.
INSERT INTO guild_settings (
    guild_id, confirm_above_micros, log_channel_id, buttons, has_recipe, text_model_id,
    picture_model_id, cards, keeps_cards, improves_prompts, pictures, log_level
) VALUES (
    :guild_id, :confirm_above_micros, :log_channel_id, :buttons, :has_recipe, :text_model_id,
    :picture_model_id, :cards, :keeps_cards, :improves_prompts, :pictures, :log_level
)
ON CONFLICT (guild_id) DO UPDATE SET
    confirm_above_micros = excluded.confirm_above_micros,
    log_channel_id = excluded.log_channel_id,
    buttons = excluded.buttons,
    has_recipe = excluded.has_recipe,
    text_model_id = excluded.text_model_id,
    picture_model_id = excluded.picture_model_id,
    cards = excluded.cards,
    keeps_cards = excluded.keeps_cards,
    improves_prompts = excluded.improves_prompts,
    pictures = excluded.pictures,
    log_level = excluded.log_level
RETURNING guild_id;

-- name: get_favorite_model^
-- Get a member's favorite model.
SELECT model_id FROM favorite_models WHERE guild_id = :guild_id AND user_id = :user_id;

-- name: put_favorite_model^
-- Write a member's favorite model, or replace it.
INSERT INTO favorite_models (guild_id, user_id, model_id)
VALUES (:guild_id, :user_id, :model_id)
ON CONFLICT (guild_id, user_id) DO UPDATE SET model_id = excluded.model_id
RETURNING user_id;

-- name: remove_favorite_model^
-- Remove a member's favorite model.
DELETE FROM favorite_models WHERE guild_id = :guild_id AND user_id = :user_id
RETURNING user_id;

-- name: list_member_settings
-- List the own settings of these members; `ids` is a JSON list.
SELECT * FROM member_settings
WHERE user_id IN (SELECT CAST(value AS BIGINT) FROM (SELECT value FROM json_each(:ids)) AS wanted);

-- name: put_member_recipe^
-- Write whether the files of a member's videos say how they were made.
INSERT INTO member_settings (user_id, has_recipe) VALUES (:user_id, :has_recipe)
ON CONFLICT (user_id) DO UPDATE SET has_recipe = excluded.has_recipe
RETURNING user_id;

-- name: put_member_pictures^
-- Write who may make videos from a member's pictures.
INSERT INTO member_settings (user_id, pictures) VALUES (:user_id, :pictures)
ON CONFLICT (user_id) DO UPDATE SET pictures = excluded.pictures
RETURNING user_id;

-- name: list_log_channels
-- List the log channels that are told of trouble.
SELECT guild_id, log_channel_id FROM guild_settings
WHERE log_channel_id IS NOT NULL AND log_level <> 'off'
ORDER BY guild_id;

-- name: list_guilds_waiting_for
-- List the servers whose members have open jobs at a provider.
SELECT DISTINCT guild_id FROM jobs
WHERE provider = :provider
    AND state IN ('queued', 'submitting', 'uncertain', 'rendering', 'downloading')
ORDER BY guild_id;

-- name: insert_notice^
-- Owe a notice to a log channel; once per id.
INSERT INTO notices (
    id, guild_id, channel_id, text, state, owed_at, next_attempt_at, attempts, mentions,
    question_id)
VALUES (
    :id, :guild_id, :channel_id, :text, :state, :owed_at, :next_attempt_at, :attempts, :mentions,
    :question_id)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- name: claim_notice^
-- Write down the intent to post, unless another process has since it was read.
UPDATE notices SET
    posting_at = :posting_at, next_attempt_at = :next_attempt_at, attempts = :attempts
WHERE id = :id AND state = 'owed' AND attempts < :attempts
RETURNING id;

-- name: update_notice^
-- Record the outcome, unless another process has tried since.
UPDATE notices SET state = :state, next_attempt_at = :next_attempt_at
WHERE id = :id AND state = 'owed' AND attempts = :attempts
RETURNING id;

-- name: list_owed_notices
-- List owed notices that are due, or further off than any wait; oldest first.
SELECT * FROM notices
WHERE state = 'owed' AND (next_attempt_at <= :now OR next_attempt_at > :latest)
ORDER BY owed_at, id
LIMIT :most;

-- name: get_card_thread^
-- Get the thread that a channel's cards are posted in.
SELECT * FROM card_threads WHERE channel_id = :channel_id;

-- name: claim_card_thread^
-- Take the right to open a channel's thread, unless another process has it; one that ends too far
-- off was dated by a wrong clock.
INSERT INTO card_threads (channel_id, guild_id, opening_until)
VALUES (:channel_id, :guild_id, :until)
ON CONFLICT (channel_id) DO UPDATE SET opening_until = excluded.opening_until
WHERE card_threads.opening_until <= :now OR card_threads.opening_until > :latest
RETURNING channel_id;

-- name: put_card_thread^
-- Write the thread of a channel, which ends the claim.
UPDATE card_threads SET thread_id = :thread_id, opening_until = 0 WHERE channel_id = :channel_id
RETURNING channel_id;

-- name: note_card_trouble^
-- Write why a channel's cards are not in a thread; nothing if that is known.
INSERT INTO card_threads (channel_id, guild_id, trouble)
VALUES (:channel_id, :guild_id, :trouble)
ON CONFLICT (channel_id) DO UPDATE SET trouble = excluded.trouble
WHERE COALESCE(card_threads.trouble, '') <> COALESCE(excluded.trouble, '')
RETURNING channel_id;

-- name: put_passing_message^
-- Owe a message's deletion; once, whichever process posted it.
INSERT INTO temporary_messages (message_id, guild_id, channel_id, delete_at, next_attempt_at)
VALUES (:message_id, :guild_id, :channel_id, :delete_at, :next_attempt_at)
ON CONFLICT (message_id) DO NOTHING
RETURNING message_id;

-- name: put_off_passing_message^
-- Postpone the next try to delete a message.
UPDATE temporary_messages SET next_attempt_at = :next_attempt_at, attempts = attempts + 1
WHERE message_id = :message_id
RETURNING message_id;

-- name: list_due_temporary_messages
-- List messages to delete that are due, or further off than any wait; oldest first.
SELECT * FROM temporary_messages
WHERE next_attempt_at <= :now OR next_attempt_at > :latest
    OR (attempts > 0 AND next_attempt_at > :latest_again)
ORDER BY delete_at, message_id
LIMIT :most;

-- name: remove_passing_message^
-- Remove a deleted message.
DELETE FROM temporary_messages WHERE message_id = :message_id
RETURNING message_id;
