-- Jobs of members whose role goes before others in the queue.

ALTER TABLE jobs ADD COLUMN has_priority INTEGER NOT NULL DEFAULT 0 CHECK (has_priority IN (0, 1));
