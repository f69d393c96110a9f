use sqlx::Row;

use super::{Result, Sqlite, decode, encode};
use crate::{
    domain::Timestamp,
    store::{Idempotency, KEPT_FOR, KeptResponse},
};

impl Sqlite {
    pub(in crate::store) async fn begin_idempotent(
        &self,
        key: &str,
        fingerprint: &str,
        now: Timestamp,
        stale_before: Timestamp,
    ) -> Result<Idempotency> {
        sqlx::query("DELETE FROM idempotency_keys WHERE key = ? AND created_at < ?")
            .bind(key)
            .bind((now - KEPT_FOR).to_string())
            .execute(&self.writer)
            .await?;
        let reserved = sqlx::query(
            "INSERT INTO idempotency_keys (key, fingerprint, created_at) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO UPDATE SET created_at = ?3 \
             WHERE response IS NULL AND fingerprint = ?2 AND created_at < ?4",
        )
        .bind(key)
        .bind(fingerprint)
        .bind(now.to_string())
        .bind(stale_before.to_string())
        .execute(&self.writer)
        .await?;
        if reserved.rows_affected() == 1 {
            return Ok(Idempotency::Fresh);
        }
        let row = sqlx::query("SELECT fingerprint, response FROM idempotency_keys WHERE key = ?")
            .bind(key)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(Idempotency::Running) };
        if row.try_get::<&str, _>(0)? != fingerprint {
            return Ok(Idempotency::Mismatch);
        }
        match row.try_get::<Option<&str>, _>(1)? {
            Some(response) => Ok(Idempotency::Replay(decode(response)?)),
            None => Ok(Idempotency::Running),
        }
    }

    pub(in crate::store) async fn keep_response(&self, key: &str, response: &KeptResponse) -> Result<()> {
        sqlx::query("UPDATE idempotency_keys SET response = ? WHERE key = ?")
            .bind(encode(response)?)
            .bind(key)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn renew_key(&self, key: &str, now: Timestamp) -> Result<()> {
        sqlx::query("UPDATE idempotency_keys SET created_at = ? WHERE key = ? AND response IS NULL")
            .bind(now.to_string())
            .bind(key)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn forget_key(&self, key: &str) -> Result<()> {
        sqlx::query("DELETE FROM idempotency_keys WHERE key = ? AND response IS NULL")
            .bind(key)
            .execute(&self.writer)
            .await?;
        Ok(())
    }
}
