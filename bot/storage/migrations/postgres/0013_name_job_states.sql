-- Job states are called as elsewhere: queued, rendering, downloading.
ALTER TABLE jobs DROP CONSTRAINT jobs_state_check;
DROP INDEX jobs_due, jobs_waiting, jobs_open_of_member, jobs_waiting_due, jobs_in_hand, jobs_claimed;
UPDATE jobs SET state = CASE state
    WHEN 'accepted' THEN 'queued'
    WHEN 'in_progress' THEN 'rendering'
    ELSE 'downloading' END
WHERE state IN ('accepted', 'in_progress', 'collecting');
ALTER TABLE jobs ADD CONSTRAINT jobs_state_check CHECK (state IN (
    'queued', 'submitting', 'uncertain', 'rendering', 'downloading',
    'succeeded', 'failed', 'cancelled', 'expired'));

CREATE INDEX jobs_due ON jobs (next_action_at)
    WHERE state IN ('submitting', 'uncertain', 'rendering', 'downloading');
CREATE INDEX jobs_waiting ON jobs (provider, accepted_at) WHERE state = 'queued';
CREATE INDEX jobs_open_of_member ON jobs (guild_id, user_id)
    WHERE state IN ('queued', 'submitting', 'uncertain', 'rendering', 'downloading');
CREATE INDEX jobs_waiting_due ON jobs (next_action_at) WHERE state = 'queued';
CREATE INDEX jobs_in_hand ON jobs (provider, user_id, has_priority)
    WHERE state IN ('submitting', 'uncertain', 'rendering');
CREATE INDEX jobs_claimed ON jobs (provider, lease_expires_at)
    WHERE state = 'queued' AND lease_owner IS NOT NULL;

ALTER TABLE passing_messages RENAME TO temporary_messages;
ALTER INDEX passing_messages_due RENAME TO temporary_messages_due;
ALTER INDEX passing_messages_pkey RENAME TO temporary_messages_pkey;
ALTER TABLE pending_edits RENAME TO pending_changes;
ALTER TABLE pending_changes RENAME COLUMN edit TO change;
ALTER INDEX pending_edits_pkey RENAME TO pending_changes_pkey;
