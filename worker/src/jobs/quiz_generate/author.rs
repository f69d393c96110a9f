//! One order to a model: what others got for the same is taken, else a provider is asked, and every key checked.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shared::{
    domain::{Generation, Id, Method, Timestamp},
    jobs::quiz_generate::QuizGenerate,
    store::StoreError,
};
use tokio::sync::{Mutex, mpsc};

use super::{
    batch::{Batches, is_sound},
    key_check::checked,
    orders::Order,
};
use crate::{
    Context,
    allowance::Withheld,
    draft::Draft,
    llm::{self, LlmError, Provider, Purpose},
    material::Material,
    run::{Checkpoints, Run, Stop},
};

/// Tries of the checks that are still open when all questions of a call have arrived.
const LAST_CHECKS: usize = 2;
/// Tries of a call whose answer failed, and not the provider.
const CALLS: usize = 2;

/// Why an order was not filled.
pub(super) enum Trouble {
    Provider(LlmError),
    Withheld(Withheld),
    Stop(Stop),
}

impl From<Stop> for Trouble {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Stop(error.into())
    }
}

/// What a call gave, as it is kept for whoever asks for the same. Nothing in it tells who asked first.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Written {
    drafts: Vec<Draft>,
    /// For each draft whether it may be asked and its key was found again, once that is known.
    verdicts: Vec<Option<bool>>,
    /// What each of the calls used, checks included. Whoever gets the questions is counted the same.
    calls: Vec<llm::Usage>,
}

impl Written {
    fn is_settled(&self) -> bool {
        self.verdicts.iter().all(Option::is_some)
    }

    fn open(&self) -> Vec<usize> {
        (0..self.verdicts.len()).filter(|index| self.verdicts[*index].is_none()).collect()
    }
}

/// Fills the orders of one job.
pub(super) struct Author<'a> {
    context: &'a Context,
    run: Arc<Run>,
    material: Arc<Material>,
    ask: &'a QuizGenerate,
    owner: Option<Id>,
    user_id: Option<String>,
    /// How many calls of each order the job's owner was counted.
    counted: Mutex<BTreeMap<String, usize>>,
    /// Whether an answer had nothing but questions that break the rules.
    saw_junk: AtomicBool,
    pub(super) batches: Mutex<&'a mut Batches>,
}

impl<'a> Author<'a> {
    pub(super) async fn new(
        context: &'a Context,
        batches: &'a mut Batches,
        ask: &'a QuizGenerate,
        saved: &mut Checkpoints,
    ) -> Self {
        let run = batches.run().clone();
        let owner = run.snapshot().await.user_id;
        let user_id = owner.map(|id| id.to_string());
        let material = batches.material.clone();
        let counted = Mutex::new(saved.take_all(COUNTED));
        let (saw_junk, batches) = (AtomicBool::new(false), Mutex::new(batches));
        Self { context, run, material, ask, owner, user_id, counted, saw_junk, batches }
    }

    /// Whether there is no question although a provider wrote some.
    pub(super) async fn wrote_in_vain(&self) -> bool {
        self.saw_junk.load(Ordering::Relaxed) && self.batches.lock().await.made_by(Method::Ai) == 0
    }

    /// Has an order filled by the first provider that can.
    ///
    /// # Errors
    ///
    /// What the last provider failed with, or one before it that may be tried again.
    pub(super) async fn fill(&self, order: &Order) -> Result<(), Trouble> {
        let request = self.request(order);
        let messages = llm::messages(&self.material, &request);
        let withheld = self.context.withheld(self.owner, llm::estimate(&messages, order.count)).await?;
        if let Some(withheld) = withheld {
            return Err(Trouble::Withheld(withheld));
        }
        let mut failed = None;
        let keyed = |provider: &'a Arc<Provider>| (&**provider, self.key(provider, &messages));
        let providers: Vec<(&Provider, String)> = self.context.providers.iter().map(keyed).collect();
        for (provider, key) in &providers {
            if let Some(written) = self.kept(key).await? {
                return self.take(provider, key, &written).await;
            }
        }
        for (provider, key) in &providers {
            match self.ask(provider, &request, key).await {
                Err(Trouble::Provider(error)) => {
                    let model = &provider.client.settings().model;
                    tracing::warn!(model, code = error.code(), %error, "a provider failed");
                    let first = failed.get_or_insert(error);
                    if error.is_retryable() && !first.is_retryable() {
                        *first = error;
                    }
                }
                ended => return ended,
            }
        }
        Err(failed.map_or(Trouble::Withheld(Withheld::Unconfigured), Trouble::Provider))
    }

