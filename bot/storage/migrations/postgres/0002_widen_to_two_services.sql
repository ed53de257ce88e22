-- What two services need: budgets of requests, pauses, quotes to be confirmed, servers' settings.

ALTER TABLE submissions ADD COLUMN remark TEXT;  -- such as a shot that is missing

CREATE TABLE request_budgets (                   -- one row for each rule of an account
    name    TEXT    PRIMARY KEY,
    last_at BIGINT NOT NULL                     -- so that no process's clock turns it back
);

CREATE TABLE requests_made (
    name    TEXT    NOT NULL REFERENCES request_budgets (name),
    made_at BIGINT NOT NULL
);

CREATE INDEX requests_made_lately ON requests_made (name, made_at);

CREATE TABLE provider_availability (
    provider        TEXT    PRIMARY KEY,
    failures_in_row BIGINT NOT NULL CHECK (failures_in_row >= 0),
    pauses_in_row   BIGINT NOT NULL CHECK (pauses_in_row >= 0),
    paused_until    BIGINT,
    reason          TEXT    CHECK (reason IN ('credentials', 'balance', 'failures')),
    CHECK ((paused_until IS NULL) = (reason IS NULL))
);

CREATE TABLE offers (
    id                TEXT    PRIMARY KEY,
    idempotency_key   TEXT    NOT NULL,
    guild_id          BIGINT NOT NULL,
    channel_id        BIGINT NOT NULL,
    user_id           BIGINT NOT NULL,
    source_message_id BIGINT,
    request           TEXT    NOT NULL,          -- the completed wish as JSON
    cost_micros       BIGINT NOT NULL CHECK (cost_micros >= 0),
    expires_at        BIGINT NOT NULL
);

CREATE INDEX offers_by_end ON offers (expires_at);

CREATE TABLE guild_settings (
    guild_id             BIGINT PRIMARY KEY,
    confirm_above_micros BIGINT NOT NULL CHECK (confirm_above_micros >= 0),
    log_channel_id       BIGINT
);

CREATE TABLE notices (                           -- words to a server's log channel
    id              TEXT    PRIMARY KEY,
    guild_id        BIGINT NOT NULL,
    channel_id      BIGINT NOT NULL,
    text            TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('owed', 'posted', 'undeliverable')),
    owed_at         BIGINT NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    attempts        BIGINT NOT NULL CHECK (attempts >= 0)
);

CREATE INDEX notices_owed ON notices (next_attempt_at) WHERE state = 'owed';
