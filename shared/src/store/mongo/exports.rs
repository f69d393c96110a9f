//! Copies of everything stored about a user.

use bson::doc;

use super::{Mongo, Result};
use crate::domain::{Export, Id, Timestamp};

const EXPORTS: &str = "exports";

impl Mongo {
    /// Adds an export, in place of the one that has its id.
    pub async fn put_export(&self, export: &Export) -> Result<()> {
        let exports = self.of::<Export>(EXPORTS);
        self.run(exports.replace_one(doc! { "_id": export.id }, export).upsert(true)).await.map(drop)
    }

    /// An export by id.
    pub async fn export(&self, id: Id) -> Result<Option<Export>> {
        self.run(self.of(EXPORTS).find_one(doc! { "_id": id })).await
    }

    /// Exports whose time is over, at most `limit`.
    pub async fn expired_exports(&self, now: Timestamp, limit: u32) -> Result<Vec<Export>> {
        let exports = self.of::<Export>(EXPORTS);
        let over = exports.find(doc! { "expiresAt": { "$lte": now } });
        self.all(over.sort(doc! { "expiresAt": 1, "_id": 1 }).limit(i64::from(limit))).await
    }

    /// Removes an export's record.
    pub async fn delete_export(&self, id: Id) -> Result<()> {
        self.run(self.docs(EXPORTS).delete_one(doc! { "_id": id })).await.map(drop)
    }
}
