//! Notes, their lists, tags and categories, and the trash.

use std::time::Duration;

use serde_json::json;
use shared::{
    domain::{Id, Note, NoteChange, Timestamp},
    store::{Listing, NoteFilter, NoteOrder, NoteSummary, Window, trash_after},
};

use crate::bench::{Bench, at_once, first, newest, windows_of_seven};

on_every_store![
    a_note_is_read_as_it_was_written,
    a_note_that_is_there_already_stays_as_it_is,
    a_note_is_nobody_elses,
    notes_are_read_in_the_order_asked_for,
    only_the_given_fields_change,
    a_change_of_what_changed_since_is_refused,
    of_concurrent_changes_none_is_lost,
    a_list_has_excerpts_for_contents,
    every_window_of_a_list_shows_its_part_and_the_whole_length,
    lists_are_walked_in_every_order,
    lists_are_narrowed_by_tags_and_category,
    tags_and_categories_are_counted,
    the_old_search_finds_parts_of_title_and_content_and_whole_tags,
    a_deleted_note_is_in_the_trash_until_it_is_restored,
    the_trash_is_walked_by_when_notes_were_deleted,
    what_is_purged_is_gone,
    a_delete_of_what_changed_since_is_refused,
    of_concurrent_moves_none_loses_a_note,
];

pub fn change(value: serde_json::Value) -> NoteChange {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let tags = value["tags"].as_array();
    NoteChange {
        title: text("title"),
        content: text("content"),
        tags: tags.map(|tags| tags.iter().map(|tag| tag.as_str().unwrap().to_owned()).collect()),
        category: value.get("category").map(|category| category.as_str().map(str::to_owned)),
        metadata: value["metadata"].as_object().cloned(),
    }
}

pub fn note(bench: &Bench, user_id: Id, value: serde_json::Value) -> Note {
    Note::new(bench.id(), user_id, change(value), bench.now())
}

pub async fn add(bench: &Bench, user_id: Id, value: serde_json::Value) -> Note {
    let note = note(bench, user_id, value);
    bench.store.insert_note(&note).await.unwrap();
    note
}

async fn read(bench: &Bench, note: &Note) -> Option<Note> {
    bench.store.note(note.user_id, note.id).await.unwrap()
}

fn full() -> serde_json::Value {
    json!({
        "title": "Cells «ü» $x.y \u{1F600}", "content": "# Cells\n\n\"small\" $ü", "tags": ["Bio", "été", "a,b"],
        "category": "Biology",
        "metadata": { "pinned": true, "n": 1, "half": 0.5, "big": 1_i64 << 53, "deep": { "list": [null, "x", {}] }, "none": {} },
    })
}

async fn a_note_is_read_as_it_was_written(bench: &Bench) {
    let note = add(bench, bench.id(), full()).await;
    assert_eq!(note.metadata["category"], "Biology");
    assert_eq!(read(bench, &note).await.as_ref(), Some(&note));
    let bare = add(bench, bench.id(), json!({ "title": "Bare" })).await;
    assert_eq!(read(bench, &bare).await.as_ref(), Some(&bare));
    assert_eq!(bench.store.note(note.user_id, bench.id()).await.unwrap(), None);
    let large =
        add(bench, bench.id(), json!({ "title": "Large", "content": "é word ".repeat(1 << 17) })).await;
    assert_eq!(read(bench, &large).await.as_ref(), Some(&large));
}

async fn a_note_that_is_there_already_stays_as_it_is(bench: &Bench) {
    let note = add(bench, bench.id(), full()).await;
    let second = Note { title: "Second".into(), ..note.clone() };
    bench.store.insert_note(&second).await.unwrap();
    assert_eq!(read(bench, &note).await.as_ref(), Some(&note));
}

async fn a_note_is_nobody_elses(bench: &Bench) {
    let (note, other) = (add(bench, bench.id(), full()).await, bench.id());
    let (store, id, was) = (&bench.store, note.id, note.updated_at);
    assert_eq!(store.note(other, id).await.unwrap(), None);
    assert_eq!(
        store.update_note(other, id, was, &change(json!({ "title": "Mine" })), was).await.unwrap(),
        None
    );
    assert!(!store.trash_note(other, id, was, was).await.unwrap());
    assert_eq!(store.notes(&NoteFilter::of(other), NoteOrder::Created, &newest(9)).await.unwrap().total, 0);
    assert_eq!(store.notes_with(other, "cells", &newest(9)).await.unwrap().total, 0);
    assert!(store.note_tags(other).await.unwrap().is_empty());
    assert!(store.note_categories(other).await.unwrap().is_empty());
    assert!(store.trash_note(note.user_id, id, was, was).await.unwrap());
    assert_eq!(store.restore_note(other, id, was).await.unwrap(), None);
    assert!(!store.purge_note(other, id).await.unwrap());
    assert_eq!(store.trashed_notes(other, &newest(9)).await.unwrap().total, 0);
    let restored = store.restore_note(note.user_id, id, was).await.unwrap().unwrap();
    assert_eq!(Note { updated_at: was, ..restored }, note);
}

