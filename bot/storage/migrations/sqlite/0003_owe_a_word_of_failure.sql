-- A job that ends without a film owes a word of that; a film's message may be deleted again.
-- SQLite changes no CHECK in place: the table is made anew.

CREATE TABLE deliveries_anew (
    job_id          TEXT    NOT NULL REFERENCES jobs (id),
    kind            TEXT    NOT NULL CHECK (kind IN ('card', 'film', 'failure')),
    guild_id        INTEGER NOT NULL,
    channel_id      INTEGER NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN (
        'owed', 'posting', 'posted', 'deleted', 'undeliverable')),
    owed_at         INTEGER NOT NULL,
    next_attempt_at INTEGER NOT NULL,
    attempts        INTEGER NOT NULL CHECK (attempts >= 0),
    posting_at      INTEGER,                   -- when it was first about to be posted
    message_id      INTEGER CHECK (state <> 'posted' OR message_id IS NOT NULL),
    shown           TEXT,                      -- digest of what a posted card shows
    version         INTEGER NOT NULL CHECK (version > 0),
    PRIMARY KEY (job_id, kind)
) STRICT;

INSERT INTO deliveries_anew (
    job_id, kind, guild_id, channel_id, state, owed_at, next_attempt_at, attempts, posting_at,
    message_id, shown, version)
SELECT
    job_id, kind, guild_id, channel_id, state, owed_at, next_attempt_at, attempts, posting_at,
    message_id, shown, version
FROM deliveries;

DROP TABLE deliveries;
ALTER TABLE deliveries_anew RENAME TO deliveries;
CREATE INDEX deliveries_owed ON deliveries (next_attempt_at) WHERE state IN ('owed', 'posting');
