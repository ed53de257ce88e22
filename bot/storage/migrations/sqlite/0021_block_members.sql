-- Members whom a server's moderators have blocked: nothing that they ask for is accepted there.
CREATE TABLE blocked_members (
    guild_id      INTEGER NOT NULL,
    user_id       INTEGER NOT NULL,
    reason        TEXT    NOT NULL,
    blocked_by    INTEGER NOT NULL,
    blocked_at    INTEGER NOT NULL,
    is_cancelling INTEGER NOT NULL DEFAULT 0 CHECK (is_cancelling IN (0, 1)),  -- open jobs, still
    PRIMARY KEY (guild_id, user_id)
) STRICT;

CREATE INDEX blocked_members_cancelling ON blocked_members (guild_id, user_id)
    WHERE is_cancelling = 1;
