-- Job states are called as elsewhere: queued, rendering, downloading.
-- SQLite changes no CHECK in place, and other columns' CHECKs name the state: the table is rebuilt.
CREATE TABLE jobs_renamed (
    id                TEXT    PRIMARY KEY,
    idempotency_key   TEXT    NOT NULL UNIQUE,
    guild_id          INTEGER NOT NULL,
    channel_id        INTEGER NOT NULL,
    user_id           INTEGER NOT NULL,
    source_message_id INTEGER,                 -- of a 🎬; null for a command
    provider          TEXT    NOT NULL,
    request           TEXT    NOT NULL,        -- the completed request as JSON
    cost_micros       INTEGER NOT NULL CHECK (cost_micros >= 0),
    cost_is_estimate  INTEGER NOT NULL CHECK (cost_is_estimate IN (0, 1)),
    expected_seconds  INTEGER NOT NULL CHECK (expected_seconds >= 0),
    state             TEXT    NOT NULL CHECK (state IN (
        'queued', 'submitting', 'uncertain', 'rendering', 'downloading',
        'succeeded', 'failed', 'cancelled', 'expired')),
    accepted_at       INTEGER NOT NULL,
    state_changed_at  INTEGER NOT NULL,
    next_action_at    INTEGER NOT NULL,        -- when the worker should take its next step
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
    lease_expires_at  INTEGER,
    has_priority      INTEGER NOT NULL DEFAULT 0 CHECK (has_priority IN (0, 1)), -- of its member
    last_queued_at    INTEGER,                 -- the provider had not begun by then
    unknown_in_row    INTEGER NOT NULL DEFAULT 0 CHECK (unknown_in_row >= 0) -- polls
) STRICT;
INSERT INTO jobs_renamed (
    id, idempotency_key, guild_id, channel_id, user_id, source_message_id, provider, request,
    cost_micros, cost_is_estimate, expected_seconds, state, accepted_at, state_changed_at,
    next_action_at, submitted_at, deadline_at, progress_percent, cancel_requested, failure_kind,
    failure_text, artifact, errors_in_row, version, lease_owner, lease_expires_at, has_priority,
    last_queued_at, unknown_in_row)
SELECT
    id, idempotency_key, guild_id, channel_id, user_id, source_message_id, provider, request,
    cost_micros, cost_is_estimate, expected_seconds,
    CASE state
        WHEN 'accepted' THEN 'queued'
        WHEN 'in_progress' THEN 'rendering'
        WHEN 'collecting' THEN 'downloading'
        ELSE state END,
    accepted_at, state_changed_at,
    next_action_at, submitted_at, deadline_at, progress_percent, cancel_requested, failure_kind,
    failure_text, artifact, errors_in_row, version, lease_owner, lease_expires_at, has_priority,
    last_queued_at, unknown_in_row
FROM jobs;
DROP TABLE jobs;
ALTER TABLE jobs_renamed RENAME TO jobs;

CREATE INDEX jobs_due ON jobs (next_action_at)
    WHERE state IN ('submitting', 'uncertain', 'rendering', 'downloading');
CREATE INDEX jobs_waiting ON jobs (provider, accepted_at) WHERE state = 'queued';
CREATE INDEX jobs_changed ON jobs (state_changed_at);
CREATE INDEX jobs_of_member ON jobs (user_id, state);
CREATE INDEX jobs_open_of_member ON jobs (guild_id, user_id)
    WHERE state IN ('queued', 'submitting', 'uncertain', 'rendering', 'downloading');
CREATE INDEX jobs_waiting_due ON jobs (next_action_at) WHERE state = 'queued';
CREATE INDEX jobs_in_hand ON jobs (provider, user_id, has_priority)
    WHERE state IN ('submitting', 'uncertain', 'rendering');
CREATE INDEX jobs_claimed ON jobs (provider, lease_expires_at)
    WHERE state = 'queued' AND lease_owner IS NOT NULL;

CREATE TRIGGER jobs_end_once BEFORE UPDATE ON jobs
WHEN OLD.state IN ('succeeded', 'failed', 'cancelled', 'expired') AND NEW.state <> OLD.state
BEGIN
    SELECT RAISE(ABORT, 'a job that has ended stays as it ended');
END;

ALTER TABLE passing_messages RENAME TO temporary_messages;
DROP INDEX passing_messages_due;
CREATE INDEX temporary_messages_due ON temporary_messages (next_attempt_at);
ALTER TABLE pending_edits RENAME TO pending_changes;
ALTER TABLE pending_changes RENAME COLUMN edit TO change;
