-- name: lock_budget^
-- Lock a budget until the transaction ends; return the latest instant it has seen.
INSERT INTO request_budgets (name, last_at) VALUES (:name, 0)
ON CONFLICT (name) DO UPDATE SET last_at = request_budgets.last_at
RETURNING last_at;

-- name: move_budget^
-- Record the latest instant that a budget has seen.
UPDATE request_budgets SET last_at = :now WHERE name = :name
RETURNING name;

-- name: forget_requests^
-- Delete the requests that no longer count.
DELETE FROM requests_made WHERE name = :name AND made_at <= :since
RETURNING name;

-- name: count_requests^
-- Count the requests that count now.
SELECT COUNT(*) AS used FROM requests_made WHERE name = :name AND made_at > :since;

-- name: nth_request^
-- Get the instant of the request that must expire first, counted from the oldest.
SELECT made_at FROM requests_made WHERE name = :name AND made_at > :since
ORDER BY made_at
LIMIT 1 OFFSET :skip;

-- name: insert_request^
-- Count a request.
INSERT INTO requests_made (name, made_at) VALUES (:name, :made_at)
RETURNING made_at;

-- name: find_request_ahead^
-- Find a request that a clock counted ahead of time. A false positive costs one transaction and
-- changes nothing: `redate_requests` decides.
SELECT made_at FROM requests_made WHERE name = :name AND made_at > :latest LIMIT 1;

-- name: redate_requests
-- Date such requests to now.
UPDATE requests_made SET made_at = :now WHERE name = :name AND made_at > :latest
RETURNING made_at;
