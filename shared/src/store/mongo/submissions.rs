//! Submitted attempts, in the old backend's `quizattempts`.

use std::collections::{BTreeMap, BTreeSet};

use bson::{Bson, Document, bson, doc};
use serde::Deserialize;

use super::{
    Mongo, RACES, Result, StoreError,
    convert::{Plain, bson_of, number, value_of},
    defect,
    fields::{Fields, either, either_of, readable},
    inserted,
    quizzes::QUIZZES,
};
use crate::{
    domain::{Id, QuestionResult, Submission},
    store::{Listing, SubmissionFilter, Window},
};

pub(super) const SUBMITTED: &str = "quizattempts";

impl Mongo {
    /// Submits an attempt, marked as it was at `rev`, and closes the open one; if it was submitted before,
    /// the first submission is returned. None if answers were saved since.
    pub async fn submit(&self, submission: &Submission, rev: i64) -> Result<Option<Submission>> {
        if !self.begin_closing(submission.id, rev).await? {
            return Ok(None);
        }
        let stored = if inserted(self.run(self.docs(SUBMITTED).insert_one(write(submission)?)).await)? {
            submission.clone()
        } else {
            let first = self.submission(submission.id).await?;
            first.ok_or_else(|| defect(format!("submission {} vanished", submission.id)))?
        };
        self.close(stored.id).await?;
        self.total_up(stored.quiz_id).await?;
        Ok(Some(stored))
    }

    /// A submission by id.
    pub async fn submission(&self, id: Id) -> Result<Option<Submission>> {
        let mut found = self.run(self.of::<Plain>(SUBMITTED).find_one(doc! { "_id": id })).await?;
        if found.is_none() {
            self.adopt(doc! { "_id": id }).await?;
            found = self.run(self.of::<Plain>(SUBMITTED).find_one(doc! { "_id": id })).await?;
        }
        let Some(Plain(mut doc)) = found else { return Ok(None) };
        self.name_topics(std::slice::from_mut(&mut doc)).await?;
        read(&doc).map(Some)
    }

    /// Submissions by id.
    pub async fn submissions(
        &self,
        filter: &SubmissionFilter,
        window: &Window,
    ) -> Result<Listing<Submission>> {
        self.adopt_of(filter.user_id).await?;
        let mut wanted = vec![doc! { "userId": either(filter.user_id) }];
        wanted.extend(filter.quiz_id.map(|quiz_id| doc! { "quizId": either(quiz_id) }));
        if let Some(topic) = &filter.topic {
            let old = doc! { "userId": either(filter.user_id), "topic": null };
            let ids: Vec<Id> = self.quizzes_of(old).await?.into_iter().collect();
            let about = doc! { "_id": { "$in": ids }, "topic": topic };
            let quizzes = self.topics(about).await?;
            let theirs = either_of(quizzes.keys().copied());
            wanted.push(doc! { "$or": [{ "topic": topic }, { "topic": null, "quizId": theirs }] });
        }
        let at = bson!({ "$ifNull": ["$completedAt", { "$ifNull": ["$createdAt", "$_id"] }] });
        let completed = converted(at, "date", Bson::Null);
        let percentage = converted("$percentage".into(), "double", 0.0);
        let bounds = [
            filter.from.map(|from| bson!({ "$gte": [completed.clone(), from] })),
            filter.until.map(|until| bson!({ "$lt": [completed, until] })),
            filter.min_score.map(|min| bson!({ "$gte": [percentage.clone(), min] })),
            filter.max_score.map(|max| bson!({ "$lte": [percentage, max] })),
        ];
        wanted.extend(bounds.into_iter().flatten().map(|bound| doc! { "$expr": bound }));
        let after = window.after.as_deref().and_then(|id| id.parse::<Id>().ok()).map(Bson::from);
        let wanted = doc! { "$and": wanted };
        let found = self.list(SUBMITTED, wanted, window, after, doc! { "__v": "$$REMOVE" }).await?;
        let mut docs = found.map(|Plain(doc)| doc);
        self.name_topics(&mut docs.items).await?;
        Ok(docs.filter_map(|doc| readable(read(&doc))))
    }

