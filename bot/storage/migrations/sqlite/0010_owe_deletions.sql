-- What is said in a channel to one member alone is deleted after a while, also after a restart.
CREATE TABLE passing_messages (
    message_id      INTEGER NOT NULL PRIMARY KEY,
    guild_id        INTEGER NOT NULL,
    channel_id      INTEGER NOT NULL,
    delete_at       INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL
) STRICT;

CREATE INDEX passing_messages_due ON passing_messages (next_attempt_at);
