//! Everything stored about a user, wherever it stands: for whoever wants to have it, and for whoever wants it gone.
//! What there is, each backend says in a table of its own (`mongo/owned.rs`, `sqlite/owned.rs`). **Whoever adds a
//! collection that holds something of users adds a line to both.** A test walks the whole database after an erasure,
//! and fails where something is left.

use futures::stream::BoxStream;
use serde_json::Value;

use super::{Result, Store};
use crate::domain::Id;

/// A collection that holds something of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnedSource {
    /// Its name.
    pub name: &'static str,
    /// Whether its documents are for their user to have. The others hold nothing that is not elsewhere too, or
    /// secrets.
    pub exported: bool,
}

backends! { "owned":
    /// The documents of one collection that belong to a user, as JSON without what is secret, in no certain order.
    fn owned(&self, source: &str, user_id: Id) -> BoxStream<'static, Result<Value>>;
    /// The blobs that documents of one collection name, and that belong to a user.
    fn owned_blobs(&self, source: &str, user_id: Id) -> Vec<Id>;
    /// Removes what one collection holds of a user, but not its blobs; how many documents that were.
    fn erase_owned(&self, source: &str, user_id: Id) -> u64;
}

impl Store {
    /// Every collection that holds something of users, in the order in which they must be erased: what is found by
    /// way of other documents comes before these, and the account comes last.
    pub fn owned_sources(&self) -> Vec<OwnedSource> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => super::sqlite::owned_sources(),
            Self::Mongo(_) => super::mongo::owned_sources(),
        }
    }
}
