-- name: get_blocked_member^
-- Get a member's block.
SELECT * FROM blocked_members WHERE guild_id = :guild_id AND user_id = :user_id;

-- name: block_member^
-- Block a member, or replace an earlier block.
INSERT INTO blocked_members (guild_id, user_id, reason, blocked_by, blocked_at, is_cancelling)
VALUES (:guild_id, :user_id, :reason, :blocked_by, :blocked_at, :is_cancelling)
ON CONFLICT (guild_id, user_id) DO UPDATE SET
    reason = excluded.reason, blocked_by = excluded.blocked_by, blocked_at = excluded.blocked_at,
    is_cancelling = excluded.is_cancelling
RETURNING user_id;

-- name: unblock_member^
-- End a member's block.
DELETE FROM blocked_members WHERE guild_id = :guild_id AND user_id = :user_id
RETURNING user_id;

-- name: list_blocked_members
-- List a server's blocked members, latest first.
SELECT * FROM blocked_members WHERE guild_id = :guild_id
ORDER BY blocked_at DESC, user_id DESC
LIMIT :most OFFSET :skip;

-- name: list_cancelling_blocks
-- List the blocks whose open jobs are still to be cancelled.
SELECT * FROM blocked_members WHERE is_cancelling = 1
ORDER BY guild_id, user_id;

-- name: end_cancelling^
-- Record that the open jobs of a block were cancelled, unless it was made again since.
UPDATE blocked_members SET is_cancelling = 0
WHERE guild_id = :guild_id AND user_id = :user_id AND blocked_at = :blocked_at
RETURNING user_id;

-- name: get_word_list^
-- Get the version of a server's word list.
SELECT version FROM word_lists WHERE guild_id = :guild_id;

-- name: bump_word_list^
-- Lock a server's word list until the transaction ends, and raise its version.
INSERT INTO word_lists (guild_id, version) VALUES (:guild_id, 1)
ON CONFLICT (guild_id) DO UPDATE SET version = word_lists.version + 1
RETURNING version;

-- name: list_words
-- List a server's words.
SELECT * FROM disallowed_words WHERE guild_id = :guild_id
ORDER BY added_at, word_key;

-- name: insert_word^
-- Add a word; once per key.
INSERT INTO disallowed_words (guild_id, word_key, word, added_by, added_at)
VALUES (:guild_id, :word_key, :word, :added_by, :added_at)
ON CONFLICT (guild_id, word_key) DO NOTHING
RETURNING word_key;

-- name: delete_word^
-- Remove a word.
DELETE FROM disallowed_words WHERE guild_id = :guild_id AND word_key = :word_key
RETURNING word;
