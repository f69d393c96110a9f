//! Links to quizzes.

use serde::{Deserialize, Serialize};

use super::{Id, Timestamp};

/// Whoever has its token may read and take the quiz. A quiz has one at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Share {
    /// What is shared.
    #[serde(rename = "_id")]
    pub quiz_id: Id,
    /// Who shares it.
    pub user_id: Id,
    /// Opens the quiz; cannot be guessed.
    pub token: String,
    /// Since when.
    pub created_at: Timestamp,
}
