//! What the dispatcher mends.

use std::time::Duration;

use futures::StreamExt;
use shared::{
    domain::{Job, JobId, JobStatus, Timestamp},
    jobs::{Dispatcher, JobKind, noop::Noop},
};

use crate::{
    bench::{Bench, LEASE, at_once, listen, soon},
    lifecycle::{claim, log},
    make,
};

on_every_store![
    a_scheduled_job_enters_the_queue_when_it_is_due_and_not_before,
    a_time_that_has_passed_schedules_nothing,
    ten_dispatchers_at_once_promote_a_job_once,
    ten_dispatchers_at_once_take_a_lost_job_back_once,
    one_tick_mends_everything_that_is_overdue,
    a_ring_that_nobody_answered_is_repeated_once_the_queue_is_empty,
    a_ring_lost_while_others_wait_is_repeated_before_theirs,
    a_job_that_keeps_waiting_is_rung_for_again_and_again,
    a_tick_with_nothing_to_do_changes_nothing,
];

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);

async fn enqueue(bench: &Bench, not_before: Option<Timestamp>) -> JobId {
    bench.ledger.enqueue(bench.job_id(), None, &Noop::default(), not_before).await.unwrap().id
}

async fn status(bench: &Bench, id: JobId) -> JobStatus {
    bench.store.job(id).await.unwrap().unwrap().status
}

async fn rings(bench: &Bench) -> usize {
    bench.queue.len(Noop::KIND).await.unwrap()
}

async fn tick_at_once(bench: &Bench) {
    at_once(10, |_| {
        let dispatcher = Dispatcher::new(bench.ledger.clone());
        async move { dispatcher.tick().await.unwrap() }
    })
    .await;
}

async fn a_scheduled_job_enters_the_queue_when_it_is_due_and_not_before(bench: &Bench) {
    let due = bench.now() + 3600 * SECOND;
    let id = enqueue(bench, Some(due)).await;
    bench.clock.advance(due.since(bench.now()) - MILLISECOND);
    bench.dispatcher.tick().await.unwrap();
    assert_eq!((status(bench, id).await, rings(bench).await), (JobStatus::Scheduled, 0));
    bench.clock.advance(MILLISECOND);
    bench.dispatcher.tick().await.unwrap();
    assert_eq!((status(bench, id).await, rings(bench).await), (JobStatus::Queued, 1));
    assert_eq!(soon(listen(&bench.queue, &[Noop::KIND]).next()).await, Some(id));
    assert_eq!(log(bench, id).await, ["scheduled", "queued"]);
    let job = bench.store.job(id).await.unwrap().unwrap();
    assert_eq!((job.not_before, job.attempt), (Some(due), 0));
}

async fn a_time_that_has_passed_schedules_nothing(bench: &Bench) {
    for not_before in [bench.now() - SECOND, bench.now() + MILLISECOND] {
        // The second is the very moment at which the job is made.
        let id = enqueue(bench, Some(not_before)).await;
        assert_eq!(status(bench, id).await, JobStatus::Queued);
    }
}

async fn ten_dispatchers_at_once_promote_a_job_once(bench: &Bench) {
    let id = enqueue(bench, Some(bench.now() + LEASE)).await;
    bench.clock.advance(LEASE);
    tick_at_once(bench).await;
    assert_eq!(log(bench, id).await, ["scheduled", "queued"]);
    assert_eq!(rings(bench).await, 1);
}

async fn ten_dispatchers_at_once_take_a_lost_job_back_once(bench: &Bench) {
    let id = enqueue(bench, None).await;
    claim(bench, id).await;
    soon(listen(&bench.queue, &[Noop::KIND]).next()).await;
    bench.clock.advance(LEASE);
    tick_at_once(bench).await;
    assert_eq!(log(bench, id).await, ["queued", "running", "queued"]);
    assert_eq!(bench.store.job(id).await.unwrap().unwrap().lost_leases, 1);
    assert_eq!(rings(bench).await, 1);
}

async fn one_tick_mends_everything_that_is_overdue(bench: &Bench) {
    let mut ids = Vec::new();
    for number in 0..30 {
        let id = match number % 3 {
            0 => enqueue(bench, Some(bench.now() + SECOND)).await,
            _ => enqueue(bench, None).await,
        };
        if number % 3 > 0 {
            let token = claim(bench, id).await;
            if number % 3 > 1 {
                let fail = |job: &mut Job, now| job.fail(token, make::passing(), SECOND, now);
                bench.ledger.update(id, fail).await.unwrap();
            }
        }
        ids.push(id);
    }
    bench.clock.advance(LEASE);
    bench.dispatcher.tick().await.unwrap();
    for id in ids {
        assert_eq!(status(bench, id).await, JobStatus::Queued);
    }
    assert_eq!(bench.store.overdue_jobs(bench.now(), 100).await.unwrap(), vec![]);
}

async fn a_ring_that_nobody_answered_is_repeated_once_the_queue_is_empty(bench: &Bench) {
    let id = enqueue(bench, None).await;
    // A worker took the ring and died.
    assert_eq!(soon(listen(&bench.queue, &[Noop::KIND]).next()).await, Some(id));
    bench.clock.advance(2 * SECOND);
    bench.dispatcher.tick().await.unwrap();
    assert_eq!(rings(bench).await, 0);
    bench.clock.advance(MILLISECOND);
    tick_at_once(bench).await;
    let mut heard = listen(&bench.queue, &[Noop::KIND]);
    assert_eq!(soon(heard.next()).await, Some(id));
    assert_eq!(log(bench, id).await, ["queued"], "a ring is no event");
}

async fn a_ring_lost_while_others_wait_is_repeated_before_theirs(bench: &Bench) {
    let lost = enqueue(bench, None).await;
    assert_eq!(soon(listen(&bench.queue, &[Noop::KIND]).next()).await, Some(lost));
    let waiting = enqueue(bench, None).await;
    bench.clock.advance(2 * SECOND + MILLISECOND);
    for _ in 0..3 {
        bench.dispatcher.tick().await.unwrap();
        assert_eq!(rings(bench).await, 2);
        bench.clock.advance(30 * SECOND);
    }
    let heard: Vec<JobId> = soon(listen(&bench.queue, &[Noop::KIND]).take(2).collect()).await;
    assert_eq!(heard, [lost, waiting]);
}

async fn a_job_that_keeps_waiting_is_rung_for_again_and_again(bench: &Bench) {
    let id = enqueue(bench, None).await;
    let mut heard = listen(&bench.queue, &[Noop::KIND]);
    for _ in 0..3 {
        assert_eq!(soon(heard.next()).await, Some(id));
        bench.clock.advance(3 * SECOND);
        bench.dispatcher.tick().await.unwrap();
    }
    assert_eq!(soon(heard.next()).await, Some(id));
    claim(bench, id).await;
    bench.clock.advance(3 * SECOND);
    bench.dispatcher.tick().await.unwrap();
    assert_eq!(rings(bench).await, 0);
}

async fn a_tick_with_nothing_to_do_changes_nothing(bench: &Bench) {
    let queued = enqueue(bench, None).await;
    let scheduled = enqueue(bench, Some(bench.now() + LEASE)).await;
    let running = enqueue(bench, None).await;
    claim(bench, running).await;
    let mut before = Vec::new();
    for id in [queued, scheduled, running] {
        before.push(bench.store.job(id).await.unwrap().unwrap());
    }
    let rung = rings(bench).await;
    bench.dispatcher.tick().await.unwrap();
    for job in before {
        assert_eq!(bench.store.job(job.id).await.unwrap(), Some(job));
    }
    assert_eq!(rings(bench).await, rung);
}
