-- What two services need: budgets of requests, pauses, quotes to be confirmed, servers' settings.

ALTER TABLE submissions ADD COLUMN remark TEXT;  -- such as a shot that is missing

CREATE TABLE request_budgets (                   -- one row for each rule of an account
    name    TEXT    PRIMARY KEY,
    last_at INTEGER NOT NULL                     -- so that no process's clock turns it back
) STRICT;

CREATE TABLE requests_made (
    name    TEXT    NOT NULL REFERENCES request_budgets (name),
    made_at INTEGER NOT NULL
) STRICT;

CREATE INDEX requests_made_lately ON requests_made (name, made_at);

CREATE TABLE provider_availability (
    provider        TEXT    PRIMARY KEY,
    failures_in_row INTEGER NOT NULL CHECK (failures_in_row >= 0),
    pauses_in_row   INTEGER NOT NULL CHECK (pauses_in_row >= 0),
    paused_until    INTEGER,
    reason          TEXT    CHECK (reason IN ('credentials', 'balance', 'failures')),
    CHECK ((paused_until IS NULL) = (reason IS NULL))
) STRICT;

CREATE TABLE offers (
    id                TEXT    PRIMARY KEY,
    idempotency_key   TEXT    NOT NULL,
    guild_id          INTEGER NOT NULL,
    channel_id        INTEGER NOT NULL,
    user_id           INTEGER NOT NULL,
    source_message_id INTEGER,
    request           TEXT    NOT NULL,          -- the completed wish as JSON
    cost_micros       INTEGER NOT NULL CHECK (cost_micros >= 0),
    expires_at        INTEGER NOT NULL
) STRICT;

CREATE INDEX offers_by_end ON offers (expires_at);

CREATE TABLE guild_settings (
    guild_id             INTEGER PRIMARY KEY,
    confirm_above_micros INTEGER NOT NULL CHECK (confirm_above_micros >= 0),
    log_channel_id       INTEGER
) STRICT;

CREATE TABLE notices (                           -- words to a server's log channel
    id              TEXT    PRIMARY KEY,
    guild_id        INTEGER NOT NULL,
    channel_id      INTEGER NOT NULL,
    text            TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('owed', 'posted', 'undeliverable')),
    owed_at         INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    attempts        INTEGER NOT NULL CHECK (attempts >= 0)
) STRICT;

CREATE INDEX notices_owed ON notices (next_attempt_at) WHERE state = 'owed';
