//! Queues and workers, as operators see them, and queues that stand still.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::StreamExt;
use shared::{
    domain::{Job, JobId, JobStatus, NewJob, Timestamp, Worker},
    jobs::{JobKind, KINDS, QueueState, QueueWorker, noop::Noop},
};

use crate::{
    bench::{Bench, LEASE, listen, soon},
    lifecycle::in_state,
    make,
};

on_every_store![
    jobs_are_counted_by_kind_and_state,
    finished_jobs_are_counted_from_an_instant_on,
    running_jobs_are_counted_by_worker,
    the_oldest_queued_job_is_the_one_that_was_due_first,
    workers_are_those_that_were_heard_of,
    a_worker_is_one_however_often_it_is_heard_of,
    a_queue_is_paused_until_it_is_resumed,
    every_kind_has_a_queue_that_tells_its_state,
    a_paused_queue_is_not_rung_for_and_a_resumed_one_at_once,
];

const OTHER: &str = "test.other";
const SECOND: Duration = Duration::from_secs(1);

async fn add(bench: &Bench, kind: &'static str) -> Job {
    let new = NewJob { kind, ..make::new_job(bench.job_id(), None, None) };
    let mut job = Job::new(new, bench.now());
    bench.store.insert_job(&mut job).await.unwrap();
    job
}

async fn claim(bench: &Bench, id: JobId, worker: &str) {
    bench.ledger.update(id, |job, now| job.claim(worker, LEASE, now)).await.unwrap();
}

fn worker(name: &str, since: Timestamp, heard_at: Timestamp) -> Worker {
    let kinds = vec![Noop::KIND.to_owned(), "quiz.generate".to_owned()];
    Worker { name: name.to_owned(), kinds, since, heard_at }
}

async fn jobs_are_counted_by_kind_and_state(bench: &Bench) {
    assert_eq!(bench.store.queue_counts().await.unwrap(), BTreeMap::new());
    for status in JobStatus::ALL {
        in_state(bench, status).await;
    }
    in_state(bench, JobStatus::Failed).await;
    add(bench, OTHER).await;
    let count = |kind: &str, status, count| ((kind.to_owned(), status), count);
    let wanted = BTreeMap::from([
        count(Noop::KIND, JobStatus::Scheduled, 1),
        count(Noop::KIND, JobStatus::Queued, 1),
        count(Noop::KIND, JobStatus::Running, 1),
        count(Noop::KIND, JobStatus::Retrying, 1),
        count(Noop::KIND, JobStatus::Failed, 2),
        count(OTHER, JobStatus::Queued, 1),
    ]);
    assert_eq!(bench.store.queue_counts().await.unwrap(), wanted);
}

async fn finished_jobs_are_counted_from_an_instant_on(bench: &Bench) {
    let start = bench.now();
    for status in [JobStatus::Failed, JobStatus::Running, JobStatus::Cancelled] {
        in_state(bench, status).await;
    }
    bench.clock.advance(SECOND);
    let middle = bench.now();
    let late = in_state(bench, JobStatus::Succeeded).await.finished_at.unwrap();
    let counts = |since| async move { bench.store.finished_counts(since).await.unwrap() };
    let of_noop = |count| BTreeMap::from([(Noop::KIND.to_owned(), count)]);
    assert_eq!(counts(start).await, of_noop(3));
    assert_eq!(counts(middle).await, of_noop(1));
    assert_eq!(counts(late).await, of_noop(1));
    assert_eq!(counts(late + Duration::from_millis(1)).await, BTreeMap::new());
}

async fn running_jobs_are_counted_by_worker(bench: &Bench) {
    assert_eq!(bench.store.running_counts().await.unwrap(), BTreeMap::new());
    for (kind, worker) in [(Noop::KIND, "one"), (Noop::KIND, "two"), (Noop::KIND, "one"), (OTHER, "one")] {
        let id = add(bench, kind).await.id;
        claim(bench, id, worker).await;
    }
    add(bench, OTHER).await;
    in_state(bench, JobStatus::Succeeded).await;
    let count = |kind: &str, worker: &str, count| ((kind.to_owned(), worker.to_owned()), count);
    let wanted =
        BTreeMap::from([count(Noop::KIND, "one", 2), count(Noop::KIND, "two", 1), count(OTHER, "one", 1)]);
    assert_eq!(bench.store.running_counts().await.unwrap(), wanted);
}

async fn the_oldest_queued_job_is_the_one_that_was_due_first(bench: &Bench) {
    let oldest = || async { bench.store.oldest_queued(Noop::KIND).await.unwrap() };
    assert_eq!(oldest().await, None);
    let due = bench.now() + LEASE;
    // Made first, due last.
    bench.ledger.enqueue(bench.job_id(), None, &Noop::default(), Some(due)).await.unwrap();
    assert_eq!(oldest().await, None);
    let first = add(bench, Noop::KIND).await;
    let second = add(bench, Noop::KIND).await;
    bench.clock.advance(LEASE);
    bench.dispatcher.tick().await.unwrap();
    assert_eq!(oldest().await, Some(first.due_at));
    claim(bench, first.id, "worker").await;
    assert_eq!(oldest().await, Some(second.due_at));
    claim(bench, second.id, "worker").await;
    assert_eq!(oldest().await, Some(due));
    assert_eq!(bench.store.oldest_queued(OTHER).await.unwrap(), None);
}

