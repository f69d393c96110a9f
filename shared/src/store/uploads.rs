//! Uploads.

use super::{Result, Store};
use crate::domain::Id;

backends! { "uploads":
    /// Stores a blob under an id, in place of what was there.
    fn put_blob(&self, id: Id, bytes: Vec<u8>) -> ();
    /// Reads a blob.
    fn blob(&self, id: Id) -> Option<Vec<u8>>;
    /// Removes a blob, if it is there.
    fn delete_blob(&self, id: Id) -> ();
}
