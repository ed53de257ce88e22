-- name: count_transactions^
-- How many transactions the books of all servers hold.
SELECT COUNT(*) AS transactions FROM ledger_transactions;
