-- Words and phrases that a server's moderators do not allow in prompts. A list's version grows with
-- every change, so that a process knows whether what it has in memory still holds.
CREATE TABLE word_lists (
    guild_id INTEGER NOT NULL PRIMARY KEY,
    version  INTEGER NOT NULL
) STRICT;

CREATE TABLE disallowed_words (
    guild_id INTEGER NOT NULL,
    word_key TEXT    NOT NULL CHECK (word_key <> ''),  -- folded, so that look-alikes are the same
    word     TEXT    NOT NULL CHECK (word <> ''),
    added_by INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (guild_id, word_key)
) STRICT;
