//! Tokens that travel by mail; the database drops those that ended.

use bson::doc;

use super::{Mongo, Result};
use crate::domain::{Id, MailPurpose, MailToken, Timestamp};

const TOKENS: &str = "mail_tokens";

impl Mongo {
    /// Adds a token.
    pub async fn insert_mail_token(&self, token: &MailToken) -> Result<()> {
        self.run(self.of::<MailToken>(TOKENS).insert_one(token)).await.map(drop)
    }

    /// Takes a token out.
    pub async fn take_mail_token(&self, hash: &str, purpose: MailPurpose) -> Result<Option<MailToken>> {
        let this = doc! { "_id": hash, "purpose": purpose.as_str() };
        self.run(self.of::<MailToken>(TOKENS).find_one_and_delete(this)).await
    }

    /// How many tokens of a purpose an account was given at this time or later, and did not use.
    pub async fn count_mail_tokens(&self, user_id: Id, purpose: MailPurpose, from: Timestamp) -> Result<u64> {
        let given = doc! { "userId": user_id, "purpose": purpose.as_str(), "createdAt": { "$gte": from } };
        self.run(self.docs(TOKENS).count_documents(given)).await
    }

    /// Removes the tokens of a purpose that an account was given.
    pub async fn delete_mail_tokens(&self, user_id: Id, purpose: MailPurpose) -> Result<()> {
        let given = doc! { "userId": user_id, "purpose": purpose.as_str() };
        self.run(self.docs(TOKENS).delete_many(given)).await.map(drop)
    }
}