    /// Writes a quiz's totals anew, until they are as counted before: whoever writes last has counted again.
    pub(super) async fn total_up(&self, quiz_id: Id) -> Result<()> {
        let mut written = None;
        for _ in 0..RACES {
            let totals = self.totals(quiz_id).await?;
            if written.as_ref() == Some(&totals) {
                break;
            }
            let update = doc! { "$set": totals.clone() };
            let done = self.run(self.docs(QUIZZES).update_one(doc! { "_id": quiz_id }, update)).await?;
            if done.matched_count == 0 {
                break;
            }
            written = Some(totals);
        }
        Ok(())
    }

    /// A quiz's totals, counted.
    async fn totals(&self, quiz_id: Id) -> Result<Document> {
        let counted = self.totals_of(&[quiz_id]).await?.remove(&quiz_id);
        Ok(counted.unwrap_or_else(|| totals(0, 0.0)))
    }

    /// The totals of those of some quizzes that were attempted, counted.
    pub(super) async fn totals_of(&self, quizzes: &[Id]) -> Result<BTreeMap<Id, Document>> {
        #[derive(Deserialize)]
        struct Totals {
            #[serde(rename = "_id")]
            quiz: String,
            attempts: i64,
            average: Option<f64>,
        }
        let stages = [
            doc! { "$match": { "quizId": either_of(quizzes.iter().copied()) } },
            doc! { "$group": {
                "_id": { "$toLower": converted("$quizId".into(), "string", "") },
                "attempts": { "$sum": 1 },
                "average": { "$avg": converted("$percentage".into(), "double", Bson::Null) },
            } },
        ];
        let found: Vec<Totals> = self.all(self.docs(SUBMITTED).aggregate(stages).with_type()).await?;
        let each = |found: &Totals| {
            Some((found.quiz.parse().ok()?, totals(found.attempts, found.average.unwrap_or_default())))
        };
        Ok(found.iter().filter_map(each).collect())
    }

    /// The quizzes that submissions are at.
    pub(super) async fn quizzes_of(&self, submissions: Document) -> Result<BTreeSet<Id>> {
        let ids = self.run(self.docs(SUBMITTED).distinct("quizId", submissions)).await?;
        Ok(ids.iter().filter_map(|id| value_of(id).ok().or_else(|| id.as_str()?.parse().ok())).collect())
    }

    /// Gives old submissions, which do not name their topic, that of their quiz.
    async fn name_topics(&self, docs: &mut [Document]) -> Result<()> {
        let quiz = |doc: &Document| Fields(doc).id(&["quizId", "quiz"]);
        let unnamed: Vec<&mut Document> =
            docs.iter_mut().filter(|doc| Fields(doc).text(&["topic"]).is_none()).collect();
        let ids: Vec<Id> = unnamed.iter().filter_map(|doc| quiz(doc)).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let topics = self.topics(doc! { "_id": { "$in": ids } }).await?;
        for doc in unnamed {
            if let Some(topic) = quiz(doc).and_then(|id| topics.get(&id)) {
                doc.insert("topic", topic);
            }
        }
        Ok(())
    }

    /// The topics of quizzes.
    async fn topics(&self, filter: Document) -> Result<BTreeMap<Id, String>> {
        let docs: Vec<Document> =
            self.all(self.docs(QUIZZES).find(filter).projection(doc! { "topic": 1 })).await?;
        let topic = |doc: &Document| Some((Fields(doc).own_id().ok()?, Fields(doc).text(&["topic"])?));
        Ok(docs.iter().filter_map(topic).collect())
    }
}

