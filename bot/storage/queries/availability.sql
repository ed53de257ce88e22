-- name: get_availability^
-- Whether a provider is paused.
SELECT * FROM provider_availability WHERE provider = :provider;

-- name: put_availability^
-- Write whether a provider is paused.
INSERT INTO provider_availability (
    provider, failures_in_row, pauses_in_row, paused_until, reason)
VALUES (:provider, :failures_in_row, :pauses_in_row, :paused_until, :reason)
ON CONFLICT (provider) DO UPDATE SET
    failures_in_row = excluded.failures_in_row, pauses_in_row = excluded.pauses_in_row,
    paused_until = excluded.paused_until, reason = excluded.reason
RETURNING provider;
