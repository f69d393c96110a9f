//! Links to quizzes.

use bson::doc;

use super::{Mongo, RACES, Result, defect, inserted};
use crate::domain::{Id, Share};

const SHARES: &str = "quiz_shares";

impl Mongo {
    /// Shares a quiz, and returns by what it is shared.
    pub async fn share_quiz(&self, share: &Share) -> Result<Share> {
        let shares = self.of::<Share>(SHARES);
        for _ in 0..RACES {
            if inserted(self.run(shares.insert_one(share)).await)? {
                return Ok(share.clone());
            }
            if let Some(first) = self.run(shares.find_one(doc! { "_id": share.quiz_id })).await? {
                return Ok(first);
            }
        }
        Err(defect(format!("quiz {} is neither shared nor can be shared", share.quiz_id)))
    }

    /// What a token opens.
    pub async fn share(&self, token: &str) -> Result<Option<Share>> {
        self.run(self.of::<Share>(SHARES).find_one(doc! { "token": token })).await
    }

    /// Ends the sharing of a quiz; false if it was not shared.
    pub async fn unshare_quiz(&self, quiz_id: Id) -> Result<bool> {
        let deleted = self.run(self.docs(SHARES).delete_one(doc! { "_id": quiz_id })).await?;
        Ok(deleted.deleted_count == 1)
    }
}
