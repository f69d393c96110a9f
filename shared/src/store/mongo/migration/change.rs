//! What is to be written to a document, and to its journal.

use bson::{Bson, Document, doc};

use super::super::notes::same_version;
use super::{
    inspect::{Inspected, Value},
    journal::Entry,
    pass::Stored,
    statistics::STATISTICS,
};

/// Fields that follow from others: nothing is lost with them, whoever wrote them last.
const DERIVED: [&str; 5] = ["emailNormalized", "totalAttempts", "averageScore", "category", "tagsNormalized"];
/// Fields that follow from others until somebody chooses another value.
const FOLLOWING: [&str; 2] = ["isActive", "title"];

/// Whether a field that was added follows from others.
pub(super) fn is_derived(name: &str) -> bool {
    DERIVED.contains(&name) || STATISTICS.contains(&name)
}

/// Whether our API made a quiz or an account.
fn is_ours(doc: &Document) -> bool {
    let has_flag = |name: &str| doc.get_bool(name).is_ok();
    doc.get_document("generation").is_ok_and(|generation| generation.contains_key("method"))
        || (has_flag("isGuest") && has_flag("emailVerified"))
}

/// What a document lacks.
pub(super) struct Change {
    /// The entry as it is to be.
    pub(super) entry: Entry,
    /// Finds the document if it is as it was read, without what it is to be given.
    pub(super) unchanged: Document,
    /// Fields to write.
    pub(super) set: Document,
    /// Fields to remove: what they followed from is gone.
    pub(super) unset: Document,
    /// Whether there is more that is not computed yet.
    later: bool,
    /// Whether somebody changed the document without changing its time of change.
    pub(super) is_silent: bool,
}

impl Change {
    /// What is to be done to a document with this entry in the journal.
    pub(super) fn of(stored: &Stored, inspected: &Inspected, noted: Option<&Entry>) -> Self {
        let is_silent =
            noted.is_some_and(|entry| !entry.is_changed(&stored.doc) && !entry.is_identical(stored));
        // What was noted but never written says nothing about the document.
        let noted = noted.filter(|entry| {
            entry.copy.is_some() || entry.added.keys().any(|name| stored.doc.contains_key(name))
        });
        let entry = match noted {
            None => Entry::new(stored),
            Some(noted) if is_silent || noted.is_changed(&stored.doc) => noted.renewed(stored),
            Some(noted) => noted.clone(),
        };
        let mut change = Self {
            entry,
            unchanged: same_version(&stored.doc),
            set: Document::new(),
            unset: Document::new(),
            later: false,
            is_silent,
        };
        if !inspected.is_left() {
            inspected.fields.iter().for_each(|field| change.add(stored, field.name, &field.value));
        }
        change
    }

    fn add(&mut self, stored: &Stored, name: &'static str, value: &Value) {
        let Value::Now(value) = value else {
            self.later |= !stored.doc.contains_key(name);
            return;
        };
        let added = self.entry.added.get(name);
        let follows = match added {
            Some(added) => {
                is_derived(name) || (FOLLOWING.contains(&name) && stored.doc.get(name) == Some(added))
            }
            // What our API made it keeps up to date where it is used; others may have changed what it follows from.
            None => is_derived(name) && is_ours(&stored.doc),
        };
        let is_noted = added.is_some() || !stored.doc.contains_key(name);
        match (stored.doc.get(name), value.as_ref()) {
            (None, Some(value)) => {
                self.unchanged.insert(name, doc! { "$exists": false });
                self.write(name, value, is_noted);
            }
            (None, None) => drop(self.entry.added.remove(name)),
            (Some(present), wanted) if follows && Some(present) != wanted => {
                self.unchanged.insert(name, present);
                match wanted {
                    Some(value) => self.write(name, value, is_noted),
                    None => drop(self.unset.insert(name, "")),
                }
            }
            _ => {}
        }
    }

    fn write(&mut self, name: &str, value: &Bson, is_noted: bool) {
        self.set.insert(name, value);
        if is_noted {
            // What follows from the document is not kept beside it: it may be what somebody erases from there.
            self.entry.added.insert(name, if is_derived(name) { &Bson::Null } else { value });
        }
    }

    /// Whether the document has all that it is to have.
    pub(super) fn is_done(&self) -> bool {
        self.set.is_empty() && self.unset.is_empty() && !self.later
    }

    /// The statement that makes it so.
    pub(super) fn statement(&self) -> Document {
        let mut update = Document::new();
        if !self.set.is_empty() {
            update.insert("$set", &self.set);
        }
        if !self.unset.is_empty() {
            update.insert("$unset", &self.unset);
        }
        doc! { "q": &self.unchanged, "u": update }
    }
}
