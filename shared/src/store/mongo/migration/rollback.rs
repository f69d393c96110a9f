//! `rollback`: takes away what `apply` added, and keeps what others wrote since.

use std::collections::{BTreeMap, HashMap};

use bson::{Bson, Document, RawDocumentBuf, doc};
use futures::TryStreamExt;

use super::super::{
    Mongo, RACES, StoreError,
    convert::Plain,
    defect,
    ported::{COPIED_FROM, PORTED, copy},
    quizzes::{KEYS, QUIZZES},
    submissions::SUBMITTED,
    within,
};
use super::{
    COLLECTIONS, Counted, Event, Migration, PATIENCE, Report, Result, Undone,
    change::is_derived,
    journal::{Entry, journal_of, sum},
    pass::Stored,
    plan::ids,
    shown,
    state::Stage,
};

impl Migration {
    /// Goes through the journal. May be broken off at any point and started again.
    pub async fn rollback(&self, mut tell: impl FnMut(Event)) -> Result<Report<Undone>> {
        let Some(mut state) = self.state().await? else {
            return Ok(Report { collections: Vec::new(), indexes: Vec::new() });
        };
        state.stage = Stage::RollingBack;
        let mut state = self.begin(state).await?;
        let mut collections = Vec::new();
        for name in COLLECTIONS {
            let journal = journal_of(name);
            let entries = self.mongo.docs(&journal);
            let documents = self.mongo.run(entries.estimated_document_count()).await?;
            tell(Event::Collection { name, documents });
            let mut undone = Undone::default();
            let step = async |batch: Vec<Stored>, _: &mut _| {
                self.undo(name, &batch, &mut undone).await?;
                let done = doc! { "_id": { "$in": ids(&batch) } };
                self.mongo.run(entries.delete_many(done)).await?;
                self.advance(&state).await
            };
            self.go_through(name, &journal, None, &mut tell, step).await?;
            if name == PORTED {
                let step = async |sources: Vec<Stored>, _: &mut _| {
                    self.remove_copies(&sources, &mut undone).await?;
                    self.advance(&state).await
                };
                self.go_through(name, name, None, &mut |_| {}, step).await?;
            }
            self.mongo.run(entries.drop()).await?;
            collections.push(Counted { collection: name.to_owned(), counts: undone });
        }
        let indexes = self.built_since(state.indexes_before.as_deref()).await?;
        self.drop_indexes(&indexes).await?;
        self.drop_new_collections(state.collections_before.as_deref()).await?;
        state.stage = Stage::RolledBack;
        (state.indexes_before, state.collections_before) = (None, None);
        self.advance(&state).await?;
        Ok(Report { collections, indexes })
    }

    /// Takes away what some entries say.
    async fn undo(&self, name: &str, batch: &[Stored], undone: &mut Undone) -> Result<()> {
        undone.documents += batch.len() as u64;
        let entries: Vec<Entry> = batch
            .iter()
            .map(|stored| bson::deserialize_from_slice(stored.raw.as_bytes()))
            .collect::<std::result::Result<_, _>>()
            .map_err(StoreError::from)?;
        if name == QUIZZES {
            undone.copies += self.mongo.remove_keys_of(&entries).await?;
        }
        let mut pending: Vec<&Entry> = entries.iter().filter(|entry| !entry.added.is_empty()).collect();
        for round in 0..RACES {
            if pending.is_empty() {
                return Ok(());
            }
            let docs = self.mongo.added_fields(name, &pending).await?;
            let statements = |entry: &&Entry| undoing(entry, docs.get(&shown(&entry.id))?);
            let updates: Vec<Document> = pending.iter().filter_map(statements).collect();
            if round == 0 {
                let is_kept =
                    |entry: &&&Entry| docs.get(&shown(&entry.id)).is_some_and(|doc| keeps(entry, doc));
                undone.kept += pending.iter().filter(is_kept).count() as u64;
            }
            let expected = updates.len() as u64;
            let done = self.mongo.update_each(name, updates).await?;
            undone.restored += done;
            if done == expected {
                return Ok(());
            }
            pending.retain(|entry| docs.contains_key(&shown(&entry.id)));
        }
        Err(defect(format!("documents of {name} never stood still")).into())
    }

