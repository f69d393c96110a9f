//! Attempts that the port submitted, in its own `quiz_attempts`. They are copied into the old backend's `quizattempts`
//! under their own ids, by the migration or when somebody first asks for them; the sources stay.

use std::collections::{BTreeMap, HashSet};

use bson::{Bson, Document, doc};

use super::{
    Mongo, Result,
    convert::{Plain, number},
    fields::{Fields, readable},
    quizzes,
    submissions::SUBMITTED,
};
use crate::domain::{Answer, Id, Question};

pub(super) const PORTED: &str = "quiz_attempts";
/// Marks a copy; where it comes from.
pub(super) const COPIED_FROM: &str = "copiedFrom";

/// Attempts copied together.
const AT_ONCE: usize = 500;

/// Why an attempt cannot be copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotCopied {
    /// It was never submitted.
    Open,
    /// It does not say whose it is.
    NoUser,
    /// It does not say what was attempted.
    NoQuiz,
}

impl Mongo {
    /// Copies a student's attempts of the port that were not copied before.
    pub(super) async fn adopt_of(&self, user: Id) -> Result<()> {
        self.adopt(doc! { "user.$id": user }).await
    }

    /// Whether anybody attempted a quiz at the port.
    pub(super) async fn is_ported(&self, quiz: Id) -> Result<bool> {
        let submitted = doc! { "quiz.$id": quiz, "is_completed": { "$ne": false } };
        let ported = self.docs(PORTED);
        Ok(self.run(ported.find_one(submitted).projection(doc! { "_id": 1 })).await?.is_some())
    }

    /// Copies the port's attempts at a quiz that were not copied before.
    pub(super) async fn adopt_at(&self, quiz: Id) -> Result<()> {
        self.adopt(doc! { "quiz.$id": quiz }).await
    }

    /// Copies those of the port's attempts that a filter finds and that were not copied before. Those that were never
    /// submitted, or do not say whose they are or at what, stay where they are.
    pub(super) async fn adopt(&self, wanted: Document) -> Result<()> {
        let whole = doc! {
            "_id": { "$type": "objectId" }, "quiz.$id": { "$ne": null }, "is_completed": { "$ne": false },
        };
        let submitted = doc! { "$and": [wanted, whole] };
        let found: Vec<Document> = self.found(PORTED, submitted, doc! { "_id": 1 }).await?;
        let ids: Vec<Bson> = found.into_iter().filter_map(|mut doc| doc.remove("_id")).collect();
        for ids in ids.chunks(AT_ONCE) {
            let there = self.present(SUBMITTED, ids).await?;
            let is_there = |id: &Bson| id.as_object_id().is_some_and(|id| there.contains(&id.into()));
            let missing: Vec<Bson> = ids.iter().filter(|id| !is_there(id)).cloned().collect();
            if !missing.is_empty() {
                self.copy_those(&missing).await?;
            }
        }
        Ok(())
    }

    async fn copy_those(&self, ids: &[Bson]) -> Result<()> {
        let these = doc! { "_id": { "$in": ids } };
        let found: Vec<Plain> = self.found(PORTED, these, Document::new()).await?;
        let questions = self.questions_of(found.iter().map(|Plain(doc)| doc)).await?;
        let copies: Vec<Document> =
            found.iter().filter_map(|Plain(doc)| copy(doc, &questions).ok()).collect();
        self.insert_new(SUBMITTED, &copies).await?;
        self.remove_orphans(PORTED, SUBMITTED, ids).await?;
        let attempted: HashSet<Id> = copies.iter().filter_map(|copy| Fields(copy).id(&["quizId"])).collect();
        let attempted: Vec<Id> = attempted.into_iter().collect();
        // A quiz that nobody counted so far is not counted because somebody reads.
        let counted = doc! { "_id": { "$in": attempted }, "totalAttempts": { "$exists": true } };
        let counted: Vec<Document> = self.found(quizzes::QUIZZES, counted, doc! { "_id": 1 }).await?;
        for quiz in counted.iter().filter_map(|doc| Fields(doc).id(&["_id"])) {
            self.total_up(quiz).await?;
        }
        Ok(())
    }

    /// Removes what was made of documents that are gone meanwhile, as when their owner had them erased; the ids of those.
    pub(super) async fn remove_orphans(&self, of: &str, made: &str, ids: &[Bson]) -> Result<Vec<Bson>> {
        let there = self.present(of, ids).await?;
        let is_gone = |id: &Bson| id.as_object_id().is_some_and(|id| !there.contains(&id.into()));
        let gone: Vec<Bson> = ids.iter().filter(|id| is_gone(id)).cloned().collect();
        if !gone.is_empty() {
            let mut these = doc! { "_id": { "$in": &gone } };
            if made == SUBMITTED {
                these.insert(COPIED_FROM, of);
            }
            self.run(self.docs(made).delete_many(these)).await?;
        }
        Ok(gone)
    }

