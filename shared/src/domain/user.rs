//! Accounts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, Timestamp, Zone};

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

/// How pages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// As the device has it.
    #[default]
    System,
}

/// What a student may set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Preferences {
    /// How pages look.
    pub theme: Theme,
    /// Whether reminders are welcome.
    pub notifications: bool,
    /// Length of a study session, in minutes.
    pub default_study_duration: u32,
    /// Zone in which days begin.
    pub time_zone: Zone,
    /// BCP 47 tag of the language pages are shown in.
    pub language: String,
    /// Whether texts may go to an outside provider, where the operator leaves it to the student.
    pub ai_consent: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            notifications: true,
            default_study_duration: 25,
            time_zone: Zone::UTC,
            language: "en".to_owned(),
            ai_consent: false,
        }
    }
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
    /// What its owner set.
    #[serde(default)]
    pub preferences: Preferences,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The form in which e-mails are compared: trimmed, lower case.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}
