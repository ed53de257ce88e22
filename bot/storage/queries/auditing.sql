-- name: count_transactions^
-- Count the transactions of all servers.
SELECT COUNT(*) AS transactions FROM ledger_transactions;

-- name: examine_jobs
-- List the jobs that have not ended, including unknown states; with `everything` all jobs.
SELECT * FROM jobs
WHERE :everything = 1 OR state NOT IN ('succeeded', 'failed', 'cancelled', 'expired');

-- name: examine_submissions
-- List the submissions of those jobs.
SELECT s.* FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id
WHERE :everything = 1 OR j.state NOT IN ('succeeded', 'failed', 'cancelled', 'expired');

-- name: examine_deliveries
-- List the messages that are not posted; with `everything` all messages.
SELECT * FROM deliveries
WHERE :everything = 1 OR state NOT IN ('posted', 'undeliverable', 'deleted');

-- name: examine_policies
-- List all policies.
SELECT * FROM policies WHERE :everything IN (0, 1);

-- name: examine_presets
-- List all presets.
SELECT * FROM presets WHERE :everything IN (0, 1);

-- name: examine_overrides
-- List all overrides of roles and members.
SELECT * FROM policy_overrides WHERE :everything IN (0, 1);
