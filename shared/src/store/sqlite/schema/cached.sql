CREATE TABLE IF NOT EXISTS cached_work (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    used_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS cached_work_used_at ON cached_work (used_at);
CREATE TABLE IF NOT EXISTS cached_work_users (
    key TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
