//! Notes and what was deleted of them.

use super::{Cursor, Listing, Result, SortValue, Store, Window};
use crate::domain::{Highlight, Id, Note, NoteChange, Query, Timestamp, Trashed, excerpt, highlights};

/// Which notes to list; what is absent does not restrict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteFilter {
    /// Whose notes.
    pub user_id: Id,
    /// With all of these tags, in any case.
    pub tags: Vec<String>,
    /// With exactly this category.
    pub category: Option<String>,
}

impl NoteFilter {
    /// Everything somebody has.
    pub fn of(user_id: Id) -> Self {
        Self { user_id, tags: Vec::new(), category: None }
    }
}

/// What a list of notes sorts by; among equals by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoteOrder {
    /// When they were made, which is by id.
    #[default]
    Created,
    /// When they last changed.
    Updated,
    /// By the characters of their titles, ASCII letters without regard to case.
    Title,
}

/// Characters of a title that a list sorts by.
pub(super) const TITLE_KEY_MAX: usize = 200;

impl NoteOrder {
    /// What a title is sorted by.
    pub(super) fn title_key(title: &str) -> String {
        title.chars().take(TITLE_KEY_MAX).map(|c| c.to_ascii_lowercase()).collect()
    }

    /// Where the list goes on after this note.
    pub fn after(self, note: &Note) -> String {
        let value = match self {
            Self::Created => return note.id.to_string(),
            Self::Updated => SortValue::At(note.updated_at),
            Self::Title => SortValue::Text(Self::title_key(&note.title)),
        };
        Cursor { value, id: note.id }.encode()
    }

    /// Whether a text is a cursor of this order.
    pub fn accepts(self, cursor: &str) -> bool {
        match self {
            Self::Created => cursor.parse::<Id>().is_ok(),
            Self::Updated => Cursor::is_instant(cursor),
            Self::Title => Cursor::is_text(cursor),
        }
    }
}

/// A note without its content.
#[derive(Debug, Clone, PartialEq)]
pub struct NoteSummary {
    /// The note, its `content` left out.
    pub note: Note,
    /// How the content begins.
    pub excerpt: String,
}

/// A note whose content is whole, or begins as the whole one does.
impl From<Note> for NoteSummary {
    fn from(mut note: Note) -> Self {
        let content = std::mem::take(&mut note.content);
        Self { excerpt: excerpt(&content), note }
    }
}

/// A note that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct NoteHit {
    /// The note.
    pub summary: NoteSummary,
    /// How well it matches; comparable within one search of one store.
    pub score: f64,
    /// Where it matches.
    pub highlights: Vec<Highlight>,
}

impl NoteHit {
    /// A whole note that has what the query asks for.
    pub(super) fn new(note: Note, score: f64, query: &Query) -> Self {
        let highlights = highlights(query, &note.title, &note.tags, &note.content);
        Self { summary: note.into(), score, highlights }
    }
}

backends! { "notes":
    /// Adds a note; one that is there already stays as it is.
    fn insert_note(&self, note: &Note) -> ();
    /// A note of this user's that is not deleted.
    fn note(&self, user_id: Id, id: Id) -> Option<Note>;
    /// Those of this user's notes that are not deleted, in the order of `ids`.
    fn notes_by_id(&self, user_id: Id, ids: &[Id]) -> Vec<Note>;
    /// Changes the given fields of a note if it is as it was at `was` (its `updated_at`); none if it is gone or
    /// has changed since: read it again.
    fn update_note(&self, user_id: Id, id: Id, was: Timestamp, change: &NoteChange, now: Timestamp) -> Option<Note>;
    /// Notes without their contents.
    fn notes(&self, filter: &NoteFilter, order: NoteOrder, window: &Window) -> Listing<NoteSummary>;
    /// Notes with this text in title or content, in any case, or with exactly this tag.
    fn notes_with(&self, user_id: Id, text: &str, window: &Window) -> Listing<NoteSummary>;
    /// Notes with everything the query asks for, the best match first; in an order, where one is given. The window's
    /// `after` has no meaning here.
    fn search_notes(&self, filter: &NoteFilter, query: &Query, order: Option<NoteOrder>, window: &Window) -> Listing<NoteHit>;
    /// All tags of a user's notes with the number of notes that have them, most used first.
    fn note_tags(&self, user_id: Id) -> Vec<(String, u64)>;
    /// All categories of a user's notes with the number of notes in them, most used first.
    fn note_categories(&self, user_id: Id) -> Vec<(String, u64)>;

    /// Puts a note into the trash if it is as it was at `was`; false if it is gone or has changed since.
    fn trash_note(&self, user_id: Id, id: Id, was: Timestamp, now: Timestamp) -> bool;
    /// Takes a note out of the trash, which counts as a change; one that is not deleted is returned as it is.
    fn restore_note(&self, user_id: Id, id: Id, now: Timestamp) -> Option<Note>;
    /// Deleted notes without their contents, sorted by when they were deleted.
    fn trashed_notes(&self, user_id: Id, window: &Window) -> Listing<Trashed<NoteSummary>>;
    /// Removes a deleted note for good; false if there is none.
    fn purge_note(&self, user_id: Id, id: Id) -> bool;
    /// Removes for good what was deleted before the given time; returns how many.
    fn purge_notes(&self, deleted_before: Timestamp) -> u64;
}

/// Where the trash goes on after this note.
pub fn trash_after(trashed: &Trashed<NoteSummary>) -> String {
    Cursor { value: SortValue::At(trashed.deleted_at), id: trashed.note.note.id }.encode()
}
