//! Identifiers.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use ulid::Ulid;

use super::Timestamp;

/// A stored resource's id: 12 bytes, written as 24 hexadecimal digits (a MongoDB ObjectId).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub [u8; 12]);

/// The text is not an id.
#[derive(Debug, thiserror::Error)]
#[error("not a valid id")]
pub struct InvalidId;

impl Id {
    /// An id that sorts by its time, in milliseconds since 1970: seconds (as in every ObjectId), the
    /// milliseconds within, six bytes of randomness.
    pub fn from_parts(millis: u64, random: [u8; 6]) -> Self {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&((millis / 1000) as u32).to_be_bytes());
        bytes[4..6].copy_from_slice(&((millis % 1000) as u16).to_be_bytes());
        bytes[6..].copy_from_slice(&random);
        Self(bytes)
    }

    /// The least id that something made in the second of this instant or later can have.
    pub fn first_at(instant: Timestamp) -> Self {
        let seconds = u32::try_from(instant.seconds().max(0)).unwrap_or(u32::MAX);
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        Self(bytes)
    }

    /// An id that is always the same for the same job, so that a job that runs twice writes the
    /// same document once: the job's time and the last six bytes of its randomness.
    pub fn for_job(job: JobId) -> Self {
        let mut random = [0; 6];
        random.copy_from_slice(&job.0.to_bytes()[10..]);
        Self::from_parts(job.0.timestamp_ms(), random)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut bytes = [0; 12];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidId)?;
        Ok(Self(bytes))
    }
}

impl From<bson::oid::ObjectId> for Id {
    fn from(id: bson::oid::ObjectId) -> Self {
        Self(id.bytes())
    }
}

impl From<Id> for bson::oid::ObjectId {
    fn from(id: Id) -> Self {
        Self::from_bytes(id.0)
    }
}

impl From<Id> for bson::Bson {
    fn from(id: Id) -> Self {
        Self::ObjectId(id.into())
    }
}

/// Text in JSON, an ObjectId in BSON.
impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            bson::oid::ObjectId::from(*self).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
        } else {
            bson::oid::ObjectId::deserialize(deserializer).map(Self::from)
        }
    }
}

/// A job's id: a ULID, so that ids sort by time of creation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub Ulid);

impl JobId {
    /// The least id that a job made at this instant or later can have.
    pub fn first_at(instant: Timestamp) -> Self {
        Self(Ulid::from_parts(instant.0.max(0).unsigned_abs(), 0))
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for JobId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Ulid::from_string(text).map(Self).map_err(|_| InvalidId)
    }
}

impl Serialize for JobId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for JobId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_id_of_an_instant_parts_what_was_made_before_from_what_was_made_since() {
        let instant = Timestamp(1_800_000_000_000);
        let at = |millis: i64, random| JobId(Ulid::from_parts(millis.unsigned_abs(), random));
        let first = JobId::first_at(instant);
        assert!(at(instant.0 - 1, u128::MAX) < first && first <= at(instant.0, 0));
        assert!(at(instant.0 - 1, u128::MAX).to_string() < first.to_string());
        assert_eq!(JobId::first_at(Timestamp(-5)), JobId::first_at(Timestamp(0)));
    }
}