    fn request<'r>(&'r self, order: &'r Order) -> llm::Request<'r> {
        llm::Request {
            count: order.count,
            types: &self.ask.question_types,
            difficulty: self.ask.difficulty,
            // One that was found in the document stays behind the fence.
            topic: self.ask.topic.as_deref(),
            instructions: self.ask.instructions.as_deref(),
            language: self.ask.language.as_deref(),
            sections: &order.sections,
            already: &order.already,
            user_id: self.user_id.as_deref(),
        }
    }

    /// All that an answer depends on: text, parameters, versions of the prompts, and the model.
    fn key(&self, provider: &Provider, messages: &[llm::Message]) -> String {
        let check = if self.context.ai.key_check { llm::CHECK_VERSION } else { "unchecked" };
        address("questions", provider, check, messages)
    }

    async fn kept(&self, key: &str) -> Result<Option<Written>, Trouble> {
        let kept = self.context.cache.get(key, self.owner).await?;
        let written = kept.and_then(|kept| serde_json::from_str::<Written>(&kept).ok());
        Ok(written.filter(Written::is_settled))
    }

    async fn ask(&self, provider: &Provider, request: &llm::Request<'_>, key: &str) -> Result<(), Trouble> {
        let _lead = self.context.cache.lead(key).await;
        if let Some(written) = self.kept(key).await? {
            return self.take(provider, key, &written).await;
        }
        let began = self.context.ledger.clock.now();
        let left = self.context.cache.draft(key, self.owner).await?;
        let left = left.and_then(|left| serde_json::from_str::<Written>(&left).ok());
        let mut written = match left.filter(|left| !left.drafts.is_empty()) {
            Some(left) => {
                self.accept(provider, &left).await?;
                left
            }
            None => self.write(provider, request, began).await?,
        };
        let mut checked = Ok(());
        // Of those that stay open somebody finds out later; no question is paid for twice.
        for _ in 0..LAST_CHECKS {
            if written.is_settled() {
                break;
            }
            checked = self.check(provider, &mut written).await?;
        }
        if written.drafts.is_empty() {
            return Ok(());
        }
        self.keep(key, &written).await?;
        self.count(provider, key, &written, began).await?;
        if written.is_settled() { Ok(()) } else { checked.map_err(Trouble::Provider) }
    }

    /// Asks for the questions, checks them while others still arrive, and accepts those whose key was found again. What
    /// arrived of an answer that failed is as good as the rest.
    async fn write(
        &self,
        provider: &Provider,
        request: &llm::Request<'_>,
        began: Timestamp,
    ) -> Result<Written, Trouble> {
        let mut tries = 1;
        loop {
            let mut written = Written::default();
            let (give, take) = mpsc::unbounded_channel();
            let client = provider.recorded(Purpose::Questions, &self.run.tape);
            let call = llm::generate(&client, &self.material, request, move |draft| {
                give.send(draft).ok();
            });
            let call = provider.call(Purpose::Questions, call);
            let (called, taken) = while_taken(call, self.intake(provider, take, &mut written)).await;
            let used = match &called {
                Some(Ok(batch)) => Some(batch.usage),
                Some(Err(error)) => error.usage(),
                None => None,
            };
            if let Some(used) = used {
                self.context.paid(provider, used);
            }
            taken?;
            if !written.drafts.is_empty() {
                written.calls.extend(used);
                return Ok(written);
            }
            // Nobody else is counted what brought nothing.
            for used in used.into_iter().chain(written.calls.drain(..)) {
                self.run.spent(&self.run.next_call(), provider.name, used, began).await?;
            }
            let failed = match called.transpose() {
                Ok(batch) => {
                    let is_junk = batch.is_some_and(|batch| batch.rejected.total() > 0);
                    self.saw_junk.fetch_or(is_junk, Ordering::Relaxed);
                    // A text that proves no more is no failure of the provider, but one that proves nothing at all
                    // deserves a second look.
                    if tries == CALLS || !request.already.is_empty() {
                        return Ok(written);
                    }
                    LlmError::malformed("the answer has no question that can be used")
                }
                Err(error) => error,
            };
            if tries == CALLS || !failed.is_fleeting() {
                return Err(Trouble::Provider(failed));
            }
            tries += 1;
        }
    }

    async fn intake(
        &self,
        provider: &Provider,
        mut take: mpsc::UnboundedReceiver<Draft>,
        written: &mut Written,
    ) -> Result<(), Stop> {
        let mut arrived = Vec::new();
        while take.recv_many(&mut arrived, usize::MAX).await > 0 {
            for draft in arrived.drain(..) {
                let is_checked = self.context.ai.key_check && llm::is_choice(draft.kind);
                written.verdicts.push(match is_sound(&self.material, Method::Ai, &draft) {
                    true if is_checked => None,
                    sound => Some(sound),
                });
                written.drafts.push(draft);
            }
            // Of what is not checked now, it is tried again with those that come next.
            let _open = self.check(provider, written).await?;
        }
        Ok(())
    }

