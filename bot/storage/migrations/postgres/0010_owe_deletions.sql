-- What is said in a channel to one member alone is deleted after a while, also after a restart.
CREATE TABLE passing_messages (
    message_id      BIGINT NOT NULL PRIMARY KEY,
    guild_id        BIGINT NOT NULL,
    channel_id      BIGINT NOT NULL,
    delete_at       BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL
);

CREATE INDEX passing_messages_due ON passing_messages (next_attempt_at);
