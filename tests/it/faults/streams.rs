//! Event streams that break.

use futures::future::join_all;
use harness::deepseek::{Deepseek, Reply};
use harness::events::Event;
use harness::{App, Client, Mongod, Proxy, RedisServer};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::rig::{Asked, through, told_once};

const JOBS: usize = 16;
const QUESTIONS: usize = 30;
const BREAKS_MIN: usize = 200;

/// Reads a job's events over a network that breaks after every few of them, each time from another replica.
/// Returns them as they came, and the number of breaks.
async fn read_broken(job: &Asked, replicas: [&str; 2], seed: u64) -> (Vec<Event>, usize) {
    let mut dice = StdRng::seed_from_u64(seed);
    let ways = [Proxy::start(replicas[0]).await, Proxy::start(replicas[1]).await];
    let mut events: Vec<Event> = Vec::new();
    for breaks in 0.. {
        let way = &ways[breaks % 2];
        // A client of its own for each connection, as after the reload of a page.
        let client = Client::new(way.url()).with_token(job.client.token().expect("a login"));
        let last = events.last().map(|event| event.id.clone().expect("an id"));
        let mut stream = client.events(&job.id, last.as_deref()).await;
        if stream.status == 204 {
            return (events, breaks);
        }
        assert_eq!(stream.status, 200);
        for _ in 0..dice.random_range(1..=2) {
            events.extend(stream.next().await);
        }
        if dice.random() {
            // Cut by the network: what was under way when it happened still counts.
            way.drop_connections();
            while let Some(event) = stream.next().await {
                events.push(event);
            }
        }
    }
    unreachable!("the loop has no end of its own")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_broken_200_times_over_two_replicas_lose_no_event_and_repeat_none() {
    let deepseek = Deepseek::start().await;
    // Jobs are under way while their streams break.
    deepseek.otherwise(Reply::KeepAlives(60));
    let (mongod, redis) = (Mongod::shared().await, RedisServer::shared().await);
    let app = App::production_with(mongod, redis, 2, through(&deepseek)).await;
    let replica = app.add_api().await;
    let client = app.client().register().await;
    let mut jobs = Vec::new();
    for _ in 0..JOBS {
        jobs.push(Asked::text(&client, QUESTIONS).await);
    }
    let replicas = [app.url.as_str(), &replica.url];
    let read = jobs.iter().zip(0..).map(|(job, seed)| async move {
        let whole = async { job.client.events(&job.id, None).await.rest().await };
        tokio::join!(whole, read_broken(job, replicas, seed))
    });
    let mut breaks = 0;
    for (job, (whole, (pieces, broken))) in jobs.iter().zip(join_all(read).await) {
        assert_eq!(told_once(&whole).len(), QUESTIONS);
        assert_eq!(pieces, whole, "job {}", job.id);
        job.made_one_quiz(QUESTIONS).await;
        breaks += broken;
    }
    println!("{breaks} breaks in the streams of {JOBS} jobs");
    assert!(breaks >= BREAKS_MIN, "only {breaks} breaks");
}
