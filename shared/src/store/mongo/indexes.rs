//! Indexes that the queries need, built beside those of the old backend.

use std::{collections::BTreeMap, time::Duration};

use bson::{Document, doc};
use mongodb::{
    IndexModel,
    error::{Error, ErrorKind},
    options::IndexOptions,
};

use super::{Mongo, Result, StoreError, defect, note_search::text_keys, within};
use crate::{
    domain::{JobStatus, Timestamp},
    store::KEPT_FOR,
};

/// The server's codes for an index that is there with other options or another name, or for a second text index.
const CONFLICTS: [i32; 3] = [67, 85, 86];
/// The server's codes for an index or a collection that is not there.
const ABSENT: [i32; 2] = [26, 27];
/// Indexes that earlier programs built, by collection and name. Others serve in their place; each costs every write.
const SUPERSEDED: [(&str, &str); 4] = [
    ("jobs", "status_1__id_1_kind_1"),
    ("jobs", "kind_1_status_1__id_1"),
    ("jobs", "finishedAt_1_kind_1"),
    ("jobs", "finishedAt_1"),
];
/// How long the building of indexes may take.
const BUILD_WITHIN: Duration = Duration::from_secs(30 * 60);
/// Before all that ever happened. The server takes an index of what has a time only for queries that exclude null.
pub(super) const EVER: Timestamp = Timestamp(0);

