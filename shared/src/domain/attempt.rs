//! Attempts at a quiz and their results.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Answer, Id, Quiz, Source, Timestamp};

/// An answer as a student gives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Given {
    /// A number.
    Number(f64),
    /// An option's text or typed text.
    Text(String),
    /// Several options, or all in order.
    Texts(Vec<String>),
    /// Left prompt to right text.
    Pairs(BTreeMap<String, String>),
}

/// An attempt that has not been submitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// The attempt's id; its submission keeps it.
    #[serde(rename = "_id")]
    pub id: Id,
    /// What is attempted.
    pub quiz_id: Id,
    /// Who attempts it.
    pub user_id: Id,
    /// Counts from 1 for each student and quiz.
    pub attempt_number: u32,
    /// When it was opened.
    pub started_at: Timestamp,
    /// When what was saved counts, where the quiz has a time limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Answers saved so far, by question id.
    pub answers: BTreeMap<String, Given>,
    /// Question ids in the order this attempt shows them.
    pub order: Vec<String>,
    /// Counts how often answers were saved, so that none is lost that is saved while the attempt is marked.
    #[serde(default)]
    pub rev: i64,
}

/// How one question was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuestionResult {
    /// The question's id.
    pub question_id: String,
    /// Its text.
    pub question: String,
    /// What the student answered; absent when not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_answer: Option<Given>,
    /// The key; absent while the quiz hides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correct_answer: Option<Answer>,
    /// Whether it earned full points.
    pub is_correct: bool,
    /// Points earned.
    pub points: f64,
    /// Why the key is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// The sentence that proves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// A submitted attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Submission {
    /// The attempt's id.
    pub id: Id,
    /// What was attempted.
    pub quiz_id: Id,
    /// Who attempted it.
    pub user_id: Id,
    /// Topic of the quiz at that time.
    pub topic: String,
    /// Counts from 1 for each student and quiz.
    pub attempt_number: u32,
    /// Answers by question id.
    pub answers: BTreeMap<String, Given>,
    /// Points earned.
    pub score: f64,
    /// Points there were.
    pub max_score: f64,
    /// Questions there were.
    pub total_questions: u32,
    /// 0–100, one decimal.
    pub percentage: f64,
    /// Per question, in the quiz's order.
    pub question_results: Vec<QuestionResult>,
    /// When it was opened.
    pub started_at: Timestamp,
    /// When it was submitted.
    pub completed_at: Timestamp,
    /// Whether its quiz hid what is correct at that time; what older versions stored does not tell.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answers_hidden: bool,
}

impl Submission {
    /// Whether its student may see what is correct: as the quiz has it now, or had it then where it is gone.
    pub fn shows_answers(&self, quiz: Option<&Quiz>) -> bool {
        quiz.map_or(!self.answers_hidden, |quiz| quiz.settings.show_correct_answers)
    }
}
