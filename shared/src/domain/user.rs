//! Accounts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, Timestamp, Zone};

/// How long the owner of a deactivated account may change their mind.
const REACTIVATION_WITHIN: Duration = Duration::from_secs(30 * 24 * 3600);

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
    /// When its owner deactivated it; absent where somebody else did, which its owner cannot undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deactivated_at: Option<Timestamp>,
    /// When all its logins were ended last: tokens of the old backend, which belong to no login, are good only if
    /// they were issued later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logins_ended_at: Option<Timestamp>,
    /// A throwaway account that may still become a real one.
    pub is_guest: bool,
    /// What its owner set.
    #[serde(default)]
    pub preferences: Preferences,
    /// Blob of its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Id>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// A student's account that no password opens yet.
    pub fn new(id: Id, name: &str, email: &str, now: Timestamp) -> Self {
        Self {
            id,
            name: name.to_owned(),
            username: None,
            email: email.to_owned(),
            email_verified: false,
            password: String::new(),
            role: Role::default(),
            is_active: true,
            deactivated_at: None,
            logins_ended_at: None,
            is_guest: false,
            preferences: Preferences::default(),
            avatar: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Its owner leaves; the data stays.
    pub fn deactivate(&mut self, now: Timestamp) {
        self.is_active = false;
        self.deactivated_at = Some(now);
        self.logins_ended_at = Some(now);
    }

    /// It is to be erased: unlike one that its owner deactivated, it does not come back.
    pub fn shut(&mut self, now: Timestamp) {
        self.deactivate(now);
        self.deactivated_at = None;
    }

    /// Whether it is to be erased.
    pub fn is_shut(&self) -> bool {
        !self.is_active && self.deactivated_at.is_none()
    }

    /// Its owner comes back. False if it was not its owner who deactivated it, or too long ago.
    pub fn reactivate(&mut self, now: Timestamp) -> bool {
        let in_time = self.deactivated_at.is_some_and(|left| now.since(left) <= REACTIVATION_WITHIN);
        if in_time {
            self.is_active = true;
            self.deactivated_at = None;
        }
        in_time
    }
}

/// Most characters of a username.
pub const USERNAME_MAX: usize = 50;

/// What may be in a username: neither space nor what makes an e-mail of it.
pub fn is_handle_char(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && c != '@'
}

/// The username that an e-mail suggests.
pub fn handle_of(email: &str) -> String {
    let key = email_key(email);
    let local = key.split('@').next().unwrap_or_default();
    let handle: String = local.chars().filter(|c| is_handle_char(*c)).take(USERNAME_MAX).collect();
    if handle.is_empty() { "student".to_owned() } else { handle }
}

/// The form in which e-mails are compared: trimmed, lower case.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        User::new(Id([1; 12]), "Ada", "ada@example.com", Timestamp(0))
    }

    #[test]
    fn who_left_may_come_back_for_thirty_days() {
        let day = Duration::from_secs(24 * 3600);
        for (after, back) in
            [(Duration::ZERO, true), (30 * day, true), (30 * day + Duration::from_millis(1), false)]
        {
            let mut user = user();
            user.deactivate(Timestamp(5));
            assert!(!user.is_active);
            assert_eq!(user.reactivate(Timestamp(5) + after), back, "{after:?}");
            assert_eq!((user.is_active, user.deactivated_at.is_none()), (back, back));
        }
    }

    #[test]
    fn an_email_suggests_a_username_that_may_be_one() {
        let long = format!("{}@example.com", "x".repeat(99));
        assert_eq!(handle_of(&long), "x".repeat(USERNAME_MAX));
        for (email, handle) in [
            (" Ada.Lovelace@Example.com ", "ada.lovelace"),
            ("\"a\tb c\"@example.com", "\"abc\""),
            ("@example.com", "student"),
            ("", "student"),
        ] {
            assert_eq!(handle_of(email), handle, "{email}");
        }
    }

    #[test]
    fn whom_somebody_else_deactivated_does_not_come_back() {
        let mut user = User { is_active: false, ..user() };
        assert!(!user.reactivate(Timestamp(5)));
        assert!(!user.is_active);
    }
}
