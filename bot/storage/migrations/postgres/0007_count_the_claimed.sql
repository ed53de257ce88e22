-- Films that a process has claimed and not yet written its intent for count as in hand.
CREATE INDEX jobs_claimed ON jobs (provider, lease_expires_at)
    WHERE state = 'accepted' AND lease_owner IS NOT NULL;
