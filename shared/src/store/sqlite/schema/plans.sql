-- `doc` is a plan without its days and with its workload, so that lists need not read the days.
CREATE TABLE IF NOT EXISTS plans (
    id TEXT PRIMARY KEY,
    doc TEXT NOT NULL,
    days TEXT NOT NULL,
    user_id TEXT GENERATED ALWAYS AS (doc ->> '$.userId') VIRTUAL,
    exam_date TEXT GENERATED ALWAYS AS (doc ->> '$.brief.examDate') VIRTUAL,
    feed_token TEXT GENERATED ALWAYS AS (doc ->> '$.feedToken') VIRTUAL,
    rev INTEGER GENERATED ALWAYS AS (doc ->> '$.rev') VIRTUAL
) STRICT;
CREATE INDEX IF NOT EXISTS plans_user ON plans (user_id, id);
CREATE INDEX IF NOT EXISTS plans_exam ON plans (user_id, exam_date, id);
CREATE UNIQUE INDEX IF NOT EXISTS plans_feed ON plans (feed_token);
