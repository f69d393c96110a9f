//! A text or a document becomes a quiz: read, generate in batches that are saved and shown one by one, store.

use std::sync::Arc;

use shared::{
    domain::{
        Edition, Generation, Id, Job, JobError, JobResult, Method, Progress, Provider, Quiz, QuizStatus,
        Settings, SourceSize,
    },
    jobs::quiz_generate::{QuizGenerate, Source},
};

use super::reading;
use crate::{
    Context,
    document::Document,
    material::Material,
    run::{Checkpoints, Run, Stop},
};

mod author;
mod batch;
mod key_check;
mod orders;
mod writers;

use batch::Batches;

/// Fewest characters a text must have.
const TEXT_MIN: usize = 50;
/// Words a question is asked of, when no number is given.
const WORDS_PER_QUESTION: usize = 200;
/// Fewest and most questions when no number is given.
const QUESTIONS: std::ops::RangeInclusive<usize> = 5..=200;
/// Characters of the text that are kept with the quiz, for the old backend.
const SOURCE_KEPT: usize = 20_000;
/// Longest name derived from a text, in characters.
const TOPIC_MAX: usize = 80;

/// Runs one try.
pub(super) async fn run(
    context: &Arc<Context>,
    run: &Arc<Run>,
    ask: QuizGenerate,
) -> Result<JobResult, Stop> {
    let mut saved = run.checkpoints().await?;
    let material = Arc::new(Material::new(document(context, run, &ask, &mut saved).await?));
    let document = &material.document;
    if matches!(ask.source, Source::Pdf { password: Some(_), .. }) {
        // The document is saved, so it need not be opened again.
        run.note(forget_password).await?;
    }
    let paper = writers::paper(context, &material, &ask).await?;
    let total = if paper.drafts.is_empty() { count(&ask, document) } else { paper.wanted(&ask) };
    let topic = ask.topic.clone().unwrap_or_else(|| topic_of(document));

    let mut batches = Batches::resume(run, &material, total, &mut saved).await?;
    if paper.drafts.is_empty() {
        writers::write(context, &mut batches, &ask, &mut saved).await?;
    } else {
        writers::copy(&mut batches, paper).await?;
    }
    let generation = batches.maker().unwrap_or_else(local_generation);
    let questions = batches.finish().await?;
    if questions.is_empty() {
        let message = "This text proves no question of the types asked for. Ask for other types, or give a longer text.";
        return Err(JobError::fatal("text.too_short", message).into());
    }

    run.progress(progress(96, "saving", "Saving the quiz", questions.len(), questions.len())).await?;
    let job = run.snapshot().await;
    let now = context.ledger.clock.now();
    let quiz = Quiz {
        id: Id::for_job(run.id),
        created_by: job.user_id,
        title: ask.title.clone().unwrap_or_else(|| topic.clone()),
        topic,
        description: None,
        difficulty: ask.difficulty,
        status: QuizStatus::Active,
        is_ai_generated: true,
        generation,
        settings: Settings::default(),
        questions,
        total_attempts: 0,
        average_score: 0.0,
        edition: Edition::default(),
        source_content: Some(source_content(document)),
        source_size: Some(source_size(document)),
        created_at: now,
        updated_at: now,
    };
    context.ledger.store.insert_quiz(&quiz).await?;
    Ok(JobResult { kind: "quiz".into(), id: quiz.id.to_string(), url: format!("/quiz/{}", quiz.id) })
}

/// The text to ask about, extracted once however often the job is tried.
async fn document(
    context: &Context,
    run: &Run,
    ask: &QuizGenerate,
    saved: &mut Checkpoints,
) -> Result<Document, Stop> {
    const CHECKPOINT: &str = "document";
    if let Some(document) = saved.take(CHECKPOINT) {
        return Ok(document);
    }
    // An earlier try may have shown questions; how many must stay known.
    let Progress { done, total, .. } = run.snapshot().await.progress;
    run.progress(Progress { done, total, ..progress(2, "reading", "Reading the text", 0, 0) }).await?;
    let document = match &ask.source {
        Source::Text { blob } => {
            let bytes = reading::blob(context, *blob).await?;
            let text = String::from_utf8(bytes).map_err(|_| {
                JobError::fatal("text.not_utf8", "The text is not UTF-8. Save it as UTF-8 and try again.")
            })?;
            // Reading it again is as cheap as reading what would be saved of it.
            return worth_asking(Document::from_text(text));
        }
        Source::Pdf { blob, pages, password, kind } => {
            let read =
                reading::document(context, run, *blob, *kind, pages.as_deref(), password.as_deref()).await;
            worth_asking(read?)?
        }
    };
    run.checkpoint(CHECKPOINT, &document).await?;
    Ok(document)
}

