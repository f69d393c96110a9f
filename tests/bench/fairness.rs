//! Users with a large backlog, and others who come with one job each.

use harness::{App, AppOptions, Mongod, RedisServer};
use shared::{
    domain::{Id, JobId, JobStatus},
    jobs::{Ledger, noop::Noop},
    store::JobFilter,
};

/// Jobs of those who have many, all together.
const MANY: usize = 10_000;
/// How long each job holds its slot.
const HOLD_MS: u64 = 200;
/// Others, who come one after the other.
const OTHERS: usize = 100;

/// How long the first job of each of the others waits for its start: with seats for users, with so many who have many
/// that their seats are more than there are slots, and without seats.
pub async fn fairness() {
    for (having_many, seats) in [(1, 3), (4, 3), (1, 0)] {
        let (mongod, redis) = (Mongod::start().await, RedisServer::start().await);
        let options = AppOptions::new().worker_env("JOBS_PER_USER", seats);
        let app = App::production_with(&mongod, &redis, 2, options).await;
        let ledger = super::ledger(&app).await;
        let many: Vec<Id> = (0..having_many).map(|_| ledger.clock.id()).collect();
        let fill = (0..16).map(|part| {
            let (ledger, many) = (ledger.clone(), many.clone());
            tokio::spawn(async move {
                for number in (part..MANY).step_by(16) {
                    enqueue(&ledger, many[number / 16 % many.len()]).await;
                }
            })
        });
        futures::future::try_join_all(fill).await.unwrap();
        let mut waited = Vec::with_capacity(OTHERS);
        for _ in 0..OTHERS {
            let job = enqueue(&ledger, ledger.clock.id()).await;
            super::until_finished(&ledger, job).await;
            let job = ledger.store.job(job).await.unwrap().unwrap();
            waited.push(job.started_at.unwrap().since(job.created_at));
        }
        waited.sort();
        let mut left = 0;
        for user in many {
            let waiting =
                JobFilter { user_id: Some(user), status: Some(JobStatus::Queued), ..JobFilter::default() };
            left += ledger.store.count_jobs(&waiting).await.unwrap();
        }
        let at = |share: f64| super::millis(waited[((OTHERS - 1) as f64 * share) as usize]);
        println!(
            "fairness, {having_many} with {MANY} jobs, {seats} seats a user: first jobs of {OTHERS} others start after p50 {:.0} ms, \
             p99 {:.0} ms, max {:.0} ms; {left} of the {MANY} still wait",
            at(0.5),
            at(0.99),
            at(1.0)
        );
        assert!(left > 0, "nobody had to wait behind anybody");
    }
}

async fn enqueue(ledger: &Ledger, user: Id) -> JobId {
    let job =
        ledger.enqueue(ledger.clock.job_id(), Some(user), &Noop { hold_ms: HOLD_MS }, None).await.unwrap();
    job.id
}
