-- Presets of members (in every server) and of servers. The schema keeps their number: each has a
-- slot, and its name, folded so that names that look alike are the same, once per owner.
CREATE TABLE presets (
    guild_id BIGINT  NOT NULL,
    user_id  BIGINT  NOT NULL,
    name_key TEXT    NOT NULL CHECK (name_key <> ''),
    slot     INTEGER NOT NULL CHECK (slot >= 1),
    name     TEXT    NOT NULL CHECK (name <> ''),
    request  TEXT    NOT NULL,
    PRIMARY KEY (guild_id, user_id, name_key),
    UNIQUE (guild_id, user_id, slot),
    CHECK ((guild_id = 0) <> (user_id = 0))
);
