use super::{Result, Sqlite, document, encode};
use crate::domain::{Id, Share};

impl Sqlite {
    pub(in crate::store) async fn share_quiz(&self, share: &Share) -> Result<Share> {
        let quiz_id = share.quiz_id.to_string();
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO quiz_shares (quiz_id, user_id, token, doc) VALUES (?, ?, ?, ?) \
             ON CONFLICT (quiz_id) DO NOTHING",
        )
        .bind(&quiz_id)
        .bind(share.user_id.to_string())
        .bind(&share.token)
        .bind(encode(share)?)
        .execute(&mut *tx)
        .await?;
        let row = sqlx::query("SELECT doc FROM quiz_shares WHERE quiz_id = ?")
            .bind(&quiz_id)
            .fetch_one(&mut *tx)
            .await?;
        let stands = document(&row)?;
        tx.commit().await?;
        Ok(stands)
    }

    pub(in crate::store) async fn share(&self, token: &str) -> Result<Option<Share>> {
        let row = sqlx::query("SELECT doc FROM quiz_shares WHERE token = ?")
            .bind(token)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(document).transpose()
    }

    pub(in crate::store) async fn unshare_quiz(&self, quiz_id: Id) -> Result<bool> {
        let done = sqlx::query("DELETE FROM quiz_shares WHERE quiz_id = ?")
            .bind(quiz_id.to_string())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}
