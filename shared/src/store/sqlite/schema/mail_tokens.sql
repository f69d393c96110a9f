CREATE TABLE IF NOT EXISTS mail_tokens (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    user_id TEXT GENERATED ALWAYS AS (doc ->> '$.userId') VIRTUAL,
    purpose TEXT GENERATED ALWAYS AS (doc ->> '$.purpose') VIRTUAL,
    created_at TEXT GENERATED ALWAYS AS (doc ->> '$.createdAt') VIRTUAL,
    expires_at TEXT GENERATED ALWAYS AS (doc ->> '$.expiresAt') VIRTUAL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS mail_tokens_user ON mail_tokens (user_id, purpose, created_at);
CREATE INDEX IF NOT EXISTS mail_tokens_end ON mail_tokens (expires_at);
