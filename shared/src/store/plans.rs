//! Study plans.

use super::{Listing, Result, Store, Window};
use crate::domain::{Day, Id, Plan, PlanTask, Workload};

/// A plan without its days.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanSummary {
    /// The plan, its `days` left out.
    pub plan: Plan,
    /// What there is to do in it.
    pub workload: Workload,
}

/// A plan without its days, but with the tasks of one.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanOnDay {
    /// The plan.
    pub summary: PlanSummary,
    /// The day's tasks, done and breaks included, in order.
    pub tasks: Vec<PlanTask>,
}

backends! { "plans":
    /// Adds a plan; one that is there already stays as it is.
    fn insert_plan(&self, plan: &Plan) -> ();
    /// A plan with its days.
    fn plan(&self, id: Id) -> Option<Plan>;
    /// A plan by the token of its calendar feed.
    fn plan_by_feed(&self, token: &str) -> Option<Plan>;
    /// A student's plans without their days.
    fn plans(&self, user_id: Id, window: &Window) -> Listing<PlanSummary>;
    /// Writes a plan if nobody wrote it since it was read; false if somebody did.
    fn save_plan(&self, plan: &mut Plan) -> bool;
    /// Removes a plan if nobody wrote it since `rev`; false if somebody did, or it is gone.
    fn delete_plan(&self, id: Id, rev: i64) -> bool;
    /// How many of a student's plans are active: their exam is today or later.
    fn active_plans(&self, user_id: Id, today: Day) -> u64;
    /// A student's active plans with today's tasks, at most `limit`: the next exam first, of plans with the same day
    /// the older first.
    fn plans_today(&self, user_id: Id, today: Day, limit: u32) -> Vec<PlanOnDay>;
}
