-- Jobs, their submissions, the messages they owe, and what films of each kind took.
-- Instants are milliseconds since 1970 in UTC; money is in millionths of a US dollar.

CREATE TABLE jobs (
    id                TEXT    PRIMARY KEY,
    idempotency_key   TEXT    NOT NULL UNIQUE,
    guild_id          BIGINT  NOT NULL,
    channel_id        BIGINT  NOT NULL,
    user_id           BIGINT  NOT NULL,
    source_message_id BIGINT ,                 -- of a 🎬; null for a command
    provider          TEXT    NOT NULL,
    request           TEXT    NOT NULL,        -- the completed wish as JSON
    cost_micros       BIGINT  NOT NULL CHECK (cost_micros >= 0),
    cost_is_estimate  BIGINT  NOT NULL CHECK (cost_is_estimate IN (0, 1)),
    expected_seconds  BIGINT  NOT NULL CHECK (expected_seconds >= 0),
    state             TEXT    NOT NULL CHECK (state IN (
        'accepted', 'submitting', 'uncertain', 'in_progress', 'collecting',
        'succeeded', 'failed', 'cancelled', 'expired')),
    accepted_at       BIGINT  NOT NULL,
    state_changed_at  BIGINT  NOT NULL,
    next_action_at    BIGINT  NOT NULL,        -- when the tracker should look at it again
    submitted_at      BIGINT ,                 -- null until a provider accepted it
    deadline_at       BIGINT ,                 -- counted from the submission
    progress_percent  BIGINT  CHECK (progress_percent BETWEEN 0 AND 100),
    cancel_requested  BIGINT  NOT NULL CHECK (cancel_requested IN (0, 1)),
    failure_kind      TEXT    CHECK ((failure_kind IS NOT NULL) = (state = 'failed')),
    failure_text      TEXT,                    -- safe to show
    artifact          TEXT    CHECK ((artifact IS NOT NULL) = (state = 'succeeded')), -- JSON
    errors_in_row     BIGINT  NOT NULL CHECK (errors_in_row >= 0),
    version           BIGINT  NOT NULL CHECK (version > 0),
    lease_owner       TEXT,                    -- who may act on it now
    lease_expires_at  BIGINT 
);

CREATE INDEX jobs_due ON jobs (next_action_at)
    WHERE state IN ('submitting', 'uncertain', 'in_progress', 'collecting');
CREATE INDEX jobs_waiting ON jobs (provider, accepted_at) WHERE state = 'accepted';
CREATE INDEX jobs_changed ON jobs (state_changed_at);
CREATE INDEX jobs_of_member ON jobs (user_id, state);

CREATE FUNCTION refuse_second_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a job that has ended stays as it ended' USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER jobs_end_once BEFORE UPDATE ON jobs FOR EACH ROW
WHEN (OLD.state IN ('succeeded', 'failed', 'cancelled', 'expired') AND NEW.state <> OLD.state)
EXECUTE FUNCTION refuse_second_end();

CREATE TABLE submissions (
    id                TEXT    PRIMARY KEY,
    job_id            TEXT    NOT NULL REFERENCES jobs (id),
    attempt           BIGINT  NOT NULL CHECK (attempt > 0),
    provider          TEXT    NOT NULL,
    tag               TEXT    NOT NULL UNIQUE, -- our word that the provider can be asked about
    state             TEXT    NOT NULL CHECK (state IN (
        'intended', 'accepted', 'uncertain', 'rejected', 'succeeded', 'failed', 'abandoned')),
    intended_at       BIGINT  NOT NULL,
    handle            TEXT,                    -- the provider's own id; null until it accepted
    accepted_at       BIGINT ,
    finished_at       BIGINT ,
    polls             BIGINT  NOT NULL CHECK (polls >= 0),
    artifact_address  TEXT,
    precharged_micros BIGINT  CHECK (precharged_micros >= 0),
    charged_micros    BIGINT  CHECK (charged_micros >= 0),
    UNIQUE (job_id, attempt)
);

CREATE TABLE deliveries (
    job_id          TEXT    NOT NULL REFERENCES jobs (id),
    kind            TEXT    NOT NULL CHECK (kind IN ('card', 'film')),
    guild_id        BIGINT  NOT NULL,
    channel_id      BIGINT  NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('owed', 'posting', 'posted', 'undeliverable')),
    owed_at         BIGINT  NOT NULL,
    next_attempt_at BIGINT  NOT NULL,
    attempts        BIGINT  NOT NULL CHECK (attempts >= 0),
    posting_at      BIGINT ,                   -- when it was first about to be posted
    message_id      BIGINT  CHECK (state <> 'posted' OR message_id IS NOT NULL),
    shown           TEXT,                      -- digest of what a posted card shows
    version         BIGINT  NOT NULL CHECK (version > 0),
    PRIMARY KEY (job_id, kind)
);

CREATE INDEX deliveries_owed ON deliveries (next_attempt_at) WHERE state IN ('owed', 'posting');

CREATE TABLE durations (
    provider    TEXT    NOT NULL,
    subject     TEXT    NOT NULL,              -- model, duration and resolution
    observed_at BIGINT  NOT NULL,
    seconds     DOUBLE PRECISION    NOT NULL CHECK (seconds >= 0)
);

CREATE INDEX durations_latest ON durations (provider, subject, observed_at);

CREATE TABLE notes (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
