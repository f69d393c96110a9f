//! A backlog of jobs that do nothing, drained by two workers.

use std::time::{Duration, Instant};

use harness::{App, AppOptions, Mongod, RedisServer};
use shared::{
    domain::Id,
    jobs::{JobKind, Ledger, noop::Noop},
};

/// Users that the backlog belongs to, unless `BACKLOG_USERS` says otherwise; 0 for nobody.
const USERS: usize = 100;
/// Jobs of a user that may run at once, unless `SEATS` says otherwise; 0 for any number.
const SEATS: usize = 3;
/// Spells of each side of a comparison, unless `SPELLS` says otherwise.
const SPELLS: usize = 20;
/// How long a spell is measured.
const SPELL: Duration = Duration::from_secs(4);
/// Jobs that new workers take before they are measured.
const WARM_UP: usize = 500;
/// Between two looks at what is left.
const LOOK: Duration = Duration::from_secs(5);

/// Drains one and prints how fast, and what it took of memory.
pub async fn backlog() {
    let size = super::setting("BACKLOG", super::BACKLOG);
    let (mongod, redis) = (Mongod::start().await, RedisServer::start().await);
    let (mut app, ledger) = app(&mongod, &redis, super::setting("SEATS", SEATS)).await;
    let memory_before = super::redis_memory(&redis).await;
    let started = Instant::now();
    fill(&ledger, size).await;
    println!("backlog enqueued {size} jobs at {:.0} jobs/s", size as f64 / started.elapsed().as_secs_f64());
    println!(
        "backlog redis memory: {memory_before} KiB before, {} KiB full",
        super::redis_memory(&redis).await
    );
    let started = Instant::now();
    let rates = drain(&mut app, &ledger, size).await;
    println!("backlog drained at {:.0} jobs/s", size as f64 / started.elapsed().as_secs_f64());
    let rates: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
    println!("backlog jobs/s in each 5 s: {}", rates.join(" "));
    println!("backlog redis memory: {} KiB after", super::redis_memory(&redis).await);
    for (number, worker) in app.workers.iter().enumerate() {
        println!("backlog worker {number} peak RSS {} KiB", worker.peak_rss_kb());
    }
}

/// What seats cost: spells of one drain with them and without, by turns, and the medians of the rates.
pub async fn seats() {
    let spells = super::setting("SPELLS", SPELLS);
    let (mongod, redis) = (Mongod::start().await, RedisServer::start().await);
    let (with, ledger) = app(&mongod, &redis, SEATS).await;
    let options = AppOptions::new().worker_env("JOBS_PER_USER", 0).over(&with);
    let without = App::production_with(&mongod, &redis, 0, options).await;
    fill(&ledger, super::setting("BACKLOG", 2 * super::BACKLOG)).await;
    let mut sides = [(with, Vec::new()), (without, Vec::new())];
    for number in 0..2 * spells {
        // Whoever comes first is not always the same.
        let (app, rates) = &mut sides[[0, 1, 1, 0][number % 4]];
        rates.push(spell(app, &ledger).await);
    }
    let [with, without] = sides.map(|(_, rates)| median(&rates));
    println!(
        "seats: {with:.0} jobs/s with {SEATS} a user, {without:.0} without, {:.1} % less; medians of {spells} spells each",
        100.0 * (1.0 - with / without)
    );
}

/// How fast two new workers are at what waits, once they are at it.
async fn spell(app: &mut App, ledger: &Ledger) -> f64 {
    let waiting = async || ledger.queue.len(Noop::KIND).await.unwrap();
    let all = waiting().await;
    app.add_worker();
    app.add_worker();
    let mut looks = tokio::time::interval(Duration::from_millis(50));
    while waiting().await + WARM_UP > all {
        looks.tick().await;
    }
    let (left, started) = (waiting().await, Instant::now());
    tokio::time::sleep(SPELL).await;
    let (left_then, took) = (waiting().await, started.elapsed());
    assert!(left_then > 0, "a longer BACKLOG is needed");
    for worker in app.workers.drain(..) {
        worker.terminate().await;
    }
    (left - left_then) as f64 / took.as_secs_f64()
}

async fn app(mongod: &Mongod, redis: &RedisServer, seats: usize) -> (App, Ledger) {
    let options = AppOptions::new().worker_env("JOBS_PER_USER", seats);
    let app = App::production_with(mongod, redis, 0, options).await;
    let ledger = super::ledger(&app).await;
    (app, ledger)
}

/// As many jobs of some users in turn.
async fn fill(ledger: &Ledger, size: usize) {
    let users: Vec<Id> = (0..super::setting("BACKLOG_USERS", USERS)).map(|_| ledger.clock.id()).collect();
    super::enqueue(ledger, &users, size, &Noop::default()).await;
}

/// Two workers take all of it; the rate between any two looks, in jobs a second.
async fn drain(app: &mut App, ledger: &Ledger, size: usize) -> Vec<f64> {
    app.add_worker();
    app.add_worker();
    let mut rates = Vec::new();
    let (mut left, mut looked) = (size, Instant::now());
    let mut looks = tokio::time::interval(LOOK);
    looks.tick().await;
    while left > 0 {
        looks.tick().await;
        let now_left = super::waiting(ledger).await;
        if now_left > 0 {
            rates.push((left - now_left) as f64 / looked.elapsed().as_secs_f64());
        }
        (left, looked) = (now_left, Instant::now());
    }
    rates
}

fn median(rates: &[f64]) -> f64 {
    let mut rates = rates.to_vec();
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
