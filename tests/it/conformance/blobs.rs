//! Uploads.

use crate::bench::{Bench, at_once};

on_every_store![
    bytes_are_read_as_they_were_stored,
    ten_megabytes_are_read_as_they_were_stored,
    an_unknown_blob_is_none,
    the_bytes_stored_last_are_read,
    a_deleted_blob_is_gone_and_its_id_can_be_used_again,
    deleting_what_is_not_there_does_nothing,
    blobs_do_not_touch_each_other,
    concurrent_stores_of_the_same_bytes_leave_them_whole,
];

fn noise(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

async fn bytes_are_read_as_they_were_stored(bench: &Bench) {
    // Around the size in which GridFS cuts.
    for length in [0, 1, 255 * 1024 - 1, 255 * 1024, 255 * 1024 + 1] {
        let (id, bytes) = (bench.id(), noise(length, 1));
        bench.store.put_blob(id, bytes.clone()).await.unwrap();
        assert!(bench.store.blob(id).await.unwrap() == Some(bytes), "{length} bytes");
    }
}

async fn ten_megabytes_are_read_as_they_were_stored(bench: &Bench) {
    let (id, bytes) = (bench.id(), noise(10 << 20, 2));
    bench.store.put_blob(id, bytes.clone()).await.unwrap();
    assert!(bench.store.blob(id).await.unwrap() == Some(bytes));
}

async fn an_unknown_blob_is_none(bench: &Bench) {
    assert_eq!(bench.store.blob(bench.id()).await.unwrap(), None);
}

async fn the_bytes_stored_last_are_read(bench: &Bench) {
    let id = bench.id();
    for (length, seed) in [(600_000, 3), (600_000, 4), (10, 5), (0, 6), (700_000, 7), (700_000, 7)] {
        let bytes = noise(length, seed);
        bench.store.put_blob(id, bytes.clone()).await.unwrap();
        assert!(bench.store.blob(id).await.unwrap() == Some(bytes), "{length} bytes");
    }
}

async fn a_deleted_blob_is_gone_and_its_id_can_be_used_again(bench: &Bench) {
    let id = bench.id();
    for seed in [8, 9] {
        let bytes = noise(600_000, seed);
        bench.store.put_blob(id, bytes.clone()).await.unwrap();
        assert!(bench.store.blob(id).await.unwrap() == Some(bytes));
        bench.store.delete_blob(id).await.unwrap();
        assert_eq!(bench.store.blob(id).await.unwrap(), None);
    }
}

async fn deleting_what_is_not_there_does_nothing(bench: &Bench) {
    let id = bench.id();
    bench.store.delete_blob(id).await.unwrap();
    bench.store.delete_blob(id).await.unwrap();
}

async fn blobs_do_not_touch_each_other(bench: &Bench) {
    let (one, other) = (bench.id(), bench.id());
    bench.store.put_blob(one, b"one".to_vec()).await.unwrap();
    bench.store.put_blob(other, b"other".to_vec()).await.unwrap();
    bench.store.delete_blob(one).await.unwrap();
    assert_eq!(bench.store.blob(other).await.unwrap(), Some(b"other".to_vec()));
}

async fn concurrent_stores_of_the_same_bytes_leave_them_whole(bench: &Bench) {
    let (id, bytes) = (bench.id(), noise(1 << 20, 10));
    at_once(8, |_| {
        let (store, bytes) = (bench.store.clone(), bytes.clone());
        async move { store.put_blob(id, bytes).await.unwrap() }
    })
    .await;
    assert!(bench.store.blob(id).await.unwrap() == Some(bytes));
}
