//! The queue is emptied, dies, or does not answer.

use std::time::Duration;

use harness::deepseek::{Deepseek, Reply};
use harness::{App, Mongod, Proxy, RedisServer};
use shared::domain::JobStatus;

use crate::rig::{Asked, hold, ledger, quizzes, ran_once, text_request, through, timed, until};

const JOBS: usize = 200;
/// The job at whose end Redis is struck: some are done, some run, most wait.
const STRUCK_AT: usize = 20;

/// 200 jobs, some of which are done, and some run.
async fn under_way(redis: &RedisServer, deepseek: &Deepseek) -> (App, Vec<Asked>) {
    deepseek.otherwise(Reply::KeepAlives(20));
    let mut app = App::production_with(Mongod::shared().await, redis, 0, through(deepseek)).await;
    let client = app.client().register().await;
    let mut asked = Vec::new();
    for number in 0..JOBS {
        asked.push(match number % 10 {
            0 => Asked::pdf(&client, 2).await,
            _ => Asked::text(&client, 2).await,
        });
    }
    for _ in 0..2 {
        app.add_worker();
    }
    client.wait_job(&asked[STRUCK_AT].id).await;
    let counts = ledger(&app).await.store.queue_counts().await.unwrap();
    let queued = counts.iter().filter(|((_, status), _)| *status == JobStatus::Queued);
    let waiting: u64 = queued.map(|(_, count)| count).sum();
    assert!(waiting >= 100, "too few jobs wait to lose anything: {counts:?}");
    (app, asked)
}

async fn each_ran_once(app: &App, asked: &[Asked]) {
    let ledger = ledger(app).await;
    for job in asked {
        job.made_one_quiz(2).await;
        let record = job.record(&ledger).await;
        assert!(ran_once(&record), "{record:#?}");
    }
    assert_eq!(quizzes(app).await, JOBS as u64, "quizzes");
}

#[tokio::test]
async fn flushall_loses_no_job_and_none_runs_twice() {
    let redis = RedisServer::start().await;
    let deepseek = Deepseek::start().await;
    let (app, asked) = under_way(&redis, &deepseek).await;
    let mut connection =
        redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("FLUSHALL").query_async(&mut connection).await.unwrap();
    let ((), took) = timed(each_ran_once(&app, &asked)).await;
    println!("{JOBS}/{JOBS} jobs once, {:.1} s after FLUSHALL", took.as_secs_f64());
}

#[tokio::test]
async fn a_redis_killed_and_back_empty_loses_no_job_and_none_runs_twice() {
    let mut redis = RedisServer::start().await;
    let deepseek = Deepseek::start().await;
    let (app, asked) = under_way(&redis, &deepseek).await;
    redis.kill_hard();
    redis.restart().await;
    let ((), took) = timed(each_ran_once(&app, &asked)).await;
    println!("{JOBS}/{JOBS} jobs once, {:.1} s after the restart of Redis", took.as_secs_f64());
}

#[tokio::test]
async fn without_redis_jobs_are_accepted_at_once_and_run_when_it_is_back() {
    let mut redis = RedisServer::start().await;
    let app = App::production(Mongod::shared().await, &redis, 1).await;
    let client = app.client().register().await;
    let mut accepted = Vec::new();
    for frozen in [false, true] {
        match frozen {
            true => redis.process().freeze(),
            false => redis.kill_hard(),
        }
        for _ in 0..3 {
            let (reply, took) = timed(client.post("/quiz/generate", &text_request(3))).await;
            println!("accepted in {} ms, Redis frozen: {frozen}", took.as_millis());
            assert!(took < Duration::from_secs(2), "it took {took:?} to accept a job, frozen: {frozen}");
            accepted.push(Asked::new(&client, reply));
        }
        let (health, took) = timed(client.get("/health")).await;
        assert_eq!(health.status, 200, "{health}");
        assert_eq!(
            (&health.json["status"], &health.json["queue"]),
            (&"degraded".into(), &"disconnected".into())
        );
        assert!(took < Duration::from_secs(2), "/health took {took:?}, frozen: {frozen}");
        client.get("/health/ready").await.expect(200);
        match frozen {
            true => redis.process().thaw(),
            false => redis.restart().await,
        }
        let ((), took) = timed(async {
            for job in accepted.drain(..) {
                job.made_one_quiz(3).await;
            }
        })
        .await;
        println!("done {:.1} s after Redis was back, frozen: {frozen}", took.as_secs_f64());
        assert_eq!(client.get("/health").await.expect(200).json["status"], "healthy");
    }
}

#[tokio::test]
async fn a_worker_outlives_a_network_without_redis() {
    let redis = RedisServer::shared().await;
    let url = redis.database_url();
    let proxy = Proxy::start(&*url).await;
    let options =
        harness::AppOptions::new().env("REDIS_URL", &url).worker_env("REDIS_URL", proxy.url_for(&url));
    let app = App::production_with(Mongod::shared().await, redis, 1, options).await;
    let ledger = ledger(&app).await;
    for stalled in [false, true] {
        let running = hold(&ledger, Duration::from_millis(1500)).await;
        until(&ledger, &running, |job| job.status == JobStatus::Running).await;
        match stalled {
            true => proxy.stall().await,
            false => proxy.cut().await,
        }
        // The cut outlasts the running job, whose end only the ledger needs to know of.
        let waiting = hold(&ledger, Duration::ZERO).await;
        let ended = until(&ledger, &running, |job| job.status.is_finished()).await;
        assert!(ran_once(&ended), "{ended:#?}");
        proxy.heal().await;
        let (ended, took) = timed(until(&ledger, &waiting, |job| job.status.is_finished())).await;
        println!("the next job ended {:.1} s after healing, stalled: {stalled}", took.as_secs_f64());
        assert!(ran_once(&ended), "{ended:#?}");
        assert_eq!(app.workers[0].exit_status(), None, "the worker ended");
    }
}
