CREATE TABLE IF NOT EXISTS transcripts (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    user_id TEXT GENERATED ALWAYS AS (doc ->> '$.userId') VIRTUAL
) STRICT;
CREATE INDEX IF NOT EXISTS transcripts_user ON transcripts (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS transcripts_recorded ON transcripts (doc ->> '$.recordedAt');
