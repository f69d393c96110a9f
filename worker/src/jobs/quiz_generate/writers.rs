//! Who writes the questions: an exam paper's own author, the providers in their order, and the local generator for
//! whatever those do not give.

use std::sync::Arc;

use futures::{StreamExt, stream};
use shared::{
    domain::{Generation, Method},
    jobs::quiz_generate::QuizGenerate,
    telemetry::blocking,
};
use tokio::sync::Semaphore;

use super::{
    author::{Author, Trouble},
    batch::Batches,
    local_generation,
    orders::{Order, Round},
};
use crate::{
    Context,
    allowance::Withheld,
    draft::Draft,
    exam,
    llm::LlmError,
    local,
    material::Material,
    run::{Checkpoints, Stop, crashed},
};

/// Calls of one job that may be under way at once.
const CALLS_AT_ONCE: usize = 4;
/// Most characters of an exam paper; some 150 pages.
const PAPER_CHARS: usize = 400_000;
/// Batches in which locally made questions are shown.
const LOCAL_BATCHES: usize = 20;
/// Name under which the round is saved that is under way, to be followed by the token of the try.
const ROUND: &str = "round-";

/// Has questions written until there are enough, or the text gives no more.
pub(super) async fn write(
    context: &Context,
    batches: &mut Batches,
    ask: &QuizGenerate,
    saved: &mut Checkpoints,
) -> Result<(), Stop> {
    let mut withheld = None;
    match write_with_ai(context, batches, ask, saved).await {
        Ok(()) if !context.ai.local_fallback => return Ok(()),
        Ok(()) => {}
        Err(Trouble::Stop(stop)) => return Err(stop),
        Err(Trouble::Withheld(why)) => withheld = Some(why),
        Err(Trouble::Provider(error)) => {
            let job = batches.run().snapshot().await;
            let goes_on = error.is_retryable() && job.attempt < patience(&error);
            if goes_on || !context.ai.local_fallback {
                return Err(error.into());
            }
            tracing::warn!(code = error.code(), "the local generator takes over");
        }
    }
    let by_ai = batches.made_by(Method::Ai);
    if write_locally(context, batches, ask).await? > 0 {
        if let Some(notice) = withheld.and_then(Withheld::notice) {
            batches.run().notice(notice).await?;
        }
        if by_ai > 0 || withheld.is_none() {
            let notice =
                format!("The AI service gave {by_ai} of the questions; the others were made without it.");
            batches.run().notice(notice).await?;
        }
    }
    Ok(())
}

/// The questions of an exam paper that are of the types asked for.
pub(super) struct Paper {
    pub drafts: Vec<Draft>,
    notice: Option<String>,
}

impl Paper {
    /// How many questions the quiz shall have: all of the paper's, unless fewer are asked for. None is made up beside
    /// them.
    pub(super) fn wanted(&self, ask: &QuizGenerate) -> usize {
        let most = ask.question_count.map_or(*super::QUESTIONS.end(), |count| count as usize);
        self.drafts.len().min(most)
    }
}

/// Reads a document as an exam paper; one that is none has no questions.
pub(super) async fn paper(
    context: &Context,
    material: &Arc<Material>,
    ask: &QuizGenerate,
) -> Result<Paper, Stop> {
    if material.document.chars() > PAPER_CHARS {
        return Ok(Paper { drafts: Vec::new(), notice: None });
    }
    let material = material.clone();
    let found = computed(&context.generations, move || exam::recognise(&material.document)).await?;
    let notice = found.notice();
    let mut drafts = found.drafts;
    drafts.iter_mut().for_each(|draft| draft.difficulty = ask.difficulty);
    drafts.retain(|draft| ask.question_types.is_empty() || ask.question_types.contains(&draft.kind));
    Ok(Paper { drafts, notice })
}

/// Takes over the questions of an exam paper as they stand.
pub(super) async fn copy(batches: &mut Batches, paper: Paper) -> Result<(), Stop> {
    let maker = Generation { method: Method::Extracted, ..local_generation() };
    let size = batches.total.div_ceil(LOCAL_BATCHES).max(1);
    for batch in paper.drafts.chunks(size) {
        batches.accept(&maker, batch.to_vec()).await?;
    }
    match paper.notice {
        Some(notice) => batches.run().notice(notice).await,
        None => Ok(()),
    }
}

