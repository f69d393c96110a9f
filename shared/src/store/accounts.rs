//! Accounts and logins.

use std::time::Duration;

use super::{Result, Store, StoreError};
use crate::domain::{Id, Session, Timestamp, User};

/// How often two writers may get in each other's way before a change gives up.
const RACES: usize = 50;

backends! { "users":
    /// Adds an account. `Taken("email")` or `Taken("username")` when another one has it.
    fn insert_user(&self, user: &User) -> ();
    /// Writes what differs between an account as it was read and as it is to be; false if somebody else wrote it
    /// in between, or it is gone. `Taken` as above. See [`Store::change_user`].
    fn save_user(&self, before: &User, after: &User) -> bool;
    /// An account by id.
    fn user(&self, id: Id) -> Option<User>;
    /// An account by e-mail: in any case and with any space around, else exactly as stored.
    fn user_by_email(&self, email: &str) -> Option<User>;
    /// An account by username.
    fn user_by_username(&self, username: &str) -> Option<User>;

    /// Adds a login.
    fn insert_session(&self, session: &Session) -> ();
    /// A login by id.
    fn session(&self, id: Id) -> Option<Session>;
    /// Moves a login from `generation` to the next; false if it was moved before or revoked.
    fn rotate_session(&self, id: Id, generation: i64, expires_at: Timestamp) -> bool;
    /// Ends a login.
    fn revoke_session(&self, id: Id, now: Timestamp) -> ();
    /// Ends all logins of an account but the one to keep.
    fn revoke_sessions(&self, user_id: Id, kept: Option<Id>, now: Timestamp) -> ();
}

impl Store {
    /// Changes an account by a pure transition, on a fresh copy again and again until nobody else wrote it in
    /// between. `updated_at` rises with every change. None if there is no such account.
    pub async fn change_user<E: From<StoreError>>(
        &self,
        id: Id,
        now: Timestamp,
        mut transition: impl FnMut(&mut User) -> std::result::Result<(), E>,
    ) -> std::result::Result<Option<User>, E> {
        for _ in 0..RACES {
            let Some(before) = self.user(id).await? else { return Ok(None) };
            let mut after = before.clone();
            transition(&mut after)?;
            if after == before {
                return Ok(Some(before));
            }
            after.updated_at = now.max(before.updated_at + Duration::from_millis(1));
            if self.save_user(&before, &after).await? {
                return Ok(Some(after));
            }
        }
        Err(StoreError::Internal(format!("account {id} never stood still").into()).into())
    }
}
