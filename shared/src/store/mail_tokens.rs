//! Tokens that travel by mail.

use super::{Result, Store};
use crate::domain::{Id, MailPurpose, MailToken, Timestamp};

backends! { "mail_tokens":
    /// Adds a token.
    fn insert_mail_token(&self, token: &MailToken) -> ();
    /// Takes a token out, so that it is good once however many bring it at the same time. None if there is none of
    /// this hash and purpose; one that ended may still come.
    fn take_mail_token(&self, hash: &str, purpose: MailPurpose) -> Option<MailToken>;
    /// How many tokens of a purpose an account was given at this time or later, and did not use.
    fn count_mail_tokens(&self, user_id: Id, purpose: MailPurpose, from: Timestamp) -> u64;
    /// Removes the tokens of a purpose that an account was given.
    fn delete_mail_tokens(&self, user_id: Id, purpose: MailPurpose) -> ();
}
