-- A server may let its members pay for better prompts; the ledger has them beside its jobs.
ALTER TABLE guild_settings ADD COLUMN improves_prompts BIGINT NOT NULL DEFAULT 0
    CHECK (improves_prompts IN (0, 1));

CREATE TABLE improvements (
    id              TEXT    PRIMARY KEY,       -- of the offer whose prompt it is: each is paid for once
    guild_id        BIGINT  NOT NULL,
    channel_id      BIGINT  NOT NULL,
    user_id         BIGINT  NOT NULL,
    model_id        TEXT    NOT NULL,
    reserved_micros BIGINT  NOT NULL CHECK (reserved_micros > 0),
    asked_at        BIGINT  NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('asking', 'improved', 'failed')),
    ended_at        BIGINT  CHECK ((ended_at IS NULL) = (state = 'asking')),
    improved_id     TEXT    CHECK ((improved_id IS NOT NULL) = (state = 'improved')), -- an offer
    fault           TEXT    CHECK ((fault IS NOT NULL) = (state = 'failed')) -- why there is none
);

CREATE INDEX improvements_of_member ON improvements (guild_id, user_id, asked_at);
CREATE INDEX improvements_open ON improvements (asked_at) WHERE state = 'asking';

CREATE FUNCTION keep_improvement() RETURNS TRIGGER AS $$
BEGIN
    RAISE EXCEPTION 'an improvement that has ended stays as it ended';
END $$ LANGUAGE plpgsql;
CREATE TRIGGER improvements_end_once BEFORE UPDATE ON improvements FOR EACH ROW
    WHEN (OLD.state <> 'asking') EXECUTE FUNCTION keep_improvement();

ALTER TABLE ledger_transactions ADD COLUMN improvement_id TEXT REFERENCES improvements (id);
ALTER TABLE ledger_transactions DROP CONSTRAINT ledger_transactions_check;
ALTER TABLE ledger_transactions ADD CONSTRAINT one_reason
    CHECK (job_id IS NULL OR improvement_id IS NULL);
ALTER TABLE ledger_transactions ADD CONSTRAINT ledger_transactions_check
    CHECK ((kind IN ('reserve', 'settle', 'release', 'refund'))
        = (job_id IS NOT NULL OR improvement_id IS NOT NULL));

CREATE UNIQUE INDEX improvement_reserved_once ON ledger_transactions (improvement_id)
    WHERE kind = 'reserve';
CREATE UNIQUE INDEX improvement_resolved_once ON ledger_transactions (improvement_id)
    WHERE kind IN ('settle', 'release');
