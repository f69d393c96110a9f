//! What is removed after a time.

use std::collections::HashSet;

use bson::{Bson, Document, doc};
use serde::Deserialize;
use serde_json::Value;

use super::{Mongo, Result, indexes::EVER, ledger::JOBS};
use crate::{
    domain::{Id, JobId, JobStatus, Timestamp},
    store::BlobUse,
};

pub(super) const BLOB_USES: &str = "blob_uses";

#[derive(Deserialize)]
struct Key<T> {
    #[serde(rename = "_id")]
    id: T,
}

impl Mongo {
    /// Notes that a blob was used.
    pub async fn note_blob_use(&self, id: Id, usage: BlobUse, now: Timestamp) -> Result<()> {
        let note = doc! { "$set": { "usage": usage.as_str(), "lastUsedAt": now } };
        self.run(self.docs(BLOB_USES).update_one(doc! { "_id": id }, note).upsert(true)).await.map(drop)
    }

    /// Blobs last used before an instant, those unused longest first, at most `limit`.
    pub async fn unused_blobs(&self, usage: BlobUse, used_before: Timestamp, limit: u32) -> Result<Vec<Id>> {
        let unused = doc! { "usage": usage.as_str(), "lastUsedAt": { "$lt": used_before } };
        let uses = self.of::<Key<Id>>(BLOB_USES);
        let query = uses.find(unused).sort(doc! { "lastUsedAt": 1 }).limit(limit.into());
        Ok(self.all(query.projection(doc! { "_id": 1 })).await?.into_iter().map(|key| key.id).collect())
    }

    /// Which of these blobs are the pictures of accounts.
    pub async fn pictures_of_accounts(&self, blobs: &[Id]) -> Result<HashSet<Id>> {
        #[derive(Deserialize)]
        struct Picture {
            #[serde(rename = "avatarBlob")]
            blob: Id,
        }
        let shown = doc! { "avatarBlob": { "$in": blobs.to_vec() } };
        let users = self.of::<Picture>("users");
        let found = self.all(users.find(shown).projection(doc! { "avatarBlob": 1 })).await?;
        Ok(found.into_iter().map(|picture| picture.blob).collect())
    }

    /// Removes the events of jobs that finished before an instant; of how many, at most `limit`.
    pub async fn remove_events(&self, finished_before: Timestamp, limit: u32) -> Result<u64> {
        let old =
            doc! { "events": { "$exists": true }, "finishedAt": { "$gt": EVER, "$lt": finished_before } };
        let these = self.some_of(JOBS, old, limit).await?;
        let forget = doc! { "$unset": { "events": "" } };
        Ok(self.run(self.docs(JOBS).update_many(these, forget)).await?.modified_count)
    }

    /// Puts jobs that finished before an instant aside, so that nobody retries them any more; which these are, and
    /// their payloads, at most `limit`.
    pub async fn retire_jobs(&self, finished_before: Timestamp, limit: u32) -> Result<Vec<(JobId, Value)>> {
        #[derive(Deserialize)]
        struct Old {
            #[serde(rename = "_id")]
            id: JobId,
            #[serde(default)]
            payload: Value,
        }
        let finished = doc! { "finishedAt": { "$gt": EVER, "$lt": finished_before } };
        // None finished before it was made, so the ids lead to them without an index that each job's end would write.
        let made_before = doc! { "_id": { "$lt": JobId::first_at(finished_before).to_string() } };
        let old = doc! { "$and": [made_before, &finished] };
        let order = doc! { "_id": 1 };
        let jobs = self.of::<Key<String>>(JOBS);
        let query = jobs.find(old).sort(order.clone()).limit(limit.into());
        let ids = self.all(query.projection(doc! { "_id": 1 })).await?.into_iter().map(|key| key.id);
        let these = doc! { "_id": { "$in": ids.collect::<Vec<_>>() } };
        let retryable = [JobStatus::Failed, JobStatus::Cancelled].map(JobStatus::as_str).to_vec();
        let retire = doc! {
            "$set": { "status": JobStatus::Discarded.as_str() },
            // Whoever read it before cannot write it any more.
            "$inc": { "rev": 1_i64 },
        };
        let open = doc! { "$and": [&these, &finished, { "status": { "$in": retryable } }] };
        self.run(self.docs(JOBS).update_many(open, retire)).await?;
        // Without those that somebody retried in between.
        let jobs = self.of::<Old>(JOBS);
        let query =
            jobs.find(doc! { "$and": [these, finished] }).sort(order).projection(doc! { "payload": 1 });
        Ok(self.all(query).await?.into_iter().map(|old| (old.id, old.payload)).collect())
    }

