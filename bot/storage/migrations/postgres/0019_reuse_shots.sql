-- The shot of an earlier storyboard whose video is used as it is.
ALTER TABLE jobs ADD COLUMN reuses TEXT REFERENCES jobs (id)
    CHECK (reuses IS NULL OR (shot_number IS NOT NULL AND cost_micros = 0));