async fn notes_are_read_in_the_order_asked_for(bench: &Bench) {
    let user = bench.id();
    let mut notes = Vec::new();
    for title in ["a", "b", "c"] {
        notes.push(add(bench, user, json!({ "title": title })).await);
    }
    let foreign = add(bench, bench.id(), json!({ "title": "d" })).await;
    bench.store.trash_note(user, notes[1].id, notes[1].updated_at, bench.now()).await.unwrap();
    let ids = [notes[2].id, foreign.id, notes[1].id, bench.id(), notes[0].id];
    let found = bench.store.notes_by_id(user, &ids).await.unwrap();
    assert_eq!(found, [notes[2].clone(), notes[0].clone()]);
}

async fn only_the_given_fields_change(bench: &Bench) {
    let mut note = add(bench, bench.id(), full()).await;
    for value in [
        json!({ "title": " New " }),
        json!({ "content": "" }),
        json!({ "tags": ["x", "X", "y"] }),
        json!({ "category": "Physics" }),
        json!({ "metadata": { "a": 1 } }),
        json!({ "metadata": { "category": "Chemistry" } }),
        json!({ "category": null }),
        json!({ "metadata": {} }),
        json!({ "category": "Again" }),
        json!({ "category": null, "metadata": { "b": [] } }),
        json!({}),
    ] {
        bench.clock.advance(Duration::from_millis(3));
        let change = change(value.clone());
        let wanted = note.clone().changed(change.clone(), bench.now());
        let done = bench
            .store
            .update_note(note.user_id, note.id, note.updated_at, &change, bench.now())
            .await
            .unwrap();
        assert_eq!(done.as_ref(), Some(&wanted), "{value}");
        assert_eq!(read(bench, &note).await.as_ref(), Some(&wanted), "{value}");
        note = wanted;
    }
    assert_eq!((note.title.as_str(), note.tags.join(" ").as_str(), note.category), ("New", "x y", None));
}

async fn a_change_of_what_changed_since_is_refused(bench: &Bench) {
    let note = add(bench, bench.id(), full()).await;
    let set = |title: &str| change(json!({ "title": title }));
    let update = async |was, title: &str| {
        bench.store.update_note(note.user_id, note.id, was, &set(title), bench.now()).await.unwrap()
    };
    let second = update(note.updated_at, "second").await.unwrap();
    assert!(second.updated_at > note.updated_at);
    assert_eq!(update(note.updated_at, "third").await, None);
    assert_eq!(read(bench, &note).await, Some(second));
}

