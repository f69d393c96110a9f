//! Which jobs an operator means.

use std::{str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat,
        schema::{AnyOfBuilder, Type},
    },
};

use crate::{
    domain::{Id, JobStatus, Timestamp, duration},
    store::JobFilter,
};

/// How old jobs are at least: made before an instant, or longer ago than a time.
#[derive(Debug, Clone, Copy)]
pub enum OlderThan {
    /// Made before this.
    Instant(Timestamp),
    /// Made longer ago than this.
    Age(Duration),
}

impl OlderThan {
    /// The instant, seen from now.
    pub fn before(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Instant(instant) => instant,
            Self::Age(age) => now - age,
        }
    }
}

impl FromStr for OlderThan {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Ok(Self::Instant(Timestamp(instant.as_millisecond())));
        }
        let usage = "use an RFC 3339 instant, or a number with s, m, h or d, such as 24h";
        duration(text).map(Self::Age).map_err(|_| usage)
    }
}

impl<'de> Deserialize<'de> for OlderThan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for OlderThan {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let instant = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
        let age = text().pattern(Some("^[0-9]{1,9}[smhd]?$"));
        AnyOfBuilder::new().item(instant).item(age).into()
    }
}

impl ToSchema for OlderThan {}

/// States from which a job can be retried.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Retryable {
    /// Given up.
    #[default]
    Failed,
    /// Stopped by its owner.
    Cancelled,
    /// Waits for another try.
    Retrying,
}

/// Which jobs to retry.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RetryFilter {
    /// In this state; failed ones when absent.
    #[schema(inline)]
    pub status: Option<Retryable>,
    /// Of this kind, such as `quiz.generate`.
    pub kind: Option<String>,
    /// Whose jobs.
    #[schema(value_type = Option<String>, pattern = "^[0-9a-fA-F]{24}$")]
    pub user_id: Option<Id>,
    /// Whose latest try failed with this code, such as `provider.down`.
    pub error_code: Option<String>,
    /// Made before this instant, or longer ago than this time, such as `24h`.
    #[schema(inline)]
    pub older_than: Option<OlderThan>,
}

impl RetryFilter {
    /// The jobs that match now.
    pub fn jobs(self, now: Timestamp) -> JobFilter {
        let status = match self.status.unwrap_or_default() {
            Retryable::Failed => JobStatus::Failed,
            Retryable::Cancelled => JobStatus::Cancelled,
            Retryable::Retrying => JobStatus::Retrying,
        };
        JobFilter {
            user_id: self.user_id,
            status: Some(status),
            kind: self.kind,
            error_code: self.error_code,
            made_before: self.older_than.map(|age| age.before(now)),
            made_from: None,
        }
    }
}

/// What became of many jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct Retried {
    /// Jobs that matched.
    pub matched: u64,
    /// Jobs that were retried: those that nobody else changed meanwhile, and that were not retried too often before.
    pub retried: u64,
}