impl Mongo {
    /// Builds what is missing, and drops what nothing asks for any more.
    pub(super) async fn build_indexes(&self) -> Result<()> {
        let mut of_each: BTreeMap<&str, Vec<IndexModel>> = BTreeMap::new();
        for (collection, index) in indexes() {
            of_each.entry(collection).or_default().push(index);
        }
        for (collection, indexes) in of_each {
            // Together they take one walk through the collection, and one command on one that has them.
            let docs = self.docs(collection);
            let together = async { Ok(docs.create_indexes(indexes.clone()).await) };
            if within(BUILD_WITHIN, together).await?.is_err() {
                for index in indexes {
                    self.build_index(collection, index).await?;
                }
            }
        }
        for (collection, name) in SUPERSEDED {
            let docs = self.docs(collection);
            let dropped = within(BUILD_WITHIN, async { Ok(docs.drop_index(name).await) }).await?;
            match dropped {
                Err(error) if !has_code(&error, &ABSENT) => {
                    tracing::warn!(collection, name, %error, "an index that nothing asks for any more stays");
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Builds one index, unless the collection has one that serves. Where one that does not serve has the
    /// name, it gets another.
    async fn build_index(&self, collection: &str, mut index: IndexModel) -> Result<()> {
        let docs = self.docs(collection);
        let mut build = within(BUILD_WITHIN, async { Ok(docs.create_index(index.clone()).await) }).await?;
        if build.as_ref().is_err_and(conflicts) {
            let present = self.all(docs.list_indexes()).await?;
            let serves =
                |other: &IndexModel| other.keys == index.keys && (is_unique(other) || !is_unique(&index));
            if is_text(&index) && present.iter().any(is_text) {
                tracing::warn!(collection, "searches go by an older text index: no collection has two");
                return Ok(());
            }
            if present.iter().any(serves) {
                tracing::debug!(collection, keys = %index.keys, "an older index serves");
                return Ok(());
            }
            let name = index.keys.keys().map(String::as_str).collect::<Vec<_>>().join("_");
            index.options.get_or_insert_default().name = Some(format!("smartstudy_{name}"));
            build = within(BUILD_WITHIN, async { Ok(docs.create_index(index.clone()).await) }).await?;
        }
        match build.map_err(StoreError::from) {
            Ok(_) => Ok(()),
            // What the old backends wrote may have the same value twice. It is then looked for before it is written.
            Err(StoreError::Taken(_)) if is_unique(&index) => {
                tracing::warn!(collection, keys = %index.keys, "a value that must be unique is there twice");
                index.options.get_or_insert_default().unique = None;
                Box::pin(self.build_index(collection, index)).await
            }
            Err(StoreError::Unavailable(error)) => Err(StoreError::Unavailable(error)),
            Err(error) => Err(defect(format!("cannot build index {} on {collection}: {error}", index.keys))),
        }
    }
}

fn conflicts(error: &Error) -> bool {
    has_code(error, &CONFLICTS)
}

fn has_code(error: &Error, codes: &[i32]) -> bool {
    matches!(error.kind.as_ref(), ErrorKind::Command(error) if codes.contains(&error.code))
}

fn is_unique(index: &IndexModel) -> bool {
    index.options.as_ref().and_then(|options| options.unique).unwrap_or_default()
}

fn is_text(index: &IndexModel) -> bool {
    index.keys.values().any(|kind| kind.as_str() == Some("text"))
}

/// Each with its collection.
pub(super) fn indexes() -> Vec<(&'static str, IndexModel)> {
    vec![
        ("users", unique_where_set("emailNormalized")),
        ("users", unique_where_set("username")),
        ("users", plain(doc! { "email": 1, "_id": 1 })),
        ("sessions", plain(doc! { "userId": 1 })),
        ("quizzes", plain(doc! { "createdBy": 1, "_id": 1 })),
        ("quizzes", with(doc! { "created_by.$id": 1, "_id": 1 }, |options| options.sparse = Some(true))),
        ("quizzes", where_there(doc! { "created_by": 1, "_id": 1 }, "created_by")),
        ("quizattempts", plain(doc! { "userId": 1, "_id": 1 })),
        ("quizattempts", plain(doc! { "quizId": 1, "percentage": 1 })),
        (
            "quizattempts",
            plain(doc! {
                "userId": 1, "completedAt": 1, "createdAt": 1, "percentage": 1, "topic": 1, "quizId": 1,
                "score": 1, "maxScore": 1, "totalQuestions": 1, "_id": 1,
            }),
        ),
        ("studysessions", plain(doc! { "userId": 1, "_id": 1 })),
        ("studysessions", with(doc! { "user_id.$id": 1, "_id": 1 }, |options| options.sparse = Some(true))),
        ("studysessions", where_there(doc! { "user_id": 1, "_id": 1 }, "user_id")),
        ("studysessions", plain(doc! { "endTime": 1, "durationMinutes": 1, "startTime": 1 })),
        ("tasks", plain(doc! { "userId": 1, "_id": 1 })),
        ("attempts_open", with(doc! { "quizId": 1, "userId": 1 }, |options| options.unique = Some(true))),
        ("notes", note_words()),
        ("notes_trash", plain(doc! { "user": 1, "trashedAt": 1, "_id": 1 })),
        ("notes_trash", with(doc! { "user.$id": 1 }, |options| options.sparse = Some(true))),
        ("notes_trash", plain(doc! { "trashedAt": 1 })),
        ("jobs", plain(doc! { "userId": 1, "_id": 1 })),
        ("jobs", plain(doc! { "status": 1, "kind": 1, "_id": 1 })),
        ("jobs", where_set(doc! { "error.code": 1, "status": 1, "_id": 1, "kind": 1 }, "error.code")),
        ("jobs", of_jobs_in(JobStatus::Scheduled, doc! { "dueAt": 1 })),
        ("jobs", of_jobs_in(JobStatus::Retrying, doc! { "dueAt": 1 })),
        ("jobs", of_jobs_in(JobStatus::Running, doc! { "lease.until": 1 })),
        (
            "jobs",
            of_jobs_in(
                JobStatus::Queued,
                doc! { "status": 1, "kind": 1, "rungAt": 1, "_id": 1, "userId": 1, "priority": 1 },
            ),
        ),
        ("plans", plain(doc! { "userId": 1, "_id": 1 })),
        ("plans", plain(doc! { "userId": 1, "brief.examDate": 1, "_id": 1 })),
        ("plans", with(doc! { "feedToken": 1 }, |options| options.unique = Some(true))),
        ("ai_usage", with(doc! { "userId": 1, "day": 1 }, |options| options.unique = Some(true))),
        ("jobs", of_jobs_in(JobStatus::Queued, doc! { "status": 1, "kind": 1, "dueAt": 1 })),
        ("jobs", finished_jobs()),
        ("blob_uses", plain(doc! { "usage": 1, "lastUsedAt": 1 })),
        ("users", with(doc! { "avatarBlob": 1 }, |options| options.sparse = Some(true))),
        ("sessions", plain(doc! { "expiresAt": 1 })),
        (
            "users",
            with(doc! { "isGuest": 1, "_id": 1 }, |options| {
                options.partial_filter_expression = Some(doc! { "isGuest": true });
            }),
        ),
        ("workers", plain(doc! { "heardAt": 1 })),
        ("idempotency_keys", with(doc! { "createdAt": 1 }, |options| options.expire_after = Some(KEPT_FOR))),
        (
            "review_cards",
            with(doc! { "userId": 1, "quizId": 1, "questionId": 1 }, |options| options.unique = Some(true)),
        ),
        ("quiz_shares", with(doc! { "token": 1 }, |options| options.unique = Some(true))),
        ("quiz_shares", plain(doc! { "userId": 1 })),
        ("review_cards", plain(doc! { "userId": 1, "due": 1, "quizId": 1, "questionId": 1 })),
        ("cached_work", plain(doc! { "usedAt": 1 })),
        ("cached_work", with(doc! { "users": 1 }, |options| options.sparse = Some(true))),
        ("exports", plain(doc! { "expiresAt": 1, "_id": 1 })),
        ("exports", plain(doc! { "userId": 1 })),
        ("attempts_open", plain(doc! { "userId": 1 })),
        ("quiz_attempts", with(doc! { "user.$id": 1 }, |options| options.sparse = Some(true))),
        ("quiz_attempts", with(doc! { "quiz.$id": 1 }, |options| options.sparse = Some(true))),
        ("quiz_attempts", where_there(doc! { "user": 1 }, "user")),
        ("userperformances", plain(doc! { "userId": 1 })),
        ("notes", plain(doc! { "user": 1, "_id": 1 })),
        ("notes", with(doc! { "user.$id": 1, "_id": 1 }, |options| options.sparse = Some(true))),
        ("mail_tokens", with(doc! { "expiresAt": 1 }, |options| options.expire_after = Some(Duration::ZERO))),
        ("transcripts", plain(doc! { "userId": 1 })),
        ("transcripts", plain(doc! { "recordedAt": 1 })),
        ("mail_tokens", plain(doc! { "userId": 1, "purpose": 1, "createdAt": 1 })),
        ("uploads.files", plain(doc! { "filename": 1, "uploadDate": 1 })),
        ("uploads.chunks", with(doc! { "files_id": 1, "n": 1 }, |options| options.unique = Some(true))),
    ]
}

fn plain(keys: Document) -> IndexModel {
    IndexModel::builder().keys(keys).build()
}

fn with(keys: Document, set: impl FnOnce(&mut IndexOptions)) -> IndexModel {
    let mut options = IndexOptions::default();
    set(&mut options);
    IndexModel::builder().keys(keys).options(options).build()
}

/// Over the documents that have the field, a text.
fn where_set(keys: Document, field: &str) -> IndexModel {
    with(keys, |options| options.partial_filter_expression = Some(doc! { field: { "$gt": "" } }))
}

/// Over the documents that have the field.
fn where_there(keys: Document, field: &str) -> IndexModel {
    with(keys, |options| options.partial_filter_expression = Some(doc! { field: { "$exists": true } }))
}

/// Of jobs in one state, for what is asked of it alone. An index that a change of state does not touch makes it cheaper.
fn of_jobs_in(status: JobStatus, keys: Document) -> IndexModel {
    let names: Vec<&str> = keys.keys().map(String::as_str).chain([status.as_str()]).collect();
    let name = names.join("_");
    with(keys, |options| {
        options.name = Some(name);
        options.partial_filter_expression = Some(doc! { "status": status.as_str() });
    })
}

/// Jobs that finished and have their events still, which queries must say by [`EVER`] and by name.
fn finished_jobs() -> IndexModel {
    with(doc! { "finishedAt": 1, "kind": 1 }, |options| {
        // The name that it would get had another index, without the events.
        options.name = Some("finishedAt_kind_with_events".to_owned());
        let finished = doc! { "finishedAt": { "$gt": EVER }, "events": { "$exists": true } };
        options.partial_filter_expression = Some(finished);
    })
}

/// Unique among the documents that have the field: what the old backend inserts lacks it.
fn unique_where_set(field: &str) -> IndexModel {
    let mut index = where_set(doc! { field: 1 }, field);
    index.options.get_or_insert_default().unique = Some(true);
    index
}

/// The words of notes, user by user. Without a language there are no stop words and no stems, so that every word is found
/// as it is typed; the override has a name of its own, because a note with `language: "hi"` would be refused.
fn note_words() -> IndexModel {
    let (keys, weights) = text_keys();
    with(keys, |options| {
        options.weights = Some(weights);
        options.default_language = Some("none".to_owned());
        options.language_override = Some("smartstudyLanguage".to_owned());
    })
}
