CREATE TABLE IF NOT EXISTS blob_uses (
    id TEXT PRIMARY KEY,
    usage TEXT NOT NULL,
    last_used_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS blob_uses_last ON blob_uses (usage, last_used_at);

CREATE INDEX IF NOT EXISTS idempotency_keys_created ON idempotency_keys (created_at);
CREATE INDEX IF NOT EXISTS sessions_expires ON sessions (doc ->> '$.expiresAt');
CREATE INDEX IF NOT EXISTS users_pictures ON users (doc ->> '$.avatar') WHERE doc ->> '$.avatar' IS NOT NULL;
CREATE INDEX IF NOT EXISTS users_guests ON users (id) WHERE doc ->> '$.isGuest';
