//! A user with a large backlog, and others who come with one job each.

use harness::{App, AppOptions, Mongod, RedisServer};
use shared::{
    domain::{Id, JobId, JobStatus},
    jobs::{Ledger, noop::Noop},
    store::JobFilter,
};

/// Jobs of the one who has many.
const MANY: usize = 10_000;
/// How long each job holds its slot.
const HOLD_MS: u64 = 200;
/// Others, who come one after the other.
const OTHERS: usize = 100;

/// How long the first job of each of the others waits for its start, with and without seats for users.
pub async fn fairness() {
    for seats in [3, 0] {
        let (mongod, redis) = (Mongod::start().await, RedisServer::start().await);
        let options = AppOptions::new().worker_env("JOBS_PER_USER", seats);
        let app = App::production_with(&mongod, &redis, 2, options).await;
        let ledger = super::ledger(&app).await;
        let many = ledger.clock.id();
        let fill = (0..16).map(|part| {
            let ledger = ledger.clone();
            tokio::spawn(async move {
                for _ in (part..MANY).step_by(16) {
                    enqueue(&ledger, many).await;
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
        let left = JobFilter { user_id: Some(many), status: Some(JobStatus::Queued), ..JobFilter::default() };
        let left = ledger.store.count_jobs(&left).await.unwrap();
        let at = |share: f64| super::millis(waited[((OTHERS - 1) as f64 * share) as usize]);
        println!(
            "fairness, {seats} seats a user: first jobs of {OTHERS} others start after p50 {:.0} ms, p99 {:.0} ms, max {:.0} ms; \
             {left} of the other's {MANY} still wait",
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
