use serde::Deserialize;
use serde_json::json;
use sqlx::{QueryBuilder, Row};

use super::{Result, Sqlite, encode, matching};
use crate::{
    domain::{Day, Id, Plan, PlanTask, Workload},
    store::{Listing, PlanOnDay, PlanSummary, StoreError, Window},
};

const WHOLE: &str = "json_set(doc, '$.days', json(days))";
const SUMMARY: &str =
    "json_object('plan', json(json_set(doc, '$.days', json('[]'))), 'workload', json(doc -> '$.workload'))";

#[derive(Deserialize)]
struct PlanRow {
    plan: Plan,
    workload: Workload,
    #[serde(default)]
    tasks: Vec<PlanTask>,
}

impl PlanRow {
    fn summary(self) -> PlanSummary {
        PlanSummary { plan: self.plan, workload: self.workload }
    }
}

impl Sqlite {
    pub(in crate::store) async fn insert_plan(&self, plan: &Plan) -> Result<()> {
        let (doc, days) = written(plan)?;
        sqlx::query("INSERT INTO plans (id, doc, days) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING")
            .bind(plan.id.to_string())
            .bind(doc)
            .bind(days)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn plan(&self, id: Id) -> Result<Option<Plan>> {
        self.find_plan("id", id.to_string()).await
    }

    pub(in crate::store) async fn plan_by_feed(&self, token: &str) -> Result<Option<Plan>> {
        self.find_plan("feed_token", token.to_owned()).await
    }

    async fn find_plan(&self, column: &'static str, value: String) -> Result<Option<Plan>> {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(WHOLE).push(" FROM plans WHERE true");
        matching(&mut query, column, Some(value));
        Ok(self.documents(query).await?.pop())
    }

    pub(in crate::store) async fn plans(&self, user_id: Id, window: &Window) -> Result<Listing<PlanSummary>> {
        let of_user = |query: &mut QueryBuilder<_>| matching(query, "user_id", Some(user_id.to_string()));
        Ok(self.listing("plans", SUMMARY, window, of_user).await?.map(PlanRow::summary))
    }

    pub(in crate::store) async fn save_plan(&self, plan: &mut Plan) -> Result<bool> {
        let rev = plan.rev;
        plan.rev += 1;
        let (doc, days) = written(plan)?;
        let saved = sqlx::query("UPDATE plans SET doc = ?, days = ? WHERE id = ? AND rev = ?")
            .bind(doc)
            .bind(days)
            .bind(plan.id.to_string())
            .bind(rev)
            .execute(&self.writer)
            .await?;
        Ok(saved.rows_affected() == 1)
    }

    pub(in crate::store) async fn delete_plan(&self, id: Id, rev: i64) -> Result<bool> {
        let gone = sqlx::query("DELETE FROM plans WHERE id = ? AND rev = ?")
            .bind(id.to_string())
            .bind(rev)
            .execute(&self.writer)
            .await?;
        Ok(gone.rows_affected() == 1)
    }

    pub(in crate::store) async fn active_plans(&self, user_id: Id, today: Day) -> Result<u64> {
        let count = sqlx::query("SELECT count(*) FROM plans WHERE user_id = ? AND exam_date >= ?")
            .bind(user_id.to_string())
            .bind(today.to_string())
            .fetch_one(&self.pool)
            .await?;
        Ok(count.try_get::<i64, _>(0)?.unsigned_abs())
    }

    pub(in crate::store) async fn plans_today(
        &self,
        user_id: Id,
        today: Day,
        limit: u32,
    ) -> Result<Vec<PlanOnDay>> {
        let mut query = QueryBuilder::new("SELECT json_set(");
        query.push(SUMMARY).push(
            ", '$.tasks', json(coalesce((SELECT day.value -> '$.tasks' FROM json_each(days) AS day \
             WHERE day.value ->> '$.date' = ",
        );
        query.push_bind(today.to_string()).push("), '[]'))) FROM plans WHERE user_id = ");
        query.push_bind(user_id.to_string()).push(" AND exam_date >= ").push_bind(today.to_string());
        query.push(" ORDER BY exam_date, id LIMIT ").push_bind(i64::from(limit));
        let rows: Vec<PlanRow> = self.documents(query).await?;
        let read = |mut row: PlanRow| {
            let tasks = std::mem::take(&mut row.tasks);
            PlanOnDay { summary: row.summary(), tasks }
        };
        Ok(rows.into_iter().map(read).collect())
    }
}

/// A plan as its two columns.
fn written(plan: &Plan) -> Result<(String, String)> {
    let mut doc = serde_json::to_value(plan).map_err(|error| StoreError::Internal(error.into()))?;
    let days = std::mem::replace(&mut doc["days"], json!([]));
    doc["workload"] = json!(plan.workload());
    Ok((encode(&doc)?, encode(&days)?))
}
