//! A long document is asked about in many calls.

use rand::{SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{TYPES, Verdict, case, check, ended, plain, quiz};
use crate::{
    Client, corpus,
    deepseek::{Deepseek, account},
};

/// What the calls shared.
#[derive(Debug, Clone)]
pub struct Prefix {
    /// Words of the document.
    pub words: usize,
    /// Prompts after the first one about the document, and how much of them is its beginning.
    pub prefixes: account::Prefixes,
    /// Questions in the quiz.
    pub questions: usize,
    /// Share of all tenths of the document in which a question is proven, from 0 to 1.
    pub tenths: f64,
    /// What the checker says about it.
    pub verdict: Verdict,
}

impl Prefix {
    /// Share of the prompts' bytes that need not be read again, from 0 to 1.
    pub fn share(&self) -> f64 {
        self.prefixes.shared as f64 / self.prefixes.bytes.max(1) as f64
    }
}

/// Has a quiz made of a document of this many words at least.
pub async fn run(anonymous: &Client, provider: &Deepseek, words: usize, questions: usize) -> Prefix {
    const WORDS_OF_SENTENCE: usize = 9;
    let text =
        corpus::text("en", words.div_ceil(WORDS_OF_SENTENCE), &mut StdRng::seed_from_u64(words as u64));
    let learner = anonymous.guest().await;
    let ask = json!({
        "inputMethod": "text", "textContent": text, "questionCount": questions, "questionTypes": TYPES[..5],
    });
    let job = ended(&learner, learner.post("/quiz/generate", &ask).await).await;
    assert_eq!(job["status"], "succeeded", "{job:#}");
    let quiz = quiz(&learner, &job).await;
    let made = quiz["questions"].as_array().map_or(&[][..], Vec::as_slice);
    Prefix {
        words: text.split_whitespace().count(),
        prefixes: account::prefixes(&provider.requests()),
        questions: made.len(),
        tenths: tenths(made, text.chars().count()),
        verdict: check(&[case("long", &plain(&ask["textContent"]), &ask, &quiz)]),
    }
}

fn tenths(questions: &[Value], chars: usize) -> f64 {
    let starts = questions.iter().filter_map(|question| question["source"]["start"].as_u64());
    let tenths: std::collections::BTreeSet<u64> =
        starts.map(|start| start * 10 / chars.max(1) as u64).collect();
    tenths.len() as f64 / 10.0
}
