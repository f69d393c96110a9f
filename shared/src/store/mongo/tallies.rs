//! Submitted attempts, added up. The index that begins with these fields holds all that is looked at, so that no
//! attempt itself is read.

use std::collections::BTreeMap;

use bson::{Bson, Document, bson, doc};
use serde::Deserialize;

use super::{
    Mongo, Result,
    fields::{Fields, either},
    local_time::local_time,
    quizzes::{QUIZZES, or_default, owned_by},
    study_sessions::{STUDY_SESSIONS, counted_sessions},
    submissions::SUBMITTED,
};
use crate::{
    domain::{Difficulty, Id, QuizStatus, Shift, StudyTotals, Tally, Timestamp},
    store::{Scope, StudyBy, TallyBy},
};

/// A date's day, such as `2026-11-22`.
const DAY: &str = "%Y-%m-%d";
/// Largest percentage that is believed.
const PERCENTAGE_MAX: f64 = 1e6;

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "_id")]
    key: Key,
    tally: Tally,
}

#[derive(Deserialize)]
struct Key {
    /// Day or topic.
    name: Option<String>,
    /// What the group is to be named after.
    quiz: Option<String>,
}

impl Mongo {
    /// A user's submitted attempts, added up by something; a name may come more than once.
    pub async fn tallies(&self, scope: &Scope, by: &TallyBy) -> Result<Vec<(String, Tally)>> {
        self.adopt_of(scope.user_id).await?;
        let topic = text("$topic");
        let (name, quiz) = match by {
            TallyBy::Day(shifts) => (local("$at", shifts, DAY), Bson::Null),
            TallyBy::Topic => {
                (bson!("$topic"), bson!({ "$cond": [{ "$eq": ["$topic", null] }, "$quiz", null] }))
            }
            TallyBy::Difficulty => (Bson::Null, bson!("$quiz")),
        };
        let outcome = bson!({ "at": "$at", "id": { "$toString": "$_id" }, "percentage": "$percentage" });
        let stages = vec![
            doc! { "$match": { "userId": either(scope.user_id) } },
            doc! { "$project": {
                "at": instant(&["$completedAt", "$createdAt", "$_id"]),
                "percentage": percentage(),
                "topic": topic,
                "quiz": text("$quizId"),
            } },
            doc! { "$match": { "at": { "$gte": scope.from, "$lt": scope.until } } },
            doc! { "$sort": { "at": 1, "_id": 1 } },
            doc! { "$group": {
                "_id": { "name": name, "quiz": quiz },
                "attempts": { "$sum": 1_i64 },
                "millionths": { "$sum": {
                    "$toLong": { "$add": [{ "$multiply": ["$percentage", 1_000_000] }, 0.5] },
                } },
                "best": { "$max": "$percentage" },
                "worst": { "$min": "$percentage" },
                "first": { "$first": outcome.clone() },
                "last": { "$last": outcome },
            } },
            doc! { "$project": { "tally": "$$ROOT" } },
        ];
        let groups: Vec<Group> = self.all(self.docs(SUBMITTED).aggregate(stages).with_type()).await?;
        let quizzes: Vec<Id> =
            groups.iter().filter_map(|group| group.key.quiz.as_deref()?.parse().ok()).collect();
        let names = if quizzes.is_empty() { BTreeMap::new() } else { self.names(&quizzes, by).await? };
        let unknown = if *by == TallyBy::Difficulty { Difficulty::default().as_str() } else { "" };
        let named = |Group { key, tally }: Group| {
            let of_quiz = || key.quiz.and_then(|quiz| names.get(quiz.trim()).cloned());
            (key.name.or_else(of_quiz).unwrap_or_else(|| unknown.to_owned()), tally)
        };
        Ok(groups.into_iter().map(named).collect())
    }

