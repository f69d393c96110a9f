//! `apply`: adds what is missing. May be broken off at any point and started again, while the old backends write.

use std::collections::{BTreeMap, HashSet};

use bson::{Bson, Document, RawDocumentBuf, doc};

use super::super::{RACES, defect, errors::DUPLICATE, ported::PORTED, quizzes::KEYS, submissions::SUBMITTED};
use super::{
    COLLECTIONS, Counted, Event, Finding, Migration, MigrationError, Reason, Report, Result, Tally,
    change::Change,
    emails::Emails,
    inspect::{Depth, Inspected},
    journal::sum,
    pass::Stored,
    plan::{ids, report},
    shown,
    state::{Stage, State},
};

impl Migration {
    /// Goes through every document, from where a run that broke off had come.
    pub async fn apply(&self, mut tell: impl FnMut(Event)) -> Result<Report<Tally>> {
        let mut state = self.resumed().await?;
        let indexes = self.index_names().await?;
        self.build_indexes(&mut state, &indexes).await?;
        let emails = self.mongo.shared_emails().await?;
        let sizes = self.sizes().await?;
        let first = COLLECTIONS.iter().position(|name| *name == state.collection).unwrap_or_default();
        for (name, documents) in sizes.into_iter().skip(first) {
            tell(Event::Collection { name, documents });
            if state.collection != name {
                (state.collection, state.after) = (name.to_owned(), None);
            }
            let done = state.tallies.get(name).map_or(0, |tally| tally.documents);
            tell(Event::Progress { name, documents: done });
            self.apply_to(name, &mut state, &emails, &mut tell).await?;
        }
        state.stage = Stage::Applied;
        self.advance(&state).await?;
        let counted = |name: &str| Counted {
            collection: name.to_owned(),
            counts: state.tallies.get(name).copied().unwrap_or_default(),
        };
        let indexes = self.built_since(Some(&indexes)).await?;
        Ok(Report { collections: COLLECTIONS.iter().map(|name| counted(name)).collect(), indexes })
    }

    /// The state from which this run goes on: that of a run that broke off, else one with everything before it.
    async fn resumed(&self) -> Result<State> {
        let before = self.state().await?;
        match before {
            Some(state) if state.stage == Stage::RollingBack => Err(MigrationError::Refused(
                "a rollback is not finished: finish it with `migrate rollback` before anything is applied again",
            )),
            Some(state) if state.stage == Stage::Applying => self.begin(state).await,
            before => {
                let fresh = State {
                    run: before.as_ref().map_or(0, |state| state.run),
                    stage: Stage::Applying,
                    as_of: self.clock.now(),
                    collection: COLLECTIONS[0].to_owned(),
                    after: None,
                    tallies: BTreeMap::new(),
                    indexes_before: before.as_ref().and_then(|state| state.indexes_before.clone()),
                    collections_before: before.and_then(|state| state.collections_before),
                };
                self.begin(fresh).await
            }
        }
    }

    /// Builds the indexes that are missing, noting beforehand which are there.
    async fn build_indexes(&self, state: &mut State, present: &[String]) -> Result<()> {
        if state.indexes_before.is_none() {
            state.indexes_before = Some(present.to_vec());
            state.collections_before = Some(self.collection_names().await?);
            self.advance(state).await?;
        }
        self.mongo.build_indexes().await?;
        // It may have taken long enough for another run to begin.
        self.advance(state).await
    }

    async fn apply_to<T: FnMut(Event)>(
        &self,
        name: &'static str,
        state: &mut State,
        emails: &Emails,
        tell: &mut T,
    ) -> Result<()> {
        let after = state.after.clone();
        let step = async |batch: Vec<Stored>, tell: &mut T| {
            let last = batch.last().map(|stored| stored.id.clone());
            let mut tally = state.tallies.get(name).copied().unwrap_or_default();
            self.treat(name, batch, Depth::Whole(emails, state.as_of), &mut tally, tell).await?;
            state.after = last;
            state.tallies.insert(name.to_owned(), tally);
            self.advance(state).await
        };
        self.go_through(name, name, after, tell, step).await
    }

    /// Gives documents what they lack. Those that somebody else writes meanwhile are read again.
    async fn treat(
        &self,
        name: &'static str,
        mut batch: Vec<Stored>,
        depth: Depth<'_>,
        tally: &mut Tally,
        tell: &mut impl FnMut(Event),
    ) -> Result<()> {
        for round in 0..RACES {
            let inspected = self.mongo.inspect(name, &batch, depth).await?;
            if round == 0 {
                for (stored, inspected) in batch.iter().zip(&inspected) {
                    tally.count(inspected);
                    report(name, stored, inspected, tell);
                }
            }
            let pending = self.supply(name, &batch, inspected, tally, tell).await?;
            if pending.is_empty() {
                return Ok(());
            }
            let again = doc! { "_id": { "$in": &pending } };
            let found: Vec<RawDocumentBuf> = self.mongo.found(name, again, Document::new()).await?;
            batch = found.into_iter().map(Stored::new).collect::<std::result::Result<_, _>>()?;
            let there: HashSet<String> = batch.iter().map(|stored| shown(&stored.id)).collect();
            let gone: Vec<Bson> = pending.into_iter().filter(|id| !there.contains(&shown(id))).collect();
            self.mongo.remove_entries(name, &gone).await?;
        }
        Err(defect(format!("documents of {name} never stood still")).into())
    }

    /// Writes the journal, then what it says; which documents may lack something still.
    async fn supply(
        &self,
        name: &'static str,
        batch: &[Stored],
        inspected: Vec<Inspected>,
        tally: &mut Tally,
        tell: &mut impl FnMut(Event),
    ) -> Result<Vec<Bson>> {
        let noted = self.mongo.entries(name, &ids(batch)).await?;
        let (mut new, mut changed, mut updates, mut pending) = (vec![], vec![], vec![], vec![]);
        let (mut copies, mut copied) = (Vec::new(), Vec::new());
        for (stored, inspected) in batch.iter().zip(inspected) {
            let known = noted.get(&shown(&stored.id));
            let mut change = Change::of(stored, &inspected, known);
            if let Some(made) = inspected.copy {
                let copy = made.raw()?;
                change.entry.copy = Some(sum(copy.as_bytes()));
                copies.push(copy);
                copied.push(stored.id.clone());
            }
            if !change.is_done() {
                updates.push(change.statement());
                pending.push(stored.id.clone());
            }
            match known {
                None => new.push(change.entry),
                Some(known) if *known != change.entry => changed.push(change.entry),
                Some(_) => {}
            }
            if change.is_silent {
                let (id, reason) = (shown(&stored.id), Reason::DocumentChangedSilently);
                tell(Event::Finding(Finding { collection: name, id, reason, left: false }));
            }
        }
        self.mongo.write_entries(name, &new, &changed).await?;
        tally.copied += copies.len() as u64;
        if !copies.is_empty() {
            self.mongo.insert_new(target(name), &copies).await?;
            let gone = self.mongo.remove_orphans(name, target(name), &copied).await?;
            self.mongo.remove_entries(name, &gone).await?;
        }
        let (expected, done) =
            (updates.len() as u64, self.mongo.update_those_that_can(name, updates, &DUPLICATE).await?);
        tally.changed += done;
        Ok(if done == expected { Vec::new() } else { pending })
    }
}

/// Where copies of a collection's documents go.
fn target(name: &str) -> &'static str {
    if name == PORTED { SUBMITTED } else { KEYS }
}
