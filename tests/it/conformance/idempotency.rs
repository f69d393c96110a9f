//! Idempotency keys.

use std::time::Duration;

use shared::store::{Idempotency, KEPT_FOR, KeptResponse};

use crate::bench::{Bench, at_once};

on_every_store![
    the_first_use_of_a_key_is_fresh,
    a_key_whose_request_runs_is_running,
    a_finished_request_is_replayed,
    a_key_of_another_request_is_a_mismatch,
    a_request_that_never_finished_is_taken_over_once_stale,
    a_stale_request_is_taken_over_by_one_of_many,
    a_renewed_request_is_not_stale,
    a_forgotten_key_is_fresh,
    a_kept_response_is_not_forgotten,
    a_key_is_fresh_after_a_day,
    keys_are_told_apart,
    one_of_twenty_concurrent_uses_is_fresh,
];

const MINUTE: Duration = Duration::from_secs(60);
const MILLISECOND: Duration = Duration::from_millis(1);

fn response() -> KeptResponse {
    KeptResponse {
        status: 201,
        headers: vec![
            ("location".to_owned(), "/quiz/1".to_owned()),
            ("x-twice".to_owned(), "1".to_owned()),
            ("x-twice".to_owned(), "2".to_owned()),
        ],
        body: "{\"$id\":\"ü 💡\\u0000\"}".to_owned(),
    }
}

async fn begin(bench: &Bench, key: &str, fingerprint: &str) -> Idempotency {
    let now = bench.now();
    bench.store.begin_idempotent(key, fingerprint, now, now - MINUTE).await.unwrap()
}

async fn the_first_use_of_a_key_is_fresh(bench: &Bench) {
    assert_eq!(begin(bench, "user:/quiz:key", "print").await, Idempotency::Fresh);
}

async fn a_key_whose_request_runs_is_running(bench: &Bench) {
    begin(bench, "key", "print").await;
    assert_eq!(begin(bench, "key", "print").await, Idempotency::Running);
    bench.clock.advance(MINUTE);
    assert_eq!(begin(bench, "key", "print").await, Idempotency::Running);
}

async fn a_renewed_request_is_not_stale(bench: &Bench) {
    begin(bench, "key", "print").await;
    bench.clock.advance(MINUTE + MILLISECOND);
    bench.store.renew_key("key", bench.now()).await.unwrap();
    assert_eq!(begin(bench, "key", "print").await, Idempotency::Running);
    bench.store.keep_response("key", &response()).await.unwrap();
    bench.clock.advance(MINUTE);
    bench.store.renew_key("key", bench.now()).await.unwrap();
    assert_eq!(begin(bench, "key", "print").await, Idempotency::Replay(response()));
}

async fn a_finished_request_is_replayed(bench: &Bench) {
    let bare = KeptResponse { status: 204, headers: vec![], body: String::new() };
    for (key, kept) in [("key", response()), ("bare", bare)] {
        begin(bench, key, "print").await;
        bench.store.keep_response(key, &kept).await.unwrap();
        assert_eq!(begin(bench, key, "print").await, Idempotency::Replay(kept.clone()));
        bench.clock.advance(2 * MINUTE);
        assert_eq!(begin(bench, key, "print").await, Idempotency::Replay(kept));
    }
}

async fn a_key_of_another_request_is_a_mismatch(bench: &Bench) {
    begin(bench, "key", "print").await;
    assert_eq!(begin(bench, "key", "other").await, Idempotency::Mismatch);
    bench.clock.advance(2 * MINUTE);
    assert_eq!(begin(bench, "key", "other").await, Idempotency::Mismatch, "even of one that is stale");
    bench.store.keep_response("key", &response()).await.unwrap();
    assert_eq!(begin(bench, "key", "other").await, Idempotency::Mismatch);
    assert_eq!(begin(bench, "key", "print").await, Idempotency::Replay(response()));
}

async fn a_request_that_never_finished_is_taken_over_once_stale(bench: &Bench) {
    begin(bench, "key", "print").await;
    bench.clock.advance(MINUTE + MILLISECOND);
    assert_eq!(begin(bench, "key", "print").await, Idempotency::Fresh);
    assert_eq!(begin(bench, "key", "print").await, Idempotency::Running, "the second request has its time");
    bench.clock.advance(MINUTE + MILLISECOND);
    assert_eq!(begin(bench, "key", "print").await, Idempotency::Fresh);
}

async fn a_stale_request_is_taken_over_by_one_of_many(bench: &Bench) {
    begin(bench, "key", "print").await;
    bench.clock.advance(MINUTE + MILLISECOND);
    assert_eq!(fresh_of_twenty(bench).await, 1);
}

async fn a_forgotten_key_is_fresh(bench: &Bench) {
    begin(bench, "key", "print").await;
    bench.store.forget_key("key").await.unwrap();
    assert_eq!(begin(bench, "key", "other").await, Idempotency::Fresh);
    bench.store.forget_key("never used").await.unwrap();
}

async fn a_kept_response_is_not_forgotten(bench: &Bench) {
    begin(bench, "key", "print").await;
    bench.store.keep_response("key", &response()).await.unwrap();
    bench.store.forget_key("key").await.unwrap();
    assert_eq!(begin(bench, "key", "print").await, Idempotency::Replay(response()));
}

async fn a_key_is_fresh_after_a_day(bench: &Bench) {
    begin(bench, "kept", "print").await;
    begin(bench, "running", "print").await;
    bench.store.keep_response("kept", &response()).await.unwrap();
    bench.clock.advance(KEPT_FOR);
    assert_eq!(begin(bench, "kept", "print").await, Idempotency::Replay(response()));
    bench.clock.advance(MILLISECOND);
    assert_eq!(begin(bench, "kept", "other").await, Idempotency::Fresh);
    assert_eq!(begin(bench, "running", "other").await, Idempotency::Fresh);
    assert_eq!(begin(bench, "kept", "other").await, Idempotency::Running, "the old response is gone");
}

async fn keys_are_told_apart(bench: &Bench) {
    for key in ["key", "KEY", "key ", "%", "_ey", "$key", "a.b", "ü"] {
        assert_eq!(begin(bench, key, "print").await, Idempotency::Fresh, "{key:?}");
    }
    bench.store.keep_response("key", &response()).await.unwrap();
    assert_eq!(begin(bench, "KEY", "print").await, Idempotency::Running);
}

async fn one_of_twenty_concurrent_uses_is_fresh(bench: &Bench) {
    assert_eq!(fresh_of_twenty(bench).await, 1);
}

async fn fresh_of_twenty(bench: &Bench) -> usize {
    let now = bench.now();
    let outcomes = at_once(20, |_| {
        let store = bench.store.clone();
        async move { store.begin_idempotent("key", "print", now, now - MINUTE).await.unwrap() }
    })
    .await;
    assert!(
        outcomes.iter().all(|it| matches!(it, Idempotency::Fresh | Idempotency::Running)),
        "{outcomes:?}"
    );
    outcomes.into_iter().filter(|outcome| *outcome == Idempotency::Fresh).count()
}
