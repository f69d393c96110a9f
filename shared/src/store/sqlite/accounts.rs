use super::{Result, Sqlite, decode, document, encode};
use crate::domain::{Id, Session, Timestamp, User, email_key};

impl Sqlite {
    pub(in crate::store) async fn insert_user(&self, user: &User) -> Result<()> {
        sqlx::query("INSERT INTO users (id, email_key, doc) VALUES (?, ?, ?)")
            .bind(user.id.to_string())
            .bind(email_key(&user.email))
            .bind(encode(user)?)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn save_user(&self, before: &User, after: &User) -> Result<bool> {
        let done =
            sqlx::query("UPDATE users SET email_key = ?, doc = ? WHERE id = ? AND doc ->> '$.updatedAt' = ?")
                .bind(email_key(&after.email))
                .bind(encode(after)?)
                .bind(before.id.to_string())
                .bind(before.updated_at.to_string())
                .execute(&self.writer)
                .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(in crate::store) async fn user(&self, id: Id) -> Result<Option<User>> {
        self.user_where("SELECT doc FROM users WHERE id = ?", id.to_string()).await
    }

    pub(in crate::store) async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        self.user_where("SELECT doc FROM users WHERE email_key = ?", email_key(email)).await
    }

    pub(in crate::store) async fn user_by_username(&self, username: &str) -> Result<Option<User>> {
        self.user_where("SELECT doc FROM users WHERE username = ?", username.to_owned()).await
    }

    async fn user_where(&self, query: &'static str, value: String) -> Result<Option<User>> {
        let row = sqlx::query(query).bind(value).fetch_optional(&self.pool).await?;
        row.as_ref().map(document).transpose()
    }

    pub(in crate::store) async fn insert_session(&self, session: &Session) -> Result<()> {
        sqlx::query("INSERT INTO sessions (id, doc) VALUES (?, ?)")
            .bind(session.id.to_string())
            .bind(encode(session)?)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn session(&self, id: Id) -> Result<Option<Session>> {
        let doc: Option<String> = sqlx::query_scalar("SELECT doc FROM sessions WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        doc.as_deref().map(decode).transpose()
    }

    pub(in crate::store) async fn rotate_session(
        &self,
        id: Id,
        generation: i64,
        expires_at: Timestamp,
    ) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE sessions SET doc = json_set(doc, '$.generation', generation + 1, '$.expiresAt', ?) \
             WHERE id = ? AND generation = ? AND revoked_at IS NULL",
        )
        .bind(expires_at.to_string())
        .bind(id.to_string())
        .bind(generation)
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(in crate::store) async fn revoke_session(&self, id: Id, now: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE sessions SET doc = json_set(doc, '$.revokedAt', ?) WHERE id = ? AND revoked_at IS NULL",
        )
        .bind(now.to_string())
        .bind(id.to_string())
        .execute(&self.writer)
        .await?;
        Ok(())
    }
    pub(in crate::store) async fn revoke_sessions(
        &self,
        user_id: Id,
        kept: Option<Id>,
        now: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE sessions SET doc = json_set(doc, '$.revokedAt', ?) \
             WHERE doc ->> '$.userId' = ? AND revoked_at IS NULL AND id IS NOT ?",
        )
        .bind(now.to_string())
        .bind(user_id.to_string())
        .bind(kept.map(|id| id.to_string()))
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}
