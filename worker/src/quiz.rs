//! `smartstudy-worker quiz`: questions about documents, made without a model, from the command line.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context;
use rand::{SeedableRng, rngs::StdRng};
use serde::Serialize;
use sha2::{Digest, Sha256};
use shared::domain::{Difficulty, Method, Question, QuestionType};
use tokio::fs;

use crate::{
    compose::compose,
    document::{Document, Page},
    gates::fault,
    local, pdf,
    sections::{Section, sections},
};

/// Words a question is asked of when no number is given, and fewest and most questions then.
const WORDS_PER_QUESTION: usize = 200;
const QUESTIONS: std::ops::RangeInclusive<usize> = 5..=200;

/// What is asked for.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Ask {
    /// Questions to make of each document; by default one per 200 words, 5 to 200.
    #[arg(long)]
    count: Option<usize>,
    /// Kinds of question, such as `multiple_choice,cloze`.
    #[arg(long, value_delimiter = ',', value_parser = named::<QuestionType>)]
    types: Vec<QuestionType>,
    /// `easy`, `medium` or `hard`.
    #[arg(long, default_value = "medium", value_parser = named::<Difficulty>)]
    difficulty: Difficulty,
    /// Language to ask in, such as `de`; by default the document's own.
    #[arg(long)]
    language: Option<String>,
    /// The same seed gives the same quiz.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

/// A value by its name in the API.
fn named<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, serde_json::Error> {
    serde_json::from_value(name.into())
}

/// What is written for a document.
#[derive(Serialize)]
struct Output {
    pages: Vec<Page>,
    sections: Vec<Part>,
    questions: Vec<Question>,
}

/// A section; pages are indices, offsets count Unicode characters of their page.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    #[serde(skip_serializing_if = "Option::is_none")]
    heading: Option<String>,
    page: usize,
    start: usize,
    end_page: usize,
    end: usize,
    words: usize,
}

impl From<Section> for Part {
    fn from(section: Section) -> Self {
        Self {
            heading: section.heading,
            page: section.start.page,
            start: section.start.offset,
            end_page: section.end.page,
            end: section.end.offset,
            words: section.words,
        }
    }
}

/// Makes a quiz of each of `files` (`.pdf`, else text in UTF-8) and writes it to `out` (made if missing) as
/// `NAME.json`: the pages, the sections and the questions as the API shows them to their owner. Prints a line
/// `NAME<tab>questions<tab>refused<tab>seconds` for each: the drafts that proof or linter refused, and the time without
/// that for reading the file.
pub async fn run(files: &[PathBuf], ask: &Ask, out: &Path) -> anyhow::Result<()> {
    let reader = pdf::ChildCommand::current().context("the system does not tell which binary this is")?;
    fs::create_dir_all(out).await.with_context(|| format!("cannot make {}", out.display()))?;
    for file in files {
        let name = file.file_stem().with_context(|| format!("{} names no file", file.display()))?;
        let document =
            read(file, &reader).await.with_context(|| format!("cannot read {}", file.display()))?;
        let begun = Instant::now();
        let (questions, refused) = make(&document, ask);
        let (made, took) = (questions.len(), begun.elapsed().as_secs_f64());
        println!("{}\t{made}\t{refused}\t{took:.6}", name.to_string_lossy());
        let sections = sections(&document).into_iter().map(Part::from).collect();
        let output = Output { pages: document.pages, sections, questions };
        let path = out.join(name).with_added_extension("json");
        fs::write(&path, serde_json::to_vec(&output)?)
            .await
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

async fn read(file: &Path, reader: &pdf::ChildCommand) -> anyhow::Result<Document> {
    let bytes = fs::read(file).await?;
    if file.extension().is_some_and(|extension| extension == "pdf") {
        return Ok(pdf::extract(reader, &bytes, &pdf::Options::default(), &pdf::Limits::default()).await?);
    }
    Ok(Document::from_text(String::from_utf8(bytes)?))
}

/// The questions a job would store, and how many drafts were refused.
fn make(document: &Document, ask: &Ask) -> (Vec<Question>, usize) {
    let usual = (document.words() / WORDS_PER_QUESTION).clamp(*QUESTIONS.start(), *QUESTIONS.end());
    let request = local::Request {
        count: ask.count.unwrap_or(usual),
        types: ask.types.clone(),
        difficulty: ask.difficulty,
        language: ask.language.clone(),
    };
    let dice = |number| dice(document, ask.seed, number);
    let drafts = local::generate(document, &request, &mut dice(0));
    let made = drafts.len();
    let kept = drafts.into_iter().filter(|draft| fault(document, Method::Local, draft).is_none());
    let questions: Vec<Question> =
        kept.enumerate().map(|(at, draft)| compose(document, draft, at + 1, &mut dice(at + 1))).collect();
    let refused = made - questions.len();
    (questions, refused)
}

/// Randomness of its own for each document and question, as each job has it.
fn dice(document: &Document, seed: u64, number: usize) -> StdRng {
    let mut hash = Sha256::new();
    for page in &document.pages {
        hash.update(&page.text);
    }
    hash.update(seed.to_le_bytes());
    hash.update((number as u64).to_le_bytes());
    StdRng::from_seed(hash.finalize().into())
}
