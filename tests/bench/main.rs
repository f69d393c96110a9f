//! Measures what the documentation states. It starts its own servers on free ports and prints one line a figure.
//!
//! ```text
//! cargo build --release --workspace --bins && target/release/bench [idle|embedded|upload|login|pickup|backlog|seats|retry|fairness|scale]…
//! target/release/bench [faults|sharing|prefix|injections|migration]…
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on should stop")]

use std::time::{Duration, Instant};

use harness::{App, AppOptions, Client, Mongod, RedisServer, client::Upload};
use shared::{
    clock::Clock,
    domain::{Id, Job, JobError, JobId, JobStatus, NewJob, When},
    jobs::{JobKind, Ledger, noop::Noop},
    notify::Notifier,
    queue::{Queue, RedisQueue},
    store::{JobFilter, Store},
};

mod backlog;
mod fairness;
mod generation;
mod migration;
mod scale;

/// Single jobs whose pick-up is timed.
const PICKUPS: usize = 500;
/// Jobs of the backlog, unless `BACKLOG` says otherwise.
const BACKLOG: usize = 100_000;
/// Failed logins timed, of each sort.
const LOGINS: usize = 200;
/// Uploads timed.
const UPLOADS: usize = 20;

#[tokio::main]
async fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let wants = |name: &str| asked.is_empty() || asked.iter().any(|asked| asked == name);
    if wants("idle") {
        idle().await;
    }
    if wants("embedded") {
        embedded().await;
    }
    if wants("upload") {
        upload().await;
    }
    if wants("login") {
        login().await;
    }
    if wants("pickup") {
        pickup().await;
    }
    if wants("backlog") {
        backlog::backlog().await;
    }
    if wants("seats") {
        backlog::seats().await;
    }
    if wants("retry") {
        retry().await;
    }
    if wants("fairness") {
        fairness::fairness().await;
    }
    if wants("scale") {
        scale::scale().await;
    }
    if wants("faults") {
        generation::faults().await;
    }
    if wants("sharing") {
        generation::sharing().await;
    }
    if wants("prefix") {
        generation::prefix().await;
    }
    if wants("injections") {
        generation::injections().await;
    }
    if wants("migration") {
        migration::migration().await;
    }
}

/// A size that the environment may set.
fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

async fn ledger(app: &App) -> Ledger {
    let env = |name| app.env(name).unwrap().to_owned();
    let (redis, database) = (env("REDIS_URL"), env("DATABASE_NAME"));
    let queue = RedisQueue::new(&redis, &database).unwrap();
    Ledger {
        store: Store::mongo(&env("MONGODB_URL"), &database, harness::process::PATIENCE).await.unwrap(),
        notifier: Notifier::redis(&queue),
        queue: Queue::Redis(queue),
        clock: Clock::System,
    }
}

/// From the ring to the announcement that the claim is committed, on an idle worker.
async fn pickup() {
    let (mongod, redis) = (Mongod::start().await, RedisServer::start().await);
    let app = App::production(&mongod, &redis, 1).await;
    let ledger = ledger(&app).await;
    let mut changes = ledger.notifier.subscribe();
    let warm_up = 50;
    let mut took = Vec::with_capacity(PICKUPS);
    for round in 0..PICKUPS + warm_up {
        let mut job = noop(&ledger);
        ledger.store.insert_job(&mut job).await.unwrap();
        let started = Instant::now();
        ledger.queue.ring(Noop::KIND, &[job.ring()]).await.unwrap();
        while changes.recv().await.unwrap() != job.id {}
        if round >= warm_up {
            took.push(started.elapsed());
        }
        until_finished(&ledger, job.id).await;
    }
    took.sort();
    let at = |share: f64| millis(took[((PICKUPS - 1) as f64 * share) as usize]);
    println!("pickup p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms over {PICKUPS}", at(0.5), at(0.99), at(1.0));
}

fn noop(ledger: &Ledger) -> Job {
    let new = NewJob {
        id: ledger.clock.job_id(),
        kind: Noop::KIND,
        user_id: None,
        payload: serde_json::to_value(Noop::default()).unwrap(),
        max_attempts: Noop::MAX_ATTEMPTS,
        priority: Noop::PRIORITY,
        when: When::default(),
    };
    Job::new(new, ledger.clock.now())
}

/// Enqueues as many of a job, of these users in turn, or of nobody.
async fn enqueue(ledger: &Ledger, users: &[Id], size: usize, noop: &Noop) {
    let parts = (0..32).map(|part| {
        let (ledger, users, noop) = (ledger.clone(), users.to_vec(), noop.clone());
        tokio::spawn(async move {
            for number in (part..size).step_by(32) {
                let user = users.get(number % users.len().max(1)).copied();
                ledger.enqueue(ledger.clock.job_id(), user, &noop, None).await.unwrap();
            }
        })
    });
    futures::future::try_join_all(parts).await.unwrap();
}

async fn until_finished(ledger: &Ledger, id: JobId) {
    while !ledger.store.job(id).await.unwrap().unwrap().status.is_finished() {
        tokio::task::yield_now().await;
    }
}

