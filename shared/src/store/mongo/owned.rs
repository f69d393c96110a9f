//! What is stored about a user, in our collections and in those of the old backends. Whoever adds a collection that
//! holds something of users adds a line to [`OWNED`], and the index by which its documents are found.

use bson::{Bson, Document, doc};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use serde_json::{Map, Value};

use super::{
    Mongo, Result, StoreError, TRANSFER_WITHIN,
    convert::Plain,
    fields::{Fields, either},
    ported::PORTED,
    submissions::SUBMITTED,
    within,
};
use crate::{
    domain::{Id, Timestamp},
    store::OwnedSource,
};

/// Ids looked for in one query.
const BATCH: usize = 500;

/// A collection that holds something of users.
struct Owned {
    collection: &'static str,
    whose: Whose,
    /// Whether its documents are for their user to have.
    exported: bool,
    /// Fields that leave the server never.
    hidden: &'static [&'static str],
    /// Paths to blobs.
    blobs: &'static [&'static [&'static str]],
}

/// How the documents of a user are known.
enum Whose {
    /// One of these paths holds the user's id, as an ObjectId or as text.
    Named(&'static [&'static str]),
    /// Their ids begin with the user's and this character.
    Keyed(char),
    /// They have the id of one of the user's documents in that collection.
    SameAs(&'static str),
    /// Their ids begin with that of one of the user's documents in that collection, and this character.
    Below(&'static str, char),
}

use Whose::{Below, Keyed, Named, SameAs};

const fn owned(collection: &'static str, whose: Whose) -> Owned {
    Owned { collection, whose, exported: true, hidden: &[], blobs: &[] }
}

impl Owned {
    const fn not_shown(mut self) -> Self {
        self.exported = false;
        self
    }

    const fn without(mut self, hidden: &'static [&'static str]) -> Self {
        self.hidden = hidden;
        self
    }

    const fn blobs(mut self, blobs: &'static [&'static [&'static str]]) -> Self {
        self.blobs = blobs;
        self
    }
}

/// The collections, in the order of their erasure: what is found by way of other documents before these, accounts
/// last.
#[rustfmt::skip]
static OWNED: &[Owned] = &[
    owned("job_checkpoints", Below("jobs", '/')),
    owned("transcripts", Named(&["userId"])),
    owned("jobs", Named(&["userId"])).blobs(&[&["payload", "source", "blob"], &["payload", "blob"]]),
    owned("quiz_keys", SameAs("quizzes")),
    owned("migrated_quizzes", SameAs("quizzes")).not_shown(),
    owned("migrated_quiz_attempts", SameAs(PORTED)).not_shown(),
    owned("migrated_quizattempts", SameAs(SUBMITTED)).not_shown(),
    owned("migrated_userperformances", SameAs("userperformances")).not_shown(),
    owned("migrated_notes", SameAs("notes")).not_shown(),
    owned("migrated_studysessions", SameAs("studysessions")).not_shown(),
    owned("migrated_users", Named(&["_id"])).not_shown(),
    owned("quiz_shares", Named(&["userId"])),
    owned("quizzes", Named(&["createdBy", "created_by", "created_by.$id"])),
    owned("attempts_open", Named(&["userId"])),
    // Before their copies: what is read meanwhile would be copied again.
    owned(PORTED, Named(&["user", "user.$id"])),
    owned(SUBMITTED, Named(&["userId"])),
    owned("userperformances", Named(&["userId"])),
    owned("notes", Named(&["user", "user.$id"])),
    owned("notes_trash", Named(&["user", "user.$id"])),
    owned("review_cards", Named(&["userId"])),
    owned("studysessions", Named(&["userId", "user_id", "user_id.$id"])),
    owned("plans", Named(&["userId"])),
    owned("tasks", Named(&["userId"])),
    owned("ai_usage", Named(&["userId"])),
    owned("cached_work", Named(&["users"])).not_shown(),
    owned("exports", Named(&["userId"])).blobs(&[&["blob"]]).not_shown(),
    owned("idempotency_keys", Keyed(' ')).not_shown(),
    owned("mail_tokens", Named(&["userId"])).not_shown(),
    owned("sessions", Named(&["userId"])),
    owned("users", Named(&["_id"])).without(&["password"]).blobs(&[&["avatarBlob"]]),
];

/// The collections by name.
pub(in crate::store) fn owned_sources() -> Vec<OwnedSource> {
    OWNED.iter().map(|owned| OwnedSource { name: owned.collection, exported: owned.exported }).collect()
}

fn find(source: &str) -> Result<&'static Owned> {
    let found = OWNED.iter().find(|owned| owned.collection == source);
    found.ok_or_else(|| super::defect(format!("{source} is not a collection of users")))
}

