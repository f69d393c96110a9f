//! What can go wrong between us and the provider.

use std::time::Duration;

use thiserror::Error;

use super::Usage;

/// Longest wait that a provider may ask for. After that it is asked whether it still wants us to wait.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// A failed call. It never holds a key, a prompt or a word of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LlmError {
    /// Refused; the same request will be refused again.
    #[error("the provider refused the request with {status}: {}", advice(*.status))]
    Final {
        /// HTTP status.
        status: u16,
    },
    /// Refused for now.
    #[error("the provider cannot answer now ({status})")]
    Retryable {
        /// HTTP status.
        status: u16,
        /// How long it asks us to wait.
        retry_after: Option<Duration>,
    },
    /// The base URL or the key cannot even be written into a request.
    #[error("the provider's base URL or key is not usable: correct the configuration")]
    Settings,
    /// No connection, or it broke before an answer began.
    #[error("the provider cannot be reached")]
    Unreachable,
    /// Silence for longer than allowed, or queued for longer than allowed.
    #[error("the provider fell silent")]
    Timeout {
        /// What arrived before costs all the same.
        usage: Usage,
    },
    /// It takes longer than one call may.
    #[error("the provider took too long")]
    Deadline {
        /// What arrived before costs all the same.
        usage: Usage,
    },
    /// As many calls are under way as there may be.
    #[error("too many calls to the provider are under way")]
    Busy,
    /// It failed again and again, and is left alone for a while.
    #[error("the provider failed again and again, and is not asked for a while")]
    Resting {
        /// How long.
        retry_after: Duration,
    },
    /// The stream ended without a finish reason.
    #[error("the answer broke off")]
    Cut {
        /// What arrived before costs all the same.
        usage: Usage,
    },
    /// The model finished without a word.
    #[error("the answer is blank")]
    Blank {
        /// What it cost all the same.
        usage: Usage,
    },
    /// The provider's filter stopped the answer.
    #[error("the provider's content filter stopped the answer")]
    ContentFilter {
        /// What it cost all the same.
        usage: Usage,
    },
    /// The provider ran out of resources in the middle of the answer.
    #[error("the provider ran out of resources")]
    Overloaded {
        /// What it cost all the same.
        usage: Usage,
    },
    /// The answer does not follow the protocol or the schema.
    #[error("the answer is malformed: {what}")]
    Malformed {
        /// What is wrong with it.
        what: &'static str,
        /// What it cost all the same.
        usage: Usage,
    },
}

impl LlmError {
    /// The error an HTTP status stands for.
    pub(super) fn from_status(status: u16, retry_after: Option<Duration>) -> Self {
        match status {
            408 | 425 | 429 | 500.. => {
                Self::Retryable { status, retry_after: retry_after.map(|wait| wait.min(RETRY_AFTER_MAX)) }
            }
            _ => Self::Final { status },
        }
    }

    /// The error of a request that got no answer.
    pub(super) fn from_transport(error: &reqwest::Error) -> Self {
        if error.is_builder() {
            Self::Settings
        } else if error.is_timeout() {
            Self::Timeout { usage: Usage::default() }
        } else {
            Self::Unreachable
        }
    }

    pub(crate) fn malformed(what: &'static str) -> Self {
        Self::Malformed { what, usage: Usage::default() }
    }

    /// How long the provider asks us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Retryable { retry_after, .. } => *retry_after,
            Self::Resting { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::Final { .. } | Self::Settings | Self::ContentFilter { .. })
    }

    /// Whether the next call may succeed at once, because it was this answer that failed and not the provider.
    pub fn is_fleeting(&self) -> bool {
        matches!(
            self,
            Self::Retryable { status: 500, retry_after: None }
                | Self::Cut { .. }
                | Self::Blank { .. }
                | Self::Overloaded { .. }
                | Self::Malformed { .. }
        )
    }

    /// Whether it shows that the provider cannot be used by anybody now.
    pub fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Retryable { .. }
                | Self::Final { status: 401..=403 }
                | Self::Unreachable
                | Self::Timeout { .. }
                | Self::Deadline { .. }
                | Self::Overloaded { .. }
        )
    }

    /// What the failed call cost; nothing where nothing of an answer arrived.
    pub fn usage(&self) -> Option<Usage> {
        match self {
            Self::Blank { usage }
            | Self::ContentFilter { usage }
            | Self::Overloaded { usage }
            | Self::Malformed { usage, .. } => Some(*usage),
            Self::Timeout { usage } | Self::Deadline { usage } | Self::Cut { usage } => {
                Some(*usage).filter(|usage| *usage != Usage::default())
            }
            _ => None,
        }
    }

    /// The stable code that clients and metrics see.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Final { status: 401 | 403 } => "provider.unauthorized",
            Self::Final { status: 402 } => "provider.no_balance",
            Self::Final { .. } | Self::Settings => "provider.rejected",
            Self::Retryable { status: 429, .. } => "provider.rate_limited",
            Self::Busy => "provider.busy",
            Self::Retryable { .. }
            | Self::Resting { .. }
            | Self::Unreachable
            | Self::Cut { .. }
            | Self::Overloaded { .. } => "provider.unavailable",
            Self::Timeout { .. } | Self::Deadline { .. } => "provider.timeout",
            Self::Blank { .. } | Self::Malformed { .. } => "provider.malformed",
            Self::ContentFilter { .. } => "provider.content_filtered",
        }
    }
}

fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 => "check the API key",
        402 => "the account has no balance left, top it up",
        300..=399 | 404 => "check the base URL",
        413 => "the document is too large for one request",
        _ => "check the model's name and the request's parameters",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_their_codes() {
        let codes = [
            (400, "provider.rejected", false),
            (401, "provider.unauthorized", false),
            (402, "provider.no_balance", false),
            (422, "provider.rejected", false),
            (429, "provider.rate_limited", true),
            (500, "provider.unavailable", true),
            (503, "provider.unavailable", true),
        ];
        for (status, code, retryable) in codes {
            let error = LlmError::from_status(status, None);
            assert_eq!((error.code(), error.is_retryable()), (code, retryable), "{status}");
        }
    }
}
