//! Who writes the questions: DeepSeek where a key is set, and the local generator for whatever it does not give.

use std::sync::Arc;

use shared::{
    domain::{Generation, Method},
    jobs::quiz_generate::QuizGenerate,
};
use tokio::sync::{Semaphore, mpsc};

use super::{ai_generation, batch::Batches, local_generation};
use crate::{
    Context,
    llm::{self, LlmError},
    local,
    provider::Withheld,
    run::{Stop, crashed},
};

/// Questions asked of a model in one call.
const CALL_SIZE: usize = 10;
/// Calls in a row without a usable question after which the model is not asked again.
const FRUITLESS_MAX: usize = 2;
/// Batches in which locally made questions are shown.
const LOCAL_BATCHES: usize = 20;

/// Has questions written until there are enough, or the text gives no more.
pub(super) async fn write(
    context: &Context,
    batches: &mut Batches,
    ask: &QuizGenerate,
    topic: &str,
) -> Result<Generation, Stop> {
    let mut withheld = None;
    match write_with_ai(context, batches, ask, topic).await {
        Ok(()) => {}
        Err(Trouble::Stop(stop)) => return Err(stop),
        Err(Trouble::Withheld(why)) => withheld = Some(why),
        Err(Trouble::Provider(error)) => {
            let job = batches.run().snapshot().await;
            if error.is_retryable() && job.attempt < job.max_attempts {
                return Err(error.into());
            }
            tracing::warn!(job = %job.id, code = error.code(), "the local generator takes over");
        }
    }
    let by_ai = batches.by_ai();
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
    Ok(match &context.llm {
        Some(client) if by_ai > 0 => ai_generation(client),
        _ => local_generation(),
    })
}

enum Trouble {
    Provider(LlmError),
    Withheld(Withheld),
    Stop(Stop),
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

async fn write_with_ai(
    context: &Context,
    batches: &mut Batches,
    ask: &QuizGenerate,
    topic: &str,
) -> Result<(), Trouble> {
    let owner = batches.run().snapshot().await.user_id;
    let user_id = owner.map(|id| id.to_string());
    let document = batches.document.clone();
    let mut fruitless = 0;
    while batches.missing() > 0 && fruitless < FRUITLESS_MAX {
        let permitted = context.provider_for(owner).await.map_err(Stop::from)?;
        let client = permitted.map_err(Trouble::Withheld)?;
        let already = batches.asked();
        let request = llm::Request {
            count: batches.missing().min(CALL_SIZE),
            types: &ask.question_types,
            difficulty: ask.difficulty,
            topic: Some(topic),
            instructions: ask.instructions.as_deref(),
            language: ask.language.as_deref(),
            already: &already,
            user_id: user_id.as_deref(),
        };
        let began = context.ledger.clock.now();
        let (give, mut take) = mpsc::unbounded_channel();
        let call = llm::generate(client, &document, &request, move |draft| {
            give.send(draft).ok();
        });
        let intake = async {
            let mut accepted = 0;
            while let Some(draft) = take.recv().await {
                accepted += batches.accept(Method::Ai, vec![draft]).await?;
            }
            Ok::<_, Stop>(accepted)
        };
        let (called, accepted) = while_taken(call, intake).await;
        let used = match &called {
            Some(Ok(batch)) => Some(batch.usage),
            Some(Err(error)) => error.usage(),
            None => None,
        };
        let counted = match used {
            Some(used) => batches.run().spent(used, began).await,
            None => Ok(()),
        };
        let accepted = accepted?;
        counted?;
        called.transpose().map_err(Trouble::Provider)?;
        fruitless = if accepted == 0 { fruitless + 1 } else { 0 };
    }
    Ok(())
}

/// Waits for a call and for the intake of what it gives. The call is dropped when the intake fails: its answer is
/// paid for by the word.
async fn while_taken<T>(
    call: impl Future<Output = T>,
    intake: impl Future<Output = Result<usize, Stop>>,
) -> (Option<T>, Result<usize, Stop>) {
    let mut called = None;
    let call = async {
        called = Some(call.await);
        Ok(())
    };
    let taken = tokio::try_join!(call, intake);
    (called, taken.map(|((), accepted)| accepted))
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
    let document = batches.document.clone();
    let mut dice = batches.dice(0);
    let drafts =
        computed(&context.generations, move || local::generate(&document, &request, &mut dice)).await?;
    let size = batches.total.div_ceil(LOCAL_BATCHES);
    let mut accepted = 0;
    for batch in drafts.chunks(size) {
        accepted += batches.accept(Method::Local, batch.to_vec()).await?;
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
    Ok(tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "the local generator failed");
        crashed()
    })?)
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn a_call_whose_answer_nobody_takes_is_dropped() {
        let (called, taken) = while_taken(pending::<()>(), ready(Err(Stop::Lost))).await;
        assert!(called.is_none() && matches!(taken, Err(Stop::Lost)));
    }

    #[tokio::test]
    async fn what_a_finished_call_cost_is_known_when_the_intake_fails_after_it() {
        let (end, ended) = tokio::sync::oneshot::channel();
        let intake = async {
            ended.await.ok();
            Err(Stop::Lost)
        };
        let call = async {
            end.send(()).ok();
            7
        };
        let (called, taken) = while_taken(call, intake).await;
        assert!(called == Some(7) && matches!(taken, Err(Stop::Lost)));
        assert!(matches!(while_taken(ready(7), ready(Ok(3))).await, (Some(7), Ok(3))));
    }

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
