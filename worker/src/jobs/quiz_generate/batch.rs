//! Questions as they are accepted: proven, saved, shown, one batch after another.

use std::{collections::BTreeSet, sync::Arc};

use rand::{SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use shared::domain::{Method, Question, fold};

use super::progress;
use crate::{
    compose::compose,
    document::Document,
    draft::Draft,
    proof::proven,
    run::{Checkpoints, Run, Stop},
};

/// The questions of a quiz in the making.
pub(super) struct Batches {
    run: Arc<Run>,
    pub(super) document: Arc<Document>,
    pub(super) total: usize,
    accepted: Vec<Question>,
    by_ai: usize,
    seen: BTreeSet<String>,
    saved: usize,
}

/// A batch as it is saved.
#[derive(Serialize, Deserialize)]
struct Batch {
    method: Method,
    questions: Vec<Question>,
}

impl Batches {
    /// Takes up what earlier tries saved, and shows what they had no time to show.
    pub(super) async fn resume(
        run: &Arc<Run>,
        document: &Arc<Document>,
        total: usize,
        checkpoints: &mut Checkpoints,
    ) -> Result<Self, Stop> {
        let mut batches = Self {
            run: run.clone(),
            document: document.clone(),
            total,
            accepted: Vec::new(),
            by_ai: 0,
            seen: BTreeSet::new(),
            saved: 0,
        };
        let shown = run.snapshot().await.progress.done as usize;
        let mut token = 0;
        while let Some((saved_by, batch)) = checkpoints.take_highest::<Batch>(&prefix(batches.saved)) {
            // A worker that had lost its lease may have saved on for a while; its batches end where they would
            // follow those of the worker that came after it.
            if saved_by < token {
                break;
            }
            token = saved_by;
            batches.saved += 1;
            batches.seen.extend(batch.questions.iter().map(|question| fold(&question.question)));
            batches.take(batch);
        }
        if batches.accepted.len() > shown {
            let unseen = batches.accepted[shown..].to_vec();
            batches.show(unseen).await?;
        }
        Ok(batches)
    }

    fn take(&mut self, batch: Batch) {
        if batch.method == Method::Ai {
            self.by_ai += batch.questions.len();
        }
        self.accepted.extend(batch.questions);
    }

    /// Questions that a model wrote, in this try or an earlier one.
    pub(super) fn by_ai(&self) -> usize {
        self.by_ai
    }

    /// Questions still wanted.
    pub(super) fn missing(&self) -> usize {
        self.total.saturating_sub(self.accepted.len())
    }

    /// The texts of the questions accepted so far.
    pub(super) fn asked(&self) -> Vec<String> {
        self.accepted.iter().map(|question| question.question.clone()).collect()
    }

    /// Accepts the drafts that are proven and new; returns how many.
    pub(super) async fn accept(&mut self, method: Method, drafts: Vec<Draft>) -> Result<usize, Stop> {
        let mut questions = Vec::new();
        for draft in drafts {
            let number = self.accepted.len() + questions.len() + 1;
            if number > self.total
                || !proven(&self.document, &draft)
                || !self.seen.insert(fold(&draft.question))
            {
                continue;
            }
            questions.push(compose(&self.document, draft, number, &mut self.dice(number)));
        }
        if questions.is_empty() {
            return Ok(0);
        }
        let (accepted, shown) = (questions.len(), questions.clone());
        let batch = Batch { method, questions };
        self.run.checkpoint(&format!("{}{}", prefix(self.saved), self.run.token()), &batch).await?;
        self.saved += 1;
        self.take(batch);
        self.show(shown).await?;
        Ok(accepted)
    }

    /// The questions, with a notice if they are fewer than was asked for.
    pub(super) async fn finish(self) -> Result<Vec<Question>, Stop> {
        if self.missing() > 0 && !self.accepted.is_empty() {
            let notice = format!(
                "The text proves {} of the {} questions; a longer text gives more.",
                self.accepted.len(),
                self.total
            );
            self.run.notice(notice).await?;
        }
        Ok(self.accepted)
    }

    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    async fn show(&self, questions: Vec<Question>) -> Result<(), Stop> {
        let (done, total) = (self.accepted.len(), self.total);
        let percent = 10 + (85 * done / total.max(1)) as u32;
        let message = format!("{done} of {total} questions");
        self.run.publish(progress(percent, "generating", &message, done, total), questions).await
    }

    /// Randomness that is the same in every try of the job, so that a job that runs twice makes the same quiz.
    pub(super) fn dice(&self, number: usize) -> StdRng {
        let random = self.run.id.0.to_bytes();
        let mut seed = [0; 32];
        seed[..16].copy_from_slice(&random);
        seed[16..24].copy_from_slice(&(number as u64).to_le_bytes());
        StdRng::from_seed(seed)
    }
}

/// The name under which a batch is saved, to be followed by the token of the try that saved it.
fn prefix(batch: usize) -> String {
    format!("batch-{batch:04}-")
}