/// Tries after which a student rather gets what the local generator makes than waits for a provider any longer: about
/// half a minute, and less when the provider is known to be away or answers with nothing of use.
fn patience(error: &LlmError) -> u32 {
    match error {
        LlmError::Malformed { .. } | LlmError::Blank { .. } => 1,
        LlmError::Resting { .. } => 2,
        _ => 5,
    }
}

/// Rounds of calls, each for what is missing after the one before. Which calls a round has is saved before they are
/// made, so that a later try makes the same ones, and finds what was paid for.
async fn write_with_ai(
    context: &Context,
    batches: &mut Batches,
    ask: &QuizGenerate,
    saved: &mut Checkpoints,
) -> Result<(), Trouble> {
    if batches.missing() == 0 {
        return Ok(());
    }
    let (run, material, total) = (batches.run().clone(), batches.material.clone(), batches.total);
    let mut round = match saved.take_highest::<Round>(ROUND) {
        Some((_, round)) => round,
        None => Round::first(&material, total, batches.asked()),
    };
    let author = Author::new(context, batches, ask, saved).await;
    while !round.orders.is_empty() {
        run.checkpoint(&format!("{ROUND}{}", run.token()), &round).await?;
        fill(&author, &round.orders).await?;
        let batches = author.batches.lock().await;
        if batches.missing() == 0 {
            break;
        }
        round = round.next(&material, total, batches.asked());
    }
    match author.wrote_in_vain().await {
        true => Err(Trouble::Provider(LlmError::malformed("no answer had a question that can be used"))),
        false => Ok(()),
    }
}

/// Fills the orders of a round: the first one alone, which brings the document into the provider's cache, then several
/// at once. After one has failed no other is begun, but those that are under way come to their end: what they bring is
/// paid for.
async fn fill(author: &Author<'_>, orders: &[Order]) -> Result<(), Trouble> {
    let Some((first, others)) = orders.split_first() else { return Ok(()) };
    author.fill(first).await?;
    let mut others = stream::iter(others);
    let mut running = stream::FuturesUnordered::new();
    let mut failed = None;
    loop {
        while failed.is_none() && running.len() < CALLS_AT_ONCE {
            let Some(order) = others.next().await else { break };
            running.push(author.fill(order));
        }
        match running.next().await {
            None => return failed.map_or(Ok(()), Err),
            Some(Ok(())) => {}
            Some(Err(Trouble::Stop(stop))) => return Err(stop.into()),
            Some(Err(trouble)) => failed = Some(failed.unwrap_or(trouble)),
        }
    }
}

/// Fills up with locally made questions; returns how many.
async fn write_locally(context: &Context, batches: &mut Batches, ask: &QuizGenerate) -> Result<usize, Stop> {
    if batches.missing() == 0 {
        return Ok(0);
    }
    let request = local::Request {
        count: batches.total,
        types: ask.question_types.clone(),
        difficulty: ask.difficulty,
        language: ask.language.clone(),
    };
    let material = batches.material.clone();
    let mut dice = batches.dice(0);
    let drafts =
        computed(&context.generations, move || local::generate(&material.document, &request, &mut dice))
            .await?;
    let size = batches.total.div_ceil(LOCAL_BATCHES);
    let mut accepted = 0;
    for batch in drafts.chunks(size) {
        accepted += batches.accept(&local_generation(), batch.to_vec()).await?;
    }
    Ok(accepted)
}

/// What `work` makes on a thread of its own, once one of the slots is free. It holds the slot until it ends, also when
/// the job that wanted it has ended before.
async fn computed<T: Send + 'static>(
    slots: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Stop> {
    let slot = slots.clone().acquire_owned().await.map_err(|_| crashed())?;
    let work = move || {
        let made = work();
        drop(slot);
        made
    };
    Ok(blocking(work).await.map_err(|_| crashed())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_of_a_job_that_ended_keeps_its_slot() {
        let slots = Arc::new(Semaphore::new(1));
        let (started, begun) = tokio::sync::oneshot::channel();
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let work = computed(&slots, move || {
            started.send(()).ok();
            finished.recv().ok();
        });
        tokio::select! { _ = work => panic!("it cannot have ended"), _ = begun => {} }
        assert_eq!(slots.available_permits(), 0);
        finish.send(()).unwrap();
        computed(&slots, || ()).await.unwrap();
    }
}
