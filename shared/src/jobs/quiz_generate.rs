//! Making a quiz out of a text or a document.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::JobKind;
use crate::domain::{Difficulty, DocumentKind, Id, QuestionType};

/// What the worker needs to know. New fields need a default: payloads of older versions stay in the
/// ledger and must be readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuizGenerate {
    /// Where the text comes from.
    pub source: Source,
    /// Subject of the quiz; found in the text when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Name of the quiz; made from the topic when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How hard the questions are to be.
    #[serde(default)]
    pub difficulty: Difficulty,
    /// How many questions, 1–200; when absent it follows the text's length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_count: Option<u32>,
    /// Which types; none means multiple choice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub question_types: Vec<QuestionType>,
    /// Language of the questions (a BCP 47 tag); the text's when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The student's own wishes, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
}

/// Where the text comes from. The bytes are in the blob store, never in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Source {
    /// Plain text in UTF-8.
    Text {
        /// Blob that holds it.
        blob: Id,
    },
    /// A PDF, or another document.
    Pdf {
        /// Blob that holds it.
        blob: Id,
        /// Pages to read, such as `1-3,7`; all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pages: Option<String>,
        /// Password that opens it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
        /// What kind of document it is.
        #[serde(default, skip_serializing_if = "DocumentKind::is_pdf")]
        kind: DocumentKind,
    },
}

impl JobKind for QuizGenerate {
    const KIND: &'static str = "quiz.generate";
    const MAX_ATTEMPTS: u32 = 8;
    const TIMEOUT: Duration = Duration::from_secs(900);
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Every shape of payload that was ever written to a ledger.
    const WRITTEN: &str = include_str!("../../../tests/fixtures/payloads/quiz.generate.json");

    #[test]
    fn payloads_of_every_version_are_read_and_written_back_alike() {
        let written: Vec<Value> = serde_json::from_str(WRITTEN).unwrap();
        for payload in written {
            let read: QuizGenerate = serde_json::from_value(payload.clone()).unwrap();
            let again = serde_json::to_value(&read).unwrap();
            for (name, value) in payload.as_object().unwrap() {
                assert_eq!(&again[name], value, "{name}");
            }
        }
    }
}
