-- Who may make videos from a member's pictures: the member's choice, and a server's for those who never
-- chose.
ALTER TABLE guild_settings ADD COLUMN pictures TEXT NOT NULL DEFAULT 'anyone'
    CHECK (pictures IN ('anyone', 'ask', 'no one'));
ALTER TABLE member_settings ADD COLUMN pictures TEXT  -- null: the server's default
    CHECK (pictures IN ('anyone', 'ask', 'no one'));

-- One question for each picture and requester, for the picture's owner to answer.
CREATE TABLE picture_questions (
    id           TEXT    NOT NULL PRIMARY KEY,
    owner_id     BIGINT  NOT NULL,
    requester_id BIGINT  NOT NULL CHECK (requester_id <> owner_id),
    picture      TEXT    NOT NULL,
    message      TEXT    NOT NULL,  -- the path of the picture's message, or empty
    guild_id     BIGINT  NOT NULL,
    channel_id   BIGINT  NOT NULL,
    asked_at     BIGINT  NOT NULL,
    expires_at   BIGINT  NOT NULL CHECK (expires_at > asked_at),
    answer       TEXT    NOT NULL CHECK (answer IN ('asked', 'allowed', 'declined')),
    UNIQUE (owner_id, requester_id, picture)
);

-- Whose a stored picture was when it was first seen; several people's, for a frame of a video.
CREATE TABLE picture_owners (
    picture_key TEXT    NOT NULL,
    user_id     BIGINT  NOT NULL,
    picture     TEXT    NOT NULL,
    message     TEXT    NOT NULL,
    PRIMARY KEY (picture_key, user_id, picture)
);

ALTER TABLE notices ADD COLUMN mentions BIGINT ;  -- the member it notifies
ALTER TABLE notices ADD COLUMN question_id TEXT REFERENCES picture_questions (id);
