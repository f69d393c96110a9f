//! What a database held, to compare it with what it holds later.

use std::collections::BTreeMap;

use mongodb::{
    Database,
    bson::{Bson, Document, RawDocument, RawDocumentBuf},
};
use sha2::{Digest, Sha256};

use super::id_text;

/// How many differences are told.
const TOLD: usize = 20;

/// The bytes of every document of some collections, as checksums by collection and the text of the `_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image(BTreeMap<(String, String), Bytes>);

/// A document's fields: how many, and their checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bytes {
    fields: usize,
    sum: [u8; 32],
}

impl Bytes {
    fn of(document: &RawDocument) -> Self {
        let fields = document.iter().count();
        Self { fields, sum: Sha256::digest(document.as_bytes()).into() }
    }

    /// Of the first so many fields alone.
    fn of_the_first(fields: usize, document: &RawDocument) -> Self {
        let mut first = RawDocumentBuf::new();
        for field in document.iter().take(fields) {
            let (name, value) = field.expect("a document that can be read");
            first.append(name, value);
        }
        Self::of(&first)
    }
}

impl Image {
    /// Reads all documents of these collections.
    pub async fn of(db: &Database, collections: &[&str]) -> Self {
        Self::read(db, collections, |_, document| Bytes::of(document)).await
    }

    /// The same documents as they are now, of each only as many fields as it had: what MongoDB adds stands behind them.
    pub async fn beginnings(&self, db: &Database, collections: &[&str]) -> Self {
        let cut = |key: &(String, String), document: &RawDocument| match self.0.get(key) {
            Some(before) => Bytes::of_the_first(before.fields, document),
            None => Bytes::of(document),
        };
        Self::read(db, collections, cut).await
    }

    async fn read(
        db: &Database,
        collections: &[&str],
        bytes: impl Fn(&(String, String), &RawDocument) -> Bytes,
    ) -> Self {
        let mut sums = BTreeMap::new();
        for &collection in collections {
            let documents = db.collection::<RawDocumentBuf>(collection);
            let mut found = documents.find(Document::new()).await.expect("documents");
            while found.advance().await.expect("a document") {
                let document = found.current();
                let id = document.get("_id").expect("a document that can be read").expect("an _id");
                let id = Bson::try_from(id).expect("an _id that can be read");
                let key = (collection.to_owned(), id_text(&id));
                let bytes = bytes(&key, document);
                sums.insert(key, bytes);
            }
        }
        Self(sums)
    }

    /// How many documents there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Which of these documents `after` lacks or has otherwise: the first twenty, a line for each.
    pub fn differences(&self, after: &Self) -> Vec<String> {
        let difference = |(key, bytes): (&(String, String), &Bytes)| {
            let (collection, id) = key;
            match after.0.get(key) {
                None => Some(format!("{collection} {id} is gone")),
                Some(other) if other != bytes => Some(format!("{collection} {id} is not as it was")),
                Some(_) => None,
            }
        };
        self.0.iter().filter_map(difference).take(TOLD).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(sums: &[(&str, u8)]) -> Image {
        let sum = |(id, byte): &(&str, u8)| {
            (("notes".to_owned(), (*id).to_owned()), Bytes { fields: 1, sum: [*byte; 32] })
        };
        Image(sums.iter().map(sum).collect())
    }

    #[test]
    fn what_is_gone_or_changed_is_told_and_what_is_new_is_not() {
        let before = image(&[("a", 1), ("b", 2), ("c", 3)]);
        let after = image(&[("a", 1), ("b", 4), ("d", 5)]);
        assert_eq!(before.differences(&after), ["notes b is not as it was", "notes c is gone"]);
        assert!(before.differences(&before).is_empty());
    }

    #[test]
    fn only_so_many_differences_are_told() {
        let ids: Vec<String> = (0..50).map(|number| number.to_string()).collect();
        let before = image(&ids.iter().map(|id| (id.as_str(), 0)).collect::<Vec<_>>());
        assert_eq!(before.len(), 50);
        assert_eq!(before.differences(&image(&[])).len(), TOLD);
    }
}
