//! Deleted notes, in a collection that the old backend does not know.
//!
//! A move writes the copy first and then removes the original, so that nothing is lost where it breaks off; a note that
//! is in both collections counts as not deleted. Moves of one note may meet. What keeps them apart is its version, when
//! it last changed, which a restored note raises: an original is removed only as the version that was copied, a copy is
//! never replaced by that of an older version, and a note restored from a copy that is gone meanwhile is taken back.

use bson::{Bson, Document, doc};

use super::{
    Mongo, RACES, Result,
    convert::Plain,
    defect,
    fields::{Fields, readable},
    inserted,
    listing::By,
    notes::{NOTES, of, read, same_version, summary_shape},
};
use crate::{
    domain::{Id, Note, Timestamp, Trashed},
    store::{Listing, NoteSummary, Window},
};

pub(super) const TRASH: &str = "notes_trash";
/// When a note was deleted; a name that no note has by itself.
const DELETED_AT: &str = "trashedAt";
/// When it had last changed.
const VERSION: &str = "trashedVersion";

impl Mongo {
    /// Puts a note into the trash if it is as it was at `was`.
    pub async fn trash_note(&self, user_id: Id, id: Id, was: Timestamp, now: Timestamp) -> Result<bool> {
        let Some(note) = self.own(user_id, id).await? else { return Ok(false) };
        if read(&note)?.updated_at != was {
            return Ok(false);
        }
        let mut copy = note.clone();
        copy.insert(DELETED_AT, now);
        copy.insert(VERSION, was);
        let not_newer = doc! { "_id": id, VERSION: { "$not": { "$gt": was } } };
        if !inserted(self.run(self.docs(TRASH).replace_one(not_newer, copy).upsert(true)).await)? {
            return Ok(false);
        }
        Ok(self.run(self.docs(NOTES).delete_one(same_version(&note))).await?.deleted_count == 1)
    }

    /// Takes a note out of the trash, which counts as a change; one that is not deleted is returned as it is.
    pub async fn restore_note(&self, user_id: Id, id: Id, now: Timestamp) -> Result<Option<Note>> {
        for _ in 0..RACES {
            if let Some(note) = self.note(user_id, id).await? {
                return Ok(Some(note));
            }
            let Some(copy) = self.copy(user_id, id).await? else {
                // Somebody else may have restored it just now.
                return self.note(user_id, id).await;
            };
            let version = read(&copy)?.updated_at;
            let mut note = copy.clone();
            note.remove(DELETED_AT);
            note.remove(VERSION);
            note.insert("updatedAt", now.max(Timestamp(version.0 + 1)));
            if !inserted(self.run(self.docs(NOTES).insert_one(&note)).await)? {
                continue;
            }
            if self.run(self.docs(TRASH).delete_one(same_copy(&copy))).await?.deleted_count == 1 {
                return read(&note).map(Some);
            }
            self.run(self.docs(NOTES).delete_one(same_version(&note))).await?;
        }
        Err(defect(format!("note {id} is moved all the time")))
    }

    /// A deleted note of this user's as it is stored.
    async fn copy(&self, user_id: Id, id: Id) -> Result<Option<Document>> {
        let wanted = doc! { "_id": id, "user": of(user_id) };
        Ok(self.run(self.of::<Plain>(TRASH).find_one(wanted)).await?.map(|Plain(doc)| doc))
    }

    /// Deleted notes without their contents, sorted by when they were deleted.
    pub async fn trashed_notes(&self, user_id: Id, window: &Window) -> Result<Listing<Trashed<NoteSummary>>> {
        let key = By::Key(format!("${DELETED_AT}").into());
        let wanted = doc! { "user": of(user_id), "_id": { "$nin": self.leftovers(user_id).await? } };
        let docs = self.list_by(TRASH, wanted, key, window, summary_shape()).await?;
        Ok(docs.filter_map(|Plain(doc)| {
            let note = NoteSummary::from(readable(read(&doc))?);
            let deleted_at = Fields(&doc).date(&[DELETED_AT]).unwrap_or(note.note.updated_at);
            Some(Trashed { note, deleted_at })
        }))
    }

    /// Removes a deleted note for good; false if there is none.
    pub async fn purge_note(&self, user_id: Id, id: Id) -> Result<bool> {
        let Some(copy) = self.copy(user_id, id).await? else { return Ok(false) };
        if self.own(user_id, id).await?.is_some() {
            return Ok(false);
        }
        Ok(self.run(self.docs(TRASH).delete_one(same_copy(&copy))).await?.deleted_count == 1)
    }

    /// Removes for good what was deleted before the given time; returns how many.
    pub async fn purge_notes(&self, deleted_before: Timestamp) -> Result<u64> {
        let old = doc! { DELETED_AT: { "$lt": deleted_before } };
        Ok(self.run(self.docs(TRASH).delete_many(old)).await?.deleted_count)
    }

    /// Notes whose move broke off or is not finished: they are in the trash as well, but not deleted.
    async fn leftovers(&self, user_id: Id) -> Result<Vec<Bson>> {
        let stages = [
            doc! { "$match": { "user": of(user_id) } },
            doc! { "$project": { "_id": 1 } },
            doc! { "$lookup": {
                "from": NOTES, "localField": "_id", "foreignField": "_id",
                "pipeline": [{ "$project": { "_id": 1 } }], "as": "kept",
            } },
            doc! { "$match": { "kept": { "$ne": [] } } },
        ];
        let docs: Vec<Document> = self.all(self.docs(TRASH).aggregate(stages)).await?;
        Ok(docs.into_iter().filter_map(|mut doc| doc.remove("_id")).collect())
    }
}

/// A filter for this copy of a note.
fn same_copy(copy: &Document) -> Document {
    let part = |name: &str| copy.get(name).cloned().unwrap_or(Bson::Null);
    doc! { "_id": part("_id"), DELETED_AT: part(DELETED_AT), VERSION: part(VERSION) }
}
