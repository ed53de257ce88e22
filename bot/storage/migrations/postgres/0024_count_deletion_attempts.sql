-- Tries to delete a message that have failed: a wrong clock lets no time pass, so that its age alone does
-- not say when to give up.
ALTER TABLE temporary_messages ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0);
