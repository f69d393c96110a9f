//! Tokens that travel by mail: who brings one back has read it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Id, Timestamp, User, email_key};

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailPurpose {
    /// Setting a new password.
    ResetPassword,
    /// Proving that its user reads mail to this address.
    VerifyEmail,
}

impl MailPurpose {
    /// The name in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ResetPassword => "reset_password",
            Self::VerifyEmail => "verify_email",
        }
    }
}

/// A token as it is stored: it itself is only in the mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailToken {
    /// SHA-256 of the token, in hexadecimal digits.
    #[serde(rename = "_id")]
    pub hash: String,
    /// Whose token it is.
    pub user_id: Id,
    /// What it is good for.
    pub purpose: MailPurpose,
    /// Where it was sent.
    pub email: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl MailToken {
    /// How long a token is good.
    pub const LASTS: Duration = Duration::from_secs(3600);

    /// A token for an account as it is now.
    pub fn new(hash: String, purpose: MailPurpose, user: &User, now: Timestamp) -> Self {
        let email = user.email.clone();
        Self { hash, user_id: user.id, purpose, email, created_at: now, expires_at: now + Self::LASTS }
    }

    /// Whether it may still be used.
    pub fn is_good(&self, now: Timestamp) -> bool {
        now < self.expires_at
    }

    /// Whether it was sent to the account's present address.
    pub fn reached(&self, user: &User) -> bool {
        email_key(&self.email) == email_key(&user.email)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_an_hour_and_proves_one_address() {
        let mut user = User::new(Id([1; 12]), "Ada", " Ada@example.com", Timestamp(0));
        let token = MailToken::new("00".into(), MailPurpose::VerifyEmail, &user, Timestamp(1000));
        assert!(token.is_good(Timestamp(3_600_999)) && !token.is_good(Timestamp(3_601_000)));
        user.email = "ada@example.com".into();
        assert!(token.reached(&user));
        user.email = "eve@example.com".into();
        assert!(!token.reached(&user));
    }
}
