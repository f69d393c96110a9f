//! Between Rust values and BSON. `bson::serialize_to_bson` would write ids and dates as text, as for
//! people, and read a map with a key such as `$date` as one; these go through bytes, as the driver does.

use bson::{Bson, Document, RawDocumentBuf};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};

use super::Result;

/// A document as it stands in the database, whatever its keys.
pub(super) struct Plain(pub(super) Document);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let raw = RawDocumentBuf::deserialize(deserializer)?;
        Document::try_from(raw).map(Self).map_err(D::Error::custom)
    }
}

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
    #[derive(Deserialize)]
    struct Holder<T> {
        value: T,
    }
    let bytes = bson::doc! { "value": bson.clone() }.to_vec()?;
    Ok(bson::deserialize_from_slice::<Holder<T>>(&bytes)?.value)
}

/// A number as the old backend writes it: int32 when whole, else double.
pub(super) fn number(value: f64) -> Bson {
    let whole = value as i32;
    if f64::from(whole) == value { Bson::Int32(whole) } else { Bson::Double(value) }
}
