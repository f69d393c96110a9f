//! Work that is kept under the hash of all that went into it, so that nobody does it twice.

use super::{Result, Store};
use crate::domain::{Id, Timestamp};

backends! { "cached_work":
    /// Keeps a piece of work under its key, in place of what was there, and notes who used it.
    fn put_cached(&self, key: &str, value: &str, user: Option<Id>, now: Timestamp) -> ();
    /// Notes that a piece of work is used; whether there is one.
    fn use_cached(&self, key: &str, user: Option<Id>, now: Timestamp) -> bool;
    /// A piece of work.
    fn cached(&self, key: &str) -> Option<String>;
    /// The keys of all pieces of work that an account used.
    fn cached_keys(&self, user: Id) -> Vec<String>;
    /// Removes what was last used before an instant; how much, at most `limit`.
    fn remove_cached(&self, used_before: Timestamp, limit: u32) -> u64;
}
