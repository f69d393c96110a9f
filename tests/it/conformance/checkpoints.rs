//! Saved pieces of jobs' work.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use shared::store::CheckpointHead;

use crate::bench::{Bench, at_once};

on_every_store![
    what_was_saved_is_shown_by_name_with_what_is_small_enough,
    any_json_is_read_as_it_was_saved,
    any_name_is_read_as_it_was_given,
    a_piece_saved_again_replaces_the_first,
    two_megabytes_are_read_as_they_were_saved,
    a_job_without_saved_work_has_none,
    jobs_do_not_see_each_others_work,
    deleting_removes_all_of_one_jobs_work,
    concurrent_saves_keep_every_piece,
];

async fn any_json_is_read_as_it_was_saved(bench: &Bench) {
    let values = json!({
        "null": null,
        "bool": true,
        "text": "ü 💡 \u{0}\u{1}\u{7f}\u{2028}\\u0000 \"quoted\" 'single' \r\n\t",
        "empty": ["", [], {}, [[]], [{}]],
        "numbers": [0, -1, 1.5, -0.1, 1e300, 5e-324, 1.0, 0.1, i64::MIN, i64::MAX, u64::MAX],
        "keys": { "": 1, "$set": 2, "a.b": 3, "$date": { "$numberLong": "5" }, "nul\u{0}key": 4, "ü💡": 5, "_id": 6 },
        "$oid": "64b0c0ffee64b0c0ffee64b0",
        "deep": (0..90).fold(json!("bottom"), |inner, _| json!([inner])),
    });
    let id = bench.job_id();
    bench.store.put_checkpoint(id, "all", &values).await.unwrap();
    let mut wanted = BTreeMap::from([("all".to_owned(), values.clone())]);
    for (name, value) in values.as_object().unwrap() {
        let name = format!("one {}", name.replace('$', ""));
        bench.store.put_checkpoint(id, &name, value).await.unwrap();
        wanted.insert(name, value.clone());
    }
    assert_eq!(bench.store.checkpoints(id).await.unwrap(), wanted);
}

async fn any_name_is_read_as_it_was_given(bench: &Bench) {
    let id = bench.job_id();
    let names =
        ["", "batch/1", "batch/2", "/", "a.b", "$set", "ü 💡", "%", "_", "O'Neil", "0", "~", "\u{10FFFF}"];
    for name in names {
        bench.store.put_checkpoint(id, name, &json!({ "name": name })).await.unwrap();
    }
    let wanted: BTreeMap<String, Value> =
        names.iter().map(|name| ((*name).to_owned(), json!({ "name": name }))).collect();
    assert_eq!(bench.store.checkpoints(id).await.unwrap(), wanted);
    bench.store.delete_checkpoints(id).await.unwrap();
    assert_eq!(bench.store.checkpoints(id).await.unwrap(), BTreeMap::new());
}

async fn a_piece_saved_again_replaces_the_first(bench: &Bench) {
    let id = bench.job_id();
    for value in [json!({ "a": 1, "b": 2 }), json!({ "c": 3 }), json!(null)] {
        bench.store.put_checkpoint(id, "batch", &value).await.unwrap();
        let wanted = BTreeMap::from([("batch".to_owned(), value)]);
        assert_eq!(bench.store.checkpoints(id).await.unwrap(), wanted);
    }
}

async fn two_megabytes_are_read_as_they_were_saved(bench: &Bench) {
    let id = bench.job_id();
    let value = json!({ "text": "ü\u{0}$.".repeat(400_000), "list": (0..10_000).collect::<Vec<u32>>() });
    assert!(value.to_string().len() > 2_000_000);
    for name in ["1", "2", "3"] {
        bench.store.put_checkpoint(id, name, &value).await.unwrap();
    }
    let saved = bench.store.checkpoints(id).await.unwrap();
    assert_eq!(saved.len(), 3);
    assert!(saved.values().all(|saved| *saved == value));
}

async fn a_job_without_saved_work_has_none(bench: &Bench) {
    let id = bench.job_id();
    assert_eq!(bench.store.checkpoints(id).await.unwrap(), BTreeMap::new());
    bench.store.delete_checkpoints(id).await.unwrap();
}

async fn jobs_do_not_see_each_others_work(bench: &Bench) {
    let ids = [bench.job_id(), bench.job_id(), bench.job_id()];
    for (number, id) in ids.iter().enumerate() {
        bench.store.put_checkpoint(*id, "batch", &json!(number)).await.unwrap();
    }
    for (number, id) in ids.iter().enumerate() {
        let wanted = BTreeMap::from([("batch".to_owned(), json!(number))]);
        assert_eq!(bench.store.checkpoints(*id).await.unwrap(), wanted);
    }
}

async fn deleting_removes_all_of_one_jobs_work(bench: &Bench) {
    let (id, other) = (bench.job_id(), bench.job_id());
    for name in ["1", "2"] {
        bench.store.put_checkpoint(id, name, &json!(name)).await.unwrap();
        bench.store.put_checkpoint(other, name, &json!(name)).await.unwrap();
    }
    bench.store.delete_checkpoints(id).await.unwrap();
    assert_eq!(bench.store.checkpoints(id).await.unwrap(), BTreeMap::new());
    assert_eq!(bench.store.checkpoints(other).await.unwrap().len(), 2);
    bench.store.put_checkpoint(id, "1", &json!("again")).await.unwrap();
    assert_eq!(bench.store.checkpoints(id).await.unwrap().len(), 1);
}

async fn concurrent_saves_keep_every_piece(bench: &Bench) {
    let id = bench.job_id();
    at_once(20, |number| {
        let store = bench.store.clone();
        async move {
            store.put_checkpoint(id, &format!("batch {number}"), &json!(number)).await.unwrap();
            store.put_checkpoint(id, "last", &json!(number)).await.unwrap();
        }
    })
    .await;
    assert_eq!(bench.store.checkpoints(id).await.unwrap().len(), 21);
}

async fn what_was_saved_is_shown_by_name_with_what_is_small_enough(bench: &Bench) {
    let (id, other) = (bench.job_id(), bench.job_id());
    assert_eq!(bench.store.checkpoint_heads(id, 100).await.unwrap(), vec![]);
    let large = json!("ü".repeat(1_000_000));
    let just = json!("x".repeat(98));
    for (name, value) in [("document", &large), ("batch-2", &json!({ "$ü": [1, null] })), ("batch-10", &just)]
    {
        bench.store.put_checkpoint(id, name, value).await.unwrap();
    }
    bench.store.put_checkpoint(other, "batch-1", &json!(1)).await.unwrap();
    let head = |name: &str, bytes, value| CheckpointHead { name: name.to_owned(), bytes, value };
    let wanted = vec![
        head("batch-10", 100, Some(just)),
        head("batch-2", 16, Some(json!({ "$ü": [1, null] }))),
        head("document", 2_000_002, None),
    ];
    assert_eq!(bench.store.checkpoint_heads(id, 100).await.unwrap(), wanted);
    assert_eq!(bench.store.checkpoint_heads(id, 99).await.unwrap()[0].value, None);
}
