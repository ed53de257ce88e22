-- name: insert_offer^
-- Keep an offer until it is confirmed.
INSERT INTO offers (
    id, idempotency_key, guild_id, channel_id, user_id, source_message_id, request, cost_micros,
    expires_at)
VALUES (
    :id, :idempotency_key, :guild_id, :channel_id, :user_id, :source_message_id, :request,
    :cost_micros, :expires_at)
RETURNING id;

-- name: get_offer^
-- Get an offer, confirmed or not.
SELECT * FROM offers WHERE id = :id;

-- name: forget_offers^
-- Delete offers that expired long ago.
DELETE FROM offers WHERE expires_at <= :before
RETURNING id;
