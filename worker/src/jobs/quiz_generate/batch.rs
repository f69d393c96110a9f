//! Questions as they are accepted: proven, saved, shown, one batch after another.

use std::sync::Arc;

use rand::{SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use shared::domain::{Generation, Method, Question, fold};

use super::{orders::Asked, progress};
use crate::{
    compose::compose,
    draft::Draft,
    gates::fault,
    likeness::Seen,
    material::Material,
    run::{Checkpoints, Run, Stop},
};

/// The questions of a quiz in the making.
pub(super) struct Batches {
    run: Arc<Run>,
    pub(super) material: Arc<Material>,
    pub(super) total: usize,
    accepted: Vec<Question>,
    /// How many of them each maker made, from the first one on.
    makers: Vec<(Generation, usize)>,
    asked: Asked,
    seen: Seen,
    saved: usize,
}

/// A batch as it is saved.
#[derive(Serialize, Deserialize)]
struct Batch {
    maker: Generation,
    questions: Vec<Question>,
}

impl Batches {
    /// Takes up what earlier tries saved, and shows what they had no time to show.
    pub(super) async fn resume(
        run: &Arc<Run>,
        material: &Arc<Material>,
        total: usize,
        checkpoints: &mut Checkpoints,
    ) -> Result<Self, Stop> {
        let mut batches = Self {
            run: run.clone(),
            material: material.clone(),
            total,
            accepted: Vec::new(),
            makers: Vec::new(),
            asked: Asked::of(material.sections.len()),
            seen: Seen::default(),
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
            for question in &batch.questions {
                if let Some(key) = &question.key {
                    batches.seen.is_new(&question.question, &key.correct_answer);
                }
            }
            batches.take(batch);
        }
        if batches.accepted.len() > shown {
            let unseen = batches.accepted[shown..].to_vec();
            batches.show(unseen).await?;
        }
        Ok(batches)
    }

    fn take(&mut self, batch: Batch) {
        for question in &batch.questions {
            self.asked.exists(self.section_of(question), &question.question);
        }
        match self.makers.iter_mut().find(|(maker, _)| *maker == batch.maker) {
            Some((_, made)) => *made += batch.questions.len(),
            None => self.makers.push((batch.maker, batch.questions.len())),
        }
        self.accepted.extend(batch.questions);
    }

    fn section_of(&self, question: &Question) -> usize {
        let Some(source) = &question.source else { return 0 };
        let pages = &self.material.document.pages;
        let page = pages.iter().position(|page| page.number == source.page).unwrap_or_default();
        self.material.section_at(page, source.start)
    }

    /// Who made most of the questions that were not made by the local generator; that one when it made all.
    pub(super) fn maker(&self) -> Option<Generation> {
        let outside = self.makers.iter().filter(|(maker, _)| maker.method != Method::Local);
        let most = outside.rev().max_by_key(|(_, made)| *made).or(self.makers.first());
        most.map(|(maker, _)| maker.clone())
    }

    /// Questions that were made in this way, in this try or an earlier one.
    pub(super) fn made_by(&self, method: Method) -> usize {
        self.makers.iter().filter(|(maker, _)| maker.method == method).map(|(_, made)| made).sum()
    }

    /// Questions still wanted.
    pub(super) fn missing(&self) -> usize {
        self.total.saturating_sub(self.accepted.len())
    }

    /// What was asked so far, accepted or refused.
    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Notes that a model's question may not be asked, so that it is not written again.
    pub(super) fn refuse(&mut self, draft: &Draft) {
        self.asked.refused(self.material.section_of(draft), &draft.question);
    }

    /// Accepts the drafts that are proven, without a flaw and new; returns how many.
    pub(super) async fn accept(&mut self, maker: &Generation, drafts: Vec<Draft>) -> Result<usize, Stop> {
        let mut questions = Vec::new();
        for draft in drafts {
            let number = self.accepted.len() + questions.len() + 1;
            if number > self.total || !is_sound(&self.material, maker.method, &draft) {
                continue;
            }
            // Two with the same words would be told apart by their answers alone.
            let same = |other: &Question| fold(&other.question) == fold(&draft.question);
            let is_new = !self.accepted.iter().chain(&questions).any(same);
            if !is_new || !self.seen.is_new(&draft.question, &draft.answer) {
                self.refuse(&draft);
                continue;
            }
            questions.push(compose(&self.material.document, draft, number, &mut self.dice(number)));
        }
        if questions.is_empty() {
            return Ok(0);
        }
        let (accepted, shown) = (questions.len(), questions.clone());
        let batch = Batch { maker: maker.clone(), questions };
        self.run.checkpoint(&format!("{}{}", prefix(self.saved), self.run.token()), &batch).await?;
        self.saved += 1;
        self.take(batch);
        self.show(shown).await?;
        Ok(accepted)
    }

    /// The questions in the order in which they were shown, with a notice if they are fewer than was asked for.
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

    pub(super) fn run(&self) -> &Arc<Run> {
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

/// Whether a question may be asked; metrics learn why not.
pub(super) fn is_sound(material: &Material, method: Method, draft: &Draft) -> bool {
    let Some(fault) = fault(&material.document, method, draft) else { return true };
    tracing::debug!(fault, kind = ?draft.kind, "a question is refused");
    metrics::counter!("smartstudy_questions_refused_total", "fault" => fault).increment(1);
    false
}

/// The name under which a batch is saved, to be followed by the token of the try that saved it.
fn prefix(batch: usize) -> String {
    format!("batch-{batch:04}-")
}
