//! A job with all that is known of it.

use std::time::Duration;

use askama::Template;
use serde_json::Value;
use shared::{
    domain::{AttemptRecord, Event, EventBody, Exchange, Job, JobId, JobStatus, Timestamp, Transcript},
    store::CheckpointHead,
};

use super::{
    html,
    redact::redacted,
    words::{Moment, number, shortened, size, span, state},
};
use crate::{app::App, problem::Result, routes::admin::jobs::read};

/// Most events of a job's log that are shown: the latest.
const EVENTS_SHOWN: u32 = 400;
/// Most characters of a text of a payload or a saved piece of work that are shown.
const TEXT_MAX: usize = 300;
/// The same of a text that a provider was told or answered.
const SAID_MAX: usize = 5_000;

#[derive(Template)]
#[template(path = "admin/job.html")]
struct Page {
    id: String,
    kind: String,
    status: &'static str,
    state: &'static str,
    facts: Vec<(&'static str, Fact)>,
    progress: Option<(u32, String)>,
    error: Option<(String, String, bool)>,
    notices: Vec<String>,
    actions: Vec<Action>,
    timeline: Vec<Entry>,
    is_cut: bool,
    attempts: Vec<Attempt>,
    checkpoints: Vec<Checkpoint>,
    payload: String,
    transcript: Option<Recorded>,
}

enum Fact {
    Text(String),
    Link(String, String),
    At(Moment),
}

struct Action {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
}

/// A line of the timeline.
struct Entry {
    at: Moment,
    state: &'static str,
    label: String,
    text: String,
}

struct Attempt {
    number: u32,
    worker: String,
    started: Moment,
    took: String,
    outcome: &'static str,
    error: Option<(String, String)>,
}

/// What was said between us and providers in a try.
struct Recorded {
    attempt: u32,
    at: Moment,
    calls: Vec<Call>,
}

struct Call {
    purpose: String,
    model: String,
    took: String,
    error: Option<String>,
    /// Who said it, and what.
    said: Vec<(String, String)>,
}

struct Checkpoint {
    name: String,
    size: String,
    value: Option<String>,
}

/// What the page shows of a job at present.
pub async fn render(app: &App, id: JobId) -> Result<String> {
    let (job, heads, transcript) = read(app, id).await?;
    let (store, now) = (&app.ledger.store, app.ledger.clock.now());
    let after = job.last_event.saturating_sub(i64::from(EVENTS_SHOWN)).max(0);
    let events = store.events(id, after, EVENTS_SHOWN).await?;
    let user = match job.user_id {
        Some(id) => Some((id.to_string(), store.user(id).await?.map(|user| user.email))),
        None => None,
    };
    let mut attempts: Vec<Attempt> =
        job.attempts.iter().map(|attempt| attempt_row(attempt, &job, now)).collect();
    attempts.reverse();
    let runs = matches!(job.status, JobStatus::Running);
    html(&Page {
        id: job.id.to_string(),
        status: job.status.as_str(),
        state: state(job.status),
        facts: facts(&job, user, now),
        progress: runs.then(|| (job.progress.percent, words_of(&job.progress))),
        error: job.error.as_ref().map(|error| (error.code.clone(), error.message.clone(), error.retryable)),
        notices: job.notices.clone(),
        actions: actions(job.status),
        is_cut: events.first().map_or(job.last_event > 0, |event| event.seq > 1),
        timeline: timeline(&job, events, now),
        attempts,
        checkpoints: heads.into_iter().map(checkpoint).collect(),
        payload: pretty(&redacted(&job.payload, TEXT_MAX)),
        transcript: transcript.map(|transcript| recorded(transcript, now)),
        kind: job.kind,
    })
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn words_of(progress: &shared::domain::Progress) -> String {
    let stage = match progress.message.is_empty() {
        true => &progress.stage,
        false => &progress.message,
    };
    match progress.total {
        0 => stage.clone(),
        total => format!("{stage} ({} of {total})", progress.done),
    }
}

fn facts(job: &Job, user: Option<(String, Option<String>)>, now: Timestamp) -> Vec<(&'static str, Fact)> {
    let mut facts = Vec::new();
    if let Some((id, email)) = user {
        let said = email.unwrap_or_else(|| id.clone());
        facts.push(("Account", Fact::Link(format!("/admin/ui/jobs?user={id}"), said)));
    }
    let mut at = |name, instant: Option<Timestamp>| {
        facts.extend(instant.map(|instant| (name, Fact::At(Moment::new(instant, now)))));
    };
    at("Made", Some(job.created_at));
    at("Not before", job.not_before);
    at("Latest start", job.started_at);
    at("Finished", job.finished_at);
    at("Next try", (job.status == JobStatus::Retrying).then_some(job.due_at));
    at("Lease until", job.lease.as_ref().map(|lease| lease.until));
    let mut text = |name, text: String| facts.push((name, Fact::Text(text)));
    if let Some(lease) = &job.lease {
        text("Worker", lease.worker.clone());
    }
    text("Tries", format!("{} of {}", job.attempt, job.max_attempts));
    if job.retries > 0 {
        text("Retried by hand", number(job.retries.into()));
    }
    if job.lost_leases > 0 {
        text("Leases lost in a row", number(job.lost_leases.into()));
    }
    if let Some(usage) = &job.usage {
        let tokens = format!(
            "{} in ({} cached), {} out",
            number(usage.prompt_tokens),
            number(usage.cached_tokens),
            number(usage.completion_tokens)
        );
        text("Tokens", tokens);
        let cost = usage.cost.as_ref().map(|cost| format!("{:.6} {}", cost.amount, cost.currency));
        text("Cost", cost.unwrap_or_else(|| "unknown: no price is configured".to_owned()));
    }
    if let Some(result) = &job.result {
        text("Result", format!("{} {}", result.kind, result.id));
    }
    facts
}

fn actions(status: JobStatus) -> Vec<Action> {
    let mut actions = Vec::new();
    if matches!(status, JobStatus::Failed | JobStatus::Cancelled | JobStatus::Retrying) {
        let hint = "Try it again now. What it finished before is not done again.";
        actions.push(Action { name: "retry", label: "Retry", hint });
    }
    if !status.is_finished() {
        actions.push(Action { name: "cancel", label: "Cancel", hint: "Stop it for good." });
    }
    if status == JobStatus::Failed {
        let hint = "Put it aside. It can still be read, and is not retried any more.";
        actions.push(Action { name: "discard", label: "Discard", hint });
    }
    actions
}

/// What happened, in order. Of a stage only the last word is kept.
fn timeline(job: &Job, events: Vec<Event>, now: Timestamp) -> Vec<Entry> {
    let mut entries = vec![Entry {
        at: Moment::new(job.created_at, now),
        state: "",
        label: "made".to_owned(),
        text: String::new(),
    }];
    let mut stage: Option<String> = None;
    for event in events {
        let same = match &event.body {
            EventBody::Progress(progress) => {
                stage.replace(progress.stage.clone()) == Some(progress.stage.clone())
            }
            EventBody::Questions { .. } => continue,
            _ => {
                stage = None;
                false
            }
        };
        if same {
            entries.pop();
        }
        entries.push(entry(event, now));
    }
    entries
}

fn entry(event: Event, now: Timestamp) -> Entry {
    let at = Moment::new(event.at, now);
    match event.body {
        EventBody::Status { status, attempt } => {
            let text = match status {
                JobStatus::Running => format!("try {attempt}"),
                _ => String::new(),
            };
            Entry { at, state: status.as_str(), label: state(status).to_owned(), text }
        }
        EventBody::Progress(progress) => {
            let text = format!("{} %, {}", progress.percent, words_of(&progress));
            Entry { at, state: "", label: progress.stage, text }
        }
        EventBody::Questions { done, total, .. } => {
            Entry { at, state: "", label: "questions".to_owned(), text: format!("{done} of {total}") }
        }
        EventBody::Done { result } => Entry {
            at,
            state: "",
            label: "result".to_owned(),
            text: format!("{} {}", result.kind, result.id),
        },
        EventBody::Error { error } => Entry { at, state: "", label: error.code, text: error.message },
    }
}

fn attempt_row(attempt: &AttemptRecord, job: &Job, now: Timestamp) -> Attempt {
    let outcome = match (&attempt.error, attempt.finished_at) {
        (Some(_), _) => "failed",
        (None, Some(_)) => "succeeded",
        (None, None) if job.status == JobStatus::Running => "running",
        (None, None) => "",
    };
    Attempt {
        number: attempt.number,
        worker: attempt.worker.clone(),
        started: Moment::new(attempt.started_at, now),
        took: span(attempt.finished_at.unwrap_or(now).since(attempt.started_at)),
        outcome,
        error: attempt.error.clone().map(|error| (error.code, error.message)),
    }
}

fn recorded(transcript: Transcript, now: Timestamp) -> Recorded {
    let call = |exchange: Exchange| {
        let ending = exchange.finish_reason.map_or_else(String::new, |reason| format!(" ({reason})"));
        let messages = exchange.messages.into_iter().map(|said| (said.role, said.content));
        let said = messages.chain([(format!("answer{ending}"), exchange.answer)]);
        Call {
            purpose: exchange.purpose,
            model: exchange.model,
            took: span(Duration::from_millis(exchange.took_ms)),
            error: exchange.error,
            said: said.map(|(who, text)| (who, shortened(&text, SAID_MAX))).collect(),
        }
    };
    Recorded {
        attempt: transcript.attempt,
        at: Moment::new(transcript.recorded_at, now),
        calls: transcript.exchanges.into_iter().map(call).collect(),
    }
}

fn checkpoint(head: CheckpointHead) -> Checkpoint {
    let value = head.value.map(|value| pretty(&redacted(&value, TEXT_MAX)));
    Checkpoint { name: head.name, size: size(head.bytes), value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_is_shown_where_there_is_one_and_is_no_markup() {
        let recorded = |answer: &str| Recorded {
            attempt: 2,
            at: Moment::new(Timestamp(0), Timestamp(1000)),
            calls: vec![Call {
                purpose: "questions".to_owned(),
                model: "m".to_owned(),
                took: "1 s".to_owned(),
                error: Some("provider.down".to_owned()),
                said: vec![("answer".to_owned(), answer.to_owned())],
            }],
        };
        let page = |transcript: Option<&str>| Page {
            id: "1".to_owned(),
            kind: "quiz.generate".to_owned(),
            status: "failed",
            state: "failed",
            facts: Vec::new(),
            progress: None,
            error: None,
            notices: Vec::new(),
            actions: actions(JobStatus::Failed),
            timeline: Vec::new(),
            is_cut: false,
            attempts: Vec::new(),
            checkpoints: Vec::new(),
            payload: "{}".to_owned(),
            transcript: transcript.map(recorded),
        };
        let shown = page(Some("<script>said</script>")).render().unwrap();
        assert!(
            shown.contains("What the provider said") && shown.contains("said&#60;/script&#62;"),
            "{shown}"
        );
        assert!(!page(None).render().unwrap().contains("What the provider said"));
    }
}
