//! Notes, in the old backend's `notes`. What it knows (`title`, `content`, `tags`, `metadata`) is written as it does and
//! read from there, because it may have changed it since; `category` beside `metadata.category` and `tagsNormalized` are
//! for its successors.

use bson::{Bson, Document, bson, doc};
use serde::Deserialize;

use super::{
    Mongo, Result, StoreError,
    convert::Plain,
    fields::{Fields, escaped, readable},
    inserted,
    listing::By,
    metadata::{document_of, json_of},
    submissions::converted,
};
use crate::{
    domain::{EXCERPT_SOURCE, Id, Note, NoteChange, Timestamp, counted, distinct_tags, tag_key},
    store::{Listing, NoteFilter, NoteOrder, NoteSummary, Window, notes::TITLE_KEY_MAX},
};

pub(super) const NOTES: &str = "notes";
/// What a note without a title is called.
const UNTITLED: &str = "Untitled";

impl Mongo {
    /// Adds a note; one that is there already stays as it is.
    pub async fn insert_note(&self, note: &Note) -> Result<()> {
        inserted(self.run(self.docs(NOTES).insert_one(write(note))).await).map(drop)
    }

    /// A note of this user's that is not deleted.
    pub async fn note(&self, user_id: Id, id: Id) -> Result<Option<Note>> {
        self.own(user_id, id).await?.as_ref().map(read).transpose()
    }

    /// Those of this user's notes that are not deleted, in the order of `ids`.
    pub async fn notes_by_id(&self, user_id: Id, ids: &[Id]) -> Result<Vec<Note>> {
        let these = doc! { "_id": { "$in": ids.to_vec() }, "user": of(user_id) };
        let docs: Vec<Plain> = self.all(self.of::<Plain>(NOTES).find(these)).await?;
        let mut notes = docs.iter().map(|Plain(doc)| read(doc)).collect::<Result<Vec<_>>>()?;
        notes.sort_by_key(|note| ids.iter().position(|id| *id == note.id));
        Ok(notes)
    }

    /// Changes the given fields of a note if it is as it was at `was`. The other ones keep their bytes.
    pub async fn update_note(
        &self,
        user_id: Id,
        id: Id,
        was: Timestamp,
        change: &NoteChange,
        now: Timestamp,
    ) -> Result<Option<Note>> {
        let Some(before) = self.own(user_id, id).await? else { return Ok(None) };
        let note = read(&before)?;
        if note.updated_at != was {
            return Ok(None);
        }
        let note = note.changed(change.clone(), now);
        let mut set = doc! { "updatedAt": note.updated_at };
        let mut unset = Document::new();
        if change.title.is_some() {
            set.insert("title", &note.title);
        }
        if change.content.is_some() {
            set.insert("content", &note.content);
        }
        if change.tags.is_some() {
            set.insert("tags", &note.tags);
            set.insert("tagsNormalized", tag_keys(&note));
        }
        let mut put = |name: &str, value: Option<Bson>| match value {
            Some(value) => drop(set.insert(name, value)),
            None => drop(unset.insert(name, "")),
        };
        let change = change.clone().cleaned();
        let has_metadata = before.get("metadata").is_some_and(|metadata| metadata.as_document().is_some());
        if change.category.is_some() {
            put("category", note.category.as_ref().map(Bson::from));
        }
        if change.metadata.is_some() || (change.category.is_some() && !has_metadata) {
            let metadata = document_of(&note.metadata);
            put("metadata", (!metadata.is_empty()).then(|| metadata.into()));
        } else if change.category.is_some() {
            put("metadata.category", note.category.as_ref().map(Bson::from));
        }
        let mut update = doc! { "$set": set };
        if !unset.is_empty() {
            update.insert("$unset", unset);
        }
        let done = self.run(self.docs(NOTES).update_one(same_version(&before), update)).await?;
        Ok((done.matched_count == 1).then_some(note))
    }

    /// Notes without their contents.
    pub async fn notes(
        &self,
        filter: &NoteFilter,
        order: NoteOrder,
        window: &Window,
    ) -> Result<Listing<NoteSummary>> {
        let docs = self.list_by(NOTES, matching(filter), by(order), window, summary_shape()).await?;
        Ok(docs.filter_map(summary))
    }

