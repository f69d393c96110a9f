//! Writes down what is said between us and providers while a job runs, in case it fails.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use shared::{
    clock::Clock,
    domain::{ANSWER_MAX, EXCHANGES_MAX, Exchange, Said},
};

use super::client::Message;

/// The exchanges of one try of a job. Cheap to clone; clones write on the same tape.
#[derive(Debug, Clone, Default)]
pub struct Tape(Arc<Mutex<Vec<Exchange>>>);

impl Tape {
    /// Everything on it, and takes it off.
    pub fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, exchange: Exchange) {
        let mut exchanges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if exchanges.len() == EXCHANGES_MAX {
            exchanges.remove(0);
        }
        exchanges.push(exchange);
    }
}

/// Where a client's calls are written down, and what they are for.
#[derive(Debug, Clone)]
pub(super) struct Track {
    pub(super) tape: Tape,
    pub(super) purpose: &'static str,
    pub(super) clock: Clock,
}

impl Track {
    /// Begins to write down a call.
    pub(super) fn begin(&self, model: &str, messages: &[Message]) -> Recording {
        let said = |message: &Message| Said {
            role: message.role.as_str().to_owned(),
            content: head(&message.content, ANSWER_MAX + 1).to_owned(),
        };
        let exchange = Exchange {
            purpose: self.purpose.to_owned(),
            model: model.to_owned(),
            began_at: self.clock.now(),
            took_ms: 0,
            messages: messages.iter().map(said).collect(),
            answer: String::new(),
            finish_reason: None,
            // Unless it comes to its end.
            error: Some("dropped".to_owned()),
        };
        Recording { tape: self.tape.clone(), began: Instant::now(), exchange }
    }
}

/// A call that is written down; it is on the tape when this is dropped, however far the call came.
#[derive(Debug)]
pub(super) struct Recording {
    tape: Tape,
    began: Instant,
    exchange: Exchange,
}

impl Recording {
    /// A piece of the answer.
    pub(super) fn heard(&mut self, piece: &str) {
        let room = (ANSWER_MAX + 1).saturating_sub(self.exchange.answer.len());
        self.exchange.answer.push_str(head(piece, room));
    }

    /// How the call ended: why the model stopped, and the error's code.
    pub(super) fn ended(&mut self, finish_reason: Option<&str>, error: Option<&str>) {
        self.exchange.finish_reason = finish_reason.map(str::to_owned);
        self.exchange.error = error.map(str::to_owned);
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.exchange.took_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.tape.add(self.exchange.clone());
    }
}

/// The beginning of a text, in so many bytes.
fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::client::Role;

    #[test]
    fn a_call_is_on_the_tape_however_far_it_came() {
        let tape = Tape::default();
        let track = Track { tape: tape.clone(), purpose: "questions", clock: Clock::System };
        let messages = [Message { role: Role::User, content: "Why? ".repeat(ANSWER_MAX) }];
        let mut whole = track.begin("model", &messages);
        whole.heard("Be");
        whole.heard("cause.");
        whole.ended(Some("stop"), None);
        drop(whole);
        drop(track.begin("model", &messages));
        let [whole, dropped] = <[Exchange; 2]>::try_from(tape.take()).unwrap();
        assert_eq!((whole.answer.as_str(), whole.error), ("Because.", None));
        assert_eq!(dropped.error.as_deref(), Some("dropped"));
        assert!(whole.messages[0].content.len() <= ANSWER_MAX + 1);
        assert_eq!(tape.take(), []);
    }

    #[test]
    fn the_latest_calls_are_kept() {
        let tape = Tape::default();
        let track = Track { tape: tape.clone(), purpose: "questions", clock: Clock::System };
        for number in 0..EXCHANGES_MAX + 3 {
            track.begin(&number.to_string(), &[]).ended(None, None);
        }
        let models: Vec<String> = tape.take().into_iter().map(|exchange| exchange.model).collect();
        assert_eq!((models.len(), models[0].as_str()), (EXCHANGES_MAX, "3"));
    }
}