fn named(paths: &[&str], user_id: Id) -> Document {
    let by_path = |path: &&str| doc! { *path: either(user_id) };
    doc! { "$or": paths.iter().map(by_path).collect::<Vec<_>>() }
}

/// Text ids that begin with this and the character, after which the next one comes.
fn beginning(with: &str, then: char) -> Document {
    let after = char::from_u32(u32::from(then) + 1).unwrap_or(then);
    doc! { "_id": { "$gte": format!("{with}{then}"), "$lt": format!("{with}{after}") } }
}

impl Mongo {
    /// Filters that find a user's documents of a collection, one after the other.
    async fn filters(&self, owned: &Owned, user_id: Id) -> Result<Vec<Document>> {
        Ok(match owned.whose {
            Named(paths) => vec![named(paths, user_id)],
            Keyed(then) => vec![beginning(&user_id.to_string(), then)],
            SameAs(parent) => {
                let ids = self.ids(find(parent)?, user_id).await?;
                ids.chunks(BATCH).map(|ids| doc! { "_id": { "$in": ids } }).collect()
            }
            Below(parent, then) => {
                let ids = self.ids(find(parent)?, user_id).await?;
                ids.iter().filter_map(Bson::as_str).map(|id| beginning(id, then)).collect()
            }
        })
    }

    /// The ids of a user's documents of a collection that names its users.
    async fn ids(&self, owned: &Owned, user_id: Id) -> Result<Vec<Bson>> {
        let Named(paths) = owned.whose else { return Ok(Vec::new()) };
        let docs = self.docs(owned.collection);
        let find = docs.find(named(paths, user_id)).projection(doc! { "_id": 1 });
        let read = async { find.await?.try_collect::<Vec<Document>>().await };
        let found = within(TRANSFER_WITHIN, read).await?;
        Ok(found.into_iter().filter_map(|mut doc| doc.remove("_id")).collect())
    }

    /// The documents of one collection that belong to a user.
    pub async fn owned(&self, source: &str, user_id: Id) -> Result<BoxStream<'static, Result<Value>>> {
        let owned = find(source)?;
        if !owned.exported {
            return Ok(stream::empty().boxed());
        }
        let filters = self.filters(owned, user_id).await?;
        let collection = self.of::<Plain>(owned.collection);
        let found = stream::iter(filters).then(move |filter| {
            let collection = collection.clone();
            async move { collection.find(filter).await }
        });
        let shown = |Plain(mut doc): Plain| {
            for field in owned.hidden {
                doc.remove(field);
            }
            json(Bson::Document(doc))
        };
        Ok(found.try_flatten().map_ok(shown).map_err(StoreError::from).boxed())
    }

    /// The blobs that documents of one collection name, and that belong to a user.
    pub async fn owned_blobs(&self, source: &str, user_id: Id) -> Result<Vec<Id>> {
        let owned = find(source)?;
        let mut blobs = Vec::new();
        for path in owned.blobs {
            for filter in self.filters(owned, user_id).await? {
                let collection = self.docs(owned.collection);
                let find = collection.find(filter).projection(doc! { path.join("."): 1 });
                let read = async { find.await?.try_collect::<Vec<Document>>().await };
                let docs = within(TRANSFER_WITHIN, read).await?;
                blobs.extend(docs.iter().filter_map(|doc| id_at(doc, path)));
            }
        }
        Ok(blobs)
    }

    /// Removes what one collection holds of a user; how many documents that were.
    pub async fn erase_owned(&self, source: &str, user_id: Id) -> Result<u64> {
        if source == SUBMITTED {
            let quizzes = self.quizzes_of(named(&["userId"], user_id)).await?;
            let erased = self.erase_all(find(source)?, user_id).await?;
            for quiz in quizzes {
                self.total_up(quiz).await?;
            }
            return Ok(erased);
        }
        self.erase_all(find(source)?, user_id).await
    }

    async fn erase_all(&self, owned: &Owned, user_id: Id) -> Result<u64> {
        let mut erased = 0;
        for filter in self.filters(owned, user_id).await? {
            let done = within(TRANSFER_WITHIN, self.docs(owned.collection).delete_many(filter)).await?;
            erased += done.deleted_count;
        }
        Ok(erased)
    }
}

