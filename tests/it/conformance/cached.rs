//! Kept work: what one account did all others find, nobody does it at the same time, and an erasure forgets it.

use std::{sync::Arc, time::Duration};

use harness::{Proxy, RedisServer};
use shared::{cache::Cache, clock::Clock, permits::Permits, store::Store};
use tokio::sync::{Semaphore, oneshot};

use crate::bench::{Bench, at_once, soon};

on_every_store![
    what_is_kept_is_found_by_all,
    what_was_not_used_for_long_goes,
    an_erasure_forgets_what_an_account_used,
    drafts_are_not_taken_for_the_work,
    one_leads_at_a_time,
    a_lead_ends_with_whoever_had_it,
];

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Two caches as two processes have them: over Redis where the store is MongoDB, else the same one twice.
async fn caches(bench: &Bench) -> [Cache; 2] {
    let local = || Cache::local(bench.store.clone(), bench.clock.clone());
    match matches!(bench.store, Store::Sqlite(_)) {
        true => {
            let cache = local();
            [cache.clone(), cache]
        }
        false => {
            let redis = RedisServer::shared().await.database_url();
            let prefix = bench.id().to_string();
            let shared = || Cache::redis(bench.store.clone(), bench.clock.clone(), &redis, &prefix).unwrap();
            [shared(), shared()]
        }
    }
}

async fn what_is_kept_is_found_by_all(bench: &Bench) {
    let [one, other] = caches(bench).await;
    let (ada, bob) = (bench.id(), bench.id());
    assert_eq!(one.get("text-1", Some(ada)).await.unwrap(), None);
    one.put("text-1", "words $ . \0".to_owned(), Some(ada)).await.unwrap();
    for (cache, user) in [(&one, Some(ada)), (&other, Some(bob)), (&other, None)] {
        assert_eq!(cache.get("text-1", user).await.unwrap().as_deref(), Some("words $ . \0"));
    }
    assert_eq!(other.get("text-2", Some(bob)).await.unwrap(), None);
    let fresh = Cache::local(bench.store.clone(), bench.clock.clone());
    assert_eq!(fresh.get("text-1", None).await.unwrap().as_deref(), Some("words $ . \0"), "the store has it");
}

async fn what_was_not_used_for_long_goes(bench: &Bench) {
    let [cache, _] = caches(bench).await;
    for key in ["old", "used", "new"] {
        cache.put(key, key.to_owned(), None).await.unwrap();
        bench.clock.advance(DAY);
    }
    cache.get("old", None).await.unwrap();
    let now = bench.now();
    assert_eq!(bench.store.remove_cached(now - 2 * DAY + Duration::from_secs(1), 10).await.unwrap(), 1);
    assert_eq!(cache.get("used", None).await.unwrap(), None, "nobody used it since");
    for key in ["old", "new"] {
        assert_eq!(cache.get(key, None).await.unwrap().as_deref(), Some(key));
    }
    bench.clock.advance(DAY);
    assert_eq!(bench.store.remove_cached(bench.now(), 1).await.unwrap(), 1, "no more than asked for");
    assert_eq!(bench.store.remove_cached(bench.now(), 10).await.unwrap(), 1);
}

async fn an_erasure_forgets_what_an_account_used(bench: &Bench) {
    let [one, other] = caches(bench).await;
    let (ada, bob) = (bench.id(), bench.id());
    one.put("both", "x".to_owned(), Some(ada)).await.unwrap();
    other.get("both", Some(bob)).await.unwrap();
    one.put("bobs", "y".to_owned(), Some(bob)).await.unwrap();
    let mut keys = bench.store.cached_keys(bob).await.unwrap();
    keys.sort();
    assert_eq!(
        (keys, bench.store.cached_keys(ada).await.unwrap()),
        (vec!["bobs".to_owned(), "both".to_owned()], vec!["both".to_owned()])
    );
    one.forget(ada).await.unwrap();
    for source in bench.store.owned_sources() {
        bench.store.erase_owned(source.name, ada).await.unwrap();
    }
    for cache in [&one, &other] {
        assert_eq!(cache.get("both", Some(bob)).await.unwrap(), None);
        assert_eq!(cache.get("bobs", Some(bob)).await.unwrap().as_deref(), Some("y"));
    }
    assert_eq!(bench.store.cached_keys(bob).await.unwrap(), ["bobs"]);
}

async fn drafts_are_not_taken_for_the_work(bench: &Bench) {
    let [one, other] = caches(bench).await;
    assert_eq!(one.draft("key", None).await.unwrap(), None);
    one.put_draft("key", "half", None).await.unwrap();
    assert_eq!(other.draft("key", None).await.unwrap().as_deref(), Some("half"));
    other.put("key", "whole".to_owned(), None).await.unwrap();
    assert_eq!(one.draft("key", None).await.unwrap().as_deref(), Some("whole"));
    assert_eq!(one.get("key", None).await.unwrap().as_deref(), Some("whole"));
}

async fn one_leads_at_a_time(bench: &Bench) {
    let caches = caches(bench).await;
    let work = Arc::new(Semaphore::new(1));
    at_once(20, |number| {
        let (cache, work) = (caches[number % 2].clone(), work.clone());
        async move {
            let _lead = cache.lead("key").await;
            let _alone = work.try_acquire().expect("nobody else is at it");
            tokio::task::yield_now().await;
        }
    })
    .await;
    // Another piece of work is nobody's business.
    let _one = caches[0].lead("one").await;
    let _other = soon(caches[1].lead("other")).await;
}

async fn a_lead_ends_with_whoever_had_it(bench: &Bench) {
    let [one, other] = caches(bench).await;
    let (leads, led) = oneshot::channel();
    let leader = tokio::spawn(async move {
        let _lead = one.lead("key").await;
        leads.send(()).unwrap();
        std::future::pending::<()>().await;
    });
    led.await.unwrap();
    leader.abort();
    let _lead = soon(other.lead("key")).await;
}

#[tokio::test]
async fn without_redis_work_is_shared_within_the_process() {
    let bench = Bench::mongo().await;
    let redis = RedisServer::start().await;
    let proxy = Proxy::start(redis.url()).await;
    let cache = Cache::redis(bench.store.clone(), bench.clock.clone(), &proxy.url(), "away").unwrap();
    proxy.cut().await;
    cache.put("key", "kept".to_owned(), None).await.unwrap();
    assert_eq!(cache.get("key", None).await.unwrap().as_deref(), Some("kept"));
    let lead = soon(cache.lead("key")).await;
    drop(lead);
    let _again = soon(cache.lead("key")).await;
}

#[tokio::test]
async fn no_more_than_the_permitted_calls_are_under_way() {
    let redis = RedisServer::shared().await.database_url();
    let shared = || Permits::redis(3, "model", Clock::System, &redis, "permits").unwrap();
    for processes in [vec![Permits::local(3)], vec![shared(), shared()]] {
        let mut held = Vec::new();
        for number in 0..3 {
            held.push(processes[number % processes.len()].take(Duration::from_secs(5)).await.unwrap());
        }
        for permits in &processes {
            assert!(permits.take(Duration::from_millis(150)).await.is_none());
        }
        held.pop();
        let last = processes.last().unwrap();
        held.push(last.take(Duration::from_secs(5)).await.expect("one was given back"));
        assert!(processes[0].take(Duration::from_millis(150)).await.is_none());
    }
}
