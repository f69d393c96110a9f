//! Between Rust values and BSON. `bson::serialize_to_bson` would write ids and dates as text, as for
//! people, and read a map with a key such as `$date` as one; these go through bytes, as the driver does.

use bson::{Bson, Document};
use serde::{Serialize, de::DeserializeOwned};

use super::Result;

/// A value as a document.
pub(super) fn document(value: &impl Serialize) -> Result<Document> {
    Ok(Document::from_reader(bson::serialize_to_vec(value)?.as_slice())?)
}

/// A value as BSON.
pub(super) fn bson_of(value: &impl Serialize) -> Result<Bson> {
    #[derive(Serialize)]
    struct Holder<'a, T> {
        value: &'a T,
    }
    Ok(document(&Holder { value })?.remove("value").unwrap_or(Bson::Null))
}

/// A value from BSON.
pub(super) fn value_of<T: DeserializeOwned>(bson: &Bson) -> Result<T> {
    #[derive(serde::Deserialize)]
    struct Holder<T> {
        value: T,
    }
    let bytes = bson::serialize_to_vec(&bson::doc! { "value": bson.clone() })?;
    Ok(bson::deserialize_from_slice::<Holder<T>>(&bytes)?.value)
}

/// A number as the old backend writes it: int32 when whole, else double.
pub(super) fn number(value: f64) -> Bson {
    let whole = value as i32;
    if f64::from(whole) == value { Bson::Int32(whole) } else { Bson::Double(value) }
}
