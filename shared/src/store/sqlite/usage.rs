use serde::{Deserialize, Serialize};
use sqlx::QueryBuilder;

use super::{Result, Sqlite, document, encode};
use crate::{
    domain::{Day, DayUsage, Id, ProviderCall},
    store::usage::CALLS_KEPT,
};

/// A day with the names of the calls that were counted last.
#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(flatten)]
    usage: DayUsage,
    counted: Vec<String>,
}

impl Sqlite {
    pub(in crate::store) async fn count_call(&self, call: &ProviderCall) -> Result<()> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query("SELECT doc FROM ai_usage WHERE user_id = ? AND day = ?")
            .bind(call.user_id.to_string())
            .bind(call.day.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let mut row: Row = match row.as_ref() {
            Some(row) => document(row)?,
            None => Row { usage: DayUsage::new(call.day), counted: Vec::new() },
        };
        if row.counted.contains(&call.key) {
            return Ok(());
        }
        row.usage.count(&call.usage);
        row.counted.push(call.key.clone());
        row.counted.drain(..row.counted.len().saturating_sub(CALLS_KEPT));
        sqlx::query("INSERT OR REPLACE INTO ai_usage (user_id, day, doc) VALUES (?, ?, ?)")
            .bind(call.user_id.to_string())
            .bind(call.day.to_string())
            .bind(encode(&row)?)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn ai_usage(
        &self,
        user_id: Id,
        first: Day,
        last: Day,
    ) -> Result<Vec<DayUsage>> {
        let mut query = QueryBuilder::new("SELECT doc FROM ai_usage WHERE user_id = ");
        query.push_bind(user_id.to_string());
        query.push(" AND day >= ").push_bind(first.to_string());
        query.push(" AND day <= ").push_bind(last.to_string()).push(" ORDER BY day");
        self.documents(query).await
    }
}
