-- A video is called a video: as a kind of message, in events and in stored rules.
CREATE TABLE deliveries_renamed (
    job_id          TEXT    NOT NULL REFERENCES jobs (id),
    kind            TEXT    NOT NULL CHECK (kind IN ('card', 'video', 'failure')),
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
    lease_owner     TEXT,                      -- the process that is posting it
    blocked_at      INTEGER,                   -- since when the channel refuses it
    PRIMARY KEY (job_id, kind)
) STRICT;
INSERT INTO deliveries_renamed
SELECT job_id, CASE kind WHEN 'film' THEN 'video' ELSE kind END, guild_id, channel_id, state, owed_at,
    next_attempt_at, attempts, posting_at, message_id, shown, version, lease_owner, blocked_at
FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_renamed RENAME TO deliveries;
CREATE INDEX deliveries_owed ON deliveries (next_attempt_at) WHERE state IN ('owed', 'posting');
-- The nonce of a post under way carries its kind: let it be looked for, not trusted to the nonce.
UPDATE deliveries SET posting_at = posting_at - 3600000 WHERE kind = 'video' AND state = 'posting';

ALTER TABLE events RENAME COLUMN films_most TO videos_most;
ALTER TABLE events RENAME COLUMN films_used TO videos_used;
ALTER TABLE events RENAME COLUMN film_micros_most TO video_micros_most;

UPDATE policies SET body = replace(body, '"film_micros_most"', '"video_micros_most"');
UPDATE policy_overrides SET body = replace(body, '"film_micros_most"', '"video_micros_most"');
UPDATE pending_edits SET edit = replace(replace(edit,
    '"film_micros_most"', '"video_micros_most"'), '"films_most"', '"videos_most"');
DROP TRIGGER history_stays;
UPDATE policy_history SET
    before = replace(before, '"film_micros_most"', '"video_micros_most"'),
    after = replace(after, '"film_micros_most"', '"video_micros_most"');
CREATE TRIGGER history_stays BEFORE UPDATE ON policy_history
BEGIN
    SELECT RAISE(ABORT, 'the history of the rules is never changed');
END;

-- Requests of the last hour still count towards the limit by videos.
INSERT INTO request_budgets (name, last_at)
    SELECT replace(name, ':films', ':videos'), last_at FROM request_budgets WHERE name LIKE '%:films';
UPDATE requests_made SET name = replace(name, ':films', ':videos') WHERE name LIKE '%:films';
DELETE FROM request_budgets WHERE name LIKE '%:films';
