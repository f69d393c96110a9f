//! Deleted notes, in a collection that the old backend does not know. A move writes the copy first and then removes the
//! original, so that nothing is lost where it breaks off; a note that is in both counts as not deleted.

use bson::{Bson, Document, doc};

use super::{
    Mongo, Result,
    convert::Plain,
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
pub(super) const DELETED_AT: &str = "trashedAt";

impl Mongo {
    /// Puts a note into the trash if it is as it was at `was`.
    pub async fn trash_note(&self, user_id: Id, id: Id, was: Timestamp, now: Timestamp) -> Result<bool> {
        let Some(note) = self.own(user_id, id).await? else { return Ok(false) };
        if read(&note)?.updated_at != was {
            return Ok(false);
        }
        // A copy may be left of a move that broke off. Its time must not come again, or whoever finishes that move
        // would take this copy for it.
        let left = self.run(self.of::<Plain>(TRASH).find_one(doc! { "_id": id })).await?;
        let left = left.and_then(|Plain(left)| Fields(&left).date(&[DELETED_AT]));
        let deleted_at = left.map_or(now, |left| now.max(Timestamp(left.0 + 1)));
        let mut copy = note.clone();
        copy.insert(DELETED_AT, deleted_at);
        self.run(self.docs(TRASH).replace_one(doc! { "_id": id }, copy).upsert(true)).await?;
        Ok(self.run(self.docs(NOTES).delete_one(same_version(&note))).await?.deleted_count == 1)
    }

    /// Takes a note out of the trash; one that is not deleted is returned as it is.
    pub async fn restore_note(&self, user_id: Id, id: Id) -> Result<Option<Note>> {
        if let Some(note) = self.note(user_id, id).await? {
            return Ok(Some(note));
        }
        let deleted = doc! { "_id": id, "user": of(user_id) };
        let found = self.run(self.of::<Plain>(TRASH).find_one(deleted)).await?;
        let Some(Plain(mut note)) = found else { return Ok(None) };
        let deleted_at = note.remove(DELETED_AT).unwrap_or(Bson::Null);
        inserted(self.run(self.docs(NOTES).insert_one(&note)).await)?;
        self.run(self.docs(TRASH).delete_one(doc! { "_id": id, DELETED_AT: deleted_at })).await?;
        self.note(user_id, id).await
    }

    /// Deleted notes without their contents, sorted by when they were deleted.
    pub async fn trashed_notes(&self, user_id: Id, window: &Window) -> Result<Listing<Trashed<NoteSummary>>> {
        let key = By::Key(format!("${DELETED_AT}").into());
        let wanted = doc! { "user": of(user_id), "_id": { "$nin": self.leftovers(user_id).await? } };
        let (docs, total): (Vec<Plain>, u64) =
            self.list_by(TRASH, wanted, key, window, summary_shape()).await?;
        let items = readable(docs.iter().map(|Plain(doc)| doc), |doc| {
            let note = NoteSummary::from(read(doc)?);
            let deleted_at = Fields(doc).date(&[DELETED_AT]).unwrap_or(note.note.updated_at);
            Ok(Trashed { note, deleted_at })
        });
        Ok(Listing { items, total })
    }

    /// Removes a deleted note for good; false if there is none.
    pub async fn purge_note(&self, user_id: Id, id: Id) -> Result<bool> {
        let deleted = doc! { "_id": id, "user": of(user_id) };
        let found = self.run(self.of::<Plain>(TRASH).find_one(deleted)).await?;
        let Some(Plain(copy)) = found else { return Ok(false) };
        if self.own(user_id, id).await?.is_some() {
            return Ok(false);
        }
        let deleted_at = copy.get(DELETED_AT).cloned().unwrap_or(Bson::Null);
        let this = doc! { "_id": id, DELETED_AT: deleted_at };
        Ok(self.run(self.docs(TRASH).delete_one(this)).await?.deleted_count == 1)
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
