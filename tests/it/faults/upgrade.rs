//! All processes replaced one by one, and back again, while students go on: in the order of the runbook, and by those
//! of an earlier build where one is at hand.

use std::mem::replace;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::app::{Programs, Server};
use harness::balancer::Balancer;
use harness::process::Process;
use harness::{App, AppOptions, Client, Mongod, RedisServer};
use reqwest::Method;
use serde_json::json;

use crate::rig::{text_request, worker_name};

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

/// Two APIs behind a balancer, and two workers.
struct Deployment {
    app: App,
    second: Server,
    balancer: Balancer,
}

impl Deployment {
    async fn start(programs: Programs) -> Self {
        let options = AppOptions::new().programs(programs);
        let app = App::production_with(Mongod::shared().await, RedisServer::shared().await, 2, options).await;
        let balancer = Balancer::start().await;
        balancer.add(&app.url).await;
        let second = app.add_api().await;
        balancer.add(&second.url).await;
        for worker in &app.workers {
            worker_name(worker).await;
        }
        Self { app, second, balancer }
    }

    async fn replace_workers(&mut self) {
        for _ in 0..2 {
            // At work before the old one goes, as a supervisor has it.
            worker_name(self.app.add_worker()).await;
            drained(&self.app.workers.remove(0)).await;
        }
    }

    async fn replace_apis(&mut self) {
        let new = self.add_api().await;
        let url = replace(&mut self.app.url, new.url);
        let old = Server { url, process: replace(&mut self.app.api, new.process) };
        self.retire(old).await;
        let new = self.add_api().await;
        let old = replace(&mut self.second, new);
        self.retire(old).await;
    }

    async fn add_api(&self) -> Server {
        let api = self.app.add_api().await;
        self.balancer.add(&api.url).await;
        api
    }

    async fn retire(&self, api: Server) {
        drained(&api.process).await;
        self.balancer.remove(&api.url);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_are_replaced_one_by_one_and_back_and_nobody_notices() {
    let (old, new) = (Programs::earlier().unwrap_or_else(Programs::tested), Programs::tested());
    let mut deployment = Deployment::start(old.clone()).await;
    let (tally, stop) = (Arc::new(Tally::default()), Arc::new(AtomicBool::default()));
    let mut students = Vec::new();
    for _ in 0..STUDENTS {
        let client = Client::new(&deployment.balancer.url).register().await;
        students.push(tokio::spawn(study(client, tally.clone(), stop.clone())));
    }

    deployment.app.programs = new;
    deployment.replace_workers().await;
    deployment.replace_apis().await;
    deployment.app.programs = old;
    deployment.replace_apis().await;
    deployment.replace_workers().await;

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
