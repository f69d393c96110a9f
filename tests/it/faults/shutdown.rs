//! Processes that are told to end, and an embedded one that is not.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use harness::deepseek::{Deepseek, Reply};
use harness::{App, AppOptions, Mongod, RedisServer};
use reqwest::Method;
use rustix::process::Signal;
use shared::domain::JobStatus;
use tokio::sync::Notify;
use tokio::time::{interval, timeout};

use crate::rig::{Asked, SOON, hold, ledger, ran_once, through, until};

#[tokio::test]
async fn a_worker_told_to_end_finishes_what_runs_takes_nothing_new_and_exits_with_0() {
    let options = AppOptions::new().worker_env("WORKER_CONCURRENCY", 2);
    let mut app = App::production_with(Mongod::shared().await, RedisServer::shared().await, 1, options).await;
    let ledger = ledger(&app).await;
    let mut jobs = Vec::new();
    for _ in 0..6 {
        jobs.push(hold(&ledger, Duration::from_secs(2)).await);
    }
    for job in &jobs[..2] {
        until(&ledger, job, |job| job.status == JobStatus::Running).await;
    }
    let status = app.workers[0].terminate().await;
    assert_eq!(status.code(), Some(0), "{}", app.workers[0].log().text());
    let mut states = Vec::new();
    for job in &jobs {
        let job = ledger.store.job(job.id).await.unwrap().expect("a job");
        states.push((job.status, job.attempts.len()));
    }
    let (done, waits) = ((JobStatus::Succeeded, 1), (JobStatus::Queued, 0));
    assert_eq!(states, [done, done, waits, waits, waits, waits]);
    app.add_worker();
    for job in &jobs {
        let job = until(&ledger, job, |job| job.status.is_finished()).await;
        assert!(ran_once(&job), "{job:#?}");
    }
}

#[tokio::test]
async fn an_api_told_to_end_ends_streams_answers_open_requests_and_exits_with_0() {
    let deepseek = Deepseek::start().await;
    let go_on = Arc::new(Notify::new());
    deepseek.push(Reply::When(go_on.clone()));
    let (mongod, redis) = (Mongod::shared().await, RedisServer::shared().await);
    let app = App::production_with(mongod, redis, 1, through(&deepseek)).await;
    let replica = app.add_api().await;
    let client = app.client().register().await;
    let job = Asked::text(&client, 3).await;
    deepseek.received(1).await;

    let mut stream = client.events(&job.id, None).await;
    let mut seen = vec![stream.next().await.expect("an event")];
    let waiting = client.request(Method::GET, &format!("/jobs/{}", job.id)).header("Prefer", "wait=60");
    let waiting = tokio::spawn(waiting.send());
    // Sent before these, so it has arrived when they are answered.
    for _ in 0..3 {
        client.get("/auth/me").await.expect(200);
    }
    app.api.signal(Signal::TERM);
    // Whoever balances the load is told before connections are refused, and what it sent meanwhile is answered.
    let mut looks = interval(Duration::from_millis(10));
    let told = async {
        loop {
            looks.tick().await;
            let ready = client.try_get("/health/ready").await.expect("a server that still listens");
            if ready.status == 503 {
                return ready;
            }
        }
    };
    assert_eq!(timeout(SOON, told).await.expect("a 503").json["status"], "stopping");
    client.get("/auth/me").await.expect(200);
    seen.extend(stream.rest().await);
    let waited = waiting.await.unwrap().expect("an answer to the open request");
    assert_eq!(waited.status().as_u16(), 200);
    let status = app.api.ended().await;
    assert_eq!(status.code(), Some(0), "{}", app.api.log().text());
    assert!(client.try_get("/health/ready").await.is_none());

    // Both go on at the other replica.
    go_on.notify_one();
    let client = client.at(&replica.url);
    let last = seen.last().and_then(|event| event.id.clone());
    seen.extend(client.events(&job.id, last.as_deref()).await.rest().await);
    assert_eq!(crate::rig::told_once(&seen).len(), 3);
    Asked { client, ..job }.made_one_quiz(3).await;
}

#[tokio::test]
async fn an_embedded_app_told_to_end_does_not_wait_for_a_slow_job_and_goes_on_with_it_at_the_next_start() {
    let deepseek = Deepseek::start().await;
    let go_on = Arc::new(Notify::new());
    deepseek.push(Reply::When(go_on.clone()));
    let mut app = App::embedded_with(through(&deepseek)).await;
    let client = app.client().register().await;
    let job = Asked::text(&client, 3).await;
    deepseek.received(1).await;
    let (status, took) = crate::rig::timed(app.api.terminate()).await;
    assert_eq!(status.code(), Some(0), "{}", app.api.log().text());
    assert!(took < Duration::from_secs(10), "{took:?}");
    app.restart().await;
    Asked { client: client.at(&app.url), ..job }.made_one_quiz(3).await;
}

#[tokio::test]
async fn an_embedded_app_killed_and_started_again_finishes_what_ran_and_what_waited() {
    let deepseek = Deepseek::start().await;
    deepseek.otherwise(Reply::KeepAlives(60));
    // A call for each job, so that the third call tells that a job is done.
    let options = through(&deepseek).env("WORKER_CONCURRENCY", 2).env("AI_KEY_CHECK", "off");
    let mut app = App::embedded_with(options).await;
    let client = app.client().register().await;
    let mut jobs = Vec::new();
    for number in 0..12 {
        jobs.push(match number % 3 {
            0 => Asked::pdf(&client, 3).await,
            _ => Asked::text(&client, 3).await,
        });
    }
    deepseek.received(3).await;
    app.crash_and_restart().await;
    let client = client.at(&app.url);
    let listed = client.get("/jobs?limit=100").await.expect(200).json;
    let in_state =
        |state: &str| listed.as_array().expect("a list").iter().filter(|job| job["status"] == *state).count();
    let states = ["succeeded", "running", "queued"].map(|state| (state, in_state(state)));
    println!("after the restart of the embedded app: {states:?}");
    assert!(states.iter().all(|(_, jobs)| *jobs > 0), "{states:?}");
    join_all(
        jobs.iter()
            .map(|job| Asked { client: client.clone(), id: job.id.clone() })
            .map(|job| async move { job.made_one_quiz(3).await }),
    )
    .await;
    assert_eq!(client.get("/quiz").await.expect(200).header("x-total-count"), "12");
}