    /// Checks the keys that are open, and accepts the questions that are settled now.
    async fn check(&self, provider: &Provider, written: &mut Written) -> Result<Result<(), LlmError>, Stop> {
        let open = written.open();
        let mut ended = Ok(());
        if !open.is_empty() {
            let drafts: Vec<&Draft> = open.iter().map(|index| &written.drafts[*index]).collect();
            match checked(self.context, &self.run, provider, &drafts, self.owner).await? {
                Ok(check) => {
                    let verdicts = check.verdicts(&drafts);
                    open.iter().zip(verdicts).for_each(|(index, verdict)| written.verdicts[*index] = verdict);
                    written.calls.push(check.usage);
                }
                Err(error) => {
                    written.calls.extend(error.usage());
                    ended = Err(error);
                }
            }
        }
        self.accept(provider, written).await?;
        Ok(ended)
    }

    async fn take(&self, provider: &Provider, key: &str, written: &Written) -> Result<(), Trouble> {
        self.accept(provider, written).await?;
        self.count(provider, key, written, self.context.ledger.clock.now()).await?;
        Ok(())
    }

    /// Accepts the questions whose key was found again; those accepted before are not new.
    async fn accept(&self, provider: &Provider, written: &Written) -> Result<(), Stop> {
        let mut batches = self.batches.lock().await;
        let pairs = written.drafts.iter().zip(&written.verdicts);
        for (draft, _) in pairs.clone().filter(|(_, verdict)| **verdict == Some(false)) {
            batches.refuse(draft);
        }
        let good = pairs.filter(|(_, verdict)| **verdict == Some(true)).map(|(draft, _)| draft.clone());
        batches.accept(&ai_generation(provider), good.collect()).await.map(drop)
    }

    async fn keep(&self, key: &str, written: &Written) -> Result<(), Trouble> {
        let value = serde_json::to_string(written).map_err(|error| StoreError::Internal(error.into()))?;
        match written.is_settled() {
            true => self.context.cache.put(key, value, self.owner).await?,
            false => self.context.cache.put_draft(key, &value, self.owner).await?,
        }
        Ok(self.run.outlived().await?)
    }

    /// Counts the calls of an order that were not counted yet.
    async fn count(
        &self,
        provider: &Provider,
        key: &str,
        written: &Written,
        began: Timestamp,
    ) -> Result<(), Stop> {
        let mut counted = self.counted.lock().await;
        let done = counted.entry(key.to_owned()).or_default();
        for (number, used) in written.calls.iter().enumerate().skip(*done) {
            self.run.spent(&format!("{}-{key}-{number}", self.run.id), provider.name, *used, began).await?;
        }
        *done = written.calls.len();
        self.run.checkpoint(&format!("{COUNTED}{key}"), &*done).await
    }
}

/// Names under which it is saved how many calls of an order were counted.
const COUNTED: &str = "counted-";

/// Where an answer is kept: all that it depends on.
pub(super) fn address(what: &str, provider: &Provider, also: &str, messages: &[llm::Message]) -> String {
    let settings = provider.client.settings();
    let by = [settings.base_url.as_str(), &settings.model, also];
    let mut digest = Sha256::new();
    for part in by.into_iter().chain(messages.iter().map(|message| message.content.as_str())) {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    format!("{what}-{}", hex::encode(digest.finalize()))
}

/// Who wrote them, when a model did.
pub(super) fn ai_generation(provider: &Provider) -> Generation {
    Generation {
        provider: provider.name,
        model: Some(provider.client.settings().model.clone()),
        method: Method::Ai,
        prompt_version: Some(llm::QUIZ_VERSION.to_owned()),
    }
}

/// Waits for a call and for the intake of what it gives. The call is dropped when the intake fails: its answer is
/// paid for by the word.
async fn while_taken<T>(
    call: impl Future<Output = T>,
    intake: impl Future<Output = Result<(), Stop>>,
) -> (Option<T>, Result<(), Stop>) {
    let mut called = None;
    let call = async {
        called = Some(call.await);
        Ok(())
    };
    let taken = tokio::try_join!(call, intake);
    (called, taken.map(drop))
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
        assert!(matches!(while_taken(ready(7), ready(Ok(()))).await, (Some(7), Ok(()))));
    }
}
