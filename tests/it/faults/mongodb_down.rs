//! The store dies or does not answer.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use harness::deepseek::{Deepseek, Reply};
use harness::{App, Client, Mongod, RedisServer};
use reqwest::Method;
use serde_json::json;
use tokio::sync::Notify;

use crate::rig::{Asked, quizzes, text_request, through, timed};

/// Longest a request may take to tell that the database is away.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

/// Requests of every sort, all at once: each is told in time that it cannot be served, and that it may come back.
async fn all_are_told(client: &Client, job: &str, how: &str) {
    let login = json!({ "email": "nobody@example.com", "password": "a password" });
    let requests = [
        client.request(Method::GET, "/quiz"),
        client.request(Method::GET, "/jobs"),
        client.request(Method::GET, &format!("/jobs/{job}")),
        client.request(Method::GET, &format!("/jobs/{job}")).header("Prefer", "wait=30"),
        client.request(Method::GET, &format!("/jobs/{job}/events")),
        client.request(Method::GET, "/quiz/0123456789abcdef01234567"),
        client.request(Method::POST, "/quiz/generate").json(&text_request(3)),
        client.request(Method::POST, "/quiz/generate").header("Prefer", "wait=30").json(&text_request(3)),
        client
            .request(Method::POST, "/quiz/generate")
            .header("Idempotency-Key", harness::unique())
            .json(&text_request(3)),
        client.request(Method::POST, &format!("/jobs/{job}/cancel")),
        client.anonymous().request(Method::POST, "/auth/login").json(&login),
        client.anonymous().request(Method::POST, "/auth/guest"),
    ];
    let replies = join_all(requests.map(|request| timed(client.send(request)))).await;
    let slowest = replies.iter().map(|(_, took)| *took).max().unwrap_or_default();
    println!("MongoDB {how}: slowest answer {} ms", slowest.as_millis());
    for (number, (reply, took)) in replies.into_iter().enumerate() {
        assert_eq!(reply.status, 503, "request {number}, MongoDB {how}: {reply}");
        assert_eq!(reply.header("content-type"), "application/problem+json", "{reply}");
        assert_eq!(reply.json["code"], "store.unavailable", "{reply}");
        let pause: u32 = reply.header("retry-after").parse().expect("seconds");
        assert!(pause > 0, "{reply}");
        assert!(took <= TOLD_WITHIN, "request {number} took {took:?}, MongoDB {how}: {reply}");
    }
    for (path, field, word) in [
        ("/health", "status", "unhealthy"),
        ("/health", "database", "disconnected"),
        ("/health/ready", "status", "no database"),
    ] {
        let (reply, took) = timed(client.get(path)).await;
        assert_eq!((reply.status, &reply.json[field]), (503, &word.into()), "{reply}");
        assert!(took <= TOLD_WITHIN, "{path} took {took:?}, MongoDB {how}");
    }
    client.get("/health/live").await.expect(200);
}

#[tokio::test]
async fn without_mongodb_requests_are_told_within_two_seconds_and_jobs_go_on_when_it_is_back() {
    let mut mongod = Mongod::start().await;
    let deepseek = Deepseek::start().await;
    let app = App::production_with(&mongod, RedisServer::shared().await, 1, through(&deepseek)).await;
    let client = app.client().register().await;
    let mut all = Vec::new();
    for frozen in [false, true] {
        let go_on = Arc::new(Notify::new());
        deepseek.push(Reply::When(go_on.clone()));
        let asked_before = deepseek.count();
        let running = Asked::text(&client, 3).await;
        deepseek.received(asked_before + 1).await;
        client.get("/auth/me").await.expect(200);
        match frozen {
            true => mongod.process().freeze(),
            false => mongod.kill_hard(),
        }
        // The running job gets its questions now, and cannot save them.
        go_on.notify_one();
        for _ in 0..2 {
            all_are_told(&client, &running.id, if frozen { "frozen" } else { "killed" }).await;
        }
        match frozen {
            true => mongod.process().thaw(),
            false => mongod.restart().await,
        }
        let (next, took) = timed(async {
            loop {
                if client.get("/health/ready").await.status == 200 {
                    break Asked::text(&client, 3).await;
                }
            }
        })
        .await;
        println!("accepting again {} ms after MongoDB was back, frozen: {frozen}", took.as_millis());
        for job in [&running, &next] {
            let (job, took) = timed(job.made_one_quiz(3)).await;
            println!("done {:.1} s later, attempt {}", took.as_secs_f64(), job["attempt"]);
        }
        all.extend([running, next]);
    }
    assert_eq!(app.workers[0].exit_status(), None, "the worker ended");
    // Those that were refused may have been accepted nevertheless (a frozen server still reads what it was
    // sent); then they are jobs like others.
    let jobs = client.get("/jobs?limit=100").await.expect(200).json;
    let jobs = jobs.as_array().expect("a list");
    for job in jobs {
        let job = Asked { client: client.clone(), id: job["id"].as_str().unwrap().to_owned() };
        job.made_one_quiz(3).await;
    }
    assert_eq!(quizzes(&app).await, jobs.len() as u64);
    assert!(all.iter().all(|kept| jobs.iter().any(|job| job["id"] == *kept.id)), "a job is gone");
}
