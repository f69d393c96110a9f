//! Idempotency keys; the database drops them a day after their first use.

use bson::doc;
use serde::{Deserialize, Serialize};

use super::{Mongo, RACES, Result, convert::bson_of, defect, inserted};
use crate::{
    domain::Timestamp,
    store::{Idempotency, KEPT_FOR, KeptResponse},
};

const KEYS: &str = "idempotency_keys";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reservation {
    #[serde(rename = "_id")]
    key: String,
    fingerprint: String,
    created_at: Timestamp,
    response: Option<KeptResponse>,
}

impl Mongo {
    /// Reserves a key, or tells what came of its first use.
    pub async fn begin_idempotent(
        &self,
        key: &str,
        fingerprint: &str,
        now: Timestamp,
        stale_before: Timestamp,
    ) -> Result<Idempotency> {
        let keys = self.of::<Reservation>(KEYS);
        let (owned_key, owned_print) = (key.to_owned(), fingerprint.to_owned());
        let own = Reservation { key: owned_key, fingerprint: owned_print, created_at: now, response: None };
        for _ in 0..RACES {
            if inserted(self.run(keys.insert_one(&own)).await)? {
                return Ok(Idempotency::Fresh);
            }
            let Some(first) = self.run(keys.find_one(doc! { "_id": key })).await? else { continue };
            // The database drops old keys too, but by its own clock and once a minute.
            if first.created_at < now - KEPT_FOR {
                self.run(keys.delete_one(doc! { "_id": key, "createdAt": first.created_at })).await?;
                continue;
            }
            if first.fingerprint != fingerprint {
                return Ok(Idempotency::Mismatch);
            }
            if let Some(response) = first.response {
                return Ok(Idempotency::Replay(response));
            }
            if first.created_at >= stale_before {
                return Ok(Idempotency::Running);
            }
            let stale = doc! { "_id": key, "createdAt": first.created_at, "response": null };
            let renewed = doc! { "$set": { "createdAt": now } };
            if self.run(keys.update_one(stale, renewed)).await?.matched_count == 1 {
                return Ok(Idempotency::Fresh);
            }
        }
        Err(defect(format!("idempotency key {key} never stood still")))
    }

    /// Keeps the response of a finished request.
    pub async fn keep_response(&self, key: &str, response: &KeptResponse) -> Result<()> {
        let keep = doc! { "$set": { "response": bson_of(response)? } };
        self.run(self.docs(KEYS).update_one(doc! { "_id": key }, keep)).await.map(drop)
    }

    /// Renews a reservation.
    pub async fn renew_key(&self, key: &str, now: Timestamp) -> Result<()> {
        let renew = doc! { "$set": { "createdAt": now } };
        self.run(self.docs(KEYS).update_one(doc! { "_id": key, "response": null }, renew)).await.map(drop)
    }

    /// Gives a reserved key back.
    pub async fn forget_key(&self, key: &str) -> Result<()> {
        self.run(self.docs(KEYS).delete_one(doc! { "_id": key, "response": null })).await.map(drop)
    }
}
