//! Reads what the old backends left: each field by any of its names, in any of the types seen.

use bson::{Bson, Document};
use serde::de::{DeserializeOwned, IntoDeserializer, value::StrDeserializer};

use super::{Result, StoreError, convert::value_of};
use crate::domain::{Id, Timestamp};

/// A document of unsure shape. Of several names the first that holds something wins.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub(super) &'a Document);

impl<'a> Fields<'a> {
    /// What is there, unless it is null.
    pub(super) fn get(self, names: &[&str]) -> Option<&'a Bson> {
        names.iter().find_map(|name| self.0.get(name).filter(|value| **value != Bson::Null))
    }

    /// Text; a number or an id as text.
    pub(super) fn text(self, names: &[&str]) -> Option<String> {
        self.get(names).and_then(text)
    }

    /// A number, also from text.
    pub(super) fn number(self, names: &[&str]) -> Option<f64> {
        match self.get(names)? {
            Bson::Int32(value) => Some(f64::from(*value)),
            Bson::Int64(value) => Some(*value as f64),
            Bson::Double(value) => Some(*value),
            Bson::Decimal128(value) => value.to_string().parse().ok(),
            Bson::String(value) => value.trim().parse().ok(),
            _ => None,
        }
        .filter(|value: &f64| value.is_finite())
    }

    /// A number that counts something.
    pub(super) fn count(self, names: &[&str]) -> Option<u32> {
        self.number(names).filter(|value| *value >= 0.0).map(|value| value as u32)
    }

    /// Yes or no.
    pub(super) fn flag(self, names: &[&str]) -> Option<bool> {
        match self.get(names)? {
            Bson::Boolean(value) => Some(*value),
            Bson::String(value) => value.trim().to_lowercase().parse().ok(),
            _ => self.number(names).map(|value| value != 0.0),
        }
    }

    /// An instant: a date, ISO 8601 text (UTC where it does not say) or milliseconds.
    pub(super) fn date(self, names: &[&str]) -> Option<Timestamp> {
        let millis = match self.get(names)? {
            Bson::DateTime(date) => date.timestamp_millis(),
            Bson::String(text) => instant(text.trim())?.as_millisecond(),
            _ => self.number(names)? as i64,
        };
        jiff::Timestamp::from_millisecond(millis).ok().map(|_| Timestamp(millis))
    }

    /// A reference: an ObjectId, its text, a link to it or a document that has it.
    pub(super) fn id(self, names: &[&str]) -> Option<Id> {
        match self.get(names)? {
            Bson::ObjectId(id) => Some((*id).into()),
            Bson::String(text) => text.trim().parse().ok(),
            Bson::Document(link) => Fields(link).id(&["$id", "_id"]),
            _ => None,
        }
    }

    /// The document's own id.
    pub(super) fn own_id(self) -> Result<Id> {
        self.id(&["_id"]).ok_or_else(|| StoreError::Corrupt(format!("{:?} is not an id", self.0.get("_id"))))
    }

    /// When the document was made, if need be from its id.
    pub(super) fn created_at(self, id: Id) -> Timestamp {
        let seconds = u32::from_be_bytes([id.0[0], id.0[1], id.0[2], id.0[3]]);
        self.date(&["createdAt", "created_at"]).unwrap_or(Timestamp(i64::from(seconds) * 1000))
    }

    /// A list; empty if there is none.
    pub(super) fn list(self, names: &[&str]) -> &'a [Bson] {
        self.get(names).and_then(Bson::as_array).map_or(&[], Vec::as_slice)
    }

    /// The texts of a list.
    pub(super) fn texts(self, names: &[&str]) -> Vec<String> {
        self.list(names).iter().filter_map(text).collect()
    }

    /// A document within.
    pub(super) fn part(self, names: &[&str]) -> Option<Self> {
        self.get(names).and_then(Bson::as_document).map(Fields)
    }

    /// One of an enumeration's names.
    pub(super) fn named<T: DeserializeOwned>(self, names: &[&str]) -> Option<T> {
        let name = self.text(names)?.trim().to_lowercase();
        let name: StrDeserializer<'_, serde::de::value::Error> = name.as_str().into_deserializer();
        T::deserialize(name).ok()
    }

    /// A value of ours, if it is one.
    pub(super) fn value<T: DeserializeOwned>(self, names: &[&str]) -> Option<T> {
        self.get(names).and_then(|value| value_of(value).ok())
    }
}

/// Text; a number or an id as text.
pub(super) fn text(value: &Bson) -> Option<String> {
    match value {
        Bson::String(text) | Bson::Symbol(text) => Some(text.clone()),
        Bson::Int32(number) => Some(number.to_string()),
        Bson::Int64(number) => Some(number.to_string()),
        Bson::Double(number) => Some(number.to_string()),
        Bson::Boolean(flag) => Some(flag.to_string()),
        Bson::ObjectId(id) => Some(id.to_hex()),
        _ => None,
    }
}

fn instant(text: &str) -> Option<jiff::Timestamp> {
    let local = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    text.parse().ok().or_else(|| local().map(|zoned| zoned.timestamp()))
}

/// Both forms in which the old backend stores a reference.
pub(super) fn either(id: Id) -> Bson {
    either_of([id])
}

/// Both forms of any of these.
pub(super) fn either_of(ids: impl IntoIterator<Item = Id>) -> Bson {
    let forms = |id: Id| [Bson::from(id), id.to_string().into()];
    bson::bson!({ "$in": ids.into_iter().flat_map(forms).collect::<Vec<_>>() })
}

/// What was read of a document. One that could not be is reported and passed over, so that it does not hide the
/// others.
pub(super) fn readable<T>(read: Result<T>) -> Option<T> {
    read.inspect_err(|error| tracing::warn!(%error, "passed over a stored document")).ok()
}

/// A pattern that matches just this text.
pub(super) fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut pattern, c| {
        match c {
            // No pattern may hold it as it is.
            '\0' => pattern.push_str("\\x00"),
            c if c.is_ascii_punctuation() => pattern.extend(['\\', c]),
            c => pattern.push(c),
        }
        pattern
    })
}
