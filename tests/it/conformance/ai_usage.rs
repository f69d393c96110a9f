//! What calls to the provider used, by user and day.

use std::collections::BTreeMap;

use shared::domain::{Cost, Day, DayUsage, Id, ProviderCall, Usage};

use crate::bench::{Bench, at_once};

on_every_store![
    calls_add_up_by_user_and_day,
    a_call_that_is_counted_again_is_counted_once,
    forty_calls_at_once_are_all_counted,
    costs_add_up_to_the_last_billionth_in_each_currency,
];

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn call(key: &str, user_id: Id, on: &str, nanos: Option<i64>) -> ProviderCall {
    let cost = nanos.map(|nanos| Cost::from_nanos(nanos, "CNY"));
    let usage = Usage { prompt_tokens: 1000, completion_tokens: 30, cached_tokens: 700, cost };
    ProviderCall { key: key.to_owned(), user_id, day: day(on), usage }
}

fn used(on: &str, calls: u64, costs: &[(&str, i64)]) -> DayUsage {
    let costs: BTreeMap<String, i64> =
        costs.iter().map(|(currency, nanos)| ((*currency).to_owned(), *nanos)).collect();
    DayUsage {
        day: day(on),
        calls,
        prompt_tokens: 1000 * calls,
        completion_tokens: 30 * calls,
        cached_tokens: 700 * calls,
        costs,
    }
}

async fn between(bench: &Bench, user: Id, first: &str, last: &str) -> Vec<DayUsage> {
    bench.store.ai_usage(user, day(first), day(last)).await.unwrap()
}

async fn calls_add_up_by_user_and_day(bench: &Bench) {
    let (ada, bob) = (bench.id(), bench.id());
    for (key, user, on) in [
        ("a", ada, "2026-11-22"),
        ("b", ada, "2026-11-21"),
        ("c", ada, "2026-11-22"),
        ("d", ada, "2026-11-30"),
        ("e", bob, "2026-11-22"),
    ] {
        bench.store.count_call(&call(key, user, on, Some(7))).await.unwrap();
    }
    let (one, two) = (&[("CNY", 7)], &[("CNY", 14)]);
    assert_eq!(
        between(bench, ada, "2026-11-01", "2026-11-29").await,
        [used("2026-11-21", 1, one), used("2026-11-22", 2, two)]
    );
    assert_eq!(between(bench, ada, "2026-11-30", "2026-11-30").await, [used("2026-11-30", 1, one)]);
    assert_eq!(between(bench, ada, "2026-12-01", "2026-12-31").await, []);
    assert_eq!(between(bench, bob, "2026-11-22", "2026-11-22").await, [used("2026-11-22", 1, one)]);
}

async fn a_call_that_is_counted_again_is_counted_once(bench: &Bench) {
    let user = bench.id();
    for key in ["job-1-0", "job-1-1", "job-1-0", "job-1-1", "job-2-0", "job-1-1"] {
        bench.store.count_call(&call(key, user, "2026-11-22", Some(20))).await.unwrap();
    }
    let counted = between(bench, user, "2026-11-22", "2026-11-22").await;
    assert_eq!(counted, [used("2026-11-22", 3, &[("CNY", 60)])]);
    let again: Vec<_> = at_once(10, |_| {
        let (store, call) = (bench.store.clone(), call("job-3-0", user, "2026-11-22", Some(20)));
        async move { store.count_call(&call).await.unwrap() }
    })
    .await;
    assert_eq!(again.len(), 10);
    let counted = between(bench, user, "2026-11-22", "2026-11-22").await;
    assert_eq!(counted, [used("2026-11-22", 4, &[("CNY", 80)])]);
}

async fn forty_calls_at_once_are_all_counted(bench: &Bench) {
    let user = bench.id();
    at_once(40, |number| {
        let (store, call) = (bench.store.clone(), call(&format!("job-{number}"), user, "2026-11-22", None));
        async move { store.count_call(&call).await.unwrap() }
    })
    .await;
    assert_eq!(between(bench, user, "2026-11-22", "2026-11-22").await, [used("2026-11-22", 40, &[])]);
}

async fn costs_add_up_to_the_last_billionth_in_each_currency(bench: &Bench) {
    let user = bench.id();
    for number in 0..200 {
        bench.store.count_call(&call(&number.to_string(), user, "2026-11-22", Some(1))).await.unwrap();
    }
    let mut dollars = call("dollars", user, "2026-11-22", None);
    dollars.usage.cost = Some(Cost { amount: 12.5, currency: "USD".to_owned() });
    bench.store.count_call(&dollars).await.unwrap();
    bench.store.count_call(&call("free", user, "2026-11-22", None)).await.unwrap();
    let counted = between(bench, user, "2026-11-22", "2026-11-22").await;
    assert_eq!(counted, [used("2026-11-22", 202, &[("CNY", 200), ("USD", 12_500_000_000)])]);
    assert_eq!(counted[0].cost("CNY").amount, 0.000_000_2);
    assert_eq!(counted[0].cost("EUR").amount, 0.0);
}
