-- Jobs, their submissions, the messages they owe, and what films of each kind took.
-- Instants are milliseconds since 1970 in UTC; money is in millionths of a US dollar.

CREATE TABLE jobs (
    id                TEXT    PRIMARY KEY,
    idempotency_key   TEXT    NOT NULL UNIQUE,
    guild_id          INTEGER NOT NULL,
    channel_id        INTEGER NOT NULL,
    user_id           INTEGER NOT NULL,
    source_message_id INTEGER,                 -- of a 🎬; null for a command
    provider          TEXT    NOT NULL,
    request           TEXT    NOT NULL,        -- the completed wish as JSON
    cost_micros       INTEGER NOT NULL CHECK (cost_micros >= 0),
    cost_is_estimate  INTEGER NOT NULL CHECK (cost_is_estimate IN (0, 1)),
    expected_seconds  INTEGER NOT NULL CHECK (expected_seconds >= 0),
    state             TEXT    NOT NULL CHECK (state IN (
        'accepted', 'submitting', 'uncertain', 'in_progress', 'collecting',
        'succeeded', 'failed', 'cancelled', 'expired')),
    accepted_at       INTEGER NOT NULL,
    state_changed_at  INTEGER NOT NULL,
    next_action_at    INTEGER NOT NULL,        -- when the tracker should look at it again
    submitted_at      INTEGER,                 -- null until a provider accepted it
    deadline_at       INTEGER,                 -- counted from the submission
    progress_percent  INTEGER CHECK (progress_percent BETWEEN 0 AND 100),
    cancel_requested  INTEGER NOT NULL CHECK (cancel_requested IN (0, 1)),
    failure_kind      TEXT    CHECK ((failure_kind IS NOT NULL) = (state = 'failed')),
    failure_text      TEXT,                    -- safe to show
    artifact          TEXT    CHECK ((artifact IS NOT NULL) = (state = 'succeeded')), -- JSON
    errors_in_row     INTEGER NOT NULL CHECK (errors_in_row >= 0),
    version           INTEGER NOT NULL CHECK (version > 0),
    lease_owner       TEXT,                    -- who may act on it now
    lease_expires_at  INTEGER
) STRICT;

CREATE INDEX jobs_due ON jobs (next_action_at)
    WHERE state IN ('submitting', 'uncertain', 'in_progress', 'collecting');
CREATE INDEX jobs_waiting ON jobs (provider, accepted_at) WHERE state = 'accepted';
CREATE INDEX jobs_changed ON jobs (state_changed_at);
CREATE INDEX jobs_of_member ON jobs (user_id, state);

CREATE TRIGGER jobs_end_once BEFORE UPDATE ON jobs
WHEN OLD.state IN ('succeeded', 'failed', 'cancelled', 'expired') AND NEW.state <> OLD.state
BEGIN
    SELECT RAISE(ABORT, 'a job that has ended stays as it ended');
END;

CREATE TABLE submissions (
    id                TEXT    PRIMARY KEY,
    job_id            TEXT    NOT NULL REFERENCES jobs (id),
    attempt           INTEGER NOT NULL CHECK (attempt > 0),
    provider          TEXT    NOT NULL,
    tag               TEXT    NOT NULL UNIQUE, -- our word that the provider can be asked about
    state             TEXT    NOT NULL CHECK (state IN (
        'intended', 'accepted', 'uncertain', 'rejected', 'succeeded', 'failed', 'abandoned')),
    intended_at       INTEGER NOT NULL,
    handle            TEXT,                    -- the provider's own id; null until it accepted
    accepted_at       INTEGER,
    finished_at       INTEGER,
    polls             INTEGER NOT NULL CHECK (polls >= 0),
    artifact_address  TEXT,
    precharged_micros INTEGER CHECK (precharged_micros >= 0),
    charged_micros    INTEGER CHECK (charged_micros >= 0),
    UNIQUE (job_id, attempt)
) STRICT;

CREATE TABLE deliveries (
    job_id          TEXT    NOT NULL REFERENCES jobs (id),
    kind            TEXT    NOT NULL CHECK (kind IN ('card', 'film')),
    guild_id        INTEGER NOT NULL,
    channel_id      INTEGER NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('owed', 'posting', 'posted', 'undeliverable')),
    owed_at         INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    attempts        INTEGER NOT NULL CHECK (attempts >= 0),
    posting_at      INTEGER,                   -- when it was first about to be posted
    message_id      INTEGER CHECK (state <> 'posted' OR message_id IS NOT NULL),
    shown           TEXT,                      -- digest of what a posted card shows
    version         INTEGER NOT NULL CHECK (version > 0),
    PRIMARY KEY (job_id, kind)
) STRICT;

CREATE INDEX deliveries_owed ON deliveries (next_attempt_at) WHERE state IN ('owed', 'posting');

CREATE TABLE durations (
    provider    TEXT    NOT NULL,
    subject     TEXT    NOT NULL,              -- model, duration and resolution
    observed_at INTEGER NOT NULL,
    seconds     REAL    NOT NULL CHECK (seconds >= 0)
) STRICT;

CREATE INDEX durations_latest ON durations (provider, subject, observed_at);

CREATE TABLE notes (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
