//! Work kept under the hash of what went into it. The users who used a piece are noted, so that an erasure finds it.

use bson::{Document, doc};
use serde::Deserialize;

use super::{Mongo, Result, TRANSFER_WITHIN, within};
use crate::domain::{Id, Timestamp};

const CACHED: &str = "cached_work";

impl Mongo {
    /// Keeps a piece of work.
    pub async fn put_cached(&self, key: &str, value: &str, user: Option<Id>, now: Timestamp) -> Result<()> {
        let put = used(user, doc! { "value": value, "usedAt": now });
        let cached = self.docs(CACHED);
        within(TRANSFER_WITHIN, cached.update_one(doc! { "_id": key }, put).upsert(true)).await.map(drop)
    }

    /// Notes that a piece of work is used.
    pub async fn use_cached(&self, key: &str, user: Option<Id>, now: Timestamp) -> Result<bool> {
        let note = used(user, doc! { "usedAt": now });
        let done = self.run(self.docs(CACHED).update_one(doc! { "_id": key }, note)).await?;
        Ok(done.matched_count == 1)
    }

    /// A piece of work.
    pub async fn cached(&self, key: &str) -> Result<Option<String>> {
        #[derive(Deserialize)]
        struct Cached {
            value: String,
        }
        let cached = self.of::<Cached>(CACHED);
        let read = within(TRANSFER_WITHIN, async { cached.find_one(doc! { "_id": key }).await });
        Ok(read.await?.map(|cached| cached.value))
    }

    /// The keys of all pieces of work that an account used.
    pub async fn cached_keys(&self, user: Id) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Key {
            #[serde(rename = "_id")]
            key: String,
        }
        let cached = self.of::<Key>(CACHED);
        let find = cached.find(doc! { "users": user }).projection(doc! { "_id": 1 });
        Ok(self.all(find).await?.into_iter().map(|found| found.key).collect())
    }

    /// Removes what was last used before an instant.
    pub async fn remove_cached(&self, used_before: Timestamp, limit: u32) -> Result<u64> {
        let old = doc! { "usedAt": { "$lt": used_before } };
        let these = self.some_of(CACHED, old, limit).await?;
        Ok(self.run(self.docs(CACHED).delete_many(these)).await?.deleted_count)
    }
}

fn used(user: Option<Id>, set: Document) -> Document {
    match user {
        Some(user) => doc! { "$set": set, "$addToSet": { "users": user } },
        None => doc! { "$set": set },
    }
}
