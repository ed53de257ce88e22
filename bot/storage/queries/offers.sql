-- name: insert_offer^
-- Keep a quote that waits to be confirmed.
INSERT INTO offers (
    id, idempotency_key, guild_id, channel_id, user_id, source_message_id, request, cost_micros,
    expires_at)
VALUES (
    :id, :idempotency_key, :guild_id, :channel_id, :user_id, :source_message_id, :request,
    :cost_micros, :expires_at)
RETURNING id;

-- name: get_offer^
-- A quote that waits to be confirmed, or did.
SELECT * FROM offers WHERE id = :id;

-- name: forget_offers^
-- Drop those that expired long ago.
DELETE FROM offers WHERE expires_at <= :before
RETURNING id;
