-- name: lock_budget^
-- Lock a budget until the transaction ends; answers with the latest instant that it has seen.
INSERT INTO request_budgets (name, last_at) VALUES (:name, 0)
ON CONFLICT (name) DO UPDATE SET last_at = request_budgets.last_at
RETURNING last_at;

-- name: move_budget^
-- Note the latest instant that a budget has seen.
UPDATE request_budgets SET last_at = :now WHERE name = :name
RETURNING name;

-- name: forget_requests^
-- Drop what no longer counts.
DELETE FROM requests_made WHERE name = :name AND made_at <= :since
RETURNING name;

-- name: count_requests^
-- How many requests count now.
SELECT COUNT(*) AS used FROM requests_made WHERE name = :name AND made_at > :since;

-- name: nth_request^
-- When the one was made that must be forgotten first; counted from the oldest.
SELECT made_at FROM requests_made WHERE name = :name AND made_at > :since
ORDER BY made_at
LIMIT 1 OFFSET :skip;

-- name: insert_request^
-- Count a request.
INSERT INTO requests_made (name, made_at) VALUES (:name, :made_at)
RETURNING made_at;
