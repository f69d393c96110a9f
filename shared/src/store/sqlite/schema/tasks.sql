CREATE TABLE IF NOT EXISTS tasks (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    user_id TEXT GENERATED ALWAYS AS (doc ->> '$.userId') VIRTUAL,
    rev INTEGER GENERATED ALWAYS AS (doc ->> '$.rev') VIRTUAL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tasks_user ON tasks (user_id, id);
