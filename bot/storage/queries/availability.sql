-- name: get_availability^
-- Get a provider's availability.
SELECT * FROM provider_availability WHERE provider = :provider;

-- name: forget_availability^
-- Delete a provider's availability.
DELETE FROM provider_availability WHERE provider = :provider
RETURNING provider;

-- name: replace_availability^
-- Write a provider's availability, unless it changed since it was read.
INSERT INTO provider_availability (
    provider, failures_in_row, pauses_in_row, paused_until, reason)
VALUES (:provider, :failures_in_row, :pauses_in_row, :paused_until, :reason)
ON CONFLICT (provider) DO UPDATE SET
    failures_in_row = excluded.failures_in_row, pauses_in_row = excluded.pauses_in_row,
    paused_until = excluded.paused_until, reason = excluded.reason
WHERE provider_availability.failures_in_row = :known_failures_in_row
    AND provider_availability.pauses_in_row = :known_pauses_in_row
    AND COALESCE(provider_availability.paused_until, -1) = :known_paused_until
    AND COALESCE(provider_availability.reason, '') = :known_reason
RETURNING provider;
