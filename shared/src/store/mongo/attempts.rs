//! Open attempts; once submitted they are in `quizattempts`, where the old backend sees them.

use std::collections::BTreeMap;

use bson::{Bson, Document, bson, doc};

use super::{
    Mongo, RACES, Result,
    convert::{Plain, bson_of, document, value_of},
    defect,
    fields::{Fields, either},
    inserted,
    quizzes::QUIZZES,
    submissions::SUBMITTED,
};
use crate::domain::{Attempt, Given, Id};

pub(super) const OPEN: &str = "attempts_open";
/// Set until it is known that the attempt may be opened; see [`Mongo::settled`].
const OPENING: &str = "opening";

impl Mongo {
    /// Opens an attempt; if the student has one open for the quiz, that one is returned. None if it is not the next one
    /// or the quiz is archived.
    pub async fn open_attempt(&self, attempt: &Attempt) -> Result<Option<Attempt>> {
        let mut opening = document(attempt)?;
        opening.insert(OPENING, true);
        for _ in 0..RACES {
            let is_new = inserted(self.run(self.docs(OPEN).insert_one(&opening)).await)?;
            if let Some(open) = self.attempt_at(attempt.quiz_id, attempt.user_id).await? {
                return Ok(Some(open));
            }
            if is_new {
                return Ok(None);
            }
        }
        Err(defect(format!("attempt {} is neither open nor can be opened", attempt.id)))
    }

    /// An open attempt by id.
    pub async fn attempt(&self, id: Id) -> Result<Option<Attempt>> {
        self.find_open(doc! { "_id": id }).await
    }

    /// The student's open attempt at a quiz.
    pub async fn attempt_at(&self, quiz_id: Id, user_id: Id) -> Result<Option<Attempt>> {
        self.find_open(doc! { "quizId": quiz_id, "userId": user_id }).await
    }

    /// Adds answers to an open attempt and raises its `rev`; false if it is no longer open or is being closed.
    pub async fn save_answers(&self, id: Id, answers: &BTreeMap<String, Given>) -> Result<bool> {
        if self.is_submitted(id).await? {
            return Ok(false);
        }
        // As a value, not by path: a question's id may hold what a path may not.
        let merged = doc! { "$mergeObjects": ["$answers", { "$literal": bson_of(answers)? }] };
        let raised = doc! { "$add": [{ "$ifNull": ["$rev", 0_i64] }, 1_i64] };
        let update = vec![doc! { "$set": { "answers": merged, "rev": raised } }];
        let open = doc! { "_id": id, "closing": { "$ne": true } };
        Ok(self.run(self.docs(OPEN).update_one(open, update)).await?.matched_count == 1)
    }

    /// Lets an open attempt take no more answers, if none were saved since `rev`; false if some were. Whoever
    /// dies between this and [`Self::close`] leaves it to the next submit, which comes to this `rev` as well.
    pub(super) async fn begin_closing(&self, id: Id, rev: i64) -> Result<bool> {
        // Attempts opened by older versions have no `rev`.
        let at_rev = if rev == 0 { bson!({ "$in": [0, null] }) } else { rev.into() };
        let (unchanged, closing) = (doc! { "_id": id, "rev": at_rev }, doc! { "$set": { "closing": true } });
        let attempts = self.docs(OPEN);
        if self.run(attempts.update_one(unchanged, closing)).await?.matched_count == 1 {
            return Ok(true);
        }
        // In this order: one that is closed in between was submitted before.
        let open = self.run(attempts.find_one(doc! { "_id": id })).await?.is_some();
        Ok(!open || self.is_submitted(id).await?)
    }

    /// Closes an open attempt.
    pub(super) async fn close(&self, id: Id) -> Result<()> {
        self.run(self.docs(OPEN).delete_one(doc! { "_id": id })).await.map(drop)
    }

    async fn is_submitted(&self, id: Id) -> Result<bool> {
        let submitted = self.docs(SUBMITTED);
        Ok(self.run(submitted.find_one(doc! { "_id": id }).projection(doc! { "_id": 1 })).await?.is_some())
    }

    /// An open attempt; one whose submission broke off before it was closed is closed now.
    async fn find_open(&self, filter: Document) -> Result<Option<Attempt>> {
        let Some(Plain(doc)) = self.run(self.of::<Plain>(OPEN).find_one(filter)).await? else {
            return Ok(None);
        };
        let opening = Fields(&doc).flag(&[OPENING]).unwrap_or_default();
        let attempt: Attempt = value_of(&Bson::Document(doc))?;
        if opening {
            return Ok(self.settled(&attempt).await?.then_some(attempt));
        }
        if self.is_submitted(attempt.id).await? {
            self.close(attempt.id).await?;
            return Ok(None);
        }
        Ok(Some(attempt))
    }

    /// Whether an attempt that is being opened may be: it is the next one, and its quiz takes attempts. Else it is taken
    /// back. While it is there no other can be opened, and all that were closed before are submitted, so the count is
    /// exact. Whoever finds it settles it, so that nobody takes one that is not to be, nor waits for one who died.
    async fn settled(&self, attempt: &Attempt) -> Result<bool> {
        self.adopt(doc! { "user.$id": attempt.user_id, "quiz.$id": attempt.quiz_id }).await?;
        let submitted = doc! { "userId": either(attempt.user_id), "quizId": either(attempt.quiz_id) };
        let archived = doc! { "_id": attempt.quiz_id, "status": "archived" };
        let (attempts, quizzes) = (self.docs(SUBMITTED), self.docs(QUIZZES));
        let (made, archived) = futures::try_join!(
            self.run(attempts.count_documents(submitted)),
            self.run(quizzes.find_one(archived).projection(doc! { "_id": 1 })),
        )?;
        let opening = doc! { "_id": attempt.id, OPENING: true };
        if made + 1 != u64::from(attempt.attempt_number) || archived.is_some() {
            self.run(self.docs(OPEN).delete_one(opening)).await?;
            return Ok(false);
        }
        let open = doc! { "$unset": { OPENING: "" } };
        let settled = self.run(self.docs(OPEN).update_one(opening, open)).await?.matched_count == 1;
        // Else another has settled it, and it may be submitted already.
        Ok(settled || self.run(self.docs(OPEN).find_one(doc! { "_id": attempt.id })).await?.is_some())
    }
}
