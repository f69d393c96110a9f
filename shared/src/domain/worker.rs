//! Workers, as operators see them.

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// A worker process that announced itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Worker {
    /// Its name, unique to its start.
    #[serde(rename = "_id")]
    pub name: String,
    /// Kinds of job it takes.
    pub kinds: Vec<String>,
    /// When it started.
    pub since: Timestamp,
    /// When it was last heard of.
    pub heard_at: Timestamp,
}
