//! Notes as the old backends left them, and beside them while they still write.

use std::time::Duration;

use harness::{Mongod, services::DatabaseName};
use mongodb::{
    Client, Collection,
    bson::{Bson, DateTime, Document, doc, oid::ObjectId},
};
use serde_json::json;
use shared::{
    domain::{Id, Note, Query, Timestamp},
    store::{NoteFilter, NoteOrder, Store},
};

use crate::{
    bench::{first, newest},
    notes::change,
};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// The store, and its collections seen from outside.
struct Beside {
    store: Store,
    notes: Collection<Document>,
    trash: Collection<Document>,
    user: Id,
    _database: DatabaseName,
}

fn id(number: u8) -> ObjectId {
    Id::from_parts(1_700_000_000_000 + u64::from(number) * 1000, [number; 6]).into()
}

impl Beside {
    async fn new() -> Self {
        let mongod = Mongod::shared().await;
        let database = mongod.database();
        let store = Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap();
        let db = Client::with_uri_str(mongod.url()).await.unwrap().database(&database);
        Self {
            store,
            notes: db.collection("notes"),
            trash: db.collection("notes_trash"),
            user: id(200).into(),
            _database: database,
        }
    }

    async fn insert(&self, mut note: Document, number: u8) -> Id {
        note.insert("_id", id(number));
        self.notes.insert_one(note).await.unwrap();
        id(number).into()
    }

    async fn raw(&self, note: Id) -> Document {
        self.notes.find_one(doc! { "_id": ObjectId::from(note) }).await.unwrap().unwrap()
    }

    async fn read(&self, note: Id) -> Note {
        self.store.note(self.user, note).await.unwrap().unwrap()
    }

    async fn update(&self, note: Id, value: serde_json::Value) -> Note {
        let was = self.read(note).await.updated_at;
        self.store.update_note(self.user, note, was, &change(value), NOW).await.unwrap().unwrap()
    }

    fn oid(&self) -> ObjectId {
        self.user.into()
    }

    fn link(&self) -> Document {
        doc! { "$ref": "users", "$id": self.oid() }
    }

    /// One note of each shape that was seen.
    async fn every_shape(&self) -> Vec<Id> {
        let at = |seconds: i64| Bson::DateTime(DateTime::from_millis(1_650_000_000_000 + seconds * 1000));
        let shapes = [
            doc! { "user": self.oid(), "title": "Mongoose", "content": "Cells divide", "tags": ["Bio"],
            "metadata": { "category": "School", "since": at(9) }, "createdAt": at(1), "updatedAt": at(60), "__v": 0 },
            doc! { "user": self.oid().to_hex(), "title": "Text id", "tags": "bio, Exam ,, exam", "createdAt": at(2),
            "updatedAt": "2022-04-15T05:20:01.500Z", "__v": 0 },
            doc! { "user": self.link(), "title": "Beanie", "content": Bson::Null, "tags": Bson::Null,
            "metadata": Bson::Null, "created_at": at(3), "updated_at": at(30) },
            doc! { "user": self.link(), "title": "Both", "content": "cells again", "tags": [7, " bio ", Bson::Null],
            "createdAt": at(4), "updatedAt": at(5), "created_at": at(50), "updated_at": at(50), "language": "hi" },
            doc! { "user": self.oid() },
        ];
        let mut ids = Vec::new();
        for (number, shape) in (0..).zip(shapes) {
            ids.push(self.insert(shape, number).await);
        }
        self.insert(doc! { "user": id(201), "title": "Cells of others", "tags": ["bio"] }, 100).await;
        self.insert(doc! { "user": "nobody", "title": "Cells of nobody", "tags": ["bio"] }, 101).await;
        ids
    }
}

