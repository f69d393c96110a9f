//! Subjects and an exam become a study plan: the days are laid out, a model brings the words where it may.

use std::sync::Arc;

use shared::{
    domain::{Generation, Id, JobError, JobResult, Method, Plan, PlanBrief, Progress, Provider},
    jobs::plan_generate::PlanGenerate,
};

use crate::{
    Context,
    llm::{self, LlmError},
    plan::{Curriculum, Layout, Start},
    run::{Run, Stop},
};

/// Name of the saved curriculum.
const CURRICULUM: &str = "curriculum";

/// Runs one try.
pub(super) async fn run(
    context: &Arc<Context>,
    run: &Arc<Run>,
    ask: PlanGenerate,
) -> Result<JobResult, Stop> {
    let user_id = run.snapshot().await.user_id.ok_or_else(|| {
        JobError::fatal("plan.no_owner", "A plan belongs to a student. Sign in and ask for it again.")
    })?;
    let clock = &context.ledger.clock;
    run.progress(progress(5, "planning", "Laying out the days")).await?;
    let layout = Layout::new(&ask.brief, Start::at(clock.now(), &ask.time_zone)).ok_or_else(|| {
        let message = "There is no time for study before the exam. Give hours on one of the days before it.";
        JobError::fatal("plan.no_time", message)
    })?;
    let (curriculum, generation) = curriculum(context, run, &ask.brief, &layout, user_id).await?;
    let made = layout.write(curriculum.as_ref());

    run.progress(progress(95, "saving", "Saving the plan")).await?;
    let now = clock.now();
    let plan = Plan {
        id: Id::for_job(run.id),
        user_id,
        title: made.title,
        brief: ask.brief.clone(),
        generation,
        phases: made.phases,
        days: made.days,
        feed_token: clock.token(),
        created_at: now,
        updated_at: now,
        rev: 0,
    };
    context.ledger.store.insert_plan(&plan).await?;
    Ok(result(plan.id))
}

/// What a job about a plan made.
pub(super) fn result(plan: Id) -> JobResult {
    JobResult { kind: "plan".into(), id: plan.to_string(), url: format!("/planner/plans/{plan}") }
}

fn progress(percent: u32, stage: &str, message: &str) -> Progress {
    Progress { percent, stage: stage.into(), message: message.into(), done: 0, total: 0 }
}

/// The words of the plan, asked for once however often the job is tried, and who made it. A provider that cannot be
/// reached is tried again with the job; one that answers with nothing of use is not.
async fn curriculum(
    context: &Context,
    run: &Run,
    brief: &PlanBrief,
    layout: &Layout<'_>,
    user_id: Id,
) -> Result<(Option<Curriculum>, Generation), Stop> {
    let mut saved = run.checkpoints().await?;
    if let (Some(client), Some(curriculum)) = (&context.llm, saved.take(CURRICULUM)) {
        return Ok((Some(curriculum), by_ai(client)));
    }
    let client = match context.provider_for(Some(user_id)).await? {
        Ok(client) => client,
        Err(withheld) => {
            if let Some(notice) = withheld.notice() {
                run.notice(notice).await?;
            }
            return Ok((None, by_rules()));
        }
    };
    run.progress(progress(20, "generating", "Asking what to learn")).await?;
    let began = context.ledger.clock.now();
    let asked = llm::curriculum(client, brief, layout, Some(&user_id.to_string())).await;
    let used = match &asked {
        Ok((_, usage)) => Some(*usage),
        Err(error) => error.usage(),
    };
    if let Some(used) = used {
        run.spent(used, began).await?;
    }
    match asked {
        Ok((curriculum, _)) => {
            run.checkpoint(CURRICULUM, &curriculum).await?;
            if let Some(notice) = left_out(brief, &curriculum) {
                run.notice(notice).await?;
            }
            Ok((Some(curriculum), by_ai(client)))
        }
        Err(error) => {
            let job = run.snapshot().await;
            let answered = matches!(error, LlmError::Blank { .. } | LlmError::Malformed { .. });
            if error.is_retryable() && !answered && job.attempt < job.max_attempts {
                return Err(error.into());
            }
            tracing::warn!(job = %run.id, code = error.code(), "the plan is made without the model");
            run.notice("The AI service gave nothing of use; the plan was made without it.".to_owned())
                .await?;
            Ok((None, by_rules()))
        }
    }
}

/// Tells of which subjects the model said nothing.
fn left_out(brief: &PlanBrief, curriculum: &Curriculum) -> Option<String> {
    let each = brief.subjects.iter().zip(&curriculum.units);
    let names: Vec<&str> =
        each.filter(|(_, units)| units.is_empty()).map(|(subject, _)| subject.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "The AI service said nothing of use about {}; those tasks were worded without it.",
            names.join(", ")
        )
    })
}

fn by_ai(client: &llm::Client) -> Generation {
    Generation {
        provider: Provider::Deepseek,
        model: Some(client.settings().model.clone()),
        method: Method::Ai,
        prompt_version: Some(llm::PLAN_VERSION.to_owned()),
    }
}

fn by_rules() -> Generation {
    Generation { provider: Provider::Local, model: None, method: Method::Local, prompt_version: None }
}
