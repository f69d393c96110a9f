//! What the driver's errors mean to the store's callers.

use bson::error::ErrorKind as BsonErrorKind;
use mongodb::error::{Error, ErrorKind, RETRYABLE_WRITE_ERROR, WriteFailure};

use super::StoreError;

/// The server's codes for a key that is there already.
pub(super) const DUPLICATE: [i32; 3] = [11000, 11001, 12582];
/// The server's codes for what may pass: unreachable hosts, time limits, shutdown, elections, a cache that is too full
/// for a write.
const PASSING: [i32; 20] =
    [6, 7, 24, 50, 64, 74, 89, 91, 134, 189, 262, 388, 9001, 10058, 10107, 11600, 11602, 13435, 13436, 46841];

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        if let Some((code, message)) = refusal(&error) {
            if DUPLICATE.contains(&code) {
                return Self::Taken(taken(message));
            }
            if PASSING.contains(&code) {
                return Self::Unavailable(Box::new(error));
            }
        }
        match error.kind.as_ref() {
            ErrorKind::ServerSelection { .. }
            | ErrorKind::Io(_)
            | ErrorKind::ConnectionPoolCleared { .. }
            | ErrorKind::DnsResolve { .. }
            | ErrorKind::Authentication { .. }
            | ErrorKind::Shutdown
            | ErrorKind::Write(WriteFailure::WriteConcernError(_)) => Self::Unavailable(Box::new(error)),
            ErrorKind::Bson(inner) => corrupt_or_defect(inner.clone()),
            _ if error.contains_label(RETRYABLE_WRITE_ERROR) => Self::Unavailable(Box::new(error)),
            _ => Self::Internal(Box::new(error)),
        }
    }
}

impl From<bson::error::Error> for StoreError {
    fn from(error: bson::error::Error) -> Self {
        corrupt_or_defect(error)
    }
}

/// An error of what was to be written is a defect, one of what was read a corrupt document.
fn corrupt_or_defect(error: bson::error::Error) -> StoreError {
    match error.kind {
        BsonErrorKind::Serialization { .. } | BsonErrorKind::TooLargeUnsignedInteger { .. } => {
            StoreError::Internal(Box::new(error))
        }
        _ => StoreError::Corrupt(error.to_string()),
    }
}

/// Code and words with which the server refused.
fn refusal(error: &Error) -> Option<(i32, &str)> {
    match error.kind.as_ref() {
        ErrorKind::Command(error) => Some((error.code, &error.message)),
        ErrorKind::Write(WriteFailure::WriteError(error)) => Some((error.code, &error.message)),
        ErrorKind::InsertMany(many) => {
            let errors = many.write_errors.as_deref().unwrap_or_default();
            let worst = errors.iter().find(|error| !DUPLICATE.contains(&error.code)).or(errors.first());
            match (worst, &many.write_concern_error) {
                (Some(error), None) => Some((error.code, &error.message)),
                (Some(error), _) if !DUPLICATE.contains(&error.code) => Some((error.code, &error.message)),
                (_, concern) => concern.as_ref().map(|error| (error.code, error.message.as_str())),
            }
        }
        _ => None,
    }
}

/// What is taken, by the index that the server names: `... index: email_1 dup key: { ... }`.
fn taken(message: &str) -> &'static str {
    let index = message.split_once("index: ").map_or("", |(_, rest)| rest);
    let index = index.split(" dup key").next().unwrap_or(index);
    ["email", "username"].into_iter().find(|field| index.contains(field)).unwrap_or("id")
}
