use super::{Result, Sqlite};
use crate::domain::{Id, Timestamp};

impl Sqlite {
    pub(in crate::store) async fn put_cached(
        &self,
        key: &str,
        value: &str,
        user: Option<Id>,
        now: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO cached_work (key, value, used_at) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET value = ?2, used_at = ?3",
        )
        .bind(key)
        .bind(value)
        .bind(now.to_string())
        .execute(&self.writer)
        .await?;
        self.note_user(key, user).await
    }

    pub(in crate::store) async fn use_cached(
        &self,
        key: &str,
        user: Option<Id>,
        now: Timestamp,
    ) -> Result<bool> {
        let done = sqlx::query("UPDATE cached_work SET used_at = ? WHERE key = ?")
            .bind(now.to_string())
            .bind(key)
            .execute(&self.writer)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        self.note_user(key, user).await?;
        Ok(true)
    }

    async fn note_user(&self, key: &str, user: Option<Id>) -> Result<()> {
        if let Some(user) = user {
            sqlx::query("INSERT OR IGNORE INTO cached_work_users (key, user_id) VALUES (?, ?)")
                .bind(key)
                .bind(user.to_string())
                .execute(&self.writer)
                .await?;
        }
        Ok(())
    }

    pub(in crate::store) async fn cached(&self, key: &str) -> Result<Option<String>> {
        let query = sqlx::query_scalar("SELECT value FROM cached_work WHERE key = ?").bind(key);
        Ok(query.fetch_optional(&self.pool).await?)
    }

    pub(in crate::store) async fn cached_keys(&self, user: Id) -> Result<Vec<String>> {
        let query = sqlx::query_scalar("SELECT key FROM cached_work_users WHERE user_id = ? ORDER BY key")
            .bind(user.to_string());
        Ok(query.fetch_all(&self.pool).await?)
    }

    pub(in crate::store) async fn remove_cached(&self, used_before: Timestamp, limit: u32) -> Result<u64> {
        let old = "SELECT key FROM cached_work WHERE used_at < ?1 ORDER BY used_at LIMIT ?2";
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut removed = 0;
        for table in ["cached_work_users", "cached_work"] {
            let remove = format!("DELETE FROM {table} WHERE key IN ({old})");
            let done = sqlx::query(sqlx::AssertSqlSafe(remove))
                .bind(used_before.to_string())
                .bind(limit)
                .execute(&mut *tx)
                .await?;
            removed = done.rows_affected();
        }
        tx.commit().await?;
        Ok(removed)
    }
}
