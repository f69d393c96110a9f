//! `plan`: what would be done, and with which documents something is wrong. Writes nothing.

use std::collections::HashMap;

use bson::Bson;

use super::super::owned::json;
use super::{
    Counted, Event, Finding, Migration, Report, Result, Tally,
    change::Change,
    inspect::{Depth, Inspected},
    pass::Stored,
    shown,
};
/// Documents of each collection that are shown with what they would get.
const SAMPLES: u64 = 3;

impl Migration {
    /// Looks at every document.
    pub async fn plan<T: FnMut(Event)>(&self, mut tell: T) -> Result<Report<Tally>> {
        let is_applied = self.state().await?.is_some();
        let emails = self.mongo.shared_emails().await?;
        let now = self.clock.now();
        // Where the indexes are there already, what is computed from other documents can be compared as well.
        let depth = if is_applied { Depth::Whole(&emails, now) } else { Depth::Outline(&emails) };
        let mut collections = Vec::new();
        for (name, documents) in self.sizes().await? {
            tell(Event::Collection { name, documents });
            let mut tally = Tally::default();
            let outline = async |batch: Vec<Stored>, tell: &mut T| {
                let inspected = self.mongo.inspect(name, &batch, depth).await?;
                let noted = match is_applied {
                    true => self.mongo.entries(name, &ids(&batch)).await?,
                    false => HashMap::new(),
                };
                for (stored, inspected) in batch.iter().zip(&inspected) {
                    let change = Change::of(stored, inspected, noted.get(&shown(&stored.id)));
                    report(name, stored, inspected, tell);
                    tally.count(inspected);
                    tally.copied += u64::from(inspected.copy.is_some());
                    if change.is_done() {
                        continue;
                    }
                    if tally.changed < SAMPLES {
                        let adds = json(Bson::Document(change.set));
                        tell(Event::Sample { collection: name, id: shown(&stored.id), adds });
                    }
                    tally.changed += 1;
                }
                Ok(())
            };
            self.go_through(name, name, None, &mut tell, outline).await?;
            collections.push(Counted { collection: name.to_owned(), counts: tally });
        }
        Ok(Report { collections, indexes: self.missing_indexes().await? })
    }
}

impl Tally {
    /// Counts a document that was looked at.
    pub(super) fn count(&mut self, inspected: &Inspected) {
        self.documents += 1;
        if inspected.is_left() {
            self.left += 1;
        } else if !inspected.reasons.is_empty() {
            self.noted += 1;
        }
    }
}

/// The ids of documents.
pub(super) fn ids(batch: &[Stored]) -> Vec<Bson> {
    batch.iter().map(|stored| stored.id.clone()).collect()
}

/// Tells what is wrong with a document.
pub(super) fn report(
    collection: &'static str,
    stored: &Stored,
    inspected: &Inspected,
    tell: &mut impl FnMut(Event),
) {
    for reason in &inspected.reasons {
        let (id, reason, left) = (shown(&stored.id), *reason, inspected.is_left());
        tell(Event::Finding(Finding { collection, id, reason, left }));
    }
}
