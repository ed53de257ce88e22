-- A job's money comes back once by an admin's word, and once because its service charged less.
DROP INDEX refunded_once;
CREATE UNIQUE INDEX refunded_once ON ledger_transactions (job_id, (actor_id IS NULL))
WHERE kind = 'refund';
