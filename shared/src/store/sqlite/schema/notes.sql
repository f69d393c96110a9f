-- `doc` is the note without its content. `title_key`, `content_key` and `tag_keys` (a JSON array) are in one case;
-- `title_order` is what lists sort by.
CREATE TABLE IF NOT EXISTS notes (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    doc TEXT NOT NULL,
    content TEXT NOT NULL,
    title_key TEXT NOT NULL,
    content_key TEXT NOT NULL,
    tag_keys TEXT NOT NULL,
    title_order TEXT NOT NULL,
    deleted_at TEXT,
    user_id TEXT GENERATED ALWAYS AS (doc ->> '$.userId') VIRTUAL,
    updated_at TEXT GENERATED ALWAYS AS (doc ->> '$.updatedAt') VIRTUAL,
    category TEXT GENERATED ALWAYS AS (doc ->> '$.category') VIRTUAL
) STRICT;
CREATE INDEX IF NOT EXISTS notes_user ON notes (user_id, deleted_at, id);
CREATE INDEX IF NOT EXISTS notes_deleted ON notes (deleted_at) WHERE deleted_at IS NOT NULL;

-- The words of each note, folded and parted by spaces; every other character belongs to a word. `owner` keeps a search
-- among one user's notes.
CREATE VIRTUAL TABLE IF NOT EXISTS note_words USING fts5 (
    owner, title, tags, content,
    content = '', contentless_delete = 1,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* M* N* P* S* C*'"
);
CREATE TRIGGER IF NOT EXISTS notes_gone AFTER DELETE ON notes BEGIN
    DELETE FROM note_words WHERE rowid = old.seq;
END;
