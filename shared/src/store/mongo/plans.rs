//! Study plans, with their workload beside them so that lists need not read the days.

use bson::{Bson, Document, doc};
use serde::Deserialize;

use super::{
    Mongo, Result,
    convert::{bson_of, document},
    inserted,
};
use crate::{
    domain::{Day, Id, Plan, PlanDay, PlanTask, Workload},
    store::{Listing, PlanOnDay, PlanSummary, Window},
};

const PLANS: &str = "plans";

#[derive(Deserialize)]
struct PlanRow {
    plan: Plan,
    workload: Workload,
    #[serde(default)]
    on_day: Vec<PlanDay>,
}

impl PlanRow {
    fn summary(self) -> PlanSummary {
        PlanSummary { plan: self.plan, workload: self.workload }
    }
}

impl Mongo {
    /// Adds a plan; one that is there already stays as it is.
    pub async fn insert_plan(&self, plan: &Plan) -> Result<()> {
        inserted(self.run(self.docs(PLANS).insert_one(written(plan)?)).await).map(drop)
    }

    /// A plan with its days.
    pub async fn plan(&self, id: Id) -> Result<Option<Plan>> {
        self.run(self.of(PLANS).find_one(doc! { "_id": id })).await
    }

    /// A plan by the token of its calendar feed.
    pub async fn plan_by_feed(&self, token: &str) -> Result<Option<Plan>> {
        self.run(self.of(PLANS).find_one(doc! { "feedToken": token })).await
    }

    /// A student's plans without their days.
    pub async fn plans(&self, user_id: Id, window: &Window) -> Result<Listing<PlanSummary>> {
        let after = window.after.as_deref().and_then(|id| id.parse::<Id>().ok()).map(Bson::from);
        let shape = without_days(Bson::Array(Vec::new()));
        Ok(self.list(PLANS, doc! { "userId": user_id }, window, after, shape).await?.map(PlanRow::summary))
    }

    /// Writes a plan if nobody wrote it since it was read; false if somebody did.
    pub async fn save_plan(&self, plan: &mut Plan) -> Result<bool> {
        let unchanged = doc! { "_id": plan.id, "rev": plan.rev };
        plan.rev += 1;
        let update = doc! { "$set": written(plan)? };
        Ok(self.run(self.docs(PLANS).update_one(unchanged, update)).await?.matched_count == 1)
    }

    /// Removes a plan if nobody wrote it since `rev`; false if somebody did, or it is gone.
    pub async fn delete_plan(&self, id: Id, rev: i64) -> Result<bool> {
        let unchanged = doc! { "_id": id, "rev": rev };
        Ok(self.run(self.docs(PLANS).delete_one(unchanged)).await?.deleted_count == 1)
    }

    /// How many of a student's plans are active: their exam is today or later.
    pub async fn active_plans(&self, user_id: Id, today: Day) -> Result<u64> {
        self.run(self.docs(PLANS).count_documents(active(user_id, today))).await
    }

    /// A student's active plans with today's tasks, at most `limit`.
    pub async fn plans_today(&self, user_id: Id, today: Day, limit: u32) -> Result<Vec<PlanOnDay>> {
        let of_today = doc! { "$filter": {
            "input": "$days", "as": "day", "cond": { "$eq": ["$$day.date", today.to_string()] },
        } };
        let stages = [
            doc! { "$match": active(user_id, today) },
            doc! { "$sort": { "brief.examDate": 1, "_id": 1 } },
            doc! { "$limit": i64::from(limit.max(1)) },
            doc! { "$set": without_days(of_today.into()) },
        ];
        let rows: Vec<PlanRow> = self.all(self.docs(PLANS).aggregate(stages).with_type()).await?;
        let read = |mut row: PlanRow| {
            let days = std::mem::take(&mut row.on_day);
            let tasks: Vec<PlanTask> = days.into_iter().flat_map(|day| day.tasks).collect();
            PlanOnDay { summary: row.summary(), tasks }
        };
        Ok(rows.into_iter().map(read).collect())
    }
}

fn active(user_id: Id, today: Day) -> Document {
    doc! { "userId": user_id, "brief.examDate": { "$gte": today.to_string() } }
}

/// Shapes a plan into a [`PlanRow`], with the days that `on_day` gives.
fn without_days(on_day: Bson) -> Document {
    doc! {
        "plan": { "$mergeObjects": ["$$ROOT", { "days": [] }] },
        "on_day": on_day,
        "days": "$$REMOVE",
    }
}

/// A plan as it is stored.
fn written(plan: &Plan) -> Result<Document> {
    let mut doc = document(plan)?;
    doc.insert("workload", bson_of(&plan.workload())?);
    Ok(doc)
}