#[tokio::test]
async fn notes_of_every_shape_are_read() {
    let beside = Beside::new().await;
    let ids = beside.every_shape().await;
    let mut read = Vec::new();
    for id in &ids {
        let note = beside.read(*id).await;
        read.push(json!([
            note.title,
            note.content,
            note.tags,
            note.category,
            note.metadata,
            note.created_at.0,
            note.updated_at.0
        ]));
    }
    let start = 1_650_000_000_000_i64;
    let made = 1_700_000_004_000_i64;
    assert_eq!(
        json!(read),
        json!([
            ["Mongoose", "Cells divide", ["Bio"], "School",
             { "category": "School", "since": "2022-04-15T05:20:09.000Z" }, start + 1000, start + 60_000],
            ["Text id", "", ["bio", "Exam"], null, {}, start + 2000, start + 1500],
            ["Beanie", "", [], null, {}, start + 3000, start + 30_000],
            ["Both", "cells again", ["7", "bio"], null, {}, start + 4000, start + 5000],
            ["Untitled", "", [], null, {}, made, made],
        ])
    );
}

#[tokio::test]
async fn notes_of_every_shape_are_listed_searched_and_counted() {
    let beside = Beside::new().await;
    let ids = beside.every_shape().await;
    let all = NoteFilter::of(beside.user);
    let listed = async |filter: &NoteFilter, order| {
        let found = beside.store.notes(filter, order, &first(9)).await.unwrap();
        assert_eq!(found.total, found.items.len() as u64);
        let place = |id: Id| ids.iter().position(|other| *other == id).unwrap();
        found.items.iter().map(|item| place(item.note.id)).collect::<Vec<_>>()
    };
    assert_eq!(listed(&all, NoteOrder::Created).await, [0, 1, 2, 3, 4]);
    assert_eq!(listed(&all, NoteOrder::Updated).await, [1, 3, 2, 0, 4]);
    assert_eq!(listed(&all, NoteOrder::Title).await, [2, 3, 0, 1, 4]);
    let tagged = |tags: &[&str]| NoteFilter {
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..all.clone()
    };
    assert_eq!(listed(&tagged(&["BIO"]), NoteOrder::Created).await, [0, 1, 3]);
    assert_eq!(listed(&tagged(&["bio", "exam"]), NoteOrder::Created).await, [1]);
    assert!(listed(&tagged(&["bio, exam"]), NoteOrder::Created).await.is_empty());
    let filed = NoteFilter { category: Some("School".to_owned()), ..all.clone() };
    assert_eq!(listed(&filed, NoteOrder::Created).await, [0]);
    let count = |name: &str, count| (name.to_owned(), count);
    let tags = beside.store.note_tags(beside.user).await.unwrap();
    assert_eq!(tags, [count("bio", 3), count("7", 1), count("Exam", 1)]);
    assert_eq!(beside.store.note_categories(beside.user).await.unwrap(), [count("School", 1)]);

    let found = async |text: &str| {
        let found = beside.store.search_notes(&all, &Query::parse(text), None, &newest(9)).await.unwrap();
        found.items.into_iter().map(|hit| hit.summary.note.title).collect::<Vec<_>>()
    };
    assert_eq!(found("cells").await, ["Both", "Mongoose"]);
    let mut bio = found("bio").await;
    bio.sort();
    assert_eq!(bio, ["Both", "Mongoose", "Text id"]);
    assert_eq!(found("beanie").await, ["Beanie"]);
    let old = beside.store.notes_with(beside.user, "Exam", &first(9)).await.unwrap();
    assert_eq!(old.items.iter().map(|item| item.note.title.as_str()).collect::<Vec<_>>(), ["Text id"]);
}

#[tokio::test]
async fn a_change_leaves_every_other_field_as_it_was() {
    let beside = Beside::new().await;
    let ids = beside.every_shape().await;
    for id in ids {
        let before = beside.raw(id).await;
        let note = beside.update(id, json!({ "title": "New" })).await;
        let after = beside.raw(id).await;
        let mut wanted = before.clone();
        wanted.insert("title", "New");
        wanted.insert("updatedAt", DateTime::from_millis(note.updated_at.0));
        assert_eq!(after, wanted);
    }
}

