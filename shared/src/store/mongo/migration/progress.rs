//! What a run says about itself.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Counted, Finding};

/// Something that a run has to say while it goes on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// A collection's turn has come.
    Collection {
        /// Its name.
        name: &'static str,
        /// How many documents it has, as far as the database knows without counting.
        documents: u64,
    },
    /// So many documents more were looked at.
    Progress {
        /// Their collection.
        name: &'static str,
        /// How many.
        documents: u64,
    },
    /// Something is wrong with a document.
    Finding(Finding),
    /// What a document would get, for the first few.
    Sample {
        /// Its collection.
        collection: &'static str,
        /// Its `_id`.
        id: String,
        /// The fields.
        adds: Value,
    },
    /// Something that must not be was found.
    Failure {
        /// The document's collection.
        collection: &'static str,
        /// Its `_id`.
        id: String,
        /// What is wrong.
        problem: String,
    },
}

/// Counts with names, in an order to read them in.
pub trait Counts {
    /// The counts.
    fn named(&self) -> Vec<(&'static str, u64)>;
}

impl Counts for Tally {
    fn named(&self) -> Vec<(&'static str, u64)> {
        let Self { documents, changed, copied, left, noted } = *self;
        vec![
            ("documents", documents),
            ("changed", changed),
            ("copied", copied),
            ("left", left),
            ("noted", noted),
        ]
    }
}

impl Counts for Checked {
    fn named(&self) -> Vec<(&'static str, u64)> {
        let Self { documents, identical, changed_since, new, removed, read, left, failed } = *self;
        vec![
            ("documents", documents),
            ("identical", identical),
            ("changed since", changed_since),
            ("new", new),
            ("removed", removed),
            ("read", read),
            ("left", left),
            ("failed", failed),
        ]
    }
}

impl Counts for Undone {
    fn named(&self) -> Vec<(&'static str, u64)> {
        let Self { documents, restored, copies, kept } = *self;
        vec![("documents", documents), ("restored", restored), ("copies removed", copies), ("kept", kept)]
    }
}

/// What `plan` would do and `apply` did, in documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Tally {
    /// Looked at.
    pub documents: u64,
    /// Given fields.
    pub changed: u64,
    /// Copied to `quizattempts`, or given keys of their own in `quiz_keys`.
    pub copied: u64,
    /// Left as they are, because they cannot be converted.
    pub left: u64,
    /// Converted, although something is wrong with them.
    pub noted: u64,
}

/// What `validate` saw, in documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// Looked at.
    pub documents: u64,
    /// Whose legacy fields have the bytes that they had before.
    pub identical: u64,
    /// That somebody changed since.
    pub changed_since: u64,
    /// Written since they were last looked at by `apply`.
    pub new: u64,
    /// That somebody removed since.
    pub removed: u64,
    /// Read as the API reads them.
    pub read: u64,
    /// That cannot be converted, and stay as they were.
    pub left: u64,
    /// With which something is as it must not be.
    pub failed: u64,
}

/// What `rollback` did, in documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Undone {
    /// That were looked at by `apply`.
    pub documents: u64,
    /// From which fields were removed.
    pub restored: u64,
    /// Copies that were removed.
    pub copies: u64,
    /// That keep something that `apply` added and somebody changed since.
    pub kept: u64,
}

/// What a finished run came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report<T> {
    /// Counts by collection.
    pub collections: Vec<Counted<T>>,
    /// Indexes built, to be built or removed, each `collection.name`.
    pub indexes: Vec<String>,
}
