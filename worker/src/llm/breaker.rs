//! A circuit breaker: who fails again and again is left alone for a while.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use shared::domain::Timestamp;

/// Failures in a row after which nothing is sent for a while.
const FAILURES: u32 = 5;
/// How long at first; twice as long after each probe that fails too.
const REST: Duration = Duration::from_secs(10);
/// How long at most.
const REST_MAX: Duration = Duration::from_secs(120);

/// What is known of one provider.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Until when nothing is sent; from then on one call probes.
    rests_until: Option<Timestamp>,
    rest: Duration,
}

impl Breaker {
    /// Whether a call may be sent now; if not, how long to wait.
    ///
    /// # Errors
    /// The time for which the provider is left alone.
    pub fn admit(&self, now: Timestamp) -> Result<(), Duration> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.rests_until {
            Some(until) if now < until => Err(until.since(now)),
            Some(_) => {
                // This call is the probe; the others wait for what it finds.
                state.rests_until = Some(now + state.rest);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Notes that the provider answered, whatever it said.
    pub fn answered(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    /// Notes that it could not be reached, was overloaded or fell silent; whether it is left alone now.
    pub fn failed(&self, now: Timestamp) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.failures += 1;
        if state.failures >= FAILURES {
            state.rest = if state.rest.is_zero() { REST } else { (state.rest * 2).min(REST_MAX) };
            state.rests_until = Some(now + state.rest);
        }
        state.rests_until.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    fn broken() -> Breaker {
        let breaker = Breaker::default();
        for _ in 0..FAILURES {
            assert_eq!(breaker.admit(at(0)), Ok(()));
            breaker.failed(at(0));
        }
        breaker
    }

    #[test]
    fn who_fails_again_and_again_is_left_alone() {
        let breaker = broken();
        assert_eq!(breaker.admit(at(0)), Err(REST));
        assert_eq!(breaker.admit(at(9)), Err(Duration::from_secs(1)));
    }

    #[test]
    fn after_the_rest_one_call_probes() {
        let breaker = broken();
        assert_eq!(breaker.admit(at(10)), Ok(()));
        assert_eq!(breaker.admit(at(10)), Err(REST), "the others wait for the probe");
        breaker.answered();
        assert_eq!(breaker.admit(at(10)), Ok(()));
        assert_eq!(breaker.admit(at(10)), Ok(()));
    }

    #[test]
    fn a_probe_that_fails_doubles_the_rest_up_to_a_limit() {
        let breaker = broken();
        breaker.failed(at(10));
        assert_eq!(breaker.admit(at(10)), Err(2 * REST));
        (0..9).for_each(|_| assert!(breaker.failed(at(10))));
        assert_eq!(breaker.admit(at(10)), Err(REST_MAX));
    }

    #[test]
    fn an_answer_in_between_counts_anew() {
        let breaker = Breaker::default();
        for _ in 0..10 {
            (1..FAILURES).for_each(|_| assert!(!breaker.failed(at(0))));
            breaker.answered();
        }
        assert_eq!(breaker.admit(at(0)), Ok(()));
    }
}
