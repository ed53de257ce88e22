-- A storyboard on any model: each shot is a job of its own, beside that of the whole storyboard, whose
-- storyboard_id is its own id.
ALTER TABLE jobs ADD COLUMN storyboard_id TEXT REFERENCES jobs (id);
ALTER TABLE jobs ADD COLUMN shot_number INTEGER
    CHECK (shot_number IS NULL OR (shot_number > 0 AND storyboard_id IS NOT NULL AND storyboard_id <> id));
ALTER TABLE jobs ADD COLUMN is_held INTEGER NOT NULL DEFAULT 0
    CHECK (is_held = 0 OR (is_held = 1 AND shot_number IS NOT NULL));
ALTER TABLE jobs ADD COLUMN was_retried INTEGER NOT NULL DEFAULT 0
    CHECK (was_retried = 0 OR (was_retried = 1 AND shot_number IS NOT NULL));

CREATE UNIQUE INDEX jobs_of_storyboard ON jobs (storyboard_id, shot_number) WHERE storyboard_id IS NOT NULL;
