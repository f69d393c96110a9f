//! Responses kept for repeated requests.

use std::time::Duration;

use super::{Result, Store};
use crate::domain::Timestamp;

/// A response kept for its `Idempotency-Key`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct KeptResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers worth replaying.
    pub headers: Vec<(String, String)>,
    /// Body, as text.
    pub body: String,
}

/// How long a response is kept for its key.
pub const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// What the store knows of an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotency {
    /// Nothing: the caller goes ahead and must `keep` or `forget`.
    Fresh,
    /// The first request finished.
    Replay(KeptResponse),
    /// The first request still runs.
    Running,
    /// The key was used for another request.
    Mismatch,
}

backends! { "idempotency_keys":
    /// Reserves a key for a request with this fingerprint, or tells what came of its first use. A
    /// reservation ends at `stale_before` if its request never finished.
    fn begin_idempotent(&self, key: &str, fingerprint: &str, now: Timestamp, stale_before: Timestamp) -> Idempotency;
    /// Keeps the response of a finished request.
    fn keep_response(&self, key: &str, response: &KeptResponse) -> ();
    /// Renews a reservation, so that it does not become stale while its request runs.
    fn renew_key(&self, key: &str, now: Timestamp) -> ();
    /// Gives a reserved key back.
    fn forget_key(&self, key: &str) -> ();
}
