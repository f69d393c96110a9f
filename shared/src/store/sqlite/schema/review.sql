CREATE TABLE IF NOT EXISTS review_cards (
    user_id TEXT NOT NULL,
    quiz_id TEXT NOT NULL,
    question_id TEXT NOT NULL,
    rev INTEGER NOT NULL,
    due TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (user_id, quiz_id, question_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS review_cards_due ON review_cards (user_id, due);
