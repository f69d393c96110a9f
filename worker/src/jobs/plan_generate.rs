//! Subjects and an exam become a study plan: the days are laid out, a model brings the words where it may.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shared::{
    config::Effort,
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

/// Tokens that a call uses in both directions and in thought, at most in most cases.
fn call_tokens(effort: Option<Effort>) -> u64 {
    10_000
        + match effort {
            None => 0,
            Some(Effort::Low) => 5_000,
            Some(Effort::High) => 15_000,
            Some(Effort::Max) => 30_000,
        }
}

/// The curriculum as it is saved.
#[derive(Serialize, Deserialize)]
struct Saved {
    curriculum: Curriculum,
    maker: Generation,
}

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
    if let Some(Saved { curriculum, maker }) = saved.take(CURRICULUM) {
        return Ok((Some(curriculum), maker));
    }
    run.progress(progress(20, "generating", "Asking what to learn")).await?;
    let mut failed = None;
    for provider in &context.providers {
        if let Some(withheld) = context.withheld(Some(user_id), call_tokens(context.ai.plan_effort)).await? {
            if let Some(notice) = withheld.notice() {
                run.notice(notice).await?;
            }
            return Ok((None, by_rules()));
        }
        match ask(context, run, provider, brief, layout, user_id).await? {
            Ok(curriculum) => {
                let saved = Saved { curriculum, maker: by_ai(provider) };
                run.checkpoint(CURRICULUM, &saved).await?;
                if let Some(notice) = left_out(brief, &saved.curriculum) {
                    run.notice(notice).await?;
                }
                return Ok((Some(saved.curriculum), saved.maker));
            }
            Err(error) => failed = Some(failed.filter(is_worth_waiting_for).unwrap_or(error)),
        }
    }
    if let Some(error) = failed {
        let job = run.snapshot().await;
        if is_worth_waiting_for(&error) && job.attempt < job.max_attempts {
            return Err(error.into());
        }
        tracing::warn!(code = error.code(), %error, "the plan is made without a model");
        run.notice("The AI service gave nothing of use; the plan was made without it.".to_owned()).await?;
    }
    Ok((None, by_rules()))
}

/// Whether a later try may bring an answer. One that answers with nothing of use has answered.
fn is_worth_waiting_for(error: &LlmError) -> bool {
    error.is_retryable() && !matches!(error, LlmError::Blank { .. } | LlmError::Malformed { .. })
}

async fn ask(
    context: &Context,
    run: &Run,
    provider: &llm::Provider,
    brief: &PlanBrief,
    layout: &Layout<'_>,
    user_id: Id,
) -> Result<Result<Curriculum, LlmError>, Stop> {
    let began = context.ledger.clock.now();
    let user = user_id.to_string();
    let client = provider.recorded(llm::Purpose::Curriculum, &run.tape);
    let call = llm::curriculum(&client, brief, layout, Some(&user), context.ai.plan_effort);
    let asked = provider.call(llm::Purpose::Curriculum, call).await;
    let used = match &asked {
        Ok((_, usage)) => Some(*usage),
        Err(error) => error.usage(),
    };
    if let Some(used) = used {
        context.paid(provider, used);
        run.spent(&run.next_call(), provider.name, used, began).await?;
    }
    Ok(asked.map(|(curriculum, _)| curriculum))
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

fn by_ai(provider: &llm::Provider) -> Generation {
    Generation {
        provider: provider.name,
        model: Some(provider.client.settings().model.clone()),
        method: Method::Ai,
        prompt_version: Some(llm::PLAN_VERSION.to_owned()),
    }
}

fn by_rules() -> Generation {
    Generation { provider: Provider::Local, model: None, method: Method::Local, prompt_version: None }
}