async fn of_concurrent_changes_none_is_lost(bench: &Bench) {
    let note = add(bench, bench.id(), json!({ "title": "Count", "content": "" })).await;
    at_once(8, |number| {
        let (store, note, now) = (bench.store.clone(), note.clone(), bench.now());
        async move {
            loop {
                let read = store.note(note.user_id, note.id).await.unwrap().unwrap();
                let content = format!("{}{number} ", read.content);
                let change = change(json!({ "content": content }));
                let done = store.update_note(note.user_id, note.id, read.updated_at, &change, now).await;
                if done.unwrap().is_some() {
                    break;
                }
            }
        }
    })
    .await;
    let content = read(bench, &note).await.unwrap().content;
    let mut numbers: Vec<&str> = content.split_whitespace().collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

pub async fn list(bench: &Bench, filter: &NoteFilter, order: NoteOrder, window: &Window) -> Vec<NoteSummary> {
    bench.store.notes(filter, order, window).await.unwrap().items
}

async fn a_list_has_excerpts_for_contents(bench: &Bench) {
    let note = add(bench, bench.id(), full()).await;
    let long = add(bench, note.user_id, json!({ "title": "Long", "content": "é \n".repeat(5000) })).await;
    let listed = list(bench, &NoteFilter::of(note.user_id), NoteOrder::Created, &first(9)).await;
    let excerpts: Vec<&str> = listed.iter().map(|item| item.excerpt.as_str()).collect();
    assert_eq!(excerpts, ["# Cells \"small\" $ü", "é ".repeat(100).trim_end()]);
    let without = |note: Note| Note { content: String::new(), ..note };
    assert_eq!([&listed[0].note, &listed[1].note], [&without(note), &without(long)]);
}

async fn every_window_of_a_list_shows_its_part_and_the_whole_length(bench: &Bench) {
    let user = bench.id();
    let mut ids = Vec::new();
    for number in 0..7 {
        ids.push(add(bench, user, json!({ "title": format!("{number}") })).await.id);
    }
    for (window, places, more) in windows_of_seven(&ids[3].to_string()) {
        let listed = bench.store.notes(&NoteFilter::of(user), NoteOrder::Created, &window).await.unwrap();
        let shown: Vec<Id> = listed.items.iter().map(|item| item.note.id).collect();
        let wanted: Vec<Id> = places.into_iter().map(|place| ids[place]).collect();
        assert_eq!((shown, listed.total, listed.more), (wanted, 7, more), "{window:?}");
    }
}

async fn lists_are_walked_in_every_order(bench: &Bench) {
    let user = bench.id();
    let mut notes = Vec::new();
    for title in ["b", "B", "a", "é", "É", "Z", "b", "_", "\u{1F600}", "10", "9"] {
        notes.push(add(bench, user, json!({ "title": title })).await);
    }
    // Several change at one instant.
    for place in [4, 1, 7] {
        let note = &mut notes[place];
        let at = bench.now() + Duration::from_secs(1);
        *note = bench
            .store
            .update_note(user, note.id, note.updated_at, &change(json!({})), at)
            .await
            .unwrap()
            .unwrap();
    }
    let filter = NoteFilter::of(user);
    for order in [NoteOrder::Created, NoteOrder::Updated, NoteOrder::Title] {
        let mut sorted = notes.clone();
        match order {
            NoteOrder::Created => sorted.sort_by_key(|note| note.id),
            NoteOrder::Updated => sorted.sort_by_key(|note| (note.updated_at, note.id)),
            NoteOrder::Title => sorted.sort_by_key(|note| (note.title.to_ascii_lowercase(), note.id)),
        }
        for descending in [false, true] {
            for limit in [1, 2, 3, 100] {
                let mut walked = Vec::new();
                let mut window = Window { limit, skip: 0, after: None, descending };
                loop {
                    let part = list(bench, &filter, order, &window).await;
                    let Some(last) = part.last() else { break };
                    window.after = Some(order.after(&last.note));
                    assert!(order.accepts(window.after.as_ref().unwrap()));
                    walked.extend(part.into_iter().map(|item| item.note.id));
                }
                let mut wanted: Vec<Id> = sorted.iter().map(|note| note.id).collect();
                if descending {
                    wanted.reverse();
                }
                assert_eq!(walked, wanted, "{order:?} {descending} {limit}");
            }
        }
    }
}

async fn titles(bench: &Bench, filter: &NoteFilter) -> Vec<String> {
    let Listing { items, total, more } =
        bench.store.notes(filter, NoteOrder::Created, &first(100)).await.unwrap();
    assert_eq!((total, more), (items.len() as u64, false), "{filter:?}");
    items.into_iter().map(|item| item.note.title).collect()
}

async fn some_filed(bench: &Bench, user: Id) {
    for (title, tags, category) in [
        ("1", vec!["Bio", "exam"], Some("School")),
        ("2", vec!["bio", "Été"], Some("school")),
        ("3", vec!["biology", "exam"], None),
        ("4", vec![".*", "a,b"], Some("School")),
        ("5", vec![], Some("S.*l")),
    ] {
        add(bench, user, json!({ "title": title, "tags": tags, "category": category })).await;
    }
    let note = add(bench, user, json!({ "title": "6", "tags": ["Bio", "gone"], "category": "Gone" })).await;
    bench.store.trash_note(user, note.id, note.updated_at, bench.now()).await.unwrap();
}

async fn lists_are_narrowed_by_tags_and_category(bench: &Bench) {
    let user = bench.id();
    some_filed(bench, user).await;
    for (tags, category, wanted) in [
        (vec!["BIO"], None, vec!["1", "2"]),
        (vec!["bio", "Exam"], None, vec!["1"]),
        (vec!["bio", "bio "], None, vec!["1", "2"]),
        (vec!["ÉTÉ"], None, vec!["2"]),
        (vec!["ete"], None, vec![]),
        (vec![".*"], None, vec!["4"]),
        (vec!["b"], None, vec![]),
        (vec!["a,b"], None, vec!["4"]),
        (vec!["\0"], None, vec![]),
        (vec![], Some("School"), vec!["1", "4"]),
        (vec![], Some("S.*l"), vec!["5"]),
        (vec![], Some("Gone"), vec![]),
        (vec!["bio"], Some("school"), vec!["2"]),
        (vec![], Some("\0"), vec![]),
    ] {
        let filter = NoteFilter {
            tags: tags.into_iter().map(str::to_owned).collect(),
            category: category.map(str::to_owned),
            ..NoteFilter::of(user)
        };
        assert_eq!(titles(bench, &filter).await, wanted, "{filter:?}");
    }
}

async fn tags_and_categories_are_counted(bench: &Bench) {
    let user = bench.id();
    some_filed(bench, user).await;
    add(bench, user, json!({ "title": "7", "tags": ["Bio"] })).await;
    let owned = |counts: &[(&str, u64)]| -> Vec<(String, u64)> {
        counts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    };
    assert_eq!(
        bench.store.note_tags(user).await.unwrap(),
        owned(&[("Bio", 3), ("exam", 2), (".*", 1), ("a,b", 1), ("biology", 1), ("Été", 1)])
    );
    assert_eq!(
        bench.store.note_categories(user).await.unwrap(),
        owned(&[("School", 2), ("S.*l", 1), ("school", 1)])
    );
}

async fn the_old_search_finds_parts_of_title_and_content_and_whole_tags(bench: &Bench) {
    let user = bench.id();
    for value in [
        json!({ "title": "Photosynthesis", "content": "Plants.\nÉté 100% _sure_", "tags": ["Bio"] }),
        json!({ "title": "Roots", "content": "The photosphere", "tags": ["biology"] }),
        json!({ "title": "ФОТОСИНТЕЗ", "content": "a.*b \\d", "tags": ["photos"] }),
    ] {
        add(bench, user, value).await;
    }
    for (text, wanted) in [
        ("PHOTOS", vec!["Photosynthesis", "Roots"]),
        ("photos", vec!["Photosynthesis", "Roots", "ФОТОСИНТЕЗ"]),
        ("фото", vec!["ФОТОСИНТЕЗ"]),
        ("été", vec!["Photosynthesis"]),
        ("ete", vec![]),
        ("Bio", vec!["Photosynthesis"]),
        ("bio", vec![]),
        ("100%", vec!["Photosynthesis"]),
        ("_s", vec!["Photosynthesis"]),
        (".*", vec!["ФОТОСИНТЕЗ"]),
        ("\\d", vec!["ФОТОСИНТЕЗ"]),
        ("\0", vec![]),
    ] {
        let found = bench.store.notes_with(user, text, &first(9)).await.unwrap();
        let titles: Vec<&str> = found.items.iter().map(|item| item.note.title.as_str()).collect();
        assert_eq!(titles, wanted, "{text:?}");
        assert_eq!(found.total, wanted.len() as u64);
    }
}

async fn trash(bench: &Bench, user: Id) -> Vec<(Id, Timestamp)> {
    let found = bench.store.trashed_notes(user, &newest(100)).await.unwrap();
    assert_eq!(found.total, found.items.len() as u64);
    found.items.into_iter().map(|item| (item.note.note.id, item.deleted_at)).collect()
}

async fn a_deleted_note_is_in_the_trash_until_it_is_restored(bench: &Bench) {
    let mut note = add(bench, bench.id(), full()).await;
    let (store, user) = (&bench.store, note.user_id);
    assert_eq!(store.restore_note(user, note.id, bench.now()).await.unwrap().as_ref(), Some(&note));
    for _ in 0..2 {
        bench.clock.advance(Duration::from_secs(1));
        assert!(store.trash_note(user, note.id, note.updated_at, bench.now()).await.unwrap());
        assert!(!store.trash_note(user, note.id, note.updated_at, bench.now()).await.unwrap());
        assert_eq!(read(bench, &note).await, None);
        assert!(titles(bench, &NoteFilter::of(user)).await.is_empty());
        assert_eq!(store.note_tags(user).await.unwrap(), []);
        assert_eq!(trash(bench, user).await, [(note.id, bench.now())]);
        let found = store.trashed_notes(user, &newest(1)).await.unwrap();
        assert_eq!(found.items[0].note.note, Note { content: String::new(), ..note.clone() });
        assert_eq!(found.items[0].note.excerpt, "# Cells \"small\" $ü");
        bench.clock.advance(Duration::from_secs(1));
        note = note.changed(NoteChange::default(), bench.now());
        assert_eq!(store.restore_note(user, note.id, bench.now()).await.unwrap().as_ref(), Some(&note));
        assert_eq!(read(bench, &note).await.as_ref(), Some(&note));
        assert!(trash(bench, user).await.is_empty());
    }
    assert_eq!(store.restore_note(user, bench.id(), bench.now()).await.unwrap(), None);
}

async fn the_trash_is_walked_by_when_notes_were_deleted(bench: &Bench) {
    let user = bench.id();
    let mut deleted = Vec::new();
    for number in 0..6 {
        deleted.push(add(bench, user, json!({ "title": format!("{number}") })).await);
    }
    let start = bench.now();
    for (place, seconds) in [(3, 1), (0, 2), (5, 2), (1, 2), (4, 3), (2, 4)] {
        let note = &deleted[place];
        let at = start + Duration::from_secs(seconds);
        assert!(bench.store.trash_note(user, note.id, note.updated_at, at).await.unwrap());
    }
    for limit in 1..4 {
        let mut walked = Vec::new();
        let mut window = newest(limit);
        loop {
            let part = bench.store.trashed_notes(user, &window).await.unwrap();
            assert_eq!(part.total, 6);
            let Some(last) = part.items.last() else { break };
            window.after = Some(trash_after(last));
            walked.extend(part.items.into_iter().map(|item| item.note.note.title));
        }
        assert_eq!(walked, ["2", "4", "5", "1", "0", "3"]);
    }
}

async fn what_is_purged_is_gone(bench: &Bench) {
    let user = bench.id();
    let mut notes = Vec::new();
    for number in 0..4 {
        notes.push(add(bench, user, json!({ "title": format!("{number}") })).await);
    }
    let store = &bench.store;
    assert!(!store.purge_note(user, notes[0].id).await.unwrap(), "it is not in the trash");
    let start = bench.now();
    for (number, note) in (1..).zip(&notes[..3]) {
        let at = start + Duration::from_secs(number);
        assert!(store.trash_note(user, note.id, note.updated_at, at).await.unwrap());
    }
    assert!(store.purge_note(user, notes[0].id).await.unwrap());
    assert!(!store.purge_note(user, notes[0].id).await.unwrap());
    assert_eq!(store.restore_note(user, notes[0].id, start).await.unwrap(), None);
    assert_eq!(store.purge_notes(start + Duration::from_secs(3)).await.unwrap(), 1);
    assert_eq!(trash(bench, user).await, [(notes[2].id, start + Duration::from_secs(3))]);
    assert_eq!(store.restore_note(user, notes[1].id, start).await.unwrap(), None);
    assert_eq!(titles(bench, &NoteFilter::of(user)).await, ["3"]);
}

async fn a_delete_of_what_changed_since_is_refused(bench: &Bench) {
    let note = add(bench, bench.id(), full()).await;
    let (store, user, was) = (&bench.store, note.user_id, note.updated_at);
    let changed =
        store.update_note(user, note.id, was, &change(json!({ "title": "New" })), was).await.unwrap();
    assert!(!store.trash_note(user, note.id, was, bench.now()).await.unwrap());
    assert_eq!(read(bench, &note).await, changed);
    assert!(trash(bench, user).await.is_empty());
}

async fn of_concurrent_moves_none_loses_a_note(bench: &Bench) {
    let note = add(bench, bench.id(), full()).await;
    let (user, id) = (note.user_id, note.id);
    for _ in 0..15 {
        at_once(8, |number| {
            let (store, now) = (bench.store.clone(), bench.now());
            async move {
                if number % 2 == 0 {
                    store.restore_note(user, id, now).await.map(drop).unwrap();
                } else if let Some(note) = store.note(user, id).await.unwrap() {
                    store.trash_note(user, id, note.updated_at, now).await.map(drop).unwrap();
                }
            }
        })
        .await;
        let kept = read(bench, &note).await;
        let deleted = trash(bench, user).await;
        assert_eq!(usize::from(kept.is_some()) + deleted.len(), 1, "{kept:?} {deleted:?}");
        let found = bench.store.restore_note(user, id, bench.now()).await.unwrap().unwrap();
        assert_eq!(Note { updated_at: note.updated_at, ..found }, note);
    }
}
