//! What generation must prove, over an app whose provider is a scripted one: the suite runs it small, the bench whole.

mod cases;
pub mod faults;
pub mod injections;
pub mod prefix;
pub mod sharing;

use std::time::Duration;

use rand::{Rng, RngExt, seq::IndexedRandom};
use serde_json::{Value, json};
use tokio::time::Instant;

pub use cases::{Verdict, check};

use crate::{AppOptions, Client, client::Reply, corpus, deepseek::Deepseek};

/// Types of the contract.
pub const TYPES: [&str; 8] = [
    "multiple_choice",
    "multiple_select",
    "true_false",
    "short_answer",
    "cloze",
    "numeric",
    "matching",
    "ordering",
];
/// How long a job may take, its pauses included.
const PATIENCE: Duration = Duration::from_secs(900);
/// Sentences of a text that ten questions are asked about.
const SENTENCES: usize = 32;

/// An environment in which questions come from this server and no budget runs out.
pub fn through(provider: &Deepseek) -> AppOptions {
    through_url(&provider.url())
}

/// The same with a provider at this address.
pub fn through_url(url: &str) -> AppOptions {
    let options = AppOptions::new().env("DEEPSEEK_API_KEY", "sk-of-the-tests").env("DEEPSEEK_BASE_URL", url);
    // Answers of the scripted provider come at once, or never.
    options.env("DEEPSEEK_TIMEOUT", 2).env("AI_DAILY_TOKENS", u64::MAX / 2).env("WORKER_CONCURRENCY", 8)
}

/// A request for about ten questions, of multiple choice and some other types, from a text in one of the languages that
/// nobody else has. A local generator may find nothing to put in order in it, but always something to choose from.
pub fn ask(number: usize, dice: &mut impl Rng) -> Value {
    let language = corpus::LANGUAGES[number % corpus::LANGUAGES.len()];
    let (first, others) = (TYPES[0], &TYPES[1..]);
    let kinds = dice.random_range(0..=others.len());
    let types: Vec<&str> = others.sample(dice, kinds).copied().chain([first]).collect();
    let text = corpus::text(language, SENTENCES, dice);
    let count = dice.random_range(8..=12);
    json!({ "inputMethod": "text", "textContent": text, "questionCount": count, "questionTypes": types })
}

/// Waits for a job's end, and returns it.
pub async fn ended(client: &Client, accepted: Reply) -> Value {
    let id = accepted.expect(202).id().to_owned();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let request =
            client.request(reqwest::Method::GET, &format!("/jobs/{id}")).header("Prefer", "wait=30");
        let job = client.send(request).await.expect(200).json;
        if matches!(job["status"].as_str(), Some("succeeded" | "failed" | "cancelled" | "discarded")) {
            return job;
        }
        assert!(Instant::now() < deadline, "the job does not end: {job:#}");
    }
}

/// The quiz that a job made, with its answers.
pub async fn quiz(client: &Client, job: &Value) -> Value {
    let id = job["result"]["id"].as_str().unwrap_or_else(|| panic!("no quiz: {job:#}"));
    client.get(&format!("/quiz/{id}?include=answers")).await.expect(200).json
}

/// A quiz with the text it was made from, as the checker takes it.
pub fn case(name: &str, pages: &Value, ask: &Value, quiz: &Value) -> Value {
    let asked = json!({ "count": ask["questionCount"], "types": ask["questionTypes"] });
    json!({ "name": name, "pages": pages, "asked": asked, "questions": quiz["questions"] })
}

/// The one page of a plain text.
pub fn plain(text: &Value) -> Value {
    json!([{ "number": null, "text": text }])
}
