//! Tasks of the old frontend: single things to do, outside of plans.

use serde::{Deserialize, Serialize};

use super::{Id, Priority, Timestamp};

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// The task's id.
    #[serde(rename = "_id")]
    pub id: Id,
    /// Whose task.
    pub user_id: Id,
    /// What to do.
    pub title: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Subject it belongs to; empty where unknown.
    pub subject: String,
    /// Minutes it should take.
    pub estimated_duration: u32,
    /// How much it matters.
    pub priority: Priority,
    /// When it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_date: Option<Timestamp>,
    /// Whether it is done.
    pub completed: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts its changes, so that no change made meanwhile is overwritten.
    #[serde(default)]
    pub rev: i64,
}
