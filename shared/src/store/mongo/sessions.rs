//! Logins.

use bson::doc;

use super::{Mongo, Result};
use crate::domain::{Id, Session, Timestamp};

const SESSIONS: &str = "sessions";

impl Mongo {
    /// Adds a login.
    pub async fn insert_session(&self, session: &Session) -> Result<()> {
        self.run(self.of::<Session>(SESSIONS).insert_one(session)).await.map(drop)
    }

    /// A login by id.
    pub async fn session(&self, id: Id) -> Result<Option<Session>> {
        self.run(self.of(SESSIONS).find_one(doc! { "_id": id })).await
    }

    /// Moves a login from `generation` to the next; false if it was moved before or revoked.
    pub async fn rotate_session(&self, id: Id, generation: i64, expires_at: Timestamp) -> Result<bool> {
        let current = doc! { "_id": id, "generation": generation, "revokedAt": null };
        let next = doc! { "$set": { "generation": generation + 1, "expiresAt": expires_at } };
        Ok(self.run(self.docs(SESSIONS).update_one(current, next)).await?.matched_count == 1)
    }

    /// Ends all logins of an account but the one to keep.
    pub async fn revoke_sessions(&self, user_id: Id, kept: Option<Id>, now: Timestamp) -> Result<()> {
        let mut live = doc! { "userId": user_id, "revokedAt": null };
        live.extend(kept.map(|id| ("_id".to_owned(), doc! { "$ne": id }.into())));
        self.run(self.docs(SESSIONS).update_many(live, doc! { "$set": { "revokedAt": now } })).await.map(drop)
    }

    /// Ends a login.
    pub async fn revoke_session(&self, id: Id, now: Timestamp) -> Result<()> {
        let live = doc! { "_id": id, "revokedAt": null };
        self.run(self.docs(SESSIONS).update_one(live, doc! { "$set": { "revokedAt": now } })).await.map(drop)
    }
}
