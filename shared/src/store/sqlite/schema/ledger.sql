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
CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs (status, kind, due_at);
CREATE INDEX IF NOT EXISTS jobs_finished ON jobs (doc ->> '$.finishedAt', kind)
    WHERE doc ->> '$.finishedAt' IS NOT NULL;
CREATE INDEX IF NOT EXISTS jobs_status ON jobs (status, id);
CREATE INDEX IF NOT EXISTS jobs_kind ON jobs (kind, status, id);
CREATE INDEX IF NOT EXISTS jobs_error ON jobs (doc ->> '$.error.code', status, id)
    WHERE doc ->> '$.error.code' IS NOT NULL;

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
