-- What a server may spend, what its members may use, and the books of both.
-- Money is in millionths of a US dollar. Entries are never changed; what they come to is kept with
-- each account by a trigger, in the same transaction, and no purse can fall below zero.

CREATE TABLE policies (                          -- its row is locked while money of a server moves
    guild_id  INTEGER PRIMARY KEY,
    body      TEXT,                              -- JSON; null: as on the first day
    version   INTEGER NOT NULL CHECK (version >= 0)
) STRICT;

CREATE TABLE policy_overrides (
    guild_id     INTEGER NOT NULL,
    subject_kind TEXT    NOT NULL CHECK (subject_kind IN ('role', 'member')),
    subject_id   INTEGER NOT NULL,
    body         TEXT    NOT NULL,               -- JSON
    PRIMARY KEY (guild_id, subject_kind, subject_id)
) STRICT;

CREATE TABLE policy_history (
    id       TEXT    PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    actor_id INTEGER NOT NULL,
    what     TEXT    NOT NULL,
    before   TEXT    NOT NULL,
    after    TEXT    NOT NULL
) STRICT;

CREATE INDEX policy_history_latest ON policy_history (guild_id, at);

CREATE TABLE pending_edits (
    id         TEXT    PRIMARY KEY,
    guild_id   INTEGER NOT NULL,
    actor_id   INTEGER NOT NULL,
    edit       TEXT    NOT NULL,                 -- JSON
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE rate_windows (                      -- one row for each limit of a member
    guild_id       INTEGER NOT NULL,
    user_id        INTEGER NOT NULL,
    period_seconds INTEGER NOT NULL CHECK (period_seconds > 0),
    instants       TEXT    NOT NULL,             -- of the wishes that it counts, JSON
    used           INTEGER NOT NULL,
    most           INTEGER NOT NULL,
    is_exempt      INTEGER NOT NULL CHECK (is_exempt IN (0, 1)),
    PRIMARY KEY (guild_id, user_id, period_seconds),
    CHECK (used <= most OR is_exempt = 1)
) STRICT;

CREATE TABLE accounts (
    id             TEXT    PRIMARY KEY,
    guild_id       INTEGER NOT NULL,
    kind           TEXT    NOT NULL CHECK (kind IN (
        'issued', 'allowance', 'grant', 'event', 'held', 'spent', 'pool', 'pool_held',
        'pool_spent')),
    user_id        INTEGER,
    ends_at        INTEGER,                      -- what is left then lapses
    funded_micros  INTEGER NOT NULL,             -- what ever came in from `issued`
    balance_micros INTEGER NOT NULL,
    CHECK (balance_micros >= 0 OR kind = 'issued')
) STRICT;

CREATE INDEX grants_of_member ON accounts (guild_id, user_id) WHERE kind = 'grant';

CREATE TABLE ledger_transactions (
    id       TEXT    PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN (
        'fund', 'reserve', 'settle', 'release', 'refund', 'grant', 'gift', 'withdraw')),
    at       INTEGER NOT NULL,
    job_id   TEXT    REFERENCES jobs (id),
    user_id  INTEGER,                            -- whose money
    actor_id INTEGER,                            -- who moved it; null: the bot itself
    reason   TEXT    NOT NULL,
    CHECK ((kind IN ('reserve', 'settle', 'release', 'refund')) = (job_id IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX reserved_once ON ledger_transactions (job_id) WHERE kind = 'reserve';
CREATE UNIQUE INDEX resolved_once ON ledger_transactions (job_id)
    WHERE kind IN ('settle', 'release');
CREATE UNIQUE INDEX refunded_once ON ledger_transactions (job_id) WHERE kind = 'refund';
CREATE INDEX transactions_of_guild ON ledger_transactions (guild_id, at);
CREATE INDEX transactions_of_member ON ledger_transactions (guild_id, user_id, at);
CREATE INDEX gifts_of_member ON ledger_transactions (guild_id, actor_id, at) WHERE kind = 'gift';

CREATE TABLE ledger_entries (
    transaction_id TEXT    NOT NULL REFERENCES ledger_transactions (id),
    account_id     TEXT    NOT NULL REFERENCES accounts (id),
    micros         INTEGER NOT NULL CHECK (micros <> 0),
    PRIMARY KEY (transaction_id, account_id)
) STRICT;

CREATE INDEX entries_of_account ON ledger_entries (account_id);

CREATE TRIGGER entries_move_balances AFTER INSERT ON ledger_entries
BEGIN
    UPDATE accounts SET
        balance_micros = balance_micros + NEW.micros,
        funded_micros = funded_micros + CASE
            WHEN (SELECT kind FROM ledger_transactions WHERE id = NEW.transaction_id)
                IN ('fund', 'grant', 'withdraw')
                OR ((SELECT kind FROM ledger_transactions WHERE id = NEW.transaction_id) = 'gift'
                    AND NEW.micros > 0)
            THEN NEW.micros ELSE 0 END
    WHERE id = NEW.account_id;
END;

CREATE TRIGGER entries_stay BEFORE UPDATE ON ledger_entries
BEGIN
    SELECT RAISE(ABORT, 'a ledger entry is never changed');
END;

CREATE TRIGGER entries_are_kept BEFORE DELETE ON ledger_entries
BEGIN
    SELECT RAISE(ABORT, 'a ledger entry is never deleted');
END;

CREATE TRIGGER transactions_stay BEFORE UPDATE ON ledger_transactions
BEGIN
    SELECT RAISE(ABORT, 'a ledger transaction is never changed');
END;

CREATE TRIGGER transactions_are_kept BEFORE DELETE ON ledger_transactions
BEGIN
    SELECT RAISE(ABORT, 'a ledger transaction is never deleted');
END;

CREATE TRIGGER history_stays BEFORE UPDATE ON policy_history
BEGIN
    SELECT RAISE(ABORT, 'the history of the rules is never changed');
END;

CREATE TRIGGER history_is_kept BEFORE DELETE ON policy_history
BEGIN
    SELECT RAISE(ABORT, 'the history of the rules is never deleted');
END;

CREATE TABLE events (                            -- the next films of a channel are on the server
    id               TEXT    PRIMARY KEY,
    guild_id         INTEGER NOT NULL,
    channel_id       INTEGER NOT NULL,
    account_id       TEXT    NOT NULL UNIQUE REFERENCES accounts (id),
    films_most       INTEGER NOT NULL CHECK (films_most > 0),
    films_used       INTEGER NOT NULL CHECK (films_used BETWEEN 0 AND films_most),
    film_micros_most INTEGER NOT NULL CHECK (film_micros_most > 0),
    opened_by        INTEGER NOT NULL,
    opened_at        INTEGER NOT NULL,
    ends_at          INTEGER,
    closed_at        INTEGER
) STRICT;

CREATE UNIQUE INDEX one_open_event ON events (guild_id, channel_id) WHERE closed_at IS NULL;

CREATE INDEX jobs_open_of_member ON jobs (guild_id, user_id)
    WHERE state IN ('accepted', 'submitting', 'uncertain', 'in_progress', 'collecting');
