-- A server may let its members pay for better prompts; the ledger has them beside its jobs.
ALTER TABLE guild_settings ADD COLUMN improves_prompts INTEGER NOT NULL DEFAULT 0
    CHECK (improves_prompts IN (0, 1));

CREATE TABLE improvements (
    id              TEXT    PRIMARY KEY,       -- of the offer whose prompt it is: each is paid for once
    guild_id        INTEGER NOT NULL,
    channel_id      INTEGER NOT NULL,
    user_id         INTEGER NOT NULL,
    model_id        TEXT    NOT NULL,
    reserved_micros INTEGER NOT NULL CHECK (reserved_micros > 0),
    asked_at        INTEGER NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('asking', 'improved', 'failed')),
    ended_at        INTEGER CHECK ((ended_at IS NULL) = (state = 'asking')),
    improved_id     TEXT    CHECK ((improved_id IS NOT NULL) = (state = 'improved')), -- an offer
    fault           TEXT    CHECK ((fault IS NOT NULL) = (state = 'failed')) -- why there is none
) STRICT;

CREATE INDEX improvements_of_member ON improvements (guild_id, user_id, asked_at);
CREATE INDEX improvements_open ON improvements (asked_at) WHERE state = 'asking';

CREATE TRIGGER improvements_end_once BEFORE UPDATE ON improvements
WHEN OLD.state <> 'asking'
BEGIN
    SELECT RAISE(ABORT, 'an improvement that has ended stays as it ended');
END;

-- SQLite changes no CHECK in place: the table is rebuilt, without the trigger that reads it.
DROP TRIGGER entries_move_balances;
CREATE TABLE transactions_rebuilt (
    id             TEXT    PRIMARY KEY,
    guild_id       INTEGER NOT NULL,
    kind           TEXT    NOT NULL CHECK (kind IN (
        'fund', 'reserve', 'settle', 'release', 'refund', 'grant', 'gift', 'withdraw')),
    at             INTEGER NOT NULL,
    job_id         TEXT    REFERENCES jobs (id),
    user_id        INTEGER,                      -- whose money
    actor_id       INTEGER,                      -- who moved it; null: the bot itself
    reason         TEXT    NOT NULL,
    improvement_id TEXT    REFERENCES improvements (id),
    CHECK (job_id IS NULL OR improvement_id IS NULL),
    CHECK ((kind IN ('reserve', 'settle', 'release', 'refund'))
        = (job_id IS NOT NULL OR improvement_id IS NOT NULL))
) STRICT;
INSERT INTO transactions_rebuilt (id, guild_id, kind, at, job_id, user_id, actor_id, reason)
SELECT id, guild_id, kind, at, job_id, user_id, actor_id, reason FROM ledger_transactions;
DROP TABLE ledger_transactions;
ALTER TABLE transactions_rebuilt RENAME TO ledger_transactions;

CREATE UNIQUE INDEX reserved_once ON ledger_transactions (job_id) WHERE kind = 'reserve';
CREATE UNIQUE INDEX resolved_once ON ledger_transactions (job_id)
    WHERE kind IN ('settle', 'release');
CREATE UNIQUE INDEX refunded_once ON ledger_transactions (job_id, (actor_id IS NULL))
    WHERE kind = 'refund';
CREATE INDEX transactions_of_guild ON ledger_transactions (guild_id, at);
CREATE INDEX transactions_of_member ON ledger_transactions (guild_id, user_id, at);
CREATE INDEX gifts_of_member ON ledger_transactions (guild_id, actor_id, at) WHERE kind = 'gift';
CREATE UNIQUE INDEX improvement_reserved_once ON ledger_transactions (improvement_id)
    WHERE kind = 'reserve';
CREATE UNIQUE INDEX improvement_resolved_once ON ledger_transactions (improvement_id)
    WHERE kind IN ('settle', 'release');

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

CREATE TRIGGER transactions_stay BEFORE UPDATE ON ledger_transactions
BEGIN
    SELECT RAISE(ABORT, 'a ledger transaction is never changed');
END;

CREATE TRIGGER transactions_are_kept BEFORE DELETE ON ledger_transactions
BEGIN
    SELECT RAISE(ABORT, 'a ledger transaction is never deleted');
END;
