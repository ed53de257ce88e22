-- name: insert_preset^
-- Save a preset in a free slot; nothing if its name or the slot is taken.
INSERT INTO presets (guild_id, user_id, name_key, slot, name, request)
VALUES (:guild_id, :user_id, :name_key, :slot, :name, :request)
ON CONFLICT DO NOTHING
RETURNING slot;

-- name: list_presets
-- List the presets of a member and of a server.
SELECT * FROM presets
WHERE (guild_id = 0 AND user_id = :user_id) OR (user_id = 0 AND guild_id = :guild_id);

-- name: list_own_presets
-- List the names and slots of an owner.
SELECT name_key, slot FROM presets WHERE guild_id = :guild_id AND user_id = :user_id;

-- name: delete_preset^
-- Delete a preset.
DELETE FROM presets
WHERE guild_id = :guild_id AND user_id = :user_id AND name_key = :name_key
RETURNING slot;
