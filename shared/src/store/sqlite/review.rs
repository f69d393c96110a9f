use sqlx::{QueryBuilder, Row};

use super::{Result, Sqlite, document, encode};
use crate::domain::{Card, Id, Timestamp};

impl Sqlite {
    pub(in crate::store) async fn cards(&self, user_id: Id, quiz_id: Id) -> Result<Vec<Card>> {
        let mut query = QueryBuilder::new("SELECT doc FROM review_cards WHERE user_id = ");
        query.push_bind(user_id.to_string()).push(" AND quiz_id = ").push_bind(quiz_id.to_string());
        query.push(" ORDER BY question_id");
        self.documents(query).await
    }

    pub(in crate::store) async fn card(
        &self,
        user_id: Id,
        quiz_id: Id,
        question_id: &str,
    ) -> Result<Option<Card>> {
        let row =
            sqlx::query("SELECT doc FROM review_cards WHERE user_id = ? AND quiz_id = ? AND question_id = ?")
                .bind(user_id.to_string())
                .bind(quiz_id.to_string())
                .bind(question_id)
                .fetch_optional(&self.pool)
                .await?;
        row.as_ref().map(document).transpose()
    }

    pub(in crate::store) async fn save_cards(&self, cards: &[Card]) -> Result<bool> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut all = true;
        for card in cards {
            let written = Card { rev: card.rev + 1, ..card.clone() };
            let upsert = if card.rev == 0 {
                "INSERT INTO review_cards (rev, due, doc, user_id, quiz_id, question_id) VALUES (?, ?, ?, ?, ?, ?) \
                 ON CONFLICT DO NOTHING"
            } else {
                "UPDATE review_cards SET rev = ?, due = ?, doc = ? \
                 WHERE user_id = ? AND quiz_id = ? AND question_id = ? AND rev = ?"
            };
            let mut query = sqlx::query(upsert)
                .bind(written.rev)
                .bind(written.due.to_string())
                .bind(encode(&written)?)
                .bind(card.user_id.to_string())
                .bind(card.quiz_id.to_string())
                .bind(&card.question_id);
            if card.rev != 0 {
                query = query.bind(card.rev);
            }
            all &= query.execute(&mut *tx).await?.rows_affected() == 1;
        }
        tx.commit().await?;
        Ok(all)
    }

    pub(in crate::store) async fn due_cards(&self, user_id: Id, now: Timestamp) -> Result<Vec<Card>> {
        let mut query = QueryBuilder::new("SELECT doc FROM review_cards WHERE user_id = ");
        query.push_bind(user_id.to_string()).push(" AND due <= ").push_bind(now.to_string());
        query.push(" ORDER BY due, quiz_id, question_id");
        self.documents(query).await
    }

    pub(in crate::store) async fn due_reviews(&self, user_id: Id, now: Timestamp) -> Result<u64> {
        let row = sqlx::query(
            "SELECT count(*) FROM review_cards WHERE user_id = ? AND due <= ? \
             AND EXISTS (SELECT 1 FROM quizzes WHERE id = quiz_id)",
        )
        .bind(user_id.to_string())
        .bind(now.to_string())
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
    }
}
