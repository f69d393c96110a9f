//! A provider as the workers use it: one call at a time within what all of them may ask at once, and none while it is
//! known to fail.

use std::time::{Duration, Instant};

use shared::{clock::Clock, domain, permits::Permits};

use super::{Client, LlmError, Tape, breaker::Breaker, tape::Track};

/// How long a call waits for its turn.
const PATIENCE: Duration = Duration::from_secs(60);

/// One provider.
#[derive(Debug)]
pub struct Provider {
    /// Who it is.
    pub name: domain::Provider,
    /// Calls it.
    pub client: Client,
    permits: Permits,
    breaker: Breaker,
    clock: Clock,
}

/// What a call is for, as metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Questions.
    Questions,
    /// Finding the keys of questions from their quotes.
    KeyCheck,
    /// What to learn for an exam.
    Curriculum,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Questions => "questions",
            Self::KeyCheck => "key_check",
            Self::Curriculum => "curriculum",
        }
    }
}

impl Provider {
    /// A provider of which nothing is known yet.
    pub fn new(name: domain::Provider, client: Client, permits: Permits, clock: Clock) -> Self {
        Self { name, client, permits, breaker: Breaker::default(), clock }
    }

    /// Its client for calls of a purpose, which are written on a tape.
    pub fn recorded(&self, purpose: Purpose, tape: &Tape) -> Client {
        let (tape, clock) = (tape.clone(), self.clock.clone());
        self.client.recorded(Track { tape, purpose: purpose.as_str(), clock })
    }

    /// Makes one call when it is its turn.
    ///
    /// # Errors
    ///
    /// [`LlmError::Resting`] without a call while the provider is known to fail, [`LlmError::Busy`] when too many calls
    /// are under way for too long, else what the call ends with.
    pub async fn call<T>(
        &self,
        purpose: Purpose,
        call: impl Future<Output = Result<T, LlmError>>,
    ) -> Result<T, LlmError> {
        self.breaker.admit(self.clock.now()).map_err(|retry_after| LlmError::Resting { retry_after })?;
        let _permit = self.permits.take(PATIENCE).await.ok_or(LlmError::Busy)?;
        let began = Instant::now();
        let ended = call.await;
        let rests = match &ended {
            Err(error) if error.is_outage() => self.breaker.failed(self.clock.now()),
            _ => {
                self.breaker.answered();
                false
            }
        };
        let provider = ("provider", self.name.as_str().to_owned());
        metrics::gauge!("smartstudy_llm_breaker_open", std::slice::from_ref(&provider)).set(f64::from(rests));
        let labels = [
            provider,
            ("model", self.client.settings().model.clone()),
            ("purpose", purpose.as_str().to_owned()),
            ("outcome", ended.as_ref().err().map_or("ok", LlmError::code).to_owned()),
        ];
        metrics::histogram!("smartstudy_llm_call_seconds", &labels).record(began.elapsed());
        ended
    }
}
