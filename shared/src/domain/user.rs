//! Accounts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, Timestamp};

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The default.
    #[default]
    Student,
    /// Reserved for teaching features.
    Teacher,
    /// Operates the platform.
    Admin,
}

/// An account. The hash never leaves the server; see the API's user DTO for what does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The account's id.
    pub id: Id,
    /// Shown name, 1–100 characters.
    pub name: String,
    /// Unique handle; absent on accounts of the old backend that were never migrated.
    pub username: Option<String>,
    /// E-mail as given.
    pub email: String,
    /// Whether its owner proved to read it.
    pub email_verified: bool,
    /// bcrypt hash; empty for guests, which no password matches.
    pub password: String,
    /// What it may do.
    pub role: Role,
    /// False once deactivated.
    pub is_active: bool,
    /// A throwaway account that may still become a real one.
    pub is_guest: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The form in which e-mails are compared: trimmed, lower case.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}
