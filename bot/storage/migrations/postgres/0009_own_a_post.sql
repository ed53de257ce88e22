-- A post under way has an owner, which renews its lease; a process that starts leaves it alone.
ALTER TABLE deliveries ADD COLUMN lease_owner TEXT;
-- Since when the channel has refused a message for a permission that may come back.
ALTER TABLE deliveries ADD COLUMN blocked_at BIGINT;