/// Failed jobs, retried in bulk while nobody works on them.
async fn retry() {
    let size = setting("BACKLOG", BACKLOG);
    let (mongod, redis) = (Mongod::start_with_cache_gb(1.0).await, RedisServer::start().await);
    let app = App::production(&mongod, &redis, 0).await;
    let ledger = ledger(&app).await;
    let fill = (0..32).map(|part| {
        let ledger = ledger.clone();
        tokio::spawn(async move {
            for _ in 0..(size / 32 + usize::from(part < size % 32)) {
                let mut job = noop(&ledger);
                let token = job.claim("bench", Duration::from_secs(9), ledger.clock.now()).unwrap();
                let error = JobError::fatal("provider.down", "The provider was down.");
                job.fail(token, error, Duration::ZERO, ledger.clock.now()).unwrap();
                ledger.store.insert_job(&mut job).await.unwrap();
            }
        })
    });
    futures::future::try_join_all(fill).await.unwrap();
    let filter = JobFilter { status: Some(JobStatus::Failed), ..JobFilter::default() };
    let started = Instant::now();
    let matched = ledger.store.count_jobs(&filter).await.unwrap();
    let counted = started.elapsed();
    let retried = ledger.retry_all(&filter).await.unwrap();
    let took = started.elapsed().as_secs_f64();
    println!("retry counted {matched} in {:.0} ms, retried {retried} in {took:.1} s", millis(counted));
}

async fn waiting(ledger: &Ledger) -> usize {
    let counts = ledger.store.queue_counts().await.unwrap();
    let unfinished = counts.iter().filter(|((_, status), _)| !status.is_finished());
    unfinished.map(|(_, count)| *count as usize).sum()
}

async fn redis_memory(server: &RedisServer) -> u64 {
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let info: String = redis::cmd("INFO").arg("memory").query_async(&mut connection).await.unwrap();
    let bytes = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    bytes.trim().parse::<u64>().unwrap() / 1024
}

/// An upload of the ten-page lecture to its finished quiz, embedded.
async fn upload() {
    let app = App::embedded().await;
    let client = app.client().guest().await;
    let pdf = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/pdf/lecture.pdf")).unwrap();
    let mut took = Vec::with_capacity(UPLOADS);
    for _ in 0..UPLOADS {
        let started = Instant::now();
        let upload = Upload::new("lecture.pdf", "application/pdf", pdf.clone());
        let job = client.upload("/quiz/generate-from-pdf", &[], upload).await.expect(202);
        finished(&client, job.id()).await;
        took.push(started.elapsed());
    }
    took.sort();
    println!(
        "upload median {:.0} ms, slowest {:.0} ms over {UPLOADS}",
        millis(took[UPLOADS / 2]),
        millis(took[UPLOADS - 1])
    );
}

/// Whether the time of a failed login tells if there is such an account.
async fn login() {
    let app = App::embedded_with(AppOptions::new().env("BCRYPT_COST", 10)).await;
    let client = app.client();
    let known = client.register().await;
    let email = known.session()["user"]["email"].as_str().unwrap().to_owned();
    let mut took = [Vec::new(), Vec::new()];
    for round in 0..LOGINS {
        // Side by side, so that both meet the same machine.
        for (sort, email) in [email.clone(), format!("nobody{round}@example.org")].into_iter().enumerate() {
            let started = Instant::now();
            client
                .post("/auth/login", &serde_json::json!({ "email": email, "password": "not it" }))
                .await
                .expect(401);
            took[sort].push(started.elapsed());
        }
    }
    let [known, unknown] = took.map(|mut took| {
        took.sort();
        millis(took[LOGINS / 2])
    });
    println!(
        "login refused: median {known:.2} ms known, {unknown:.2} ms unknown, ratio {:.3}",
        known / unknown
    );
}

async fn finished(client: &Client, job: &str) {
    let job = client.wait_job(job).await;
    assert_eq!(job["status"], "succeeded", "{job}");
}

/// Memory of idle processes, and the time from start to the first answer with indexes present.
async fn idle() {
    let (mongod, redis) = (Mongod::start().await, RedisServer::start().await);
    let mut app = App::production(&mongod, &redis, 1).await;
    app.client().guest().await.get("/auth/me").await.expect(200);
    let mut starts = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        app.restart().await;
        starts.push(started.elapsed());
    }
    starts.sort();
    println!("idle api restart to ready, drain of the old one included: median {:.0} ms", millis(starts[2]));
    let worker = &app.workers[0];
    worker.line(|line| line.contains("working").then_some(())).await;
    println!("idle RSS api {} KiB, worker {} KiB", app.api.rss_kb(), worker.rss_kb());
    app.client().get("/openapi.json").await.expect(200);
    println!("idle RSS api once the OpenAPI document was asked for {} KiB", app.api.rss_kb());

    let mut starts = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        let server = app.add_api().await;
        starts.push(started.elapsed());
        drop(server);
    }
    starts.sort();
    println!("idle api start to first 200: median {:.0} ms", millis(starts[2]));
}

async fn embedded() {
    let started = Instant::now();
    let embedded = App::embedded_with(AppOptions::new()).await;
    println!("embedded first start to first 200: {:.0} ms", millis(started.elapsed()));
    println!("embedded RSS {} KiB", embedded.api.rss_kb());
    embedded.client().get("/openapi.json").await.expect(200);
    println!("embedded RSS once the OpenAPI document was asked for {} KiB", embedded.api.rss_kb());
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
