use std::collections::BTreeSet;

use sqlx::{QueryBuilder, Row};

use super::{Result, Sqlite, local_time::local_time, study_sessions::counted_sessions};
use crate::{
    domain::{Day, Id, ScoreTotals, Shift, StudyTotals, Timestamp},
    store::StoreError,
};

impl Sqlite {
    pub(in crate::store) async fn study_totals(
        &self,
        user_id: Id,
        spans: &[(Timestamp, Timestamp)],
        now: Timestamp,
    ) -> Result<Vec<StudyTotals>> {
        let Some(first) = spans.iter().map(|span| span.0).min() else { return Ok(Vec::new()) };
        let end = spans.iter().map(|span| span.1).max().unwrap_or(first);
        let mut query = QueryBuilder::new("SELECT ");
        let mut columns = query.separated(", ");
        for (from, until) in spans {
            for sum in ["count(*)", "sum(minutes)"] {
                columns.push(sum).push_unseparated(" FILTER (WHERE start_time >= ");
                columns.push_bind_unseparated(from.to_string()).push_unseparated(" AND start_time < ");
                columns.push_bind_unseparated(until.to_string()).push_unseparated(")");
            }
        }
        query.push(" FROM ");
        counted_sessions(&mut query, user_id, (first, end), now);
        let row = query.build().fetch_one(&self.pool).await?;
        let sum =
            |column| row.try_get::<Option<i64>, _>(column).map(|sum| sum.unwrap_or_default().unsigned_abs());
        (0..spans.len())
            .map(|at| Ok(StudyTotals { sessions: sum(2 * at)?, minutes: sum(2 * at + 1)? }))
            .collect()
    }

    pub(in crate::store) async fn score_totals(&self, user_id: Id) -> Result<ScoreTotals> {
        let row = sqlx::query(
            "SELECT count(*), count(percentage), \
             coalesce(sum(CAST(percentage * 1000000 + 0.5 AS INTEGER)), 0) FROM submissions WHERE user_id = ?",
        )
        .bind(user_id.to_string())
        .fetch_one(&self.pool)
        .await?;
        let sum = |column: usize| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        Ok(ScoreTotals { attempts: sum(0)?, scored: sum(1)?, millionths: sum(2)? })
    }

    pub(in crate::store) async fn active_days(
        &self,
        user_id: Id,
        shifts: &[Shift],
        now: Timestamp,
    ) -> Result<Vec<Day>> {
        let (Some(first), Some(last)) = (shifts.first(), shifts.last()) else { return Ok(Vec::new()) };
        let mut query = QueryBuilder::new("SELECT substr(");
        local_time(&mut query, "start_time", shifts);
        query.push(", 1, 10) FROM ");
        counted_sessions(&mut query, user_id, (first.from, last.until), now);
        query.push(" UNION SELECT substr(");
        local_time(&mut query, "completed_at", shifts);
        query.push(", 1, 10) FROM submissions WHERE user_id = ").push_bind(user_id.to_string());
        query.push(" AND completed_at >= ").push_bind(first.from.to_string());
        query.push(" AND completed_at < ").push_bind(last.until.to_string());
        let rows = query.build().fetch_all(&self.pool).await?;
        let day = |text: &str| text.parse::<Day>().map_err(|error| StoreError::Corrupt(error.to_string()));
        let days: Result<BTreeSet<Day>> = rows.iter().map(|row| day(row.try_get(0)?)).collect();
        Ok(days?.into_iter().collect())
    }
}