/// What a quiz says of its attempts: how many, and their mean percentage with one decimal.
pub(super) fn totals(attempts: i64, average: f64) -> Document {
    let average = (average * 10.0).round() / 10.0;
    doc! { "totalAttempts": number(attempts as f64), "averageScore": number(average) }
}

/// An expression's value as another type.
pub(super) fn converted(input: Bson, to: &str, otherwise: impl Into<Bson>) -> Bson {
    let otherwise = otherwise.into();
    bson!({ "$convert": { "input": input, "to": to, "onError": otherwise.clone(), "onNull": otherwise } })
}

fn write(submission: &Submission) -> Result<Document> {
    let mut doc = doc! {
        "_id": submission.id,
        "quizId": submission.quiz_id,
        "userId": submission.user_id,
        "topic": &submission.topic,
        "attemptNumber": number(submission.attempt_number.into()),
        "score": number(submission.score),
        "maxScore": number(submission.max_score),
        "totalQuestions": number(submission.total_questions.into()),
        "percentage": number(submission.percentage),
        "questionResults": bson_of(&submission.question_results)?,
        "startedAt": submission.started_at,
        "completedAt": submission.completed_at,
        "createdAt": submission.completed_at,
        "updatedAt": submission.completed_at,
        "__v": 0,
    };
    if submission.answers_hidden {
        doc.insert("answersHidden", true);
    }
    if !submission.answers.is_empty() {
        doc.insert("userAnswers", bson_of(&submission.answers)?);
    }
    Ok(doc)
}

fn read(doc: &Document) -> Result<Submission> {
    let fields = Fields(doc);
    let id = fields.own_id()?;
    let reference = |names: &[&str]| {
        fields.id(names).ok_or_else(|| StoreError::Corrupt(format!("submission {id} lacks {}", names[0])))
    };
    let results = fields.list(&["questionResults"]).iter().filter_map(Bson::as_document).map(Fields);
    let question_results: Vec<_> = results.map(result).collect();
    let created_at = fields.created_at(id);
    let score = fields.number(&["score"]).unwrap_or_default();
    let total_questions = fields.count(&["totalQuestions"]).unwrap_or(question_results.len() as u32);
    let max_score = fields.number(&["maxScore", "max_score"]).unwrap_or(total_questions.into());
    let computed = || if max_score > 0.0 { score / max_score * 100.0 } else { 0.0 };
    let answers = fields.part(&["userAnswers", "answers"]).map(|part| part.0.iter());
    Ok(Submission {
        id,
        quiz_id: reference(&["quizId", "quiz"])?,
        user_id: reference(&["userId", "user"])?,
        topic: fields.text(&["topic"]).unwrap_or_default(),
        attempt_number: fields.count(&["attemptNumber"]).unwrap_or(1),
        answers: answers
            .into_iter()
            .flatten()
            .filter_map(|(question, given)| Some((question.clone(), value_of(given).ok()?)))
            .collect(),
        score,
        max_score,
        total_questions,
        percentage: fields.number(&["percentage"]).unwrap_or_else(computed),
        question_results,
        started_at: fields.date(&["startedAt", "started_at"]).unwrap_or(created_at),
        completed_at: fields.date(&["completedAt", "completed_at"]).unwrap_or(created_at),
        answers_hidden: fields.flag(&["answersHidden"]).unwrap_or_default(),
    })
}

fn result(fields: Fields<'_>) -> QuestionResult {
    let is_correct = fields.flag(&["isCorrect"]).unwrap_or_default();
    QuestionResult {
        question_id: fields.text(&["questionId"]).unwrap_or_default(),
        question: fields.text(&["question"]).unwrap_or_default(),
        user_answer: fields.value(&["userAnswer"]),
        correct_answer: fields.value(&["correctAnswer"]),
        is_correct,
        points: fields.number(&["points"]).unwrap_or(if is_correct { 1.0 } else { 0.0 }),
        explanation: fields.text(&["explanation"]),
        source: fields.value(&["source"]),
    }
}
