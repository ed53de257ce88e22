-- A video is called a video: as a kind of message, in events and in stored rules.
ALTER TABLE deliveries DROP CONSTRAINT deliveries_kind_check;
UPDATE deliveries SET kind = 'video' WHERE kind = 'film';
ALTER TABLE deliveries ADD CONSTRAINT deliveries_kind_check
    CHECK (kind IN ('card', 'video', 'failure'));
-- The nonce of a post under way carries its kind: let it be looked for, not trusted to the nonce.
UPDATE deliveries SET posting_at = posting_at - 3600000 WHERE kind = 'video' AND state = 'posting';

ALTER TABLE events RENAME COLUMN films_most TO videos_most;
ALTER TABLE events RENAME COLUMN films_used TO videos_used;
ALTER TABLE events RENAME COLUMN film_micros_most TO video_micros_most;

UPDATE policies SET body = replace(body, '"film_micros_most"', '"video_micros_most"');
UPDATE policy_overrides SET body = replace(body, '"film_micros_most"', '"video_micros_most"');
UPDATE pending_edits SET edit = replace(replace(edit,
    '"film_micros_most"', '"video_micros_most"'), '"films_most"', '"videos_most"');
ALTER TABLE policy_history DISABLE TRIGGER USER;
UPDATE policy_history SET
    before = replace(before, '"film_micros_most"', '"video_micros_most"'),
    after = replace(after, '"film_micros_most"', '"video_micros_most"');
ALTER TABLE policy_history ENABLE TRIGGER USER;

-- Requests of the last hour still count towards the limit by videos.
INSERT INTO request_budgets (name, last_at)
    SELECT replace(name, ':films', ':videos'), last_at FROM request_budgets WHERE name LIKE '%:films';
UPDATE requests_made SET name = replace(name, ':films', ':videos') WHERE name LIKE '%:films';
DELETE FROM request_budgets WHERE name LIKE '%:films';
