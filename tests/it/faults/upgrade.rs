//! All processes replaced one by one, while students go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::balancer::Balancer;
use harness::process::Process;
use harness::{App, Client, Mongod, RedisServer};
use reqwest::Method;
use serde_json::json;

use crate::rig::text_request;

/// Students who are at it all the time.
const STUDENTS: usize = 4;
/// How long a process may take to end: API and worker have 25 and 20 s.
const GRACE: Duration = Duration::from_secs(26);

/// What the students did.
#[derive(Debug, Default)]
struct Tally {
    requests: AtomicUsize,
    failed: std::sync::Mutex<Vec<String>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_are_replaced_one_by_one_and_nobody_notices() {
    let mut app = App::production(Mongod::shared().await, RedisServer::shared().await, 2).await;
    let second = app.add_api().await;
    let balancer = Balancer::start().await;
    balancer.add(&app.url).await;
    balancer.add(&second.url).await;

    let (tally, stop) = (Arc::new(Tally::default()), Arc::new(AtomicBool::default()));
    let mut students = Vec::new();
    for _ in 0..STUDENTS {
        let client = Client::new(&balancer.url).register().await;
        students.push(tokio::spawn(study(client, tally.clone(), stop.clone())));
    }

    let mut apis = Vec::new();
    for old in [(app.url.clone(), &app.api), (second.url.clone(), &second.process)] {
        let new = app.add_api().await;
        balancer.add(&new.url).await;
        drained(old.1).await;
        balancer.remove(&old.0);
        apis.push(new);
    }
    for _ in 0..2 {
        app.add_worker();
        let old = app.workers.remove(0);
        drained(&old).await;
    }

    stop.store(true, Ordering::SeqCst);
    let mut jobs = 0;
    for student in students {
        let (client, asked) = student.await.unwrap();
        for job in asked {
            let ended = client.wait_job(&job).await;
            assert_eq!(ended["status"], "succeeded", "{ended}");
            jobs += 1;
        }
    }
    let requests = tally.requests.load(Ordering::SeqCst);
    assert_eq!(*tally.failed.lock().unwrap(), Vec::<String>::new(), "of {requests} requests");
    assert!(jobs >= 2 * STUDENTS && requests > 100, "{jobs} jobs, {requests} requests");
    println!("{requests} requests, {jobs} jobs, none failed");
}

async fn drained(process: &Process) {
    let began = Instant::now();
    let ended = process.terminate().await;
    assert_eq!(ended.code(), Some(0), "{}", process.log().text());
    assert!(began.elapsed() < GRACE, "it took {:?} to end", began.elapsed());
}

/// Reads, writes and asks for quizzes until told to stop; the jobs that were accepted.
async fn study(client: Client, tally: Arc<Tally>, stop: Arc<AtomicBool>) -> (Client, Vec<String>) {
    let mut jobs = Vec::new();
    let quiz = text_request(3);
    let note = json!({ "title": "A note", "content": "What was said." });
    for round in 0_usize.. {
        if stop.load(Ordering::SeqCst) {
            break;
        }
        let request = match round % 20 {
            0 => client.request(Method::POST, "/quiz/generate").json(&quiz),
            1 | 2 => client.request(Method::POST, "/notes").json(&note),
            3 | 4 => client.request(Method::GET, "/notes"),
            _ => client.request(Method::GET, "/auth/me"),
        };
        let answer = client.send(request).await;
        tally.requests.fetch_add(1, Ordering::SeqCst);
        match answer.status {
            202 => jobs.push(answer.id().to_owned()),
            200 | 201 => {}
            status => tally.failed.lock().unwrap().push(format!("{status}: {}", answer.text())),
        }
    }
    (client, jobs)
}
