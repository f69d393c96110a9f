//! Free data within documents, between BSON and JSON.

use bson::{Bson, Document};
use serde_json::{Number, Value};

use super::convert::number;
use crate::domain::{Metadata, Timestamp};

/// A document as JSON: ids and dates as text, numbers as the old backend's language knows them.
pub(super) fn json_of(doc: &Document) -> Metadata {
    doc.iter().map(|(name, value)| (name.clone(), value_of(value))).collect()
}

fn value_of(value: &Bson) -> Value {
    match value {
        Bson::String(text) | Bson::Symbol(text) => text.as_str().into(),
        Bson::Boolean(flag) => (*flag).into(),
        Bson::Int32(number) => (*number).into(),
        Bson::Int64(number) => (*number).into(),
        Bson::Double(double) if double.fract() == 0.0 && double.abs() <= (1_u64 << 53) as f64 => {
            (*double as i64).into()
        }
        Bson::Double(double) => Number::from_f64(*double).map_or(Value::Null, Value::Number),
        Bson::Array(items) => items.iter().map(value_of).collect(),
        Bson::Document(doc) => Value::Object(json_of(doc)),
        Bson::ObjectId(id) => id.to_hex().into(),
        Bson::DateTime(date) => {
            let millis = date.timestamp_millis();
            let known = jiff::Timestamp::from_millisecond(millis).is_ok();
            if known { Timestamp(millis).to_string().into() } else { Value::Null }
        }
        Bson::Decimal128(decimal) => decimal.to_string().into(),
        Bson::Null | Bson::Undefined => Value::Null,
        other => other.to_string().into(),
    }
}

/// JSON as a document.
pub(super) fn document_of(metadata: &Metadata) -> Document {
    metadata.iter().map(|(name, value)| (name.clone(), bson_of(value))).collect()
}

fn bson_of(value: &Value) -> Bson {
    match value {
        Value::Null => Bson::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(whole) => match whole.as_i64() {
            Some(whole) => i32::try_from(whole).map_or(Bson::Int64(whole), Bson::Int32),
            None => number(whole.as_f64().unwrap_or_default()),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(bson_of).collect(),
        Value::Object(fields) => document_of(fields).into(),
    }
}

#[cfg(test)]
mod tests {
    use bson::doc;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let value = json!({
            "text": "ü", "whole": 7, "large": 1_i64 << 60, "half": 0.5, "huge": 1e300, "none": null, "yes": true,
            "list": [1, "a", { "b": [] }], "empty": {},
        });
        let metadata = value.as_object().unwrap();
        assert_eq!(json_of(&document_of(metadata)), *metadata);
        assert_eq!(document_of(metadata).get("whole"), Some(&Bson::Int32(7)));
    }

    #[test]
    fn what_json_has_not_is_text_or_null() {
        let id = bson::oid::ObjectId::from_bytes([7; 12]);
        let doc = doc! {
            "id": id, "at": bson::DateTime::from_millis(0), "far": bson::DateTime::from_millis(i64::MAX),
            "none": f64::NAN, "two": 2.0,
        };
        let read = serde_json::Value::Object(json_of(&doc));
        assert_eq!(
            read,
            json!({ "id": id.to_hex(), "at": "1970-01-01T00:00:00.000Z", "far": null, "none": null, "two": 2 })
        );
    }
}