    /// Notes with this text in title or content, in any case, or with exactly this tag.
    pub async fn notes_with(&self, user_id: Id, text: &str, window: &Window) -> Result<Listing<NoteSummary>> {
        let found = doc! { "$regex": escaped(text), "$options": "i" };
        let wanted = doc! {
            "user": of(user_id),
            "$or": [{ "title": found.clone() }, { "content": found }, tagged(text, "")],
        };
        Ok(self.list_by(NOTES, wanted, By::Id, window, summary_shape()).await?.filter_map(summary))
    }

    /// All tags of a user's notes with the number of notes that have them, most used first.
    pub async fn note_tags(&self, user_id: Id) -> Result<Vec<(String, u64)>> {
        let groups = self.count_by(user_id, doc! { "tags": "$tags" }).await?;
        let each = groups
            .iter()
            .flat_map(|(group, count)| tags_of(Fields(group)).into_iter().map(move |tag| (tag, *count)));
        Ok(counted(each, tag_key))
    }

    /// All categories of a user's notes with the number of notes in them, most used first.
    pub async fn note_categories(&self, user_id: Id) -> Result<Vec<(String, u64)>> {
        let parts = doc! { "category": "$category", "metadata": { "category": "$metadata.category" } };
        let groups = self.count_by(user_id, parts).await?;
        let each = groups.iter().filter_map(|(group, count)| Some((category_of(Fields(group))?, *count)));
        Ok(counted(each, str::to_owned))
    }

    /// How many of a user's notes have the same values of some fields.
    async fn count_by(&self, user_id: Id, fields: Document) -> Result<Vec<(Document, u64)>> {
        #[derive(Deserialize)]
        struct Group {
            #[serde(rename = "_id")]
            fields: Plain,
            notes: u64,
        }
        let stages = [
            doc! { "$match": { "user": of(user_id) } },
            doc! { "$group": { "_id": fields, "notes": { "$sum": 1 } } },
        ];
        let groups: Vec<Group> = self.all(self.docs(NOTES).aggregate(stages).with_type()).await?;
        Ok(groups.into_iter().map(|group| (group.fields.0, group.notes)).collect())
    }

    /// A note of this user's as it is stored.
    pub(super) async fn own(&self, user_id: Id, id: Id) -> Result<Option<Document>> {
        let wanted = doc! { "_id": id, "user": of(user_id) };
        Ok(self.run(self.of::<Plain>(NOTES).find_one(wanted)).await?.map(|Plain(doc)| doc))
    }
}

/// The forms in which a note names its user: an id, its text, a link.
pub(super) fn forms(user_id: Id) -> [Bson; 3] {
    [user_id.into(), user_id.to_string().into(), bson!({ "$ref": "users", "$id": user_id })]
}

/// Any of the forms.
pub(super) fn of(user_id: Id) -> Bson {
    bson!({ "$in": forms(user_id).to_vec() })
}

/// A filter for this note as it was when it was read, whoever writes it.
pub(super) fn same_version(note: &Document) -> Document {
    ["_id", "updatedAt", "updated_at"]
        .into_iter()
        .map(|name| {
            let value = note.get(name).cloned();
            (name.to_owned(), value.unwrap_or_else(|| bson!({ "$exists": false })))
        })
        .collect()
}

/// What a filter asks for, the form of the user apart.
pub(super) fn narrowed(filter: &NoteFilter) -> Vec<Document> {
    let mut wanted: Vec<Document> = filter.tags.iter().map(|tag| tagged(tag.trim(), "i")).collect();
    wanted.extend(filter.category.as_ref().map(|category| {
        let is = doc! { "$regex": format!("^\\s*{}\\s*$", escaped(category)) };
        doc! { "$or": [
            { "metadata.category": is.clone() },
            { "category": is, "metadata.category": { "$not": { "$regex": "\\S" } } },
        ] }
    }));
    wanted
}

fn matching(filter: &NoteFilter) -> Document {
    let mut wanted = narrowed(filter);
    wanted.push(doc! { "user": of(filter.user_id) });
    doc! { "$and": wanted }
}

