-- What is due next, and what a service has in hand, are asked at every tick of the tracker.

CREATE INDEX jobs_waiting_due ON jobs (next_action_at) WHERE state = 'accepted';
CREATE INDEX jobs_in_hand ON jobs (provider, user_id, has_priority)
    WHERE state IN ('submitting', 'uncertain', 'in_progress');

-- Nobody ever asked how often a film was looked at, and counting cost a write for each look.
ALTER TABLE submissions DROP COLUMN polls;

-- When a service was last seen to have a film in its queue still: its making began later.
ALTER TABLE jobs ADD COLUMN last_queued_at INTEGER;

-- Until films of one kind are known, others of the same model say more than the model's own word.
ALTER TABLE durations ADD COLUMN model_id TEXT NOT NULL DEFAULT '';
UPDATE durations SET model_id = substr(subject, 1, instr(subject, '|') - 1);
CREATE INDEX durations_alike ON durations (provider, model_id, observed_at);

-- Other looks that failed are no sign that a service has forgotten a film.
ALTER TABLE jobs ADD COLUMN unknown_in_row INTEGER NOT NULL DEFAULT 0 CHECK (unknown_in_row >= 0);
