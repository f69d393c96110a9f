//! `smartstudy-worker replay`: a try that failed, played again from what was kept of it. Its answers go through the code
//! as it is now, and nobody is asked, unless that is asked for.

use std::{collections::BTreeMap, fmt, path::PathBuf, sync::Arc};

use serde::Serialize;
use shared::{
    domain::{Exchange, Job, JobId, Transcript},
    jobs::{
        JobKind,
        plan_generate::PlanGenerate,
        quiz_generate::{QuizGenerate, Source},
    },
    store::StoreError,
};
use similar::TextDiff;

use crate::{
    Context,
    document::Document,
    draft::Draft,
    llm::{self, Client, LlmError, Tape},
    material::Material,
    plan::{Layout, Start},
};

/// Lines around a difference that are shown with it.
const AROUND: usize = 1;

/// What to play.
#[derive(Debug, clap::Args)]
pub struct Ask {
    /// The job.
    job: JobId,
    /// A file with other rules for the model, in place of those in the prompt. Shows how the prompt differs.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Asks the first configured provider anew, which costs what a call costs, and shows what it answers.
    #[arg(long)]
    ask: bool,
    /// Only exchanges for this purpose: `questions`, `key_check` or `curriculum`.
    #[arg(long)]
    purpose: Option<String>,
    /// JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Why nothing can be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such job.
    #[error("there is no such job")]
    NoJob,
    /// Nothing is kept: it did not fail, or did so before a provider was asked, or too long ago.
    #[error(
        "of this job no transcript is kept: only of tries that failed, and for RETENTION_TRANSCRIPTS_DAYS"
    )]
    NoTranscript,
    /// The text is gone.
    #[error("the document of this job is not kept any more, so no quote can be looked for in it")]
    NoDocument,
    /// The payload is of another version.
    #[error("the payload of this job cannot be read: {0}")]
    Payload(#[from] serde_json::Error),
    /// The rules cannot be read.
    #[error("{}: {why}", .file.display())]
    Rules {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: std::io::Error,
    },
    /// Nobody can be asked.
    #[error("no provider is configured that could be asked")]
    NoProvider,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A try that was played again.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Replay {
    job: JobId,
    kind: String,
    attempt: u32,
    exchanges: Vec<Played>,
}

/// An exchange, then and now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Played {
    purpose: String,
    model: String,
    /// How it ended then: an error's code, or why the model stopped.
    then: String,
    /// What the same answer gives now.
    now: Outcome,
    /// How the prompt differs that would be sent now; absent where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<String>,
    /// What was answered just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<Outcome>,
}

/// What an answer gives.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    /// The error that it ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What can be used of it: questions, units or verdicts on keys.
    good: Vec<String>,
    /// How much cannot, by reason.
    refused: BTreeMap<String, usize>,
}

impl Outcome {
    fn failed(error: LlmError) -> Self {
        Self { error: Some(format!("{}: {error}", error.code())), ..Self::default() }
    }
}

/// Plays a job's transcript.
///
/// # Errors
/// If there is nothing to play, or what it is about is gone.
pub async fn run(context: &Context, ask: &Ask) -> Result<Replay, ReplayError> {
    let store = &context.ledger.store;
    let job = store.job(ask.job).await?.ok_or(ReplayError::NoJob)?;
    let transcript = store.transcript(ask.job).await?.ok_or(ReplayError::NoTranscript)?;
    let rules = match &ask.rules {
        None => None,
        Some(file) => {
            let read = tokio::fs::read_to_string(file).await;
            Some(Arc::from(read.map_err(|why| ReplayError::Rules { file: file.clone(), why })?))
        }
    };
    let provider = match ask.ask {
        true => Some(context.providers.first().ok_or(ReplayError::NoProvider)?),
        false => None,
    };
    let mut player = Player { subject: Subject::of(context, &job).await?, drafts: Vec::new(), rules };
    let mut exchanges = Vec::new();
    for exchange in &transcript.exchanges {
        let now = player.play(context, exchange, Client::played(exchange.clone())).await;
        if ask.purpose.as_ref().is_some_and(|purpose| *purpose != exchange.purpose) {
            continue;
        }
        let asked = match provider {
            Some(provider) => Some(player.play(context, exchange, provider.client.clone()).await.0),
            None => None,
        };
        let (now, said) = now;
        exchanges.push(Played {
            purpose: exchange.purpose.clone(),
            model: exchange.model.clone(),
            then: exchange.error.clone().or(exchange.finish_reason.clone()).unwrap_or_default(),
            now,
            prompt: said.and_then(|said| difference(&transcript, exchange, said)),
            asked,
        });
    }
    Ok(Replay { job: job.id, kind: job.kind, attempt: transcript.attempt, exchanges })
}

/// What a job is about.
enum Subject {
    Quiz(Box<Material>),
    Plan(Box<PlanGenerate>),
    Other,
}

impl Subject {
    async fn of(context: &Context, job: &Job) -> Result<Self, ReplayError> {
        Ok(match job.kind.as_str() {
            QuizGenerate::KIND => Self::Quiz(Box::new(Material::new(document(context, job).await?))),
            PlanGenerate::KIND => Self::Plan(Box::new(serde_json::from_value(job.payload.clone())?)),
            _ => Self::Other,
        })
    }
}

/// The text that a quiz was to be made from.
async fn document(context: &Context, job: &Job) -> Result<Document, ReplayError> {
    let store = &context.ledger.store;
    let mut saved = store.checkpoints(job.id).await?;
    if let Some(document) = saved.remove("document") {
        return Ok(serde_json::from_value(document)?);
    }
    let ask: QuizGenerate = serde_json::from_value(job.payload.clone())?;
    let Source::Text { blob } = ask.source else { return Err(ReplayError::NoDocument) };
    let bytes = store.blob(blob).await?.ok_or(ReplayError::NoDocument)?;
    let text = String::from_utf8(bytes).map_err(|_| ReplayError::NoDocument)?;
    Ok(Document::from_text(text))
}

