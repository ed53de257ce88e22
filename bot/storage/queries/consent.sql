-- name: insert_picture_question^
-- Write a question; nothing if this requester led to one about the picture before.
INSERT INTO picture_questions (
    id, owner_id, requester_id, picture, message, guild_id, channel_id, asked_at, expires_at, answer)
VALUES (
    :id, :owner_id, :requester_id, :picture, :message, :guild_id, :channel_id, :asked_at,
    :expires_at, :answer)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: get_picture_question^
-- Get a question.
SELECT * FROM picture_questions WHERE id = :id;

-- name: find_picture_question^
-- Get the question about a picture that a requester led to.
SELECT * FROM picture_questions
WHERE owner_id = :owner_id AND requester_id = :requester_id AND picture = :picture;

-- name: count_picture_questions^
-- Count the questions that wait for a member, and those of the last day by one requester, without
-- what was allowed: a question that is declined leaves no room for the next.
SELECT
    COUNT(CASE WHEN answer = 'asked' THEN 1 END) AS waiting,
    COUNT(CASE WHEN requester_id = :requester_id AND answer <> 'allowed' THEN 1 END) AS of_one
FROM picture_questions
WHERE owner_id = :owner_id AND expires_at > :now;

-- name: revoke_picture_answers^
-- Make every yes of a member a no.
UPDATE picture_questions SET answer = 'declined' WHERE owner_id = :owner_id AND answer = 'allowed'
RETURNING id;

-- name: answer_picture_question^
-- Write the answer to an open question.
UPDATE picture_questions SET answer = :answer
WHERE id = :id AND answer = 'asked' AND expires_at > :now
RETURNING id;

-- name: list_picture_owners
-- List whose a stored picture is.
SELECT * FROM picture_owners WHERE picture_key = :picture_key ORDER BY user_id, picture;

-- name: insert_picture_owner^
-- Write whose a stored picture is.
INSERT INTO picture_owners (picture_key, user_id, picture, message)
VALUES (:picture_key, :user_id, :picture, :message)
ON CONFLICT DO NOTHING
RETURNING user_id;
