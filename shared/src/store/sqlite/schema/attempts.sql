CREATE TABLE IF NOT EXISTS open_attempts (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    quiz_id TEXT GENERATED ALWAYS AS (doc ->> '$.quizId') VIRTUAL,
    user_id TEXT GENERATED ALWAYS AS (doc ->> '$.userId') VIRTUAL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS open_attempts_one ON open_attempts (quiz_id, user_id);

CREATE TABLE IF NOT EXISTS submissions (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    quiz_id TEXT GENERATED ALWAYS AS (doc ->> '$.quizId') VIRTUAL,
    user_id TEXT GENERATED ALWAYS AS (doc ->> '$.userId') VIRTUAL,
    topic TEXT GENERATED ALWAYS AS (doc ->> '$.topic') VIRTUAL,
    percentage REAL GENERATED ALWAYS AS (doc ->> '$.percentage') VIRTUAL,
    completed_at TEXT GENERATED ALWAYS AS (doc ->> '$.completedAt') VIRTUAL
) STRICT;
CREATE INDEX IF NOT EXISTS submissions_user ON submissions (user_id, id);
CREATE INDEX IF NOT EXISTS submissions_quiz ON submissions (quiz_id, percentage);
CREATE INDEX IF NOT EXISTS submissions_tallies ON submissions (user_id, completed_at, percentage, topic, quiz_id, id);
CREATE INDEX IF NOT EXISTS open_attempts_user ON open_attempts (user_id);
