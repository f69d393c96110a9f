use sqlx::Row;

use super::{Result, Sqlite, document, encode};
use crate::domain::{Id, MailPurpose, MailToken, Timestamp};

impl Sqlite {
    pub(in crate::store) async fn insert_mail_token(&self, token: &MailToken) -> Result<()> {
        // Those that ended long ago go here, as nothing else would remove them.
        sqlx::query("DELETE FROM mail_tokens WHERE expires_at < ?")
            .bind((token.created_at - MailToken::LASTS).to_string())
            .execute(&self.writer)
            .await?;
        sqlx::query("INSERT INTO mail_tokens (id, doc) VALUES (?, ?)")
            .bind(&token.hash)
            .bind(encode(token)?)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn take_mail_token(
        &self,
        hash: &str,
        purpose: MailPurpose,
    ) -> Result<Option<MailToken>> {
        let row = sqlx::query("DELETE FROM mail_tokens WHERE id = ? AND purpose = ? RETURNING doc")
            .bind(hash)
            .bind(purpose.as_str())
            .fetch_optional(&self.writer)
            .await?;
        row.as_ref().map(document).transpose()
    }

    pub(in crate::store) async fn count_mail_tokens(
        &self,
        user_id: Id,
        purpose: MailPurpose,
        from: Timestamp,
    ) -> Result<u64> {
        let row = sqlx::query(
            "SELECT count(*) FROM mail_tokens WHERE user_id = ? AND purpose = ? AND created_at >= ?",
        )
        .bind(user_id.to_string())
        .bind(purpose.as_str())
        .bind(from.to_string())
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
    }

    pub(in crate::store) async fn delete_mail_tokens(&self, user_id: Id, purpose: MailPurpose) -> Result<()> {
        sqlx::query("DELETE FROM mail_tokens WHERE user_id = ? AND purpose = ?")
            .bind(user_id.to_string())
            .bind(purpose.as_str())
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
