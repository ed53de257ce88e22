-- name: put_submissions*!
-- Write submissions, or what became of them.
INSERT INTO submissions (
    id, job_id, attempt, provider, tag, state, intended_at, handle, accepted_at, finished_at,
    artifact_address, remark, precharged_micros, charged_micros)
VALUES (
    :id, :job_id, :attempt, :provider, :tag, :state, :intended_at, :handle, :accepted_at,
    :finished_at, :artifact_address, :remark, :precharged_micros, :charged_micros)
ON CONFLICT (id) DO UPDATE SET
    state = excluded.state, handle = excluded.handle, accepted_at = excluded.accepted_at,
    finished_at = excluded.finished_at, artifact_address = excluded.artifact_address, remark = excluded.remark,
    precharged_micros = excluded.precharged_micros, charged_micros = excluded.charged_micros;

-- name: latest_submission^
-- The latest handing-over of a job.
SELECT * FROM submissions WHERE job_id = :job_id ORDER BY attempt DESC LIMIT 1;

-- name: list_submissions
-- Every handing-over of these jobs, first to last; `ids` is a list in JSON.
SELECT * FROM submissions
WHERE job_id IN (SELECT value FROM json_each(:ids))
ORDER BY attempt;
