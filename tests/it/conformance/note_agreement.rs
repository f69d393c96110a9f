//! Both stores answer the same calls about notes with the same values; scores aside.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{
    clock::Clock,
    domain::{Id, Note, Query, Timestamp},
    store::{NoteFilter, NoteOrder, NoteSummary, Window},
};

use crate::{
    bench::{Bench, newest},
    notes::change,
};

const CORPUS: &str = include_str!("../../fixtures/notes/corpus.json");

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_stores_answer_the_same_calls_about_notes_with_the_same_values() {
    let start = Clock::System.now();
    let mut tales = Vec::new();
    for bench in [Bench::sqlite().await, Bench::mongo().await] {
        tales.push(tale(&bench, start).await);
    }
    let mongo = tales.pop().unwrap();
    let sqlite = tales.pop().unwrap();
    assert!(sqlite.len() > 100, "the story is told: {} steps", sqlite.len());
    for (ours, theirs) in sqlite.iter().zip(&mongo) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(sqlite.len(), mongo.len());
}

fn summary(item: &NoteSummary) -> Value {
    json!([item.note, item.excerpt])
}

async fn tale(bench: &Bench, start: Timestamp) -> Vec<(String, Value)> {
    let (store, corpus) = (&bench.store, serde_json::from_str::<Value>(CORPUS).unwrap());
    let id = |number: usize| Id::from_parts(start.0.unsigned_abs() + number as u64, [number as u8; 6]);
    let at = |seconds: usize| start + Duration::from_millis(seconds as u64 * 1000 + 7);
    let mut told: Vec<(String, Value)> = Vec::new();
    let mut tell = |step: String, value: Value| told.push((step, value));
    let user = id(200);
    let filter = NoteFilter::of(user);

    for (number, entry) in corpus["notes"].as_array().unwrap().iter().enumerate() {
        let mut values = entry.clone();
        values["category"] = json!(["A", "b", "É"][number % 3]);
        values["metadata"] =
            json!({ "n": number, "half": number as f64 / 2.0, "list": [entry["key"], null] });
        let note = Note::new(id(number), user, change(values), at(number));
        store.insert_note(&note).await.unwrap();
        tell(format!("read {number}"), json!(store.note(user, note.id).await.unwrap()));
    }
    for number in (0..60).step_by(7) {
        let note = store.note(user, id(number)).await.unwrap().unwrap();
        let what = match number % 3 {
            0 => json!({ "title": "Changed", "category": null }),
            1 => json!({ "tags": ["New", "biology"], "metadata": { "category": "C", "x": 1e30 } }),
            _ => json!({ "content": "  New\n\ncontent " }),
        };
        let done =
            store.update_note(user, note.id, note.updated_at, &change(what), at(500 - number)).await.unwrap();
        tell(format!("changed {number}"), json!(done));
        tell(format!("read {number}"), json!(store.note(user, note.id).await.unwrap()));
    }
    for number in [3, 30, 31, 50] {
        let was = store.note(user, id(number)).await.unwrap().unwrap().updated_at;
        tell(
            format!("deleted {number}"),
            json!(store.trash_note(user, id(number), was, at(600 + number % 2)).await.unwrap()),
        );
    }
    tell("restored".into(), json!(store.restore_note(user, id(30), at(700)).await.unwrap()));
    tell("purged".into(), json!(store.purge_note(user, id(3)).await.unwrap()));
    let trash = store.trashed_notes(user, &newest(9)).await.unwrap();
    let trash: Vec<Value> =
        trash.items.iter().map(|item| json!([summary(&item.note), item.deleted_at])).collect();
    tell("trash".into(), json!(trash));
    tell("tags".into(), json!(store.note_tags(user).await.unwrap()));
    tell("categories".into(), json!(store.note_categories(user).await.unwrap()));

    for order in [NoteOrder::Created, NoteOrder::Updated, NoteOrder::Title] {
        for descending in [false, true] {
            let mut window = Window { limit: 25, skip: 0, after: None, descending };
            loop {
                let found = store.notes(&filter, order, &window).await.unwrap();
                let Some(last) = found.items.last() else { break };
                window.after = Some(order.after(&last.note));
                let items: Vec<Value> = found.items.iter().map(summary).collect();
                tell(format!("list by {order:?}"), json!([items, found.total, window.after]));
            }
        }
    }
    for query in corpus["queries"].as_array().unwrap() {
        let text = query["search"].as_str().unwrap();
        let order = Some(NoteOrder::Title);
        let found = store.search_notes(&filter, &Query::parse(text), order, &newest(100)).await.unwrap();
        let items: Vec<Value> =
            found.items.iter().map(|hit| json!([summary(&hit.summary), hit.highlights])).collect();
        tell(format!("search {text}"), json!([items, found.total]));
        let found = store.notes_with(user, text, &newest(100)).await.unwrap();
        tell(
            format!("with {text}"),
            json!([found.items.iter().map(summary).collect::<Vec<_>>(), found.total]),
        );
    }
    told
}
