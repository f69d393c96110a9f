CREATE TABLE IF NOT EXISTS study_sessions (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    user_id TEXT GENERATED ALWAYS AS (doc ->> '$.userId') VIRTUAL,
    start_time TEXT GENERATED ALWAYS AS (doc ->> '$.startTime') VIRTUAL,
    end_time TEXT GENERATED ALWAYS AS (doc ->> '$.endTime') VIRTUAL,
    session_type TEXT GENERATED ALWAYS AS (doc ->> '$.sessionType') VIRTUAL,
    subject TEXT GENERATED ALWAYS AS (doc ->> '$.subject') VIRTUAL,
    topic TEXT GENERATED ALWAYS AS (doc ->> '$.topic') VIRTUAL,
    minutes INTEGER GENERATED ALWAYS AS (doc ->> '$.durationMinutes') VIRTUAL,
    open_minutes INTEGER GENERATED ALWAYS AS (coalesce(doc ->> '$.plannedMinutes', doc ->> '$.defaultMinutes')) VIRTUAL,
    rev INTEGER GENERATED ALWAYS AS (doc ->> '$.rev') VIRTUAL
) STRICT;
CREATE INDEX IF NOT EXISTS study_sessions_user ON study_sessions (user_id, id);
CREATE INDEX IF NOT EXISTS study_sessions_start ON study_sessions (user_id, start_time);
CREATE INDEX IF NOT EXISTS study_sessions_open ON study_sessions (start_time) WHERE end_time IS NULL;