#[tokio::test]
async fn a_category_is_kept_in_step_with_the_old_backend() {
    let beside = Beside::new().await;
    let ids = beside.every_shape().await;
    let filed = async |id| {
        let raw = beside.raw(id).await;
        let old = raw.get_document("metadata").ok().and_then(|metadata| metadata.get("category").cloned());
        (raw.get("category").cloned(), old)
    };
    for id in ids {
        beside.update(id, json!({ "category": "Ours" })).await;
        assert_eq!(filed(id).await, (Some("Ours".into()), Some("Ours".into())));
        // The old backend knows but one of them.
        let theirs = doc! { "$set": { "metadata.category": "Theirs", "metadata.colour": "red" } };
        beside.notes.update_one(doc! { "_id": ObjectId::from(id) }, theirs).await.unwrap();
        assert_eq!(beside.read(id).await.category.as_deref(), Some("Theirs"));
        let filter = NoteFilter { category: Some("Theirs".to_owned()), ..NoteFilter::of(beside.user) };
        let found = beside.store.notes(&filter, NoteOrder::Created, &first(9)).await.unwrap();
        assert!(found.items.iter().any(|item| item.note.id == id));
        beside.update(id, json!({ "category": null })).await;
        assert_eq!(filed(id).await, (None, None));
        assert_eq!(beside.raw(id).await.get_document("metadata").unwrap().get_str("colour").unwrap(), "red");
    }
    // A date in the metadata is still one.
    let first = beside.raw(id(0).into()).await;
    assert!(first.get_document("metadata").unwrap().get_datetime("since").is_ok());
}

#[tokio::test]
async fn what_we_write_is_as_the_old_backend_writes_it() {
    let beside = Beside::new().await;
    let value =
        json!({ "title": "T", "content": "C", "tags": ["Été"], "category": "K", "metadata": { "n": 1 } });
    let note = Note::new(id(50).into(), beside.user, change(value), NOW);
    beside.store.insert_note(&note).await.unwrap();
    let at = DateTime::from_millis(NOW.0);
    assert_eq!(
        beside.raw(note.id).await,
        doc! {
            "_id": id(50), "user": beside.oid(), "title": "T", "content": "C", "tags": ["Été"],
            "tagsNormalized": ["été"], "createdAt": at, "updatedAt": at, "__v": 0,
            "metadata": { "n": 1, "category": "K" }, "category": "K",
        }
    );
    let bare = Note::new(id(51).into(), beside.user, change(json!({ "title": "T" })), NOW);
    beside.store.insert_note(&bare).await.unwrap();
    assert!(!beside.raw(bare.id).await.contains_key("metadata"));
}

