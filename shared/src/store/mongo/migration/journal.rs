//! What was done to each document, noted before it is done: the journal of collection `x` is `migrated_x`, under the
//! same ids.

use std::collections::HashMap;

use bson::{Binary, Bson, Document, RawDocument, RawDocumentBuf, doc, spec::BinarySubtype};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::{Mongo, Result, convert::document};
use super::pass::Stored;

/// Fields that our API keeps by itself, without a change of the document's time.
const KEPT_BY_US: [&str; 4] = ["totalAttempts", "averageScore", "attempted", "emailNormalized"];
/// Bytes of a checksum.
const SUM_BYTES: usize = 16;

/// What was done to a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    #[serde(rename = "_id")]
    pub(super) id: Bson,
    /// Checksum of all that it had before.
    pub(super) sum: Binary,
    /// Its times of change then, as both backends name them.
    pub(super) stamp: [Bson; 2],
    /// The fields that it was given, with their values where they do not follow from others.
    #[serde(default, skip_serializing_if = "Document::is_empty")]
    pub(super) added: Document,
    /// Checksum of the document that was made of it in another collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) copy: Option<Binary>,
}

impl Entry {
    /// Of a document to which nothing was done.
    pub(super) fn new(stored: &Stored) -> Self {
        Self {
            id: stored.id.clone(),
            sum: sum_without(&stored.raw, &Document::new()),
            stamp: stamp(&stored.doc),
            added: Document::new(),
            copy: None,
        }
    }

    /// Of the same document, which somebody changed since.
    pub(super) fn renewed(&self, stored: &Stored) -> Self {
        Self { sum: sum_without(&stored.raw, &self.added), stamp: stamp(&stored.doc), ..self.clone() }
    }

    /// Whether a document still has what it had before, byte for byte.
    pub(super) fn is_identical(&self, stored: &Stored) -> bool {
        self.sum == sum_without(&stored.raw, &self.added)
    }

    /// Whether whoever writes the document says that it was changed since.
    pub(super) fn is_changed(&self, doc: &Document) -> bool {
        self.stamp != stamp(doc)
    }
}

/// When a document was last changed, as it says.
fn stamp(doc: &Document) -> [Bson; 2] {
    ["updatedAt", "updated_at"].map(|name| doc.get(name).cloned().unwrap_or(Bson::Null))
}

/// A checksum of a document's fields, those apart that were added.
fn sum_without(raw: &RawDocument, added: &Document) -> Binary {
    let is_ours = |name: &str| added.contains_key(name) || KEPT_BY_US.contains(&name);
    let whole = raw.iter().flatten().all(|(name, _)| !is_ours(name.as_str()));
    if whole {
        return sum(raw.as_bytes());
    }
    let mut rest = RawDocumentBuf::new();
    for (name, value) in raw.iter().flatten().filter(|(name, _)| !is_ours(name.as_str())) {
        rest.append(name, value);
    }
    sum(rest.as_bytes())
}

/// A checksum of bytes.
pub(super) fn sum(bytes: &[u8]) -> Binary {
    let bytes = Sha256::digest(bytes)[..SUM_BYTES].to_vec();
    Binary { subtype: BinarySubtype::Generic, bytes }
}

/// The journal of a collection.
pub(super) fn journal_of(collection: &str) -> String {
    format!("migrated_{collection}")
}

impl Mongo {
    /// The entries of documents, by id in words.
    pub(super) async fn entries(&self, collection: &str, ids: &[Bson]) -> Result<HashMap<String, Entry>> {
        let these = doc! { "_id": { "$in": ids } };
        let found: Vec<Entry> = self.found(&journal_of(collection), these, Document::new()).await?;
        Ok(found.into_iter().map(|entry| (super::shown(&entry.id), entry)).collect())
    }

    /// Forgets documents that are gone.
    pub(super) async fn remove_entries(&self, collection: &str, ids: &[Bson]) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let journal = self.docs(&journal_of(collection));
        self.run(journal.delete_many(doc! { "_id": { "$in": ids } })).await.map(drop)
    }

    /// Writes entries: those that are new, and those that take the place of others.
    pub(super) async fn write_entries(
        &self,
        collection: &str,
        new: &[Entry],
        changed: &[Entry],
    ) -> Result<()> {
        let journal = journal_of(collection);
        self.insert_new(&journal, new).await?;
        if changed.is_empty() {
            return Ok(());
        }
        let replace =
            |entry: &Entry| Ok(doc! { "q": { "_id": &entry.id }, "u": document(entry)?, "upsert": true });
        let updates = changed.iter().map(replace).collect::<Result<Vec<_>>>()?;
        self.update_each(&journal, updates).await.map(drop)
    }
}