    /// A user's sessions that count, added up by something; a name may come more than once.
    pub async fn study_by(
        &self,
        scope: &Scope,
        by: &StudyBy,
        now: Timestamp,
    ) -> Result<Vec<(String, StudyTotals)>> {
        #[derive(Deserialize)]
        struct Group {
            #[serde(rename = "_id")]
            key: String,
            sessions: i64,
            minutes: f64,
        }
        let name = |field| bson!({ "$ifNull": [text(field), ""] });
        let key = match by {
            StudyBy::Day(shifts) => local("$at", shifts, DAY),
            StudyBy::Hour(shifts) => local("$at", shifts, "%H"),
            StudyBy::Subject => name("$subject"),
            StudyBy::Topic => name("$topic"),
        };
        let mut stages = counted_sessions(scope.user_id, (scope.from, scope.until), now);
        stages.push(doc! { "$group": {
            "_id": key,
            "sessions": { "$sum": 1_i64 },
            "minutes": { "$sum": { "$toDouble": "$minutes" } },
        } });
        let groups: Vec<Group> = self.all(self.docs(STUDY_SESSIONS).aggregate(stages).with_type()).await?;
        let totals = |group: &Group| StudyTotals {
            sessions: group.sessions.unsigned_abs(),
            minutes: group.minutes as u64,
        };
        Ok(groups.into_iter().map(|group| (group.key.clone(), totals(&group))).collect())
    }

    /// The topics of a user's open quizzes and how many quizzes there are on each, in alphabetical order.
    pub async fn quiz_topics(&self, user_id: Id) -> Result<Vec<(String, u64)>> {
        #[derive(Deserialize)]
        struct Group {
            #[serde(rename = "_id")]
            topic: String,
            quizzes: i64,
        }
        let stages = [
            doc! { "$match": { "$and": [owned_by(user_id), or_default("status", QuizStatus::Active)?] } },
            doc! { "$group": { "_id": { "$ifNull": [text("$topic"), ""] }, "quizzes": { "$sum": 1_i64 } } },
            doc! { "$sort": { "_id": 1 } },
        ];
        let groups: Vec<Group> = self.all(self.docs(QUIZZES).aggregate(stages).with_type()).await?;
        Ok(groups.into_iter().map(|group| (group.topic, group.quizzes.unsigned_abs())).collect())
    }

    /// Topic or difficulty of quizzes, by id.
    async fn names(&self, quizzes: &[Id], by: &TallyBy) -> Result<BTreeMap<String, String>> {
        let field = if *by == TallyBy::Difficulty { "difficulty" } else { "topic" };
        let wanted = doc! { "_id": { "$in": quizzes.to_vec() } };
        let docs: Vec<Document> =
            self.all(self.docs(QUIZZES).find(wanted).projection(doc! { field: 1 })).await?;
        let name = |doc: &Document| {
            let fields = Fields(doc);
            let name = match by {
                TallyBy::Difficulty => {
                    fields.named::<Difficulty>(&[field]).unwrap_or_default().as_str().to_owned()
                }
                _ => fields.text(&[field])?,
            };
            Some((fields.own_id().ok()?.to_string(), name))
        };
        Ok(docs.iter().filter_map(name).collect())
    }
}

/// An attempt's percentage, of the old ones that lack it computed as when it is read.
fn percentage() -> Bson {
    let number = |field: &str, otherwise: Bson| bson!({ "$convert": { "input": field, "to": "double", "onError": otherwise.clone(), "onNull": otherwise } });
    let stored = number("$percentage", Bson::Null);
    let max = number("$maxScore", number("$totalQuestions", 0.0.into()));
    let computed = bson!({ "$let": {
        "vars": { "score": number("$score", 0.0.into()), "max": max },
        "in": { "$cond": [
            { "$gt": ["$$max", 0] },
            { "$multiply": [{ "$divide": ["$$score", "$$max"] }, 100] },
            0.0,
        ] },
    } });
    let believed =
        |number: &str| bson!({ "$and": [{ "$gte": [number, 0] }, { "$lte": [number, PERCENTAGE_MAX] }] });
    bson!({ "$let": {
        "vars": { "stored": stored },
        "in": { "$cond": [believed("$$stored"), "$$stored", { "$let": {
            "vars": { "computed": computed },
            "in": { "$cond": [believed("$$computed"), "$$computed", 0.0] },
        } }] },
    } })
}

/// A field as text; null where it is none.
fn text(field: &str) -> Bson {
    bson!({ "$convert": { "input": field, "to": "string", "onError": null, "onNull": null } })
}

/// The first of these fields that is an instant; null where none is.
fn instant(fields: &[&str]) -> Bson {
    fields.iter().rev().fold(Bson::Null, |otherwise, field| {
        bson!({ "$convert": { "input": *field, "to": "date", "onError": otherwise.clone(), "onNull": otherwise } })
    })
}

/// A date in the time of a zone that has these stretches, as text.
fn local(at: &str, shifts: &[Shift], format: &str) -> Bson {
    bson!({ "$dateToString": { "date": local_time(at, shifts), "format": format } })
}
