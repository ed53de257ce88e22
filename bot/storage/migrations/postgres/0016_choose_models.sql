-- Members' favorite models, servers' default models, and how the videos of each model ended.

CREATE TABLE favorite_models (
    guild_id BIGINT NOT NULL,
    user_id  BIGINT NOT NULL,
    model_id TEXT    NOT NULL CHECK (model_id <> ''),
    PRIMARY KEY (guild_id, user_id)
);

ALTER TABLE guild_settings ADD COLUMN text_model_id TEXT;     -- null: the cheapest that can do it
ALTER TABLE guild_settings ADD COLUMN picture_model_id TEXT;

CREATE TABLE outcomes (
    provider  TEXT    NOT NULL,
    model_id  TEXT    NOT NULL,
    ended_at  BIGINT NOT NULL,
    succeeded BIGINT NOT NULL CHECK (succeeded IN (0, 1))
);

CREATE INDEX outcomes_latest ON outcomes (provider, model_id, ended_at);

-- Damaged requests are left out. Matched as text, because one that is no JSON stops a conversion.
INSERT INTO outcomes (provider, model_id, ended_at, succeeded)
SELECT provider, model_id, ended_at, succeeded FROM (
    SELECT
        provider,
        substring(request from '"model_id": ?"([^"\\]+)"') AS model_id,
        state_changed_at AS ended_at,
        CASE WHEN state = 'succeeded' THEN 1 ELSE 0 END AS succeeded
    FROM jobs
    WHERE state = 'succeeded'
        OR (state = 'expired' AND submitted_at IS NOT NULL)
        OR (state = 'failed' AND failure_kind IN ('provider', 'uncertain') AND cancel_requested = 0)
) AS ended
WHERE model_id IS NOT NULL;
