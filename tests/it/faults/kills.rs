//! Workers that die without a word.

use std::collections::HashMap;
use std::time::Duration;

use harness::deepseek::{Deepseek, Reply};
use harness::{App, Mongod, RedisServer};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use shared::domain::{JobStatus, Timestamp};

use crate::rig::{Asked, hold, ledger, quizzes, seconds, through, until, worker_name};

const JOBS: usize = 200;
const USERS: usize = 4;
/// Lose five leases in a row and a job is given up as poisoned; within this many kills that takes too long.
const KILLS_MAX: usize = 14;
const LEASES_LOST_MIN: usize = 15;
const RESTARTED_WITHIN: f64 = 15.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_jobs_survive_kill_9_every_two_seconds_and_each_makes_one_quiz() {
    let deepseek = Deepseek::start().await;
    // About a second each, so that a kill meets running jobs.
    deepseek.otherwise(Reply::KeepAlives(80));
    let mut app =
        App::production_with(Mongod::shared().await, RedisServer::shared().await, 2, through(&deepseek))
            .await;
    let ledger = ledger(&app).await;
    let mut asked = Vec::new();
    for user in 0..USERS {
        let client = app.client().register().await;
        for number in 0..JOBS / USERS {
            asked.push(match (user + number) % 2 {
                0 => Asked::text(&client, 3).await,
                _ => Asked::pdf(&client, 3).await,
            });
        }
    }

    let mut dice = StdRng::seed_from_u64(9);
    let mut killed: HashMap<String, Timestamp> = HashMap::new();
    let start = ledger.clock.now();
    let mut all_ended = Box::pin(async {
        for job in &asked {
            job.client.wait_job(&job.id).await;
        }
    });
    loop {
        let pause = tokio::time::sleep(Duration::from_millis(dice.random_range(1500..2500)));
        tokio::select! {
            () = &mut all_ended => break,
            () = pause, if killed.len() < KILLS_MAX => {
                let victim = app.workers.remove(dice.random_range(0..app.workers.len()));
                let name = worker_name(&victim).await;
                victim.kill_hard();
                killed.insert(name, ledger.clock.now());
                app.add_worker();
            }
        }
    }
    drop(all_ended);
    let took = seconds(start, ledger.clock.now());

    for job in &asked {
        job.made_one_quiz(3).await;
    }
    assert_eq!(quizzes(&app).await, JOBS as u64, "quizzes");
    let mut restarts = Vec::new();
    for job in &asked {
        let record = job.record(&ledger).await;
        assert_eq!(record.attempt, 1, "a lost lease is no attempt: {record:#?}");
        for pair in record.attempts.windows(2) {
            let lost = pair[0].error.as_ref().expect("an attempt that ended");
            assert_eq!(lost.code, "job.lease_lost", "{record:#?}");
            restarts.push(seconds(killed[&pair[0].worker], pair[1].started_at));
        }
    }
    restarts.sort_by(f64::total_cmp);
    let (p50, max) = (restarts[restarts.len() / 2], restarts[restarts.len() - 1]);
    println!(
        "{JOBS}/{JOBS} jobs in {took:.1} s through {} kills; {} leases lost, restarted after p50 {p50:.1} s, max {max:.1} s",
        killed.len(),
        restarts.len()
    );
    assert!(restarts.len() >= LEASES_LOST_MIN, "only {} leases were lost", restarts.len());
    assert!(max <= RESTARTED_WITHIN, "restarts after the kill, in seconds: {restarts:?}");
}

#[tokio::test]
async fn a_worker_killed_after_it_showed_a_question_is_followed_by_one_that_shows_the_others() {
    let deepseek = Deepseek::start().await;
    deepseek.push(Reply::HangAfter(1));
    let (mongod, redis) = (Mongod::shared().await, RedisServer::shared().await);
    let mut app = App::production_with(mongod, redis, 1, through(&deepseek)).await;
    let ledger = ledger(&app).await;
    let job = Asked::text(&app.client().register().await, 3).await;
    let record = job.record(&ledger).await;
    until(&ledger, &record, |job| job.progress.done == 1).await;
    app.workers[0].kill_hard();
    app.add_worker();
    job.made_one_quiz(3).await;
}

#[tokio::test]
async fn a_job_that_ends_five_workers_in_a_row_is_poisoned_and_runs_no_more() {
    let mut app = App::production(Mongod::shared().await, RedisServer::shared().await, 1).await;
    let ledger = ledger(&app).await;
    let job = hold(&ledger, Duration::from_secs(50)).await;
    for lost in 0..5 {
        until(&ledger, &job, |job| job.status == JobStatus::Running && job.attempts.len() == lost + 1).await;
        app.workers.remove(0).kill_hard();
        app.add_worker();
    }
    let job = until(&ledger, &job, |job| job.status.is_finished()).await;
    assert_eq!((job.status, job.attempts.len()), (JobStatus::Failed, 5));
    let error = job.error.expect("a reason");
    assert_eq!((error.code.as_str(), error.retryable), ("job.poisoned", false));
    // The worker that is left takes other jobs.
    let other = hold(&ledger, Duration::ZERO).await;
    until(&ledger, &other, |job| job.status == JobStatus::Succeeded).await;
}