fn worth_asking(document: Document) -> Result<Document, Stop> {
    if document.chars() < TEXT_MIN {
        let message = format!("There are fewer than {TEXT_MIN} characters of text. Give a longer text.");
        return Err(JobError::fatal("text.too_short", message).into());
    }
    Ok(document)
}

fn count(ask: &QuizGenerate, document: &Document) -> usize {
    match ask.question_count {
        Some(count) => count as usize,
        None => (document.words() / WORDS_PER_QUESTION).clamp(*QUESTIONS.start(), *QUESTIONS.end()),
    }
}

/// The document's title, else the first line with words in it, which mostly is one.
fn topic_of(document: &Document) -> String {
    if let Some(title) = &document.title {
        return title.clone();
    }
    let lines = document.pages.iter().flat_map(|page| page.text.lines());
    let line = lines.map(str::trim).find(|line| line.chars().any(char::is_alphabetic)).unwrap_or("Untitled");
    let line = line.trim_start_matches('#').trim();
    if line.chars().count() <= TOPIC_MAX {
        return line.trim_end_matches(['.', ':']).to_owned();
    }
    let head: String = line.chars().take(TOPIC_MAX).collect();
    let cut = head.rfind(char::is_whitespace).unwrap_or(head.len());
    format!("{}…", head[..cut].trim_end_matches([',', ';', ':', '.']))
}

fn source_content(document: &Document) -> String {
    let pages: Vec<&str> = document.pages.iter().map(|page| page.text.as_str()).collect();
    pages.join("\n\n").chars().take(SOURCE_KEPT).collect()
}

fn source_size(document: &Document) -> SourceSize {
    let pages = document.pages.iter().filter(|page| page.number.is_some()).count();
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    SourceSize {
        words: count(document.words()),
        characters: count(document.chars()),
        pages: (pages > 0).then(|| count(pages)),
    }
}

/// Removes from a job's record the password that opens its document.
pub(super) fn forget_password(job: &mut Job) {
    if let Some(source) = job.payload.get_mut("source").and_then(|source| source.as_object_mut()) {
        source.remove("password");
    }
}

pub(super) fn progress(percent: u32, stage: &str, message: &str, done: usize, total: usize) -> Progress {
    Progress { percent, stage: stage.into(), message: message.into(), done: done as u32, total: total as u32 }
}

/// Who wrote the questions, when nobody but the local generator did.
pub(super) fn local_generation() -> Generation {
    Generation { provider: Provider::Local, model: None, method: Method::Local, prompt_version: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topic_is_the_first_line() {
        let topic = |text: &str| topic_of(&Document::from_text(text));
        assert_eq!(topic("\n  12 \n# Photosynthesis\n\nPlants make sugar."), "Photosynthesis");
        assert_eq!(topic(""), "Untitled");
        let long = topic(&"word ".repeat(40));
        assert!(long.ends_with('…') && long.chars().count() <= TOPIC_MAX + 1, "{long}");
    }

    #[test]
    fn the_number_of_questions_follows_the_text() {
        let ask = |question_count| QuizGenerate {
            source: Source::Text { blob: Id([0; 12]) },
            topic: None,
            title: None,
            difficulty: Default::default(),
            question_count,
            question_types: Vec::new(),
            language: None,
            instructions: None,
        };
        let words = |n: usize| Document::from_text("word ".repeat(n));
        assert_eq!(count(&ask(None), &words(100)), 5);
        assert_eq!(count(&ask(None), &words(4000)), 20);
        assert_eq!(count(&ask(None), &words(100_000)), 200);
        assert_eq!(count(&ask(Some(3)), &words(100)), 3);
    }
}
