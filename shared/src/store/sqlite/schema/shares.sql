CREATE TABLE IF NOT EXISTS quiz_shares (
    quiz_id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    doc TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS quiz_shares_user ON quiz_shares (user_id);
