//! Logins.

use serde::{Deserialize, Serialize};

use super::{Id, Timestamp};

/// One login: the family of refresh tokens that descend from it. Each refresh raises `generation`;
/// a token of an older generation was used before, which revokes the family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The `sid` claim of its tokens.
    #[serde(rename = "_id")]
    pub id: Id,
    /// Whose login it is.
    pub user_id: Id,
    /// Generation of the only refresh token that is still good.
    pub generation: i64,
    /// When it began.
    pub created_at: Timestamp,
    /// When its refresh token ends.
    pub expires_at: Timestamp,
    /// When it was revoked, by logout or because a used token came back.
    pub revoked_at: Option<Timestamp>,
}
