//! Copies of everything stored about a user.

use super::{Result, Store};
use crate::domain::{Export, Id, Timestamp};

backends! { "exports":
    /// Adds an export, in place of the one that has its id.
    fn put_export(&self, export: &Export) -> ();
    /// An export by id.
    fn export(&self, id: Id) -> Option<Export>;
    /// Exports whose time is over, at most `limit`.
    fn expired_exports(&self, now: Timestamp, limit: u32) -> Vec<Export>;
    /// Removes an export's record.
    fn delete_export(&self, id: Id) -> ();
}

/// Exports removed in one go.
const BATCH: u32 = 100;

impl Store {
    /// Removes exports whose time is over, with their files; how many there were.
    pub async fn remove_expired_exports(&self, now: Timestamp) -> Result<u64> {
        let mut removed = 0;
        loop {
            let expired = self.expired_exports(now, BATCH).await?;
            for export in &expired {
                self.delete_blob(export.blob).await?;
                self.delete_export(export.id).await?;
            }
            removed += expired.len() as u64;
            if expired.len() < BATCH as usize {
                return Ok(removed);
            }
        }
    }
}
