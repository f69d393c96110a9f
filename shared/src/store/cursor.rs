//! Where a list goes on that sorts by something else than its items' ids.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::domain::{Id, Timestamp};

/// What a list sorts by, of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SortValue {
    /// An instant.
    At(Timestamp),
    /// Text, by its bytes in UTF-8.
    Text(String),
}

/// The last item of a part of a list: what it is sorted by, and its id, which decides between equals. It travels as
/// opaque text in [`Window::after`](super::Window::after).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// What the list sorts by.
    pub value: SortValue,
    /// The item's id.
    pub id: Id,
}

impl Cursor {
    /// The cursor as text that goes into an address as it is.
    pub fn encode(&self) -> String {
        let parts = serde_json::json!([self.value, self.id]);
        BASE64_URL_SAFE_NO_PAD.encode(parts.to_string())
    }

    /// Reads what [`Cursor::encode`] wrote; none if it is something else.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (value, id) = serde_json::from_slice(&bytes).ok()?;
        Some(Self { value, id })
    }

    /// Whether a text is the cursor of a list that sorts by instants.
    pub fn is_instant(text: &str) -> bool {
        Self::decode(text).is_some_and(|cursor| matches!(cursor.value, SortValue::At(_)))
    }

    /// Whether a text is the cursor of a list that sorts by text.
    pub fn is_text(text: &str) -> bool {
        Self::decode(text).is_some_and(|cursor| matches!(cursor.value, SortValue::Text(_)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_is_read_as_it_was_written(text in "\\PC{0,50}", millis in -1_000_000_000_000..10_000_000_000_000_i64) {
            for value in [SortValue::Text(text), SortValue::At(Timestamp(millis))] {
                let cursor = Cursor { value, id: Id([7; 12]) };
                let written = cursor.encode();
                prop_assert!(written.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c)));
                prop_assert_eq!(Cursor::decode(&written), Some(cursor));
            }
        }

        #[test]
        fn what_is_no_cursor_is_none(text in "\\PC{0,30}") {
            prop_assert!(Cursor::decode(&text).is_none_or(|cursor| Cursor::decode(&cursor.encode()) == Some(cursor)));
        }
    }
}
