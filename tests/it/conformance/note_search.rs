//! Ranked search among notes: on a corpus of many languages both stores find what the corpus says, best match first.

use std::{collections::BTreeSet, time::Duration};

use harness::Mongod;
use mongodb::bson::{Bson, Document, doc, oid::ObjectId};
use serde_json::Value;
use shared::{
    domain::{Id, Note, Query, Timestamp},
    store::{Listing, NoteFilter, NoteHit, NoteOrder, Store, Window},
};

use crate::{
    bench::{Bench, first, newest},
    notes::{add, change},
};

on_every_store![
    what_the_corpus_says_is_found_best_match_first,
    a_search_sees_nobody_elses_notes,
    a_search_follows_every_change,
    a_search_is_narrowed_by_tags_and_category,
    a_search_is_read_in_parts_and_in_every_order,
    hits_are_shown,
    a_query_of_many_words_asks_for_the_first,
    operators_mean_nothing,
];

const CORPUS: &str = include_str!("../../fixtures/notes/corpus.json");

fn corpus() -> Value {
    serde_json::from_str(CORPUS).unwrap()
}

fn entries<'a>(corpus: &'a Value, name: &str) -> &'a [Value] {
    corpus[name].as_array().unwrap()
}

async fn search(store: &Store, filter: &NoteFilter, text: &str, window: &Window) -> Listing<NoteHit> {
    store.search_notes(filter, &Query::parse(text), None, window).await.unwrap()
}

/// Asks every question of the corpus; returns what is wrong.
async fn wrong_answers(store: &Store, user: Id) -> Vec<String> {
    let corpus = corpus();
    let mut wrong = Vec::new();
    for query in entries(&corpus, "queries") {
        let text = query["search"].as_str().unwrap();
        let found = search(store, &NoteFilter::of(user), text, &newest(100)).await;
        let keys: Vec<&str> =
            found.items.iter().map(|hit| hit.summary.note.metadata["key"].as_str().unwrap()).collect();
        let wanted: Vec<&str> =
            query["finds"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
        let same = BTreeSet::from_iter(&keys) == BTreeSet::from_iter(&wanted) && keys.len() == wanted.len();
        if !same || keys.first() != wanted.first() || found.total != wanted.len() as u64 {
            wrong.push(format!("{text:?} finds {keys:?}, not {wanted:?}"));
        }
        let scores: Vec<f64> = found.items.iter().map(|hit| hit.score).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b) && scores.iter().all(|score| *score > 0.0), "{scores:?}");
        for hit in &found.items {
            assert!(!hit.highlights.is_empty(), "{text:?} is not shown in {:?}", hit.summary.note.title);
        }
    }
    wrong
}

fn values(entry: &Value) -> Value {
    let mut note = entry.clone();
    note["metadata"] = serde_json::json!({ "key": entry["key"] });
    note
}

