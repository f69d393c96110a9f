use super::{Result, Sqlite, document, encode};
use crate::domain::{Export, Id, Timestamp};

impl Sqlite {
    pub(in crate::store) async fn put_export(&self, export: &Export) -> Result<()> {
        sqlx::query(
            "INSERT INTO exports (id, doc) VALUES (?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc",
        )
        .bind(export.id.to_string())
        .bind(encode(export)?)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    pub(in crate::store) async fn export(&self, id: Id) -> Result<Option<Export>> {
        let row = sqlx::query("SELECT doc FROM exports WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(document).transpose()
    }

    pub(in crate::store) async fn expired_exports(&self, now: Timestamp, limit: u32) -> Result<Vec<Export>> {
        let rows =
            sqlx::query("SELECT doc FROM exports WHERE expires_at <= ? ORDER BY expires_at, id LIMIT ?")
                .bind(now.to_string())
                .bind(limit)
                .fetch_all(&self.pool)
                .await?;
        rows.iter().map(document).collect()
    }

    pub(in crate::store) async fn delete_export(&self, id: Id) -> Result<()> {
        sqlx::query("DELETE FROM exports WHERE id = ?").bind(id.to_string()).execute(&self.writer).await?;
        Ok(())
    }
}
