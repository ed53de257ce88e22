-- What a server's log channel is told.
ALTER TABLE guild_settings ADD COLUMN log_level TEXT NOT NULL DEFAULT 'moderation'
    CHECK (log_level IN ('off', 'trouble', 'moderation', 'everything'));
