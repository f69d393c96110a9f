-- Each table keeps whole documents as JSON; generated columns are what queries look at.

CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY,
    email_key TEXT NOT NULL,
    doc TEXT NOT NULL,
    username TEXT GENERATED ALWAYS AS (doc ->> '$.username') VIRTUAL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS users_email ON users (email_key);
CREATE UNIQUE INDEX IF NOT EXISTS users_username ON users (username) WHERE username IS NOT NULL;

CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    generation INTEGER GENERATED ALWAYS AS (doc ->> '$.generation') VIRTUAL,
    revoked_at TEXT GENERATED ALWAYS AS (doc ->> '$.revokedAt') VIRTUAL
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS quizzes (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    title_key TEXT NOT NULL,
    topic_key TEXT NOT NULL,
    created_by TEXT GENERATED ALWAYS AS (doc ->> '$.createdBy') VIRTUAL
) STRICT;
CREATE INDEX IF NOT EXISTS quizzes_owner ON quizzes (created_by, id);

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

CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    rung_at TEXT NOT NULL,
    rev INTEGER GENERATED ALWAYS AS (doc ->> '$.rev') VIRTUAL,
    kind TEXT GENERATED ALWAYS AS (doc ->> '$.kind') VIRTUAL,
    user_id TEXT GENERATED ALWAYS AS (doc ->> '$.userId') VIRTUAL,
    status TEXT GENERATED ALWAYS AS (doc ->> '$.status') VIRTUAL,
    due_at TEXT GENERATED ALWAYS AS (doc ->> '$.dueAt') VIRTUAL,
    lease_until TEXT GENERATED ALWAYS AS (doc ->> '$.lease.until') VIRTUAL
) STRICT;
CREATE INDEX IF NOT EXISTS jobs_user ON jobs (user_id, id);
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (status, due_at);
CREATE INDEX IF NOT EXISTS jobs_lease ON jobs (status, lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX IF NOT EXISTS jobs_rung ON jobs (status, kind, rung_at);

CREATE TABLE IF NOT EXISTS job_events (
    job_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (job_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS job_checkpoints (
    job_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (job_id, name)
) STRICT;

CREATE TABLE IF NOT EXISTS idempotency_keys (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    created_at TEXT NOT NULL,
    response TEXT
) STRICT, WITHOUT ROWID;
