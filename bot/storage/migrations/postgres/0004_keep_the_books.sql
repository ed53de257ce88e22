-- What a server may spend, what its members may use, and the books of both.
-- Money is in millionths of a US dollar. Entries are never changed; what they come to is kept with
-- each account by a trigger, in the same transaction, and no purse can fall below zero.

CREATE TABLE policies (                          -- its row is locked while money of a server moves
    guild_id  BIGINT  PRIMARY KEY,
    body      TEXT,                              -- JSON; null: as on the first day
    version   BIGINT  NOT NULL CHECK (version >= 0)
);

CREATE TABLE policy_overrides (
    guild_id     BIGINT  NOT NULL,
    subject_kind TEXT    NOT NULL CHECK (subject_kind IN ('role', 'member')),
    subject_id   BIGINT  NOT NULL,
    body         TEXT    NOT NULL,               -- JSON
    PRIMARY KEY (guild_id, subject_kind, subject_id)
);

CREATE TABLE policy_history (
    id       TEXT    PRIMARY KEY,
    guild_id BIGINT  NOT NULL,
    at       BIGINT  NOT NULL,
    actor_id BIGINT  NOT NULL,
    what     TEXT    NOT NULL,
    before   TEXT    NOT NULL,
    after    TEXT    NOT NULL
);

CREATE INDEX policy_history_latest ON policy_history (guild_id, at);

CREATE TABLE pending_edits (
    id         TEXT    PRIMARY KEY,
    guild_id   BIGINT  NOT NULL,
    actor_id   BIGINT  NOT NULL,
    edit       TEXT    NOT NULL,                 -- JSON
    expires_at BIGINT  NOT NULL
);

CREATE TABLE rate_windows (                      -- one row for each limit of a member
    guild_id       BIGINT  NOT NULL,
    user_id        BIGINT  NOT NULL,
    period_seconds BIGINT  NOT NULL CHECK (period_seconds > 0),
    instants       TEXT    NOT NULL,             -- of the wishes that it counts, JSON
    used           BIGINT  NOT NULL,
    most           BIGINT  NOT NULL,
    is_exempt      BIGINT  NOT NULL CHECK (is_exempt IN (0, 1)),
    PRIMARY KEY (guild_id, user_id, period_seconds),
    CHECK (used <= most OR is_exempt = 1)
);

CREATE TABLE accounts (
    id             TEXT    PRIMARY KEY,
    guild_id       BIGINT  NOT NULL,
    kind           TEXT    NOT NULL CHECK (kind IN (
        'issued', 'allowance', 'grant', 'event', 'held', 'spent', 'pool', 'pool_held',
        'pool_spent')),
    user_id        BIGINT ,
    ends_at        BIGINT ,                      -- what is left then lapses
    funded_micros  BIGINT  NOT NULL,             -- what ever came in from `issued`
    balance_micros BIGINT  NOT NULL,
    CHECK (balance_micros >= 0 OR kind = 'issued')
);

CREATE INDEX grants_of_member ON accounts (guild_id, user_id) WHERE kind = 'grant';

CREATE TABLE ledger_transactions (
    id       TEXT    PRIMARY KEY,
    guild_id BIGINT  NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN (
        'fund', 'reserve', 'settle', 'release', 'refund', 'grant', 'gift', 'withdraw')),
    at       BIGINT  NOT NULL,
    job_id   TEXT    REFERENCES jobs (id),
    user_id  BIGINT ,                            -- whose money
    actor_id BIGINT ,                            -- who moved it; null: the bot itself
    reason   TEXT    NOT NULL,
    CHECK ((kind IN ('reserve', 'settle', 'release', 'refund')) = (job_id IS NOT NULL))
);

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
    micros         BIGINT  NOT NULL CHECK (micros <> 0),
    PRIMARY KEY (transaction_id, account_id)
);

CREATE INDEX entries_of_account ON ledger_entries (account_id);

CREATE FUNCTION move_balance() RETURNS TRIGGER AS $$
DECLARE
    why TEXT;
BEGIN
    SELECT kind INTO why FROM ledger_transactions WHERE id = NEW.transaction_id;
    UPDATE accounts SET
        balance_micros = balance_micros + NEW.micros,
        funded_micros = funded_micros + CASE
            WHEN why IN ('fund', 'grant', 'withdraw') OR (why = 'gift' AND NEW.micros > 0)
            THEN NEW.micros ELSE 0 END
    WHERE id = NEW.account_id;
    RETURN NEW;
END $$ LANGUAGE plpgsql;

CREATE FUNCTION refuse_change() RETURNS TRIGGER AS $$
BEGIN
    RAISE EXCEPTION 'a row of % is never changed or deleted', TG_TABLE_NAME;
END $$ LANGUAGE plpgsql;

CREATE TRIGGER entries_move_balances AFTER INSERT ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION move_balance();
CREATE TRIGGER entries_stay BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transactions_stay BEFORE UPDATE OR DELETE ON ledger_transactions
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER history_stays BEFORE UPDATE OR DELETE ON policy_history
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TABLE events (                            -- the next films of a channel are on the server
    id               TEXT    PRIMARY KEY,
    guild_id         BIGINT  NOT NULL,
    channel_id       BIGINT  NOT NULL,
    account_id       TEXT    NOT NULL UNIQUE REFERENCES accounts (id),
    films_most       BIGINT  NOT NULL CHECK (films_most > 0),
    films_used       BIGINT  NOT NULL CHECK (films_used BETWEEN 0 AND films_most),
    film_micros_most BIGINT  NOT NULL CHECK (film_micros_most > 0),
    opened_by        BIGINT  NOT NULL,
    opened_at        BIGINT  NOT NULL,
    ends_at          BIGINT ,
    closed_at        BIGINT 
);

CREATE UNIQUE INDEX one_open_event ON events (guild_id, channel_id) WHERE closed_at IS NULL;

CREATE INDEX jobs_open_of_member ON jobs (guild_id, user_id)
    WHERE state IN ('accepted', 'submitting', 'uncertain', 'in_progress', 'collecting');
