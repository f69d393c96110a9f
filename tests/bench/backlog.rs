//! A backlog of jobs that do nothing, drained by two workers.

use std::time::{Duration, Instant};

use harness::{App, AppOptions, Mongod, RedisServer};
use shared::{
    domain::Id,
    jobs::{Ledger, noop::Noop},
};

/// Users that the backlog belongs to, unless `BACKLOG_USERS` says otherwise; 0 for nobody.
const USERS: usize = 100;
/// Jobs of a user that may run at once, unless `SEATS` says otherwise; 0 for any number.
const SEATS: usize = 3;
/// How often each side of a comparison is measured, unless `ROUNDS` says otherwise.
const ROUNDS: usize = 7;
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

/// What seats cost: backlogs drained with them and without, by turns, and the medians of the rates.
pub async fn seats() {
    let size = super::setting("BACKLOG", 20_000);
    let rounds = super::setting("ROUNDS", ROUNDS);
    let mut rates = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        // Whoever comes second is not always the same.
        for turn in 0..2 {
            let side = (round + turn) % 2;
            let (mongod, redis) = (Mongod::start().await, RedisServer::start().await);
            let (mut app, ledger) = app(&mongod, &redis, [SEATS, 0][side]).await;
            fill(&ledger, size).await;
            rates[side].push(median(&drain(&mut app, &ledger, size).await));
        }
    }
    let [with, without] = rates.map(|rates| median(&rates));
    println!(
        "seats: {with:.0} jobs/s with {SEATS} a user, {without:.0} without, {:.1} % less; medians of {rounds}",
        100.0 * (1.0 - with / without)
    );
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
