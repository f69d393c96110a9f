//! What was asked for, what was delivered, and sums over it.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{
    obey::Attack,
    request::{self, Kind},
    wire::TOKEN,
};

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Its answer is on its way, or hangs.
    Pending,
    /// A good answer, handed over to its end.
    Clean,
    /// A whole answer by the protocol, with a content that is wrong.
    Flawed,
    /// A fault after which the same request may succeed.
    Faulty,
    /// A refusal for good.
    Refused,
    /// An answer that the client did not wait for.
    Abandoned,
}

/// A request as it was received.
#[derive(Debug, Clone)]
pub struct Received {
    /// The `Authorization` header.
    pub authorization: Option<String>,
    /// The path.
    pub path: String,
    /// The body.
    pub body: Value,
    /// A hash of the body's bytes.
    pub hash: u64,
    /// What it asks for.
    pub kind: Kind,
    /// What became of it.
    pub outcome: Outcome,
    /// Bytes of the answer's text that were handed over.
    pub delivered: usize,
    /// The instruction in the document that was obeyed.
    pub obeyed: Option<Attack>,
}

impl Received {
    /// The contents of all messages, in order.
    pub fn messages(&self) -> Vec<&str> {
        request::contents(&self.body)
    }

    /// The prompt as the provider's cache sees it: everything that a model reads, in order.
    pub fn prompt(&self) -> String {
        self.body["messages"].to_string()
    }

    /// The fenced document, of which a quiz is made.
    pub fn document(&self) -> Option<&str> {
        self.messages().into_iter().find(|message| message.starts_with("<<<SOURCE "))
    }
}

/// An answer without a question: a document that proves nothing may be looked at twice, as nothing was accepted.
const EMPTY: usize = "{\"questions\":[]}".len();

/// Requests whose very bytes an earlier request had, which was answered in full and well.
pub fn repeated(requests: &[Received]) -> usize {
    let mut clean = HashSet::new();
    let repeats = |request: &&Received| {
        let before = clean.contains(&request.hash);
        if request.outcome == Outcome::Clean && request.delivered > EMPTY {
            clean.insert(request.hash);
        }
        before
    };
    requests.iter().filter(repeats).count()
}

/// Tokens of all answers' texts, as far as they were handed over.
pub fn tokens(requests: &[Received]) -> usize {
    requests.iter().map(|request| request.delivered.div_ceil(TOKEN)).sum()
}

/// How many requests ended in which way.
pub fn outcomes(requests: &[Received], kind: Kind) -> HashMap<Outcome, usize> {
    let mut counts = HashMap::new();
    for request in requests.iter().filter(|request| request.kind == kind) {
        *counts.entry(request.outcome).or_default() += 1;
    }
    counts
}

/// Prompts about a document that was asked about before, against the first one about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Prefixes {
    /// Such prompts.
    pub prompts: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Those of them that are the same, from the beginning, as in the first prompt.
    pub shared: usize,
}

/// How much of the later prompts about each document is the beginning of its first one.
pub fn prefixes(requests: &[Received]) -> Prefixes {
    let mut first: HashMap<&str, String> = HashMap::new();
    let mut sums = Prefixes::default();
    for request in requests {
        let Some(document) = request.document() else { continue };
        let prompt = request.prompt();
        let Some(first) = first.get(document) else {
            first.insert(document, prompt);
            continue;
        };
        sums.prompts += 1;
        sums.bytes += prompt.len();
        sums.shared += first.bytes().zip(prompt.bytes()).take_while(|(one, other)| one == other).count();
    }
    sums
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn received(hash: u64, outcome: Outcome, task: &str) -> Received {
        let messages = json!([{ "content": "<<<SOURCE ab\nText" }, { "content": task }]);
        Received {
            authorization: None,
            path: String::new(),
            body: json!({ "messages": messages }),
            hash,
            kind: Kind::Quiz,
            outcome,
            delivered: EMPTY + 4,
            obeyed: None,
        }
    }

    #[test]
    fn only_clean_answers_make_a_repetition() {
        let requests = [
            received(1, Outcome::Faulty, ""),
            received(1, Outcome::Clean, ""),
            received(2, Outcome::Clean, ""),
            received(3, Outcome::Flawed, ""),
            received(3, Outcome::Clean, ""),
            received(2, Outcome::Clean, ""),
        ];
        assert_eq!((repeated(&requests), tokens(&requests)), (1, 30));
        assert_eq!(outcomes(&requests, Kind::Quiz)[&Outcome::Clean], 4);
    }

    #[test]
    fn an_answer_without_a_question_may_be_asked_for_again() {
        let empty = Received { delivered: EMPTY, ..received(1, Outcome::Clean, "") };
        assert_eq!(repeated(&[empty.clone(), empty]), 0);
    }

    #[test]
    fn prefixes_end_where_prompts_differ() {
        let requests = [received(1, Outcome::Clean, "one"), received(2, Outcome::Clean, "two")];
        let sums = prefixes(&requests);
        assert_eq!((sums.prompts, sums.bytes - sums.shared), (1, "two\"}]".len()));
    }
}
