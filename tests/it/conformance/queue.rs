//! The doorbell.

use std::time::Duration;

use futures::StreamExt;
use harness::RedisServer;
use shared::{
    clock::Clock,
    domain::JobId,
    jobs::{JobKind, noop::Noop, quiz_generate::QuizGenerate},
    queue::{LocalQueue, Queue, RedisQueue},
};
use tokio::sync::mpsc;

use crate::bench::{at_once, soon};

const NOOP: &str = Noop::KIND;
const QUIZ: &str = QuizGenerate::KIND;

/// Runs each case on both queues.
macro_rules! on_every_queue {
    ($($case:ident),* $(,)?) => {
        mod local {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                super::$case(super::Queue::Local(super::LocalQueue::default())).await;
            })*
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                super::$case(super::redis_queue().await).await;
            })*
        }
    };
}

on_every_queue![
    a_queue_that_was_never_rung_is_empty_and_answers,
    a_ring_is_heard_by_a_listener_that_came_later,
    a_ring_is_heard_by_a_listener_that_waits,
    rings_are_heard_in_their_order,
    rings_for_those_whose_turn_has_come_are_heard_first_and_in_their_order,
    rings_that_nobody_took_are_counted,
    each_ring_reaches_exactly_one_of_two_listeners,
    as_many_waiting_listeners_wake_as_jobs_are_rung_for,
    a_listener_of_another_kind_neither_hears_a_ring_nor_swallows_it,
    a_listener_of_two_kinds_hears_both,
    concurrent_rings_are_all_heard,
    a_job_that_is_rung_twice_is_heard_twice,
    a_listener_that_is_not_listening_leaves_the_rings_to_others,
];

async fn redis_queue() -> Queue {
    let server = RedisServer::shared().await;
    Queue::Redis(RedisQueue::new(&server.database_url(), "test").unwrap())
}

fn jobs(count: usize) -> Vec<JobId> {
    (0..count).map(|_| Clock::System.job_id()).collect()
}

