-- Members whom a server's moderators have blocked: nothing that they ask for is accepted there.
CREATE TABLE blocked_members (
    guild_id      BIGINT  NOT NULL,
    user_id       BIGINT  NOT NULL,
    reason        TEXT    NOT NULL,
    blocked_by    BIGINT  NOT NULL,
    blocked_at    BIGINT  NOT NULL,
    is_cancelling INTEGER NOT NULL DEFAULT 0 CHECK (is_cancelling IN (0, 1)),  -- open jobs, still
    PRIMARY KEY (guild_id, user_id)
);

CREATE INDEX blocked_members_cancelling ON blocked_members (guild_id, user_id)
    WHERE is_cancelling = 1;
