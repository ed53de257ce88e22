-- After a crash a word may stand in its channel without being noted here: it is looked for first.
ALTER TABLE notices ADD COLUMN posting_at BIGINT;  -- when it was first about to be posted
