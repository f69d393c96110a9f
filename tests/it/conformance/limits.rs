//! Limits count alike within a process and in Redis.

use std::time::Duration;

use harness::{Proxy, RedisServer};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use shared::{
    domain::{Quota, Timestamp},
    limits::{Limits, LocalLimits, RedisLimits},
};

const START: Timestamp = Timestamp(1_800_000_000_000);
const SECOND: Duration = Duration::from_secs(1);

fn quota(requests: u32, seconds: u64) -> Quota {
    Quota { requests, window: Duration::from_secs(seconds) }
}

fn ask(key: &str, quota: Quota) -> (String, Quota) {
    (key.to_owned(), quota)
}

fn shared(url: &str, prefix: &str) -> Limits {
    Limits::Redis(RedisLimits::new(url, prefix).unwrap())
}

async fn allowed(limits: &Limits, key: &str, quota: Quota, now: Timestamp) -> bool {
    limits.take(&[ask(key, quota)], now).await[0].allowed
}

#[tokio::test]
async fn both_give_the_same_answers_to_the_same_requests() {
    let redis = RedisServer::shared().await.database_url();
    let (local, shared) = (Limits::Local(LocalLimits::default()), shared(&redis, "same"));
    let quotas = [quota(1, 1), quota(3, 10), quota(7, 60), quota(600, 60)];
    let mut random = StdRng::seed_from_u64(7);
    let (mut now, mut refused) = (START, 0);
    for _ in 0..400 {
        now = now + Duration::from_millis(random.random_range(0..3000));
        let first = random.random_range(0..quotas.len());
        let asks: Vec<_> = (first..quotas.len())
            .map(|number| ask(&format!("{number}:{}", random.random_range(0..2)), quotas[number]))
            .collect();
        let said = local.take(&asks, now).await;
        assert_eq!(shared.take(&asks, now).await, said);
        refused += said.iter().filter(|standing| !standing.allowed).count();
    }
    assert!(refused > 50, "{refused} were refused");
}

#[tokio::test]
async fn callers_and_limits_are_counted_apart() {
    let redis = RedisServer::shared().await.database_url();
    for limits in [Limits::Local(LocalLimits::default()), shared(&redis, "apart")] {
        let one = quota(1, 60);
        assert!(allowed(&limits, "logins:ada", one, START).await);
        assert!(!allowed(&limits, "logins:ada", one, START).await);
        assert!(allowed(&limits, "logins:bob", one, START).await);
        assert!(allowed(&limits, "mails:ada", one, START).await);
        assert!(allowed(&limits, "logins:ada", one, START + 60 * SECOND).await);
    }
}

#[tokio::test]
async fn replicas_count_together() {
    let redis = RedisServer::shared().await.database_url();
    let (one, other, stranger) =
        (shared(&redis, "together"), shared(&redis, "together"), shared(&redis, "stranger"));
    let two = quota(2, 60);
    assert!(allowed(&one, "ada", two, START).await);
    assert!(allowed(&other, "ada", two, START).await);
    assert!(!allowed(&one, "ada", two, START).await);
    assert!(allowed(&stranger, "ada", two, START).await);
}

#[tokio::test]
async fn at_once_no_more_are_allowed_than_one_by_one() {
    let redis = RedisServer::shared().await.database_url();
    for limits in [Limits::Local(LocalLimits::default()), shared(&redis, "at-once")] {
        let asked = crate::bench::at_once(40, |_| {
            let limits = limits.clone();
            async move { allowed(&limits, "ada", quota(10, 60), START).await }
        });
        assert_eq!(asked.await.into_iter().filter(|allowed| *allowed).count(), 10);
    }
}

#[tokio::test]
async fn while_redis_is_away_each_counts_by_itself() {
    let redis = RedisServer::shared().await.database_url();
    let proxy = Proxy::start(redis.as_str()).await;
    let (limits, direct) = (shared(&proxy.url_for(&redis), "away"), shared(&redis, "away"));
    let two = quota(2, 24 * 3600);
    assert!(allowed(&limits, "ada", two, START).await);
    proxy.cut().await;
    for wanted in [true, true, false] {
        assert_eq!(allowed(&limits, "ada", two, START).await, wanted);
    }
    proxy.heal().await;
    // After a pause it is asked again: then what was used here is used up there.
    let mut now = START;
    let back = async {
        for probe in 0.. {
            now = now + 3 * SECOND;
            let probe = format!("probe-{probe}");
            assert!(allowed(&limits, &probe, quota(1, 3600), now).await);
            if !allowed(&direct, &probe, quota(1, 3600), now).await {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    crate::bench::soon(back).await;
    // And it remembers what it knew.
    assert!(allowed(&limits, "ada", two, now).await);
    assert!(!allowed(&limits, "ada", two, now).await);
}
