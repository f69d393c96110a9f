//! Many people ask for the same at the same time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::{StreamExt, stream};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{Verdict, case, check, ended, plain, quiz};
use crate::{
    Client, corpus,
    deepseek::{Deepseek, Kind, Received},
};

/// Requests that are made at the same time.
const AT_ONCE: usize = 256;
/// Questions asked for; one call holds them.
const QUESTIONS: usize = 10;

/// What the requests came to.
#[derive(Debug, Clone)]
pub struct Sharing {
    /// Calls upstream for one person alone, by kind.
    pub alone: BTreeMap<String, usize>,
    /// Calls upstream for all of them together.
    pub together: BTreeMap<String, usize>,
    /// Questions whose keys were looked for again, for all of them together. How many go into one call
    /// differs by chance: those that have come by then.
    pub checked_again: usize,
    /// Quizzes, no two the same.
    pub quizzes: usize,
    /// Different orders of all options of a quiz.
    pub orders: usize,
    /// Different values of what should be the same for everybody, by its name; each should be 1.
    pub told: BTreeMap<&'static str, usize>,
    /// What the checker says about the quizzes.
    pub verdict: Verdict,
}

/// Has one quiz made for one person, then another one for `people`.
pub async fn run(anonymous: &Client, provider: &Deepseek, people: usize) -> Sharing {
    let mut dice = StdRng::seed_from_u64(people as u64);
    let [first, second] = [(); 2].map(|()| corpus::text("en", 4 * QUESTIONS, &mut dice));
    let ask = |text: &str| json!({ "inputMethod": "text", "textContent": text, "questionCount": QUESTIONS });
    let mut learners: Vec<Client> =
        stream::iter(0..=people).map(|_| anonymous.guest()).buffer_unordered(32).collect().await;
    let single = learners.pop().expect("one more than the others");
    ended(&single, single.post("/quiz/generate", &ask(&first)).await).await;
    let alone = provider.requests();

    let ask = ask(&second);
    let seen: Vec<Seen> = stream::iter(learners)
        .map(|learner| Seen::by(learner, &ask))
        .buffer_unordered(AT_ONCE.max(people))
        .collect()
        .await;
    let mut cases = Vec::new();
    for seen in &seen {
        cases.push(case("shared", &plain(&ask["textContent"]), &ask, &seen.quiz));
    }
    let distinct = |of: Say| seen.iter().map(of).collect::<BTreeSet<_>>().len();
    let told: [(&'static str, Say); 6] = [
        ("usage", |seen| seen.job["usage"].to_string()),
        ("notices", |seen| seen.job["notices"].to_string()),
        ("members of the job", |seen| members(&seen.job)),
        ("generation", |seen| seen.quiz["generation"].to_string()),
        ("ledger of the day", |seen| seen.ledger.clone()),
        ("kinds of events", |seen| seen.events.clone()),
    ];
    Sharing {
        alone: calls(&alone),
        checked_again: checked_again(&provider.requests()[alone.len()..]),
        together: calls(&provider.requests()[alone.len()..]),
        quizzes: distinct(|seen| seen.quiz["id"].to_string()),
        orders: distinct(|seen| orders(&seen.quiz)),
        told: told.map(|(name, of)| (name, distinct(of))).into(),
        verdict: check(&cases),
    }
}

fn calls(requests: &[Received]) -> BTreeMap<String, usize> {
    let mut counts = HashMap::<Kind, usize>::new();
    for request in requests {
        *counts.entry(request.kind).or_default() += 1;
    }
    counts.into_iter().map(|(kind, count)| (format!("{kind:?}"), count)).collect()
}

fn checked_again(requests: &[Received]) -> usize {
    let checks = requests.iter().filter(|request| request.kind == Kind::Check);
    let items = checks.filter_map(|request| {
        let asked: Value = serde_json::from_str(request.messages().last()?).ok()?;
        asked["items"].as_array().cloned()
    });
    let questions: Vec<String> = items.flatten().map(|item| item["question"].to_string()).collect();
    assert!(!questions.is_empty(), "no keys were looked for");
    questions.len() - questions.iter().collect::<BTreeSet<_>>().len()
}

/// Something that one person is told.
type Say = fn(&Seen) -> String;

/// What one person sees.
struct Seen {
    job: Value,
    quiz: Value,
    ledger: String,
    events: String,
}

impl Seen {
    async fn by(learner: Client, ask: &Value) -> Self {
        let job = ended(&learner, learner.post("/quiz/generate", ask).await).await;
        assert_eq!(job["status"], "succeeded", "{job:#}");
        let quiz = quiz(&learner, &job).await;
        let usage = learner.get("/analytics/ai-usage").await.expect(200).json;
        let events = learner.events(job["id"].as_str().expect("an id"), None).await.rest().await;
        // How many there are differs by chance: what has arrived together is shown together.
        let events: BTreeSet<String> =
            events.iter().map(|event| format!("{} {}", event.event, members(&event.data))).collect();
        Self { job, quiz, ledger: usage["totals"].to_string(), events: format!("{events:?}") }
    }
}

/// The names of all members, however deep, of lists those of the first item.
fn members(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            map.iter().map(|(name, value)| format!("{name}{{{}}}", members(value))).collect()
        }
        Value::Array(items) => items.first().map(members).unwrap_or_default(),
        _ => String::new(),
    }
}

fn orders(quiz: &Value) -> String {
    let questions = quiz["questions"].as_array().into_iter().flatten();
    // Questions may come in another order too; what counts is that of the options.
    let orders: BTreeMap<String, String> = questions
        .map(|question| (question["question"].to_string(), question["options"].to_string()))
        .collect();
    format!("{orders:?}")
}
