CREATE TABLE IF NOT EXISTS quizzes (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    title_key TEXT NOT NULL,
    topic_key TEXT NOT NULL,
    created_by TEXT GENERATED ALWAYS AS (doc ->> '$.createdBy') VIRTUAL
) STRICT;
CREATE INDEX IF NOT EXISTS quizzes_owner ON quizzes (created_by, id);