    /// The questions of the quizzes that attempts of the port are at.
    pub(super) async fn questions_of(
        &self,
        attempts: impl Iterator<Item = &Document>,
    ) -> Result<BTreeMap<Id, Vec<Question>>> {
        let quizzes: HashSet<Id> = attempts.filter_map(|doc| Fields(doc).id(&["quiz"])).collect();
        let quizzes: Vec<Id> = quizzes.into_iter().collect();
        let shape = doc! { "questions": 1, "correctAnswers": 1, "correct_answers": 1 };
        let found: Vec<Plain> =
            self.found(quizzes::QUIZZES, doc! { "_id": { "$in": quizzes } }, shape).await?;
        let read = |Plain(doc): &Plain| {
            Some((readable(Fields(doc).own_id())?, quizzes::questions(Fields(doc), Vec::new())))
        };
        Ok(found.iter().filter_map(read).collect())
    }

    /// Which of these ids a collection has.
    pub(super) async fn present(&self, collection: &str, ids: &[Bson]) -> Result<HashSet<Id>> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let found: Vec<Document> =
            self.found(collection, doc! { "_id": { "$in": ids } }, doc! { "_id": 1 }).await?;
        Ok(found.iter().filter_map(|doc| Fields(doc).id(&["_id"])).collect())
    }
}

/// An attempt of the port in the shape that the old backend reads.
pub(super) fn copy(
    ported: &Document,
    questions: &BTreeMap<Id, Vec<Question>>,
) -> std::result::Result<Document, NotCopied> {
    let fields = Fields(ported);
    if !is_submitted(ported) {
        return Err(NotCopied::Open);
    }
    let id = fields.own_id().map_err(|_| NotCopied::NoUser)?;
    let user = fields.id(&["user"]).ok_or(NotCopied::NoUser)?;
    let quiz = fields.id(&["quiz"]).ok_or(NotCopied::NoQuiz)?;
    let answers = fields.part(&["answers"]).map(|answers| answers.0.clone()).unwrap_or_default();
    let asked = questions.get(&quiz).map(Vec::as_slice).unwrap_or_default();
    let score = fields.number(&["score"]).unwrap_or_default();
    let max = fields.number(&["max_score"]).filter(|max| *max > 0.0).unwrap_or(asked.len() as f64);
    let computed = if max > 0.0 { (score / max * 1000.0).round() / 10.0 } else { 0.0 };
    let created_at = fields.created_at(id);
    let completed_at = fields.date(&["completed_at"]).unwrap_or(created_at);
    let total = if asked.is_empty() { max } else { asked.len() as f64 };
    Ok(doc! {
        "_id": id,
        "quizId": quiz,
        "userId": user,
        "userAnswers": answers.clone(),
        "score": number(score),
        "maxScore": number(max),
        "totalQuestions": number(total),
        "percentage": number(fields.number(&["percentage"]).unwrap_or(computed)),
        "questionResults": asked.iter().map(|question| result(question, &answers)).collect::<Vec<_>>(),
        "startedAt": fields.date(&["started_at"]).unwrap_or(created_at),
        "completedAt": completed_at,
        "createdAt": created_at,
        "updatedAt": fields.date(&["updated_at"]).unwrap_or(completed_at),
        "__v": 0,
        COPIED_FROM: PORTED,
    })
}

/// Whether an attempt of the port was submitted.
pub(super) fn is_submitted(ported: &Document) -> bool {
    let fields = Fields(ported);
    fields.flag(&["is_completed"]).unwrap_or_else(|| fields.date(&["completed_at"]).is_some())
}

/// How a question was answered: the port kept only the answers, each the text of an option.
fn result(question: &Question, answers: &Document) -> Document {
    let given = answers.get(&question.id).filter(|given| **given != Bson::Null);
    let correct = match question.key.as_ref().map(|key| &key.correct_answer) {
        Some(Answer::Text(text)) => Some(text),
        _ => None,
    };
    let mut result = doc! { "questionId": &question.id, "question": &question.question };
    result.extend(given.map(|given| ("userAnswer".to_owned(), given.clone())));
    result.extend(correct.map(|correct| ("correctAnswer".to_owned(), correct.into())));
    let is_correct = correct.is_some_and(|correct| given.and_then(Bson::as_str) == Some(correct));
    result.insert("isCorrect", is_correct);
    result
}
