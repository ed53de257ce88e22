-- Who may use the buttons under a video, and whether its file says how it was made.
ALTER TABLE guild_settings ADD COLUMN buttons TEXT NOT NULL DEFAULT 'anyone'
    CHECK (buttons IN ('anyone', 'maker'));
ALTER TABLE guild_settings ADD COLUMN has_recipe BIGINT NOT NULL DEFAULT 1 CHECK (has_recipe IN (0, 1));
