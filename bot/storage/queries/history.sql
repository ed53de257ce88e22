-- name: insert_durations*!
-- Record render times.
INSERT INTO durations (provider, model_id, subject, observed_at, seconds)
VALUES (:provider, :model_id, :subject, :observed_at, :seconds);

-- name: list_render_times
-- List render times of this kind of video, latest first.
SELECT seconds FROM durations
WHERE provider = :provider AND subject = :subject
ORDER BY observed_at DESC
LIMIT :most;

-- name: list_render_times_alike
-- List render times of other videos of the same model, latest first.
SELECT seconds FROM durations
WHERE provider = :provider AND model_id = :model_id AND subject <> :subject
ORDER BY observed_at DESC
LIMIT :most;

-- name: insert_outcomes*!
-- Record how videos ended.
INSERT INTO outcomes (provider, model_id, ended_at, succeeded)
VALUES (:provider, :model_id, :ended_at, :succeeded);

-- name: count_outcomes^
-- Count a model's latest videos, and those that succeeded.
SELECT COUNT(*) AS ended, COALESCE(SUM(succeeded), 0) AS succeeded FROM (
    SELECT succeeded FROM outcomes
    WHERE provider = :provider AND model_id = :model_id
    ORDER BY ended_at DESC
    LIMIT :most
) AS latest;

-- name: get_note^
-- Get a small durable note of the program itself.
SELECT value FROM notes WHERE name = :name;

-- name: add_note^
-- Write such a note if there is none.
INSERT INTO notes (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO NOTHING
RETURNING name;

-- name: swap_note^
-- Replace such a note if it is as it was read.
UPDATE notes SET value = :value WHERE name = :name AND value = :before
RETURNING name;

-- name: put_note^
-- Write such a note, or replace it.
INSERT INTO notes (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
RETURNING name;
