//! Tracking a plan task by task.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::domain::{Day, Id, PlanProgress, PlanTask, Priority, TaskChange, TaskKind, Zone};
use utoipa::ToSchema;

use super::{InTimeZone, PlanView, change, input};
use crate::{
    app::App,
    extract::{Caller, Conditions, InZone, Json, Path, Tag},
    problem::{Problem, ProblemBody, Result},
};

/// What to change of a task; what is absent stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskPatch {
    /// Whether it is done.
    #[garde(skip)]
    completed: Option<bool>,
    /// The day to do it on, from the day the plan was made to the day before the exam.
    #[garde(skip)]
    #[schema(value_type = Option<Day>)]
    date: Option<String>,
    #[garde(inner(length(chars, max = 200), custom(input::not_blank)))]
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    title: Option<String>,
    #[garde(inner(length(chars, max = 2000)))]
    #[schema(max_length = 2000)]
    description: Option<String>,
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    subject: Option<String>,
    /// Empty for none.
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    topic: Option<String>,
    /// Minutes.
    #[garde(inner(range(min = 1, max = 1440)))]
    #[schema(minimum = 1, maximum = 1440)]
    estimated_duration: Option<u32>,
    #[garde(skip)]
    priority: Option<Priority>,
    #[garde(skip)]
    #[serde(rename = "type")]
    kind: Option<TaskKind>,
}

/// A task, its day, and how far the plan is with it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskView {
    #[serde(flatten)]
    task: PlanTask,
    date: Day,
    #[schema(value_type = String)]
    plan_id: Id,
    progress: PlanProgress,
}

impl TaskPatch {
    fn read(self, zone: &Zone) -> Result<TaskChange> {
        Ok(TaskChange {
            date: self.date.map(|date| input::day("date", &date, zone)).transpose()?,
            completed: self.completed,
            title: self.title,
            description: self.description,
            subject: self.subject,
            topic: self.topic,
            estimated_duration: self.estimated_duration,
            priority: self.priority,
            kind: self.kind,
        })
    }
}

/// Changes a task: ticks it off, moves it to another day, or rewrites it. Changes made at the same time are all kept.
#[utoipa::path(patch, path = "/planner/plans/{id}/tasks/{taskId}", tag = "planner", request_body = TaskPatch,
    params(("id" = String, Path), ("taskId" = String, Path), InTimeZone),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = TaskView, headers(("ETag" = String, description = "The plan's"))),
        (status = 400, body = ProblemBody, description = "`id.invalid`, `validation.failed`"),
        (status = 404, body = ProblemBody, description = "`plan.not_found`, `task.not_found`"),
        (status = 409, body = ProblemBody, description = "`plan.busy`, `plan.too_large`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
    ))]
pub async fn patch(
    State(app): State<App>,
    caller: Caller,
    Path((id, task)): Path<(Id, String)>,
    InZone(zone): InZone,
    conditions: Conditions,
    Json(asked): Json<TaskPatch>,
) -> Result<Response> {
    let asked = asked.read(&zone)?;
    let missing = || Problem::not_found("task.not_found", "The plan has no such task.");
    let today = zone.day(app.ledger.clock.now());
    let plan = change(&app, &caller, id, &conditions, today, |plan, now| {
        let (present, _) = plan.task(&task).ok_or_else(missing)?;
        let (first, exam) = (zone.day(plan.created_at), plan.brief.exam_date);
        if asked.date.is_some_and(|date| date != present && !(first..exam).contains(&date)) {
            let detail = format!("date must be from {first} to the day before the exam on {exam}");
            return Err(Problem::field("date", detail));
        }
        plan.change_task(&task, &asked, now);
        Ok(())
    });
    let plan = plan.await?;
    let (date, changed) = plan.task(&task).ok_or_else(missing)?;
    let view =
        TaskView { task: changed.clone(), date, plan_id: id, progress: plan.workload().progress(today) };
    let tag = Tag::of(&PlanView::whole(&app, plan, today))?;
    Conditions::default().tagged(&tag, || Json(view).into_response())
}