/// Notes with a tag, in a list or in one text with commas between its tags.
fn tagged(tag: &str, options: &str) -> Document {
    let pattern = escaped(tag);
    let is = |pattern: String| doc! { "$regex": pattern, "$options": options };
    let listed = doc! { "tags": is(format!("^\\s*{pattern}\\s*$")), "tags.0": { "$exists": true } };
    let within = doc! { "$and": [
        { "tags": is(format!("(^|,)\\s*{pattern}\\s*(,|$)")) },
        { "tags": { "$not": { "$type": "array" } } },
    ] };
    // A tag with a comma can only be in a list.
    let anywhere = if tag.contains(',') { vec![listed] } else { vec![listed, within] };
    doc! { "$or": anywhere }
}

/// What an order sorts by, as an expression over stored notes.
pub(super) fn by(order: NoteOrder) -> By {
    let text = |field: &str| converted(field.into(), "string", Bson::Null);
    match order {
        NoteOrder::Created => By::Id,
        NoteOrder::Updated => {
            let dates = ["$updatedAt", "$updated_at", "$createdAt", "$created_at", "$_id"];
            let dates: Vec<Bson> =
                dates.map(|field| converted(field.into(), "date", Bson::Null)).into_iter().collect();
            By::Key(bson!({ "$ifNull": dates }))
        }
        NoteOrder::Title => {
            let title = bson!({ "$ifNull": [text("$title"), ""] });
            let title = bson!({ "$cond": [{ "$eq": [title.clone(), ""] }, UNTITLED, title] });
            By::Key(bson!({ "$toLower": { "$substrCP": [title, 0, TITLE_KEY_MAX as i32] } }))
        }
    }
}

/// Leaves out all of a content but its beginning.
pub(super) fn summary_shape() -> Document {
    let is_text = bson!({ "$eq": [{ "$type": "$content" }, "string"] });
    doc! { "content": { "$cond": [is_text, { "$substrCP": ["$content", 0, EXCERPT_SOURCE as i32] }, ""] } }
}

fn summary(Plain(doc): Plain) -> Option<NoteSummary> {
    readable(read(&doc)).map(NoteSummary::from)
}

fn tag_keys(note: &Note) -> Vec<String> {
    note.tags.iter().map(|tag| tag_key(tag)).collect()
}

fn write(note: &Note) -> Document {
    let mut doc = doc! {
        "_id": note.id,
        "user": note.user_id,
        "title": &note.title,
        "content": &note.content,
        "tags": &note.tags,
        "tagsNormalized": tag_keys(note),
        "createdAt": note.created_at,
        "updatedAt": note.updated_at,
        "__v": 0,
    };
    if !note.metadata.is_empty() {
        doc.insert("metadata", document_of(&note.metadata));
    }
    if let Some(category) = &note.category {
        doc.insert("category", category);
    }
    doc
}

/// A stored note, whoever wrote it.
pub(super) fn read(doc: &Document) -> Result<Note> {
    let fields = Fields(doc);
    let id = fields.own_id()?;
    let created_at = fields.created_at(id);
    let category = category_of(fields);
    let mut metadata = fields.part(&["metadata"]).map(|part| json_of(part.0)).unwrap_or_default();
    if let Some(category) = &category {
        metadata.insert("category".to_owned(), category.as_str().into());
    }
    Ok(Note {
        id,
        user_id: fields
            .id(&["user"])
            .ok_or_else(|| StoreError::Corrupt(format!("note {id} lacks its user")))?,
        title: fields
            .text(&["title"])
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| UNTITLED.to_owned()),
        content: fields.text(&["content"]).unwrap_or_default(),
        tags: tags_of(fields),
        category,
        metadata,
        created_at,
        updated_at: fields
            .date(&["updatedAt"])
            .or_else(|| fields.date(&["updated_at"]))
            .unwrap_or(created_at),
    })
}

/// A list of tags, or one text with commas between them.
pub(super) fn tags_of(fields: Fields<'_>) -> Vec<String> {
    match fields.get(&["tags"]) {
        Some(Bson::String(text)) => distinct_tags(text.split(',').map(str::to_owned)),
        _ => distinct_tags(fields.texts(&["tags"])),
    }
}

/// The category as the old backend has it, else as one of its successors wrote it.
pub(super) fn category_of(fields: Fields<'_>) -> Option<String> {
    let text = |fields: Fields<'_>| {
        let text = fields.get(&["category"])?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    fields.part(&["metadata"]).and_then(text).or_else(|| text(fields))
}
