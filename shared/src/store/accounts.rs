//! Accounts and logins.

use super::{Result, Store};
use crate::domain::{Id, Session, Timestamp, User};

backends! {
    /// Adds an account. `Taken("email")` or `Taken("username")` when another one has it.
    fn insert_user(&self, user: &User) -> ();
    /// Writes the named fields of an account. `Taken` as above.
    fn update_user(&self, user: &User) -> ();
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
}