struct Player {
    subject: Subject,
    /// Questions of the exchanges before, whose keys later ones check.
    drafts: Vec<Draft>,
    rules: Option<Arc<str>>,
}

impl Player {
    /// What an exchange gives with this client, and what is said in it now.
    async fn play(
        &mut self,
        context: &Context,
        exchange: &Exchange,
        client: Client,
    ) -> (Outcome, Option<Exchange>) {
        let tape = Tape::default();
        let client = match &self.rules {
            Some(rules) => client.with_rules(rules.clone()),
            None => client,
        };
        let client = client.written_on(&tape, context.ledger.clock.clone());
        let outcome = match (&self.subject, exchange.purpose.as_str()) {
            (Subject::Quiz(material), "questions") => {
                let (outcome, drafts) = questions(&client, material, exchange).await;
                self.drafts.extend(drafts);
                outcome
            }
            (Subject::Quiz(_), "key_check") => self.check(&client, exchange).await,
            (Subject::Plan(ask), "curriculum") => curriculum(&client, ask, exchange).await,
            _ => {
                Outcome { error: Some("of this kind nothing can be played".to_owned()), ..Outcome::default() }
            }
        };
        (outcome, tape.take().pop())
    }

    async fn check(&self, client: &Client, exchange: &Exchange) -> Outcome {
        let asked = exchange.messages.last().map(|said| said.content.as_str()).unwrap_or_default();
        let drafts: Vec<&Draft> =
            self.drafts.iter().filter(|draft| asked.contains(&json(&draft.question))).collect();
        match llm::check_keys(client, &drafts, None).await {
            Err(error) => Outcome::failed(error),
            Ok(check) => {
                let verdicts = check.verdicts(&drafts).into_iter().zip(&drafts).map(|(verdict, draft)| {
                    let word = match verdict {
                        Some(true) => "found again",
                        Some(false) => "not found again",
                        None => "open",
                    };
                    format!("{word}: {}", draft.question)
                });
                Outcome { good: verdicts.collect(), ..Outcome::default() }
            }
        }
    }
}

/// A text as it stands in JSON.
fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

async fn questions(client: &Client, material: &Material, exchange: &Exchange) -> (Outcome, Vec<Draft>) {
    let task = exchange.messages.last().and_then(|said| llm::Task::read(&said.content));
    let Some(task) = task else {
        let error = Some("the prompt does not say what was asked for".to_owned());
        return (Outcome { error, ..Outcome::default() }, Vec::new());
    };
    let sections = task.sections();
    let mut drafts = Vec::new();
    let ended = llm::generate(client, material, &task.request(&sections), |draft| drafts.push(draft)).await;
    let good = drafts.iter().map(|draft| draft.question.clone()).collect();
    let outcome = match ended {
        Ok(batch) => {
            let refused = batch.rejected.iter().map(|(reason, count)| (reason.as_str().to_owned(), count));
            Outcome { error: None, good, refused: refused.collect() }
        }
        Err(error) => Outcome { good, ..Outcome::failed(error) },
    };
    (outcome, drafts)
}

async fn curriculum(client: &Client, ask: &PlanGenerate, exchange: &Exchange) -> Outcome {
    let start = Start::at(exchange.began_at, &ask.time_zone);
    let Some(layout) = Layout::new(&ask.brief, start) else {
        let error = Some("there was no time for study before the exam".to_owned());
        return Outcome { error, ..Outcome::default() };
    };
    match llm::curriculum(client, &ask.brief, &layout, None, None).await {
        Err(error) => Outcome::failed(error),
        Ok((curriculum, _)) => {
            let units = ask.brief.subjects.iter().zip(&curriculum.units).flat_map(|(subject, units)| {
                units.iter().map(move |unit| format!("{}: {}", subject.name, unit.title))
            });
            Outcome { good: units.collect(), ..Outcome::default() }
        }
    }
}

/// How what is said now differs from what was said then; both without what is not kept.
fn difference(transcript: &Transcript, then: &Exchange, now: Exchange) -> Option<String> {
    let now = Transcript { exchanges: vec![now], ..transcript.clone() }.redacted();
    let text = |exchange: &Exchange| {
        let said = exchange.messages.iter().map(|said| format!("[{}]\n{}\n", said.role, said.content));
        said.collect::<String>()
    };
    let (then, now) = (text(then), text(&now.exchanges[0]));
    (then != now).then(|| {
        let diff = TextDiff::from_lines(&then, &now);
        diff.unified_diff().context_radius(AROUND).header("then", "now").to_string()
    })
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}, try {}", self.kind, self.job, self.attempt)?;
        for (number, played) in (1..).zip(&self.exchanges) {
            writeln!(f, "\n{number}. {} by {}: {} then", played.purpose, played.model, played.then)?;
            write!(f, "now:\n{}", played.now)?;
            if let Some(prompt) = &played.prompt {
                write!(f, "prompt:\n{prompt}")?;
            }
            if let Some(asked) = &played.asked {
                write!(f, "asked anew:\n{asked}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for good in &self.good {
            writeln!(f, "  + {good}")?;
        }
        for (reason, count) in &self.refused {
            writeln!(f, "  - {count} refused: {reason}")?;
        }
        match &self.error {
            Some(error) => writeln!(f, "  ! {error}"),
            None => Ok(()),
        }
    }
}
