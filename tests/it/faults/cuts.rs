//! A worker that the database does not hear of for longer than its lease, and that then comes back.

use std::sync::Arc;
use std::time::Duration;

use harness::deepseek::{Deepseek, Reply};
use harness::process::Process;
use harness::{App, AppOptions, Mongod, Proxy, RedisServer};
use shared::domain::{Job, JobStatus};
use shared::jobs::Ledger;
use tokio::sync::Notify;

use crate::rig::{Asked, hold, ledger, quizzes, through, until, worker_name};

/// An app whose one worker reaches MongoDB through a proxy.
async fn behind(options: AppOptions) -> (App, Proxy) {
    let mongod = Mongod::shared().await;
    let proxy = Proxy::start(mongod.url()).await;
    let options = options.worker_env("MONGODB_URL", proxy.url());
    (App::production_with(mongod, RedisServer::shared().await, 1, options).await, proxy)
}

/// A second worker of the same app, with a way of its own.
async fn second(app: &App, options: AppOptions) -> App {
    let (mongod, redis) = (Mongod::shared().await, RedisServer::shared().await);
    App::production_with(mongod, redis, 1, options.over(app)).await
}

/// Waits until the job runs at the other worker.
async fn taken_over(ledger: &Ledger, job: &Job, other: &Process) {
    let name = worker_name(other).await;
    until(ledger, job, |job| job.attempts.last().is_some_and(|attempt| attempt.worker == name)).await;
}

fn ran_at(job: &Job) -> Vec<(&str, Option<&str>)> {
    let error = |attempt: usize| job.attempts[attempt].error.as_ref().map(|error| error.code.as_str());
    (0..job.attempts.len()).map(|attempt| (job.attempts[attempt].worker.as_str(), error(attempt))).collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Silence {
    /// Connections break and cannot be made again.
    Cut,
    /// Connections stay, and what was sent arrives at the end of the silence.
    Stalled,
    /// The worker itself stands still, and knows nothing of the silence afterwards.
    Frozen,
}

async fn the_second_worker_takes_over_and_the_first_one_changes_nothing(silence: Silence) {
    let deepseek = Deepseek::start().await;
    let (app, proxy) = behind(through(&deepseek)).await;
    let ledger = ledger(&app).await;
    let client = app.client().register().await;
    let first = worker_name(&app.workers[0]).await;

    let (late, in_time) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    deepseek.push(Reply::When(late.clone()));
    deepseek.push(Reply::When(in_time.clone()));
    let quiz = Asked::text(&client, 3).await;
    let noop = hold(&ledger, Duration::from_secs(12)).await;
    deepseek.received(1).await;
    until(&ledger, &noop, |job| job.status == JobStatus::Running).await;
    match silence {
        Silence::Cut => proxy.cut().await,
        Silence::Stalled => proxy.stall().await,
        Silence::Frozen => app.workers[0].freeze(),
    }
    let other = second(&app, through(&deepseek)).await;
    let taken = quiz.record(&ledger).await;
    taken_over(&ledger, &taken, &other.workers[0]).await;
    taken_over(&ledger, &noop, &other.workers[0]).await;
    deepseek.received(2).await;

    // The first worker gets its questions, and the database hears of it again.
    late.notify_one();
    match silence {
        Silence::Cut | Silence::Stalled => proxy.heal().await,
        Silence::Frozen => app.workers[0].thaw(),
    }
    for job in [&quiz.id, &noop.id.to_string()] {
        let gave_up = |line: &str| {
            let words = ["the lease was lost", "the outcome could not be written"];
            (line.contains(job) && words.iter().any(|words| line.contains(words))).then_some(())
        };
        app.workers[0].line(gave_up).await.expect("a worker that goes on");
    }
    in_time.notify_one();

    quiz.made_one_quiz(3).await;
    assert_eq!(quizzes(&app).await, 1);
    let second = worker_name(&other.workers[0]).await;
    let expected = [(&*first, Some("job.lease_lost")), (&*second, None)];
    let record = quiz.record(&ledger).await;
    assert_eq!(ran_at(&record), expected, "{silence:?}");
    assert!(record.token == 2 && record.attempt == 1, "{record:#?}");
    assert!(ledger.store.checkpoints(record.id).await.unwrap().is_empty(), "saved work was left behind");
    let record = until(&ledger, &noop, |job| job.status.is_finished()).await;
    assert_eq!(ran_at(&record), expected, "{silence:?}");
    assert_eq!(record.status, JobStatus::Succeeded);

    // The first worker takes jobs as before.
    assert_eq!(other.workers[0].terminate().await.code(), Some(0));
    let next = hold(&ledger, Duration::ZERO).await;
    let next = until(&ledger, &next, |job| job.status.is_finished()).await;
    assert_eq!(ran_at(&next), [(&*first, None)]);
}

#[tokio::test]
async fn a_worker_cut_off_from_mongodb_for_longer_than_its_lease_is_replaced_and_fenced() {
    the_second_worker_takes_over_and_the_first_one_changes_nothing(Silence::Cut).await;
}

#[tokio::test]
async fn a_worker_whose_words_to_mongodb_arrive_after_its_lease_is_replaced_and_fenced() {
    the_second_worker_takes_over_and_the_first_one_changes_nothing(Silence::Stalled).await;
}

#[tokio::test]
async fn a_worker_that_stood_still_for_longer_than_its_lease_is_replaced_and_fenced() {
    the_second_worker_takes_over_and_the_first_one_changes_nothing(Silence::Frozen).await;
}
