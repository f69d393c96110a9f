CREATE TABLE IF NOT EXISTS exports (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    user_id TEXT GENERATED ALWAYS AS (doc ->> '$.userId') VIRTUAL,
    expires_at TEXT GENERATED ALWAYS AS (doc ->> '$.expiresAt') VIRTUAL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS exports_user ON exports (user_id);
CREATE INDEX IF NOT EXISTS exports_end ON exports (expires_at);
