//! Many jobs against a provider that fails by chance, or altogether.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use rand::{SeedableRng, rngs::StdRng};
use serde_json::Value;

use super::{Verdict, ask, case, check, ended, plain, quiz};
use crate::Client;

/// Jobs that are asked for at the same time.
const AT_ONCE: usize = 256;
/// Accounts that ask for them.
const LEARNERS: usize = 16;
/// Errors after which the same request would be refused again.
const FINAL: [&str; 4] =
    ["provider.unauthorized", "provider.no_balance", "provider.rejected", "provider.content_filtered"];

/// What became of the jobs.
#[derive(Debug, Clone)]
pub struct Faults {
    /// Jobs asked for; each reached a terminal state.
    pub jobs: usize,
    /// Those that made a quiz.
    pub succeeded: usize,
    /// Those that failed because the provider refused for good.
    pub refused: usize,
    /// Those that failed for another reason, by its code and the types asked for.
    pub failed: BTreeMap<String, usize>,
    /// Tries of all jobs.
    pub tries: u64,
    /// Quizzes by the provider that made them.
    pub providers: BTreeMap<String, usize>,
    /// Quizzes with fewer questions than asked for.
    pub short: usize,
    /// What the checker says about the quizzes.
    pub verdict: Verdict,
}

impl Faults {
    /// Share of the jobs that succeeded, of those that the provider did not refuse for good.
    pub fn share(&self) -> f64 {
        self.succeeded as f64 / (self.jobs - self.refused).max(1) as f64
    }
}

/// Has `jobs` quizzes made of different texts, and judges them.
pub async fn run(anonymous: &Client, jobs: usize, seed: u64) -> Faults {
    let mut learners = Vec::new();
    for _ in 0..LEARNERS.min(jobs) {
        learners.push(anonymous.guest().await);
    }
    let mut dice = StdRng::seed_from_u64(seed);
    let asked: Vec<(Client, Value)> =
        (0..jobs).map(|number| (learners[number % learners.len()].clone(), ask(number, &mut dice))).collect();
    let made: Vec<(Value, Value, Option<Value>)> = stream::iter(asked)
        .map(|(learner, ask)| async move {
            let job = ended(&learner, learner.post("/quiz/generate", &ask).await).await;
            let quiz = if job["status"] == "succeeded" { Some(quiz(&learner, &job).await) } else { None };
            (ask, job, quiz)
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    sums(&made)
}

fn sums(made: &[(Value, Value, Option<Value>)]) -> Faults {
    let (mut failed, mut providers) = (BTreeMap::new(), BTreeMap::new());
    let (mut refused, mut short, mut tries) = (0, 0, 0);
    let mut cases = Vec::new();
    for (ask, job, quiz) in made {
        tries += job["attempt"].as_u64().unwrap_or_default();
        let Some(quiz) = quiz else {
            let code = job["error"]["code"].as_str().unwrap_or_default();
            if FINAL.contains(&code) {
                refused += 1;
            } else {
                *failed
                    .entry(format!("{} {code} of {}", job["status"], ask["questionTypes"]))
                    .or_default() += 1;
            }
            continue;
        };
        let provider = quiz["generation"]["provider"].as_str().unwrap_or_default();
        *providers.entry(provider.to_owned()).or_default() += 1;
        let questions = quiz["questions"].as_array().map_or(0, Vec::len) as u64;
        short += usize::from(questions < ask["questionCount"].as_u64().unwrap_or_default());
        cases.push(case(job["id"].as_str().unwrap_or_default(), &plain(&ask["textContent"]), ask, quiz));
    }
    let (jobs, succeeded) = (made.len(), cases.len());
    Faults { jobs, succeeded, refused, failed, tries, providers, short, verdict: check(&cases) }
}
