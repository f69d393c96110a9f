//! What was missed of a plan is spread over the days left, whatever is ticked meanwhile.

use std::sync::Arc;

use shared::{
    domain::{JobError, JobResult, PlanTask},
    jobs::plan_reschedule::PlanReschedule,
    telemetry::blocking,
};

use super::plan_generate::result;
use crate::{
    Context,
    plan::{Start, reschedule},
    run::{Run, Stop, crashed},
};

/// How often somebody else may write the plan first before the job waits for a quieter time.
const RACES: usize = 20;
/// Tasks that a notice names.
const NAMED: usize = 10;

/// Runs one try.
pub(super) async fn run(
    context: &Arc<Context>,
    run: &Arc<Run>,
    ask: PlanReschedule,
) -> Result<JobResult, Stop> {
    let owner = run.snapshot().await.user_id;
    let store = &context.ledger.store;
    for _ in 0..RACES {
        let found = store.plan(ask.plan).await?.filter(|plan| Some(plan.user_id) == owner);
        let mut plan =
            found.ok_or_else(|| JobError::fatal("plan.not_found", "The plan is no longer there."))?;
        let now = context.ledger.clock.now();
        let start = Start::at(now, &ask.time_zone);
        if plan.brief.exam_date <= start.today {
            let message = "The day of the exam has come; there is no day left to move tasks to.";
            return Err(JobError::fatal("plan.exam_passed", message).into());
        }
        let read = plan.clone();
        let again = blocking(move || reschedule(&read, start)).await.map_err(|_| crashed())?;
        let Some(again) = again else { return Ok(result(plan.id)) };
        // Before the plan is written: should the worker end between the two, the next try says it again.
        let notices: Vec<String> = notice(&again.left_out).into_iter().collect();
        run.note(|job| job.notices.clone_from(&notices)).await?;
        plan.days = again.days;
        plan.updated_at = now;
        if store.save_plan(&mut plan).await? {
            return Ok(result(plan.id));
        }
    }
    let message = "The plan was changed again and again meanwhile; the job is tried again.";
    Err(JobError::transient("plan.busy", message).into())
}

/// Tells what found no place.
fn notice(left_out: &[PlanTask]) -> Option<String> {
    let minutes: u32 = left_out.iter().map(|task| task.estimated_duration).sum();
    let titles: Vec<&str> = left_out.iter().take(NAMED).map(|task| task.title.as_str()).collect();
    let more = match left_out.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (tasks, stay) = if left_out.len() == 1 { ("task", "stays") } else { ("tasks", "stay") };
    (!left_out.is_empty()).then(|| {
        format!(
            "{} {tasks} of {minutes} minutes found no free time before the exam and {stay} where they were: {}{more}.",
            left_out.len(),
            titles.join("; ")
        )
    })
}
