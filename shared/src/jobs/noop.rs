//! A job that does nothing, or holds its worker a while. Registered only in test builds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::JobKind;

/// What the job does. Where its payload has a text `crash` too, it ends in a panic with that.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Noop {
    /// Milliseconds to hold the worker.
    #[serde(default)]
    pub hold_ms: u64,
}

impl JobKind for Noop {
    const KIND: &'static str = "test.noop";
    const MAX_ATTEMPTS: u32 = 3;
    const TIMEOUT: Duration = Duration::from_secs(60);
}