async fn hear(queue: &Queue, kinds: &[&'static str], count: usize) -> Vec<JobId> {
    soon(queue.listen(kinds).take(count).collect()).await
}

/// Listens in a task of its own and passes on what it hears.
fn listener(
    queue: &Queue,
    kinds: &[&'static str],
    heard: mpsc::UnboundedSender<(usize, JobId)>,
    name: usize,
) {
    let mut rings = queue.listen(kinds);
    tokio::spawn(async move {
        while let Some(job) = rings.next().await {
            if heard.send((name, job)).is_err() {
                return;
            }
        }
    });
}

async fn a_queue_that_was_never_rung_is_empty_and_answers(queue: Queue) {
    assert_eq!(queue.len(NOOP).await.unwrap(), 0);
    queue.ping().await.unwrap();
}

async fn a_ring_is_heard_by_a_listener_that_came_later(queue: Queue) {
    let rung = jobs(1);
    queue.ring(NOOP, &rung).await.unwrap();
    assert_eq!(hear(&queue, &[NOOP], 1).await, rung);
}

async fn a_ring_is_heard_by_a_listener_that_waits(queue: Queue) {
    let rung = jobs(2);
    let mut rings = queue.listen(&[NOOP]);
    for job in rung {
        assert!(futures::poll!(rings.next()).is_pending());
        queue.ring(NOOP, &[job]).await.unwrap();
        assert_eq!(soon(rings.next()).await, Some(job));
    }
}

async fn rings_are_heard_in_their_order(queue: Queue) {
    let rung = jobs(50);
    queue.ring(NOOP, &rung[..20]).await.unwrap();
    for job in &rung[20..] {
        queue.ring(NOOP, &[*job]).await.unwrap();
    }
    assert_eq!(hear(&queue, &[NOOP], 50).await, rung);
}

async fn rings_for_those_whose_turn_has_come_are_heard_first_and_in_their_order(queue: Queue) {
    let rung = jobs(6);
    queue.ring(NOOP, &rung[4..]).await.unwrap();
    queue.ring_first(NOOP, &rung[2..4]).await.unwrap();
    queue.ring_first(NOOP, &rung[..2]).await.unwrap();
    assert_eq!(hear(&queue, &[NOOP], 6).await, rung);
}

async fn rings_that_nobody_took_are_counted(queue: Queue) {
    queue.ring(NOOP, &jobs(3)).await.unwrap();
    queue.ring(QUIZ, &jobs(1)).await.unwrap();
    assert_eq!((queue.len(NOOP).await.unwrap(), queue.len(QUIZ).await.unwrap()), (3, 1));
    // A stream that is not polled takes nothing.
    let mut rings = queue.listen(&[NOOP]);
    assert_eq!(queue.len(NOOP).await.unwrap(), 3);
    soon(rings.next()).await;
    assert_eq!((queue.len(NOOP).await.unwrap(), queue.len(QUIZ).await.unwrap()), (2, 1));
    soon(rings.next()).await;
    soon(rings.next()).await;
    assert_eq!(queue.len(NOOP).await.unwrap(), 0);
}

async fn each_ring_reaches_exactly_one_of_two_listeners(queue: Queue) {
    let (heard, mut ears) = mpsc::unbounded_channel();
    listener(&queue, &[NOOP], heard.clone(), 0);
    listener(&queue, &[NOOP], heard, 1);
    let rung = jobs(200);
    for jobs in rung.chunks(2) {
        queue.ring(NOOP, jobs).await.unwrap();
    }
    let mut all = Vec::new();
    while all.len() < rung.len() {
        all.push(soon(ears.recv()).await.unwrap().1);
    }
    all.sort_unstable();
    let mut wanted = rung;
    wanted.sort_unstable();
    assert_eq!(all, wanted, "each once");
    // A second delivery of one of them would come before both listeners' next ring.
    let last = jobs(2);
    queue.ring(NOOP, &last).await.unwrap();
    let mut after = [soon(ears.recv()).await.unwrap().1, soon(ears.recv()).await.unwrap().1];
    after.sort_unstable();
    let mut last = [last[0], last[1]];
    last.sort_unstable();
    assert_eq!(after, last);
    assert_eq!(queue.len(NOOP).await.unwrap(), 0);
}

async fn as_many_waiting_listeners_wake_as_jobs_are_rung_for(queue: Queue) {
    let mut listeners: Vec<_> = (0..4).map(|_| queue.listen(&[NOOP])).collect();
    for rings in &mut listeners {
        assert!(futures::poll!(rings.next()).is_pending());
    }
    let rung = jobs(4);
    queue.ring(NOOP, &rung).await.unwrap();
    let mut all: Vec<JobId> = soon(futures::future::join_all(listeners.iter_mut().map(|rings| rings.next())))
        .await
        .into_iter()
        .flatten()
        .collect();
    all.sort_unstable();
    let mut wanted = rung;
    wanted.sort_unstable();
    assert_eq!(all, wanted);
}

async fn a_listener_of_another_kind_neither_hears_a_ring_nor_swallows_it(queue: Queue) {
    let (mut noops, mut quizzes) = (queue.listen(&[NOOP]), queue.listen(&[QUIZ]));
    let (noop, quiz) = (jobs(1)[0], jobs(1)[0]);
    assert!(futures::poll!(noops.next()).is_pending());
    assert!(futures::poll!(quizzes.next()).is_pending());
    queue.ring(QUIZ, &[quiz]).await.unwrap();
    assert_eq!(soon(quizzes.next()).await, Some(quiz));
    assert!(futures::poll!(noops.next()).is_pending());
    queue.ring(NOOP, &[noop]).await.unwrap();
    assert_eq!(soon(noops.next()).await, Some(noop));
    assert!(futures::poll!(quizzes.next()).is_pending());
}

async fn a_listener_of_two_kinds_hears_both(queue: Queue) {
    let (noops, quizzes) = (jobs(3), jobs(3));
    queue.ring(NOOP, &noops).await.unwrap();
    queue.ring(QUIZ, &quizzes).await.unwrap();
    let heard = hear(&queue, &[NOOP, QUIZ], 6).await;
    let of = |kind: &[JobId]| heard.iter().copied().filter(|job| kind.contains(job)).collect::<Vec<_>>();
    assert_eq!((of(&noops), of(&quizzes)), (noops.clone(), quizzes), "each kind in its order");
    // So that neither keeps the other waiting.
    assert!(!heard.starts_with(&noops) && !heard.ends_with(&noops), "in turns");
}

async fn concurrent_rings_are_all_heard(queue: Queue) {
    let mut rung = jobs(50);
    at_once(50, |number| {
        let (queue, job) = (queue.clone(), rung[number]);
        async move { queue.ring(NOOP, &[job]).await.unwrap() }
    })
    .await;
    let mut heard = hear(&queue, &[NOOP], 50).await;
    heard.sort_unstable();
    rung.sort_unstable();
    assert_eq!(heard, rung);
}

async fn a_job_that_is_rung_twice_is_heard_twice(queue: Queue) {
    let job = jobs(1)[0];
    queue.ring(NOOP, &[job]).await.unwrap();
    queue.ring(NOOP, &[job]).await.unwrap();
    assert_eq!(hear(&queue, &[NOOP], 2).await, [job, job]);
}

async fn a_listener_that_is_not_listening_leaves_the_rings_to_others(queue: Queue) {
    let rung = jobs(2);
    // It had its ring and works now: its stream is there, but nobody polls it.
    let mut busy = queue.listen(&[NOOP]);
    queue.ring(NOOP, &rung[..1]).await.unwrap();
    assert_eq!(soon(busy.next()).await, Some(rung[0]));
    queue.ring(NOOP, &rung[1..]).await.unwrap();
    assert_eq!(hear(&queue, &[NOOP], 1).await, rung[1..]);
    assert!(tokio::time::timeout(Duration::ZERO, busy.next()).await.is_err());
}