    /// Removes jobs with their events, unless they did not finish before this instant; how many were removed.
    pub async fn remove_jobs(&self, ids: &[JobId], finished_before: Timestamp) -> Result<u64> {
        let ids: Vec<String> = ids.iter().map(JobId::to_string).collect();
        let these = doc! { "_id": { "$in": ids }, "finishedAt": { "$gt": EVER, "$lt": finished_before } };
        Ok(self.run(self.docs(JOBS).delete_many(these)).await?.deleted_count)
    }

    /// Removes idempotency keys reserved before an instant; how many, at most `limit`.
    pub async fn remove_keys(&self, reserved_before: Timestamp, limit: u32) -> Result<u64> {
        self.remove("idempotency_keys", doc! { "createdAt": { "$lt": reserved_before } }, limit).await
    }

    /// Removes logins whose refresh token ended before an instant; how many, at most `limit`.
    pub async fn remove_logins(&self, ended_before: Timestamp, limit: u32) -> Result<u64> {
        self.remove("sessions", doc! { "expiresAt": { "$lt": ended_before } }, limit).await
    }

    /// Removes mailed tokens that ended before an instant; how many, at most `limit`.
    pub async fn remove_mail_tokens(&self, ended_before: Timestamp, limit: u32) -> Result<u64> {
        self.remove("mail_tokens", doc! { "expiresAt": { "$lt": ended_before } }, limit).await
    }

    /// Throwaway accounts made before an instant, from the oldest, after `after`, at most `limit`.
    pub async fn guests_made_before(
        &self,
        instant: Timestamp,
        after: Option<Id>,
        limit: u32,
    ) -> Result<Vec<Id>> {
        let from = after.unwrap_or(Id([0; 12]));
        let old = doc! { "isGuest": true, "_id": { "$gt": from, "$lt": Id::first_at(instant) } };
        let users = self.of::<Key<Id>>("users");
        let query = users.find(old).sort(doc! { "_id": 1 }).limit(limit.into());
        Ok(self.all(query.projection(doc! { "_id": 1 })).await?.into_iter().map(|key| key.id).collect())
    }

    /// Whether an account has a login that goes on.
    pub async fn has_login(&self, user_id: Id, now: Timestamp) -> Result<bool> {
        let live = doc! { "userId": user_id, "revokedAt": null, "expiresAt": { "$gt": now } };
        Ok(self.run(self.docs("sessions").find_one(live).projection(doc! { "_id": 1 })).await?.is_some())
    }

    pub(super) async fn remove(&self, collection: &str, old: Document, limit: u32) -> Result<u64> {
        let these = self.some_of(collection, old, limit).await?;
        Ok(self.run(self.docs(collection).delete_many(these)).await?.deleted_count)
    }

    /// What a filter finds, narrowed to so many documents. They must still match when something is done to them.
    pub(super) async fn some_of(&self, collection: &str, filter: Document, limit: u32) -> Result<Document> {
        let found = self.of::<Key<Bson>>(collection);
        let query = found.find(filter.clone()).projection(doc! { "_id": 1 }).limit(limit.into());
        let ids: Vec<Bson> = self.all(query).await?.into_iter().map(|key| key.id).collect();
        Ok(doc! { "$and": [{ "_id": { "$in": ids } }, filter] })
    }
}