fn id_at(doc: &Document, path: &[&str]) -> Option<Id> {
    let (name, above) = path.split_last()?;
    let parent = above.iter().try_fold(Fields(doc), |fields, name| fields.part(&[name]))?;
    parent.id(&[name])
}

/// A stored value in JSON that anybody can read: ids and instants as text, other numbers as numbers.
pub(super) fn json(value: Bson) -> Value {
    match value {
        Bson::Document(doc) => {
            Value::Object(doc.into_iter().map(|(name, value)| (name, json(value))).collect::<Map<_, _>>())
        }
        Bson::Array(values) => values.into_iter().map(json).collect(),
        Bson::String(text) | Bson::Symbol(text) => text.into(),
        Bson::ObjectId(id) => id.to_hex().into(),
        Bson::DateTime(date) => readable(date),
        Bson::Int32(number) => number.into(),
        Bson::Int64(number) => number.into(),
        Bson::Double(number) => number.into(),
        Bson::Boolean(flag) => flag.into(),
        Bson::Null | Bson::Undefined => Value::Null,
        Bson::Decimal128(number) => number.to_string().into(),
        Bson::Binary(binary) => hex::encode(binary.bytes).into(),
        other => other.to_string().into(),
    }
}

fn readable(date: bson::DateTime) -> Value {
    let millis = date.timestamp_millis();
    match jiff::Timestamp::from_millisecond(millis) {
        Ok(_) => Timestamp(millis).to_string().into(),
        Err(_) => millis.into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn stored_values_are_readable_json() {
        let id = bson::oid::ObjectId::from_bytes([7; 12]);
        let stored = doc! {
            "id": id, "at": bson::DateTime::from_millis(1), "far": bson::DateTime::MAX, "whole": 3_i64,
            "nan": f64::NAN, "half": 0.5, "none": Bson::Null, "list": [1, "x", { "$odd.key": true }],
        };
        assert_eq!(
            json(Bson::Document(stored)),
            json!({
                "id": "07".repeat(12), "at": "1970-01-01T00:00:00.001Z", "far": i64::MAX, "whole": 3,
                "nan": null, "half": 0.5, "none": null, "list": [1, "x", { "$odd.key": true }],
            })
        );
    }

    #[test]
    fn ids_that_only_look_alike_do_not_begin_alike() {
        let range = beginning("ab", '/');
        let bounds = range.get_document("_id").unwrap();
        let (first, after) = (bounds.get_str("$gte").unwrap(), bounds.get_str("$lt").unwrap());
        let within = |id: &str| first <= id && id < after;
        assert!(within("ab/") && within("ab/zz") && within("ab/é"));
        assert!(!within("ab") && !within("ab0") && !within("abc/") && !within("ab."));
    }
}
