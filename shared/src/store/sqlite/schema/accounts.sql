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
CREATE INDEX IF NOT EXISTS sessions_user ON sessions (doc ->> '$.userId');
