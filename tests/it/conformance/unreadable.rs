//! A record that no version of ours wrote does not keep the dispatcher from the others.

use std::time::Duration;

use harness::Mongod;
use mongodb::bson::{Document, doc};
use shared::{
    clock::Clock,
    domain::{Cost, Job, JobStatus, Usage},
    jobs::{Dispatcher, Ledger, noop::Noop},
    notify::Notifier,
    queue::{LocalQueue, Queue},
    store::Store,
};

use crate::bench::Bench;

const SECOND: Duration = Duration::from_secs(1);

async fn scheduled(ledger: &Ledger) -> Job {
    let due = ledger.clock.now() + SECOND;
    ledger.enqueue(ledger.clock.job_id(), None, &Noop::default(), Some(due)).await.unwrap()
}

async fn mends_what_can_be_read(ledger: &Ledger, bad: &Job, good: &Job) {
    assert!(ledger.store.job(bad.id).await.is_err(), "it must be one that cannot be read");
    ledger.clock.advance(SECOND);
    // Even where there is room for one only, it is not taken up by the bad one.
    let overdue = ledger.store.overdue_jobs(ledger.clock.now(), 1).await.unwrap();
    assert_eq!(overdue.iter().map(|job| job.id).collect::<Vec<_>>(), [good.id]);
    Dispatcher::new(ledger.clone()).tick().await.unwrap();
    assert_eq!(ledger.store.job(good.id).await.unwrap().unwrap().status, JobStatus::Queued);
    assert_eq!(ledger.queue.len(&good.kind).await.unwrap(), 1);
}

#[tokio::test]
async fn sqlite_passes_over_a_job_it_cannot_read() {
    let bench = Bench::sqlite().await;
    let (mut bad, good) = (scheduled(&bench.ledger).await, scheduled(&bench.ledger).await);
    // JSON has no such number.
    let cost = Some(Cost { amount: f64::NAN, currency: "USD".to_owned() });
    bad.usage = Some(Usage { cost, ..Usage::default() });
    assert!(bench.store.save_job(&mut bad).await.unwrap());
    mends_what_can_be_read(&bench.ledger, &bad, &good).await;
}

#[tokio::test]
async fn mongodb_passes_over_a_job_it_cannot_read() {
    let mongod = Mongod::shared().await;
    let database = mongod.database();
    let ledger = Ledger {
        store: Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap(),
        queue: Queue::Local(LocalQueue::default()),
        notifier: Notifier::local(),
        clock: Clock::manual(Clock::System.now()),
    };
    let (bad, good) = (scheduled(&ledger).await, scheduled(&ledger).await);
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let jobs = client.database(&database).collection::<Document>("jobs");
    let spoil = doc! { "$set": { "progress": "half way" } };
    jobs.update_one(doc! { "_id": bad.id.to_string() }, spoil).await.unwrap();
    mends_what_can_be_read(&ledger, &bad, &good).await;
}
