//! Copies of everything stored about a user.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Id, Timestamp};

/// A ZIP file that waits for its user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id,
    /// Whose data it holds.
    pub user_id: Id,
    /// Blob that holds it.
    pub blob: Id,
    /// Its size in bytes.
    pub size: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it is removed.
    pub expires_at: Timestamp,
}

impl Export {
    /// How long a copy is kept.
    pub const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
}