    /// Removes the copies of some of the port's attempts that nobody changed since.
    async fn remove_copies(&self, sources: &[Stored], undone: &mut Undone) -> Result<()> {
        let copies = doc! { "_id": { "$in": ids(sources) }, COPIED_FROM: PORTED };
        let found: Vec<Document> = self.mongo.found(SUBMITTED, copies, doc! { "updatedAt": 1 }).await?;
        let made: HashMap<String, Option<Bson>> = sources
            .iter()
            .map(|source| (shown(&source.id), copy(&source.doc, &BTreeMap::new()).ok()))
            .map(|(id, copy)| (id, copy.and_then(|mut copy| copy.remove("updatedAt"))))
            .collect();
        let is_made = |doc: &Document| {
            let id = doc.get("_id").map(shown).unwrap_or_default();
            made.get(&id).is_some_and(|at| at.as_ref() == doc.get("updatedAt"))
        };
        let (untouched, kept): (Vec<Document>, Vec<Document>) = found.into_iter().partition(is_made);
        undone.kept += kept.len() as u64;
        if !untouched.is_empty() {
            let these = doc! { "$or": untouched, COPIED_FROM: PORTED };
            undone.copies +=
                self.mongo.run(self.mongo.docs(SUBMITTED).delete_many(these)).await?.deleted_count;
        }
        Ok(())
    }
}

/// Whether a field holds what was added, or what follows from the document anyway.
fn is_removable(name: &str, added: &Bson, doc: &Document) -> bool {
    doc.get(name).is_some_and(|present| is_derived(name) || present == added)
}

/// Whether a document keeps a field that was added, because somebody changed it since.
fn keeps(entry: &Entry, doc: &Document) -> bool {
    entry.added.iter().any(|(name, added)| doc.contains_key(name) && !is_removable(name, added, doc))
}

/// The statement that takes away from a document what was added.
fn undoing(entry: &Entry, doc: &Document) -> Option<Document> {
    let removable = entry.added.iter().filter(|(name, added)| is_removable(name, added, doc));
    let names: Vec<&String> = removable.map(|(name, _)| name).collect();
    if names.is_empty() {
        return None;
    }
    let mut unchanged = doc! { "_id": &entry.id };
    unchanged.extend(names.iter().filter_map(|name| Some(((*name).clone(), doc.get(*name)?.clone()))));
    let unset: Document = names.into_iter().map(|name| (name.clone(), "".into())).collect();
    Some(doc! { "q": unchanged, "u": { "$unset": unset } })
}

impl Mongo {
    /// Of the documents of some entries, the fields that were added, by id in words.
    async fn added_fields(
        &self,
        collection: &str,
        entries: &[&Entry],
    ) -> super::super::Result<HashMap<String, Document>> {
        let ids: Vec<&Bson> = entries.iter().map(|entry| &entry.id).collect();
        let shape: Document = entries
            .iter()
            .flat_map(|entry| entry.added.keys())
            .map(|name| (name.clone(), 1.into()))
            .collect();
        let found: Vec<Plain> = self.found(collection, doc! { "_id": { "$in": ids } }, shape).await?;
        let id = |doc: &Document| doc.get("_id").map(shown).unwrap_or_default();
        Ok(found.into_iter().map(|Plain(doc)| (id(&doc), doc)).collect())
    }

    /// Removes the keys that were made of quizzes, where nobody wrote them since.
    async fn remove_keys_of(&self, entries: &[Entry]) -> super::super::Result<u64> {
        let made: HashMap<String, &Entry> = entries
            .iter()
            .filter(|entry| entry.copy.is_some())
            .map(|entry| (shown(&entry.id), entry))
            .collect();
        let ids: Vec<&Bson> = made.values().map(|entry| &entry.id).collect();
        let keys = self.of::<RawDocumentBuf>(KEYS);
        let mut found = within(PATIENCE, keys.find(doc! { "_id": { "$in": ids } })).await?;
        let mut untouched = Vec::new();
        while let Some(raw) = within(PATIENCE, found.try_next()).await? {
            let keys = Stored::new(raw)?;
            let made = made.get(&shown(&keys.id)).and_then(|entry| entry.copy.as_ref());
            if made == Some(&sum(keys.raw.as_bytes())) {
                // An edit leaves its mark beside the questions.
                untouched.push(
                    doc! { "_id": keys.id, "edit": { "$exists": false }, "edits": { "$exists": false } },
                );
            }
        }
        if untouched.is_empty() {
            return Ok(0);
        }
        Ok(self.run(self.docs(KEYS).delete_many(doc! { "$or": untouched })).await?.deleted_count)
    }
}
