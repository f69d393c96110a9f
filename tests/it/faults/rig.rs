//! What the fault tests share: jobs to ask for, and the proof that each was done once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::client::{Reply, Upload};
use harness::deepseek::Deepseek;
use harness::events::Event;
use harness::process::Process;
use harness::{App, AppOptions, Client};
use mongodb::bson::{Document, doc};
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::domain::{Job, JobStatus, Timestamp};
use shared::jobs::{Ledger, noop::Noop};
use shared::notify::Notifier;
use shared::queue::{Queue, RedisQueue};
use shared::store::Store;
use tokio::time::{interval, timeout};

/// A time after which something that should happen soon has failed to.
pub const SOON: Duration = Duration::from_secs(60);

/// Questions come from this server.
pub fn through(deepseek: &Deepseek) -> AppOptions {
    AppOptions::new().env("DEEPSEEK_API_KEY", "sk-of-the-tests").env("DEEPSEEK_BASE_URL", deepseek.url())
}

/// The ledger of an app, as its processes see it.
pub async fn ledger(app: &App) -> Ledger {
    let env = |name| app.env(name).expect("an app in production");
    let (database, redis) = (env("DATABASE_NAME"), env("REDIS_URL"));
    let queue = RedisQueue::new(redis, database).unwrap();
    Ledger {
        store: Store::mongo(env("MONGODB_URL"), database, harness::process::PATIENCE).await.unwrap(),
        notifier: Notifier::redis(&queue),
        queue: Queue::Redis(queue),
        clock: Clock::System,
    }
}

/// Has a job done that only holds its worker.
pub async fn hold(ledger: &Ledger, time: Duration) -> Job {
    let noop = Noop { hold_ms: time.as_millis().try_into().unwrap() };
    ledger.enqueue(ledger.clock.job_id(), None, &noop, None).await.unwrap()
}

/// Waits until the record of a job is as wanted; panics when it never is.
pub async fn until(ledger: &Ledger, job: &Job, wanted: impl Fn(&Job) -> bool) -> Job {
    let mut ticks = interval(Duration::from_millis(25));
    let looking = async {
        loop {
            ticks.tick().await;
            if let Ok(Some(job)) = ledger.store.job(job.id).await
                && wanted(&job)
            {
                return job;
            }
        }
    };
    match timeout(SOON, looking).await {
        Ok(job) => job,
        Err(_) => panic!("not in time: {:#?}", ledger.store.job(job.id).await),
    }
}

/// A topic that was not asked for before.
fn unique() -> String {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    format!("Topic {}", ASKED.fetch_add(1, Ordering::Relaxed))
}

/// A job that its owner asked for over HTTP.
pub struct Asked {
    pub client: Client,
    pub id: String,
}

impl Asked {
    /// The job of an answer that accepts it.
    pub fn new(client: &Client, reply: Reply) -> Self {
        Self { client: client.clone(), id: reply.expect(202).id().to_owned() }
    }

    /// A quiz from a text, about what nobody else asks for: identical requests would share one generation.
    pub async fn text(client: &Client, questions: usize) -> Self {
        let mut ask = text_request(questions);
        ask["topic"] = unique().into();
        Self::new(client, client.post("/quiz/generate", &ask).await)
    }

    /// A quiz from two pages of the lecture, about what nobody else asks for.
    pub async fn pdf(client: &Client, questions: usize) -> Self {
        let file =
            Upload::new("lecture.pdf", "application/pdf", std::fs::read(fixture("lecture.pdf")).unwrap());
        let topic = unique();
        let fields = [("questionCount", &*questions.to_string()), ("pages", "1-2"), ("topic", &topic)];
        Self::new(client, client.upload("/quiz/generate-from-pdf", &fields, file).await)
    }

    /// Its record.
    pub async fn record(&self, ledger: &Ledger) -> Job {
        ledger.store.job(self.id.parse().unwrap()).await.unwrap().expect("a job")
    }

    /// Waits for its end and proves that it made one quiz: of the questions its events announced, each once.
    pub async fn made_one_quiz(&self, questions: usize) -> Value {
        let job = self.client.wait_job(&self.id).await;
        assert_eq!(job["status"], "succeeded", "{job:#}");
        let events = self.client.events(&self.id, None).await.rest().await;
        let announced = told_once(&events);
        assert_eq!(announced.len(), questions, "{job:#} {announced:#?}");
        let url = job["result"]["url"].as_str().expect("a result");
        let quiz = self.client.get(url).await.expect(200).json;
        assert_eq!(quiz["questions"], Value::Array(announced), "the quiz differs from what was announced");
        job
    }
}

/// The body that asks for a quiz from a text that nobody else has: as much of the lecture as the questions need.
pub fn text_request(questions: usize) -> Value {
    let lecture = std::fs::read_to_string(fixture("lecture.txt")).unwrap();
    let length = lecture.ceil_char_boundary(1500 + 300 * questions);
    let text = format!("Notes of learner {}\n\n{}", harness::unique(), &lecture[..length]);
    json!({ "inputMethod": "text", "textContent": text, "questionCount": questions })
}

/// A document of the fixtures.
pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pdf").join(name)
}

/// Proves that a whole event log has no gap, no repetition and one good end; returns the questions in it.
pub fn told_once(events: &[Event]) -> Vec<Value> {
    let ids: Vec<String> = events.iter().map(|event| event.id.clone().expect("an id")).collect();
    let expected: Vec<String> = (1..=events.len()).map(|id| id.to_string()).collect();
    assert_eq!(ids, expected, "event ids are not 1, 2, 3, …");
    let ends = |event: &&Event| event.event == "done" || event.data["status"] == "succeeded";
    assert_eq!(events.iter().filter(ends).count(), 2, "not one `succeeded` and one `done`");
    assert_eq!(events.last().expect("an event").event, "done");
    let shown = events.iter().filter(|event| event.event == "questions");
    let questions: Vec<Value> =
        shown.flat_map(|event| event.data["questions"].as_array().expect("questions").clone()).collect();
    for field in ["id", "question"] {
        let distinct: BTreeSet<&str> = questions.iter().map(|q| q[field].as_str().unwrap()).collect();
        assert_eq!(distinct.len(), questions.len(), "the same {field} twice: {questions:#?}");
    }
    questions
}

/// How many quizzes the database of an app holds.
pub async fn quizzes(app: &App) -> u64 {
    let url = app.env("MONGODB_URL").expect("an app in production");
    let database = app.env("DATABASE_NAME").expect("an app in production");
    let client = mongodb::Client::with_uri_str(url).await.unwrap();
    client.database(database).collection::<Document>("quizzes").count_documents(doc! {}).await.unwrap()
}

/// The name under which a worker claims jobs.
pub async fn worker_name(worker: &Process) -> String {
    let name = worker.line(|line| {
        line.contains("working")
            .then(|| line.split_once("name="))
            .flatten()
            .map(|(_, rest)| rest.split_whitespace().next().unwrap_or_default().trim_matches('"').to_owned())
    });
    name.await.expect("a worker that starts")
}

/// Seconds between two instants of the ledger's clock.
pub fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    (to.0 - from.0) as f64 / 1000.0
}

/// Whether a job was tried once only and succeeded.
pub fn ran_once(job: &Job) -> bool {
    job.status == JobStatus::Succeeded && job.attempts.len() == 1
}

/// How long something takes.
pub async fn timed<T>(what: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let value = what.await;
    (value, start.elapsed())
}
