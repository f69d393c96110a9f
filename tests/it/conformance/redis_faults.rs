//! What Redis may do to the doorbell.

use std::time::Duration;

use futures::StreamExt;
use harness::RedisServer;
use shared::{
    clock::Clock,
    domain::{JobId, JobPriority, JobStatus, Ring},
    jobs::{JobKind, noop::Noop},
    queue::{Queue, RedisQueue},
};
use tokio::time::Instant;

use crate::bench::{Bench, LEASE, listen, soon};

const KIND: &str = Noop::KIND;
/// What a request may lose to a queue that is away.
const QUICK: Duration = Duration::from_secs(1);

fn queue(server: &RedisServer) -> Queue {
    Queue::Redis(RedisQueue::new(&server.url(), "test").unwrap())
}

fn ring(job: JobId) -> Ring {
    Ring { job, user_id: None, priority: JobPriority::Interactive }
}

/// Every call fails, and none of them takes long.
async fn is_away(queue: &Queue) {
    let start = Instant::now();
    assert!(queue.ring(KIND, &[ring(Clock::System.job_id())]).await.is_err());
    assert!(start.elapsed() < QUICK, "a ring took {:?}", start.elapsed());
    let start = Instant::now();
    assert!(queue.len(KIND).await.is_err());
    assert!(queue.ping().await.is_err());
    assert!(start.elapsed() < 2 * QUICK, "two calls took {:?}", start.elapsed());
}

/// Asks until the queue answers.
async fn answers(queue: &Queue) {
    let back = async {
        while queue.ping().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    soon(back).await;
}

/// Rings until the queue is back. How soon that is, is the connection's affair.
async fn ring_until_heard(queue: &Queue, rings: &mut futures::stream::BoxStream<'static, JobId>) {
    let job = Clock::System.job_id();
    let ring = async {
        while queue.ring(KIND, &[ring(job)]).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    soon(ring).await;
    assert_eq!(soon(rings.next()).await, Some(job));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_queue_can_be_made_while_redis_is_down_and_serves_once_it_is_up() {
    let mut server = RedisServer::start().await;
    server.kill_hard();
    let queue = queue(&server);
    is_away(&queue).await;
    server.restart().await;
    ring_until_heard(&queue, &mut listen(&queue, &[KIND])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_ring_fails_quickly_while_redis_is_down_and_listeners_recover_when_it_is_back() {
    let mut server = RedisServer::start().await;
    let queue = queue(&server);
    let mut rings = listen(&queue, &[KIND]);
    ring_until_heard(&queue, &mut rings).await;
    // The listener waits while its server goes.
    assert!(futures::poll!(rings.next()).is_pending());
    server.kill_hard();
    is_away(&queue).await;
    assert!(futures::poll!(rings.next()).is_pending(), "a stream neither ends nor fails");
    server.restart().await;
    ring_until_heard(&queue, &mut rings).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_ring_fails_quickly_while_redis_does_not_answer() {
    let server = RedisServer::start().await;
    let queue = queue(&server);
    queue.ping().await.unwrap();
    server.process().freeze();
    is_away(&queue).await;
    server.process().thaw();
    answers(&queue).await;
}

on_every_store![
    what_redis_forgot_is_rung_again,
    a_job_is_accepted_while_redis_is_down_and_rung_for_when_it_is_back,
];

async fn what_redis_forgot_is_rung_again(bench: &Bench) {
    let server = RedisServer::start().await;
    let bench = bench.with_queue(queue(&server));
    let job = bench.ledger.enqueue(bench.job_id(), None, &Noop::default(), None).await.unwrap();
    assert_eq!(bench.queue.len(KIND).await.unwrap(), 1);
    flush(&server).await;
    assert_eq!(bench.queue.len(KIND).await.unwrap(), 0);

    bench.dispatcher.tick().await.unwrap();
    assert_eq!(bench.queue.len(KIND).await.unwrap(), 0, "a worker may just have taken it");
    bench.clock.advance(Duration::from_secs(3));
    bench.dispatcher.tick().await.unwrap();
    bench.dispatcher.tick().await.unwrap();
    assert_eq!(bench.queue.len(KIND).await.unwrap(), 1, "and it is rung for once");
    assert_eq!(soon(listen(&bench.queue, &[KIND]).next()).await, Some(job.id));
    let stands = bench.store.job(job.id).await.unwrap().unwrap();
    assert_eq!((stands.status, stands.last_event), (JobStatus::Queued, 1));

    // Whoever has claimed it is left alone.
    bench.ledger.update(job.id, |job, now| job.claim("worker", LEASE, now)).await.unwrap();
    bench.clock.advance(Duration::from_secs(3));
    bench.dispatcher.tick().await.unwrap();
    assert_eq!(bench.queue.len(KIND).await.unwrap(), 0);
}

async fn a_job_is_accepted_while_redis_is_down_and_rung_for_when_it_is_back(bench: &Bench) {
    let mut server = RedisServer::start().await;
    let bench = bench.with_queue(queue(&server));
    server.kill_hard();
    let job = bench.ledger.enqueue(bench.job_id(), None, &Noop::default(), None).await.unwrap();
    assert_eq!(bench.store.job(job.id).await.unwrap(), Some(job.clone()));
    bench.clock.advance(Duration::from_secs(3));
    bench.dispatcher.tick().await.unwrap();
    server.restart().await;
    answers(&bench.queue).await;
    bench.clock.advance(Duration::from_secs(3));
    bench.dispatcher.tick().await.unwrap();
    assert_eq!(soon(listen(&bench.queue, &[KIND]).next()).await, Some(job.id));
}

async fn flush(server: &RedisServer) {
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("FLUSHALL").query_async(&mut connection).await.unwrap();
}