async fn workers_are_those_that_were_heard_of(bench: &Bench) {
    let start = bench.now();
    let (early, late) = (worker("b-early", start, start), worker("a-late", start, start + 5 * SECOND));
    for worker in [&early, &late] {
        bench.store.announce_worker(worker, start).await.unwrap();
    }
    let heard = |since| async move { bench.store.workers(since).await.unwrap() };
    assert_eq!(heard(start).await, [late.clone(), early]);
    assert_eq!(heard(start + SECOND).await, std::slice::from_ref(&late));
    assert_eq!(heard(start + 6 * SECOND).await, []);
    // A third one's word drops the silent one for good.
    let third = worker("c", start, start + 6 * SECOND);
    bench.store.announce_worker(&third, start + SECOND).await.unwrap();
    assert_eq!(heard(start).await, [late.clone(), third]);
    bench.store.forget_worker("c").await.unwrap();
    bench.store.forget_worker("nobody").await.unwrap();
    assert_eq!(heard(start).await, [late]);
}

async fn a_worker_is_one_however_often_it_is_heard_of(bench: &Bench) {
    let start = bench.now();
    for beat in 0..3 {
        let worker = worker("one", start, start + beat * SECOND);
        bench.store.announce_worker(&worker, start).await.unwrap();
        assert_eq!(bench.store.workers(start).await.unwrap(), [worker]);
    }
}

async fn a_queue_is_paused_until_it_is_resumed(bench: &Bench) {
    let paused = || async { bench.store.paused_queues().await.unwrap() };
    assert_eq!(paused().await, [""; 0]);
    for kind in ["plan.generate", "account.export", "plan.generate"] {
        bench.store.pause_queue(kind, bench.now()).await.unwrap();
    }
    assert_eq!(paused().await, ["account.export", "plan.generate"]);
    bench.store.resume_queue("plan.generate").await.unwrap();
    bench.store.resume_queue("never.paused").await.unwrap();
    assert_eq!(paused().await, ["account.export"]);
}

async fn every_kind_has_a_queue_that_tells_its_state(bench: &Bench) {
    let start = bench.now();
    for status in [JobStatus::Scheduled, JobStatus::Retrying, JobStatus::Failed, JobStatus::Succeeded] {
        in_state(bench, status).await;
    }
    let queued = add(bench, Noop::KIND).await;
    let running = add(bench, Noop::KIND).await;
    claim(bench, running.id, "one").await;
    add(bench, OTHER).await;
    bench.clock.advance(7 * SECOND);
    let now = bench.now();
    bench.store.announce_worker(&worker("one", start, now), start).await.unwrap();
    bench.store.announce_worker(&worker("two", start, now), start).await.unwrap();
    bench.ledger.pause(Noop::KIND).await.unwrap();
    let queues = bench.ledger.queues().await.unwrap();
    let names: Vec<&str> = queues.iter().map(|queue| queue.name.as_str()).collect();
    let known: BTreeSet<&str> = KINDS.iter().copied().chain([OTHER]).collect();
    assert_eq!(names, known.into_iter().collect::<Vec<_>>());
    let find = |name: &str| queues.iter().find(|queue| queue.name == name).unwrap();
    let work = |name: &str, running| QueueWorker { name: name.to_owned(), since: start, running };
    let wanted = QueueState {
        name: Noop::KIND.to_owned(),
        queued: 1,
        scheduled: 1,
        running: 1,
        retrying: 1,
        failed: 1,
        oldest: Some(now.since(queued.due_at)),
        rate_per_minute: 2,
        paused: true,
        workers: vec![work("one", 1), work("two", 0)],
    };
    assert_eq!(*find(Noop::KIND), wanted);
    let other = find(OTHER);
    assert_eq!((other.queued, other.paused, other.workers.as_slice()), (1, false, &[][..]));
    // Nothing was heard or finished for a while.
    bench.clock.advance(60 * SECOND);
    let queues = bench.ledger.queues().await.unwrap();
    let noop = queues.iter().find(|queue| queue.name == Noop::KIND).unwrap();
    assert_eq!((noop.rate_per_minute, noop.workers.as_slice()), (0, &[][..]));
    assert_eq!(noop.oldest, Some(bench.now().since(queued.due_at)));
}

async fn a_paused_queue_is_not_rung_for_and_a_resumed_one_at_once(bench: &Bench) {
    let mut ids = Vec::new();
    let mut heard = listen(&bench.queue, &[Noop::KIND]);
    bench.ledger.pause(Noop::KIND).await.unwrap();
    for _ in 0..3 {
        ids.push(bench.ledger.enqueue(bench.job_id(), None, &Noop::default(), None).await.unwrap().id);
        // A worker takes the ring and leaves the job.
        assert_eq!(soon(heard.next()).await, ids.last().copied());
    }
    for _ in 0..3 {
        bench.clock.advance(3 * SECOND);
        bench.dispatcher.tick().await.unwrap();
        assert_eq!(bench.queue.len(Noop::KIND).await.unwrap(), 0);
    }
    bench.ledger.resume(Noop::KIND).await.unwrap();
    let rung: Vec<JobId> = soon(heard.by_ref().take(3).collect()).await;
    assert_eq!(rung, ids);
    // And from now on the dispatcher looks after them again.
    bench.clock.advance(3 * SECOND);
    bench.dispatcher.tick().await.unwrap();
    let rung: Vec<JobId> = soon(heard.take(3).collect()).await;
    assert_eq!(rung, ids);
}
