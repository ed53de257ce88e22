-- name: insert_durations*!
-- Remember how long films took.
INSERT INTO durations (provider, model_id, subject, observed_at, seconds)
VALUES (:provider, :model_id, :subject, :observed_at, :seconds);

-- name: list_durations
-- How long such films took, latest first.
SELECT seconds FROM durations
WHERE provider = :provider AND subject = :subject
ORDER BY observed_at DESC
LIMIT :most;

-- name: list_durations_alike
-- How long other films of the same model took, latest first.
SELECT seconds FROM durations
WHERE provider = :provider AND model_id = :model_id AND subject <> :subject
ORDER BY observed_at DESC
LIMIT :most;

-- name: get_note^
-- A small durable word of the program itself.
SELECT value FROM notes WHERE name = :name;

-- name: put_note^
-- Write such a word, or another in its place.
INSERT INTO notes (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
RETURNING name;
