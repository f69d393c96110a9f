//! Users with a large backlog, and others who come with one job each.

use harness::{App, AppOptions, Mongod, RedisServer};
use shared::{
    domain::{Id, JobStatus},
    jobs::noop::Noop,
    store::JobFilter,
};

/// Jobs of those who have many, all together.
const MANY: usize = 10_000;
/// What each job does: it holds its slot.
const HOLD: Noop = Noop { hold_ms: 200 };
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
        super::enqueue(&ledger, &many, MANY, &HOLD).await;
        let mut waited = Vec::with_capacity(OTHERS);
        for _ in 0..OTHERS {
            let (id, user) = (ledger.clock.job_id(), ledger.clock.id());
            ledger.enqueue(id, Some(user), &HOLD, None).await.unwrap();
            super::until_finished(&ledger, id).await;
            let job = ledger.store.job(id).await.unwrap().unwrap();
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
