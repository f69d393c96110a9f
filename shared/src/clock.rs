//! Time, ids and randomness. Everything that needs one asks the clock in its state, so that tests can turn it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::domain::{Id, JobId, Timestamp};

/// The system's clock, or one that a test turns by hand.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// The machine's time and randomness.
    #[default]
    System,
    /// Milliseconds since 1970, moved by [`Clock::advance`] alone.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at` until it is advanced.
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.0)))
    }

    /// Turns a manual clock; the system's goes on by itself.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(millis) = self {
            millis.fetch_add(by.as_millis().try_into().unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// The present instant.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's time")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(jiff::Timestamp::now().as_millisecond()),
            Self::Manual(millis) => Timestamp(millis.load(Ordering::SeqCst)),
        }
    }

    /// A new id, ascending by millisecond.
    pub fn id(&self) -> Id {
        let mut random = [0; 6];
        self.rng().fill_bytes(&mut random);
        Id::from_parts(self.now().0.unsigned_abs(), random)
    }

    /// A new job id, ascending by millisecond.
    pub fn job_id(&self) -> JobId {
        let millis = self.now().0.unsigned_abs();
        let random = (u128::from(self.rng().next_u64()) << 64) | u128::from(self.rng().next_u64());
        JobId(ulid::Ulid::from_parts(millis, random))
    }

    /// A new token that nobody can guess: 40 hexadecimal digits.
    pub fn token(&self) -> String {
        let mut random = [0; 20];
        self.rng().fill_bytes(&mut random);
        hex::encode(random)
    }

    /// A cryptographically strong generator, seeded by the operating system.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's randomness")]
    pub fn rng(&self) -> StdRng {
        StdRng::from_rng(&mut rand::rng())
    }
}
