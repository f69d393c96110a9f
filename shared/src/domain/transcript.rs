//! What was said between us and a provider in a try that failed.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Id, JobId, Timestamp};

/// Most bytes of a message that are kept. What is longer is a document, and ends with a word of how much is missing.
pub const MESSAGE_MAX: usize = 16 << 10;
/// Most bytes of an answer that are kept.
pub const ANSWER_MAX: usize = 64 << 10;
/// Exchanges that are kept, the latest ones.
pub const EXCHANGES_MAX: usize = 20;

/// What a job and its providers said in its latest try that failed. Personal data that can be told by its form was
/// taken out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transcript {
    /// The job.
    #[serde(rename = "_id")]
    pub job: JobId,
    /// Whose job it is.
    pub user_id: Option<Id>,
    /// Number of the try.
    pub attempt: u32,
    /// When it was kept.
    pub recorded_at: Timestamp,
    /// In the order of their ends.
    pub exchanges: Vec<Exchange>,
}

/// A call to a provider, and what came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// What it was for: `questions`, `key_check` or `curriculum`.
    pub purpose: String,
    /// The model that was asked.
    pub model: String,
    /// When it began.
    pub began_at: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What was said to it.
    pub messages: Vec<Said>,
    /// What it said, as far as it came.
    pub answer: String,
    /// Why it stopped, in the words of the protocol; absent where it did not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub finish_reason: Option<String>,
    /// Code of the error that it ended with, or `dropped` when it was given up before its end; absent where the answer
    /// could be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<String>,
}

/// A message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Said {
    /// `system` or `user`.
    pub role: String,
    /// What was said.
    pub content: String,
}

impl Transcript {
    /// Takes out what must not be kept, and what is too much.
    #[must_use]
    pub fn redacted(mut self) -> Self {
        let excess = self.exchanges.len().saturating_sub(EXCHANGES_MAX);
        self.exchanges.drain(..excess);
        for exchange in &mut self.exchanges {
            let last = exchange.messages.len().saturating_sub(1);
            for (number, message) in exchange.messages.iter_mut().enumerate() {
                // The last one says what is asked for.
                let most = if number == last { ANSWER_MAX } else { MESSAGE_MAX };
                message.content = shortened(redacted(&message.content), most);
            }
            exchange.answer = shortened(redacted(&exchange.answer), ANSWER_MAX);
        }
        self
    }
}

/// Forms of personal data and secrets, and what is put in their place.
static FORMS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"(?i)[a-z0-9._%+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", "[e-mail]"),
        (r"(?i)\b(bearer\s+|sk-)[a-z0-9._~+/-]{8,}=*", "[key]"),
        (r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", "[token]"),
        (r"\b[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){3,7}( ?[A-Z0-9]{1,3})?\b", "[account]"),
        (r"(\+\d[\d ()./-]{7,}\d)|(\b(\d[ -]?){12,18}\d\b)", "[number]"),
    ]
    .into_iter()
    .filter_map(|(form, place)| Some((Regex::new(form).ok()?, place)))
    .collect()
});

fn redacted(text: &str) -> String {
    FORMS.iter().fold(text.to_owned(), |text, (form, place)| form.replace_all(&text, *place).into_owned())
}

fn shortened(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = text.floor_char_boundary(most);
        let missing = text.len() - end;
        text.truncate(end);
        text.push_str(&format!("\n[… {missing} bytes more]"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_can_be_used() {
        assert_eq!(FORMS.len(), 5);
    }

    #[test]
    fn what_a_person_could_be_known_by_is_taken_out_and_the_rest_stays() {
        for (text, wanted) in [
            ("Write to Ada.Lovelace+x@mail.example.org today", "Write to [e-mail] today"),
            ("Authorization: Bearer sk-0123456789abcdef", "Authorization: [key]"),
            ("key sk-0123456789abcdef.", "key [key]"),
            ("call +44 20 7946 0958 now", "call [number] now"),
            ("card 4111 1111 1111 1111 expires", "card [number] expires"),
            ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [account]."),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "[token]"),
            (
                "In 1789, 12,000 people and 3.14159 of them; 2026-11-29T10:00",
                "In 1789, 12,000 people and 3.14159 of them; 2026-11-29T10:00",
            ),
        ] {
            assert_eq!(redacted(text), wanted);
        }
    }

    #[test]
    fn what_is_too_long_says_so() {
        assert_eq!(shortened("é".repeat(3), 5), "éé\n[… 2 bytes more]");
        assert_eq!(shortened("éé".to_owned(), 4), "éé");
    }
}