async fn what_the_corpus_says_is_found_best_match_first(bench: &Bench) {
    let (user, corpus) = (bench.id(), corpus());
    assert!(entries(&corpus, "notes").len() >= 60 && entries(&corpus, "queries").len() >= 40);
    for entry in entries(&corpus, "notes") {
        add(bench, user, values(entry)).await;
    }
    let wrong = wrong_answers(&bench.store, user).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The same, of notes that name their user in every form that the old backends know.
#[tokio::test]
async fn notes_of_the_old_backends_are_found_alike() {
    let (mongod, corpus) = (Mongod::shared().await, corpus());
    let database = mongod.database();
    let store = Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap();
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let notes = client.database(&database).collection::<Document>("notes");
    let user = Id([7; 12]);
    let oid = ObjectId::from(user);
    let forms: [Bson; 3] = [oid.into(), oid.to_hex().into(), doc! { "$ref": "users", "$id": oid }.into()];
    let docs = entries(&corpus, "notes").iter().enumerate().map(|(number, entry)| {
        let text = |name: &str| entry[name].as_str().unwrap();
        let tags: Vec<&str> = entry["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
        let tags: Bson = if number % 2 == 0 { tags.into() } else { tags.join(", ").into() };
        doc! {
            "_id": ObjectId::from(Id::from_parts(1_700_000_000_000 + number as u64, [0; 6])),
            "user": forms[number % 3].clone(), "title": text("title"), "content": text("content"), "tags": tags,
            "metadata": { "key": text("key") },
        }
    });
    notes.insert_many(docs).await.unwrap();
    let wrong = wrong_answers(&store, user).await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn found(bench: &Bench, user: Id, text: &str) -> Vec<String> {
    let found = search(&bench.store, &NoteFilter::of(user), text, &newest(100)).await;
    found.items.into_iter().map(|hit| hit.summary.note.title).collect()
}

fn value(title: &str, content: &str) -> Value {
    serde_json::json!({ "title": title, "content": content })
}

async fn a_search_sees_nobody_elses_notes(bench: &Bench) {
    let (ada, bob) = (bench.id(), bench.id());
    add(bench, ada, value("Ada's cells 細胞", "")).await;
    add(bench, bob, value("Bob's cells 細胞", "")).await;
    for text in ["cells", "細胞", "cells 細胞"] {
        assert_eq!(found(bench, ada, text).await, ["Ada's cells 細胞"]);
        assert!(found(bench, bench.id(), text).await.is_empty());
    }
    // Not even by their names.
    assert!(found(bench, ada, &bob.to_string()).await.is_empty());
    assert!(found(bench, ada, &ada.to_string()).await.is_empty());
}

async fn a_search_follows_every_change(bench: &Bench) {
    let user = bench.id();
    let note =
        add(bench, user, serde_json::json!({ "title": "Old", "content": "ancient", "tags": ["t1"] })).await;
    let update = async |note: &Note, value: Value| {
        let done = bench.store.update_note(user, note.id, note.updated_at, &change(value), bench.now()).await;
        done.unwrap().unwrap()
    };
    let note = update(&note, serde_json::json!({ "title": "New" })).await;
    assert!(found(bench, user, "old").await.is_empty());
    assert_eq!(found(bench, user, "new ancient t1").await, ["New"]);
    let note = update(&note, serde_json::json!({ "content": "modern", "tags": ["t2"] })).await;
    assert!(found(bench, user, "ancient").await.is_empty() && found(bench, user, "t1").await.is_empty());
    assert_eq!(found(bench, user, "new modern t2").await, ["New"]);
    assert!(bench.store.trash_note(user, note.id, note.updated_at, bench.now()).await.unwrap());
    assert!(found(bench, user, "modern").await.is_empty());
    bench.store.restore_note(user, note.id, bench.now()).await.unwrap();
    assert_eq!(found(bench, user, "modern").await, ["New"]);
    let note = bench.store.note(user, note.id).await.unwrap().unwrap();
    assert!(bench.store.trash_note(user, note.id, note.updated_at, bench.now()).await.unwrap());
    assert!(bench.store.purge_note(user, note.id).await.unwrap());
    assert!(found(bench, user, "modern").await.is_empty());
}

async fn a_search_is_narrowed_by_tags_and_category(bench: &Bench) {
    let user = bench.id();
    for (title, tags, category) in [
        ("cell 細胞 1", ["a", "b"], Some("K")),
        ("cell 細胞 2", ["A", "c"], Some("K")),
        ("cell 細胞 3", ["c", "d"], None),
    ] {
        add(bench, user, serde_json::json!({ "title": title, "tags": tags, "category": category })).await;
    }
    for (tags, category, wanted) in [
        (vec![], None, vec!["3", "2", "1"]),
        (vec!["a"], None, vec!["2", "1"]),
        (vec!["A", "b"], None, vec!["1"]),
        (vec!["c"], Some("K"), vec!["2"]),
        (vec![], Some("J"), vec![]),
    ] {
        let filter = NoteFilter {
            tags: tags.into_iter().map(str::to_owned).collect(),
            category: category.map(str::to_owned),
            ..NoteFilter::of(user)
        };
        for text in ["cell", "細胞", "細胞 cell"] {
            let found = search(&bench.store, &filter, text, &newest(9)).await;
            let titles: Vec<&str> =
                found.items.iter().map(|hit| hit.summary.note.title.rsplit(' ').next().unwrap()).collect();
            assert_eq!((titles, found.total), (wanted.clone(), wanted.len() as u64), "{filter:?} {text}");
        }
    }
}

async fn a_search_is_read_in_parts_and_in_every_order(bench: &Bench) {
    let user = bench.id();
    let mut notes = Vec::new();
    for (title, content) in [("b", "cell"), ("cell d", ""), ("a", "cell"), ("C", "cell"), ("e", "nothing")] {
        bench.clock.advance(Duration::from_secs(1));
        notes.push(add(bench, user, value(title, content)).await);
    }
    let at: Timestamp = bench.now() + Duration::from_secs(1);
    bench
        .store
        .update_note(user, notes[0].id, notes[0].updated_at, &change(value("b", "cell")), at)
        .await
        .unwrap();
    let order = async |order, descending, skip, limit| {
        let window = Window { limit, skip, after: None, descending };
        let (filter, query) = (NoteFilter::of(user), Query::parse("cell"));
        let found = bench.store.search_notes(&filter, &query, order, &window).await.unwrap();
        assert_eq!(found.total, 4);
        found.items.iter().map(|hit| hit.summary.note.title.clone()).collect::<Vec<_>>()
    };
    for (by, descending, wanted) in [
        (None, true, ["cell d", "C", "a", "b"]),
        (Some(NoteOrder::Created), true, ["C", "a", "cell d", "b"]),
        (Some(NoteOrder::Created), false, ["b", "cell d", "a", "C"]),
        (Some(NoteOrder::Updated), true, ["b", "C", "a", "cell d"]),
        (Some(NoteOrder::Title), false, ["a", "b", "C", "cell d"]),
    ] {
        assert_eq!(order(by, descending, 0, 9).await, wanted, "{by:?}");
        for skip in 0..5 {
            let part: Vec<_> = wanted.iter().copied().skip(skip as usize).take(2).collect();
            assert_eq!(order(by, descending, skip, 2).await, part, "{by:?} {skip}");
        }
    }
}

async fn hits_are_shown(bench: &Bench) {
    let user = bench.id();
    let content = format!("{} <b>Cells</b> & \"more\" {}", "lorem ".repeat(100), "ipsum ".repeat(100));
    add(bench, user, serde_json::json!({ "title": "The cells", "content": content, "tags": ["cells", "x"] }))
        .await;
    let hits = search(&bench.store, &NoteFilter::of(user), "cells", &first(1)).await.items;
    let shown: Vec<(&str, &str)> =
        hits[0].highlights.iter().map(|highlight| (highlight.field, highlight.text.as_str())).collect();
    assert_eq!(shown[..2], [("title", "The <mark>cells</mark>"), ("tags", "<mark>cells</mark>")]);
    let (field, text) = shown[2];
    assert_eq!((field, shown.len()), ("content", 3));
    assert!(
        text.contains("lorem &lt;b&gt;<mark>Cells</mark>&lt;/b&gt; &amp; &quot;more&quot; ipsum"),
        "{text}"
    );
    assert!(text.starts_with('…') && text.ends_with('…'), "{text}");
    assert_eq!(hits[0].summary.note.content, "");
    assert!(hits[0].summary.excerpt.starts_with("lorem lorem"));
}

async fn a_query_of_many_words_asks_for_the_first(bench: &Bench) {
    let user = bench.id();
    let words: Vec<String> = (0..16).map(|number| format!("w{number}")).collect();
    add(bench, user, value("Words", &words.join(" "))).await;
    let many: String = (0..90).map(|number| format!("w{number} ")).collect();
    assert_eq!(found(bench, user, &many).await, ["Words"]);
    assert!(found(bench, user, "w0 w90").await.is_empty());
}

async fn operators_mean_nothing(bench: &Bench) {
    let user = bench.id();
    add(bench, user, value("alpha beta", "content: gamma")).await;
    add(bench, user, value("alpha", "delta NOT NEAR")).await;
    for (text, wanted) in [
        ("alpha -beta", vec!["alpha beta"]),
        ("\"beta alpha\"", vec!["alpha beta"]),
        ("alpha OR beta", vec![]),
        ("alpha NOT", vec!["alpha"]),
        ("content:gamma", vec!["alpha beta"]),
        ("title:alpha", vec![]),
        ("alph*", vec![]),
        ("^alpha", vec!["alpha", "alpha beta"]),
        ("(alpha", vec!["alpha", "alpha beta"]),
        ("\"alpha", vec!["alpha", "alpha beta"]),
        ("alpha\"; DROP TABLE notes", vec![]),
        ("{title}: alpha", vec![]),
        ("alpha + beta", vec!["alpha beta"]),
        ("\0alpha\0", vec!["alpha", "alpha beta"]),
        ("NEAR(alpha)", vec!["alpha"]),
    ] {
        let mut titles = found(bench, user, text).await;
        titles.sort();
        assert_eq!(titles, wanted, "{text:?}");
    }
}
