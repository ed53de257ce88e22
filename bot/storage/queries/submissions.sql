-- name: put_submissions*!
-- Write submissions, or their latest state.
INSERT INTO submissions ({submissions: columns})
VALUES ({submissions: values})
ON CONFLICT (id) DO UPDATE SET {submissions: excluded};

-- name: latest_submission^
-- Get the latest submission of a job.
SELECT * FROM submissions WHERE job_id = :job_id ORDER BY attempt DESC LIMIT 1;

-- name: list_submissions
-- List every submission of these jobs, first to last; `ids` is a JSON list. Rows are matched by job
-- afterwards: without the condition all submissions are read.
SELECT * FROM submissions
WHERE job_id IN (SELECT value FROM json_each(:ids))
ORDER BY attempt;