#[tokio::test]
async fn the_trash_keeps_a_note_as_it_was() {
    let beside = Beside::new().await;
    for id in beside.every_shape().await {
        let (before, note) = (beside.raw(id).await, beside.read(id).await);
        assert!(beside.store.trash_note(beside.user, id, note.updated_at, NOW).await.unwrap());
        assert_eq!(beside.notes.count_documents(doc! { "_id": ObjectId::from(id) }).await.unwrap(), 0);
        let trashed = beside.store.trashed_notes(beside.user, &newest(9)).await.unwrap();
        assert_eq!(trashed.items[0].note.note.title, note.title);
        let later = note.updated_at + Duration::from_secs(9);
        let restored = beside.store.restore_note(beside.user, id, later).await.unwrap();
        assert_eq!(restored, Some(Note { updated_at: later, ..note }));
        let mut wanted = before;
        wanted.insert("updatedAt", DateTime::from_millis(later.0));
        assert_eq!(beside.raw(id).await, wanted);
        assert_eq!(beside.trash.count_documents(doc! {}).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_move_that_broke_off_is_finished_by_the_next() {
    let beside = Beside::new().await;
    let id = beside.every_shape().await[0];
    let note = beside.read(id).await;
    // A copy that the process wrote before it died.
    let mut copy = beside.raw(id).await;
    copy.insert("trashedAt", DateTime::from_millis(NOW.0));
    copy.insert("title", "As it was then");
    beside.trash.insert_one(copy).await.unwrap();
    let trashed = async || beside.store.trashed_notes(beside.user, &newest(9)).await.unwrap().total;
    assert_eq!((beside.read(id).await, trashed().await), (note.clone(), 0), "it is served once");
    assert!(!beside.store.purge_note(beside.user, id).await.unwrap());
    assert_eq!(beside.store.restore_note(beside.user, id, NOW).await.unwrap(), Some(note.clone()));
    assert!(beside.store.trash_note(beside.user, id, note.updated_at, NOW).await.unwrap());
    let found = beside.store.trashed_notes(beside.user, &newest(9)).await.unwrap();
    assert_eq!((found.total, found.items[0].note.note.title.as_str()), (1, "Mongoose"));
    let restored = beside.store.restore_note(beside.user, id, NOW).await.unwrap().unwrap();
    assert_eq!(Note { updated_at: note.updated_at, ..restored }, note);
}

#[tokio::test]
async fn a_note_that_the_old_backend_changes_meanwhile_is_not_overwritten() {
    let beside = Beside::new().await;
    let id = beside.every_shape().await[2];
    let was = beside.read(id).await.updated_at;
    for (field, seconds) in [("updated_at", 1), ("updatedAt", 2)] {
        let at = DateTime::from_millis(NOW.0 + seconds * 1000);
        let theirs = doc! { "$set": { "title": "Theirs", field: at } };
        beside.notes.update_one(doc! { "_id": ObjectId::from(id) }, theirs).await.unwrap();
        let ours = change(json!({ "title": "Ours" }));
        assert_eq!(beside.store.update_note(beside.user, id, was, &ours, NOW).await.unwrap(), None);
        assert!(!beside.store.trash_note(beside.user, id, was, NOW).await.unwrap());
        assert_eq!(beside.read(id).await.title, "Theirs");
    }
    let was = beside.read(id).await.updated_at;
    assert_eq!(was, NOW + Duration::from_secs(2));
    let ours = change(json!({ "title": "Ours" }));
    let done = beside.store.update_note(beside.user, id, was, &ours, NOW).await.unwrap().unwrap();
    assert!(done.updated_at > was);
}

#[tokio::test]
async fn the_old_backend_can_write_what_it_likes_beside_our_indexes() {
    let beside = Beside::new().await;
    for (number, note) in (60..).zip([
        doc! { "user": beside.oid(), "title": "Language", "language": "hi" },
        doc! { "user": beside.oid(), "title": "Language", "language": { "of": "the note" } },
        doc! { "user": beside.oid(), "title": ["a", "list"], "content": 5, "tags": { "a": 1 } },
        doc! { "title": "Nobody's" },
        // As many different words as a picture within a text has.
        doc! { "user": beside.oid(), "title": "Large", "content": (0..60_000).map(|n| format!("w{n:x} ")).collect::<String>() },
    ]) {
        beside.insert(note, number).await;
    }
    let all = NoteFilter::of(beside.user);
    assert_eq!(beside.store.notes(&all, NoteOrder::Updated, &first(9)).await.unwrap().total, 4);
    let found = beside.store.search_notes(&all, &Query::parse("we00f"), None, &first(9)).await.unwrap();
    assert_eq!(found.items[0].summary.note.title, "Large");
    assert_eq!(found.items[0].highlights[0].text.matches("<mark>").count(), 1);
}

#[tokio::test]
async fn a_text_index_of_the_old_backend_serves() {
    let mongod = Mongod::shared().await;
    let database = mongod.database();
    let db = Client::with_uri_str(mongod.url()).await.unwrap().database(&database);
    let theirs = mongodb::IndexModel::builder().keys(doc! { "title": "text", "content": "text" }).build();
    db.collection::<Document>("notes").create_index(theirs).await.unwrap();
    let store = Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap();
    let note = Note::new(id(0).into(), id(200).into(), change(json!({ "title": "Photosynthesis" })), NOW);
    store.insert_note(&note).await.unwrap();
    let query = Query::parse("photosynthesis");
    let found = store.search_notes(&NoteFilter::of(note.user_id), &query, None, &first(9)).await.unwrap();
    assert_eq!((found.total, found.items[0].summary.note.id), (1, note.id));
}
