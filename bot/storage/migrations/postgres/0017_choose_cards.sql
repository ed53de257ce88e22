-- A server decides where its cards go, and whether they stay beside their videos, and a member whether
-- the files of their videos say how they were made.
ALTER TABLE guild_settings ADD COLUMN cards TEXT NOT NULL DEFAULT 'channel'
    CHECK (cards IN ('channel', 'thread', 'off'));
ALTER TABLE guild_settings ADD COLUMN keeps_cards BIGINT NOT NULL DEFAULT 0
    CHECK (keeps_cards IN (0, 1));

-- The thread of each channel that cards are posted in.
CREATE TABLE card_threads (
    channel_id    BIGINT  NOT NULL PRIMARY KEY,
    guild_id      BIGINT  NOT NULL,
    thread_id     BIGINT,                      -- null: none yet, or it was deleted
    opening_until BIGINT  NOT NULL DEFAULT 0,  -- the lease of the process that opens one
    trouble       TEXT                         -- why the cards are in the channel, told once
);

-- Answers that only one member sees, which follow a job for as long as Discord lets them change.
CREATE TABLE private_answers (
    job_id         TEXT    NOT NULL PRIMARY KEY REFERENCES jobs (id),
    application_id BIGINT  NOT NULL,
    token          TEXT    NOT NULL,          -- of the interaction, of no use after `expires_at`
    message_id     BIGINT,                    -- null: the interaction's first answer
    text           TEXT    NOT NULL,          -- what it says whatever becomes of the job
    answered_at    BIGINT  NOT NULL,
    expires_at     BIGINT  NOT NULL,
    next_look_at   BIGINT  NOT NULL,          -- until then, a process is looking or nothing is due
    shown          TEXT                       -- digest of what it says of the job
);

CREATE INDEX private_answers_due ON private_answers (next_look_at);

CREATE TABLE member_settings (
    user_id    BIGINT  NOT NULL PRIMARY KEY,
    has_recipe BIGINT  NOT NULL DEFAULT 1 CHECK (has_recipe IN (0, 1))
);
