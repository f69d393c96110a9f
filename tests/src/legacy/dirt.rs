//! Makes the documents, and fills a database with them.

use std::collections::{BTreeMap, BTreeSet};

use mongodb::{
    Database,
    bson::{Document, RawDocumentBuf},
};

use super::{
    attempts, id_text, notes, people, quizzes,
    spoils::{self, Spoil},
    study,
    world::World,
};

/// A stored document and what the migration is to say about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Dirty {
    /// The collection it is in.
    pub collection: &'static str,
    /// The document.
    pub document: Document,
    /// The codes of what is wrong with it.
    pub findings: Vec<&'static str>,
}

/// What was put into a database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    /// How many documents each collection has.
    pub documents: BTreeMap<&'static str, u64>,
    /// The codes of what is wrong with documents, by collection and the text of their `_id`.
    pub findings: BTreeMap<(&'static str, String), BTreeSet<&'static str>>,
}

impl Filled {
    /// Takes a document into the account.
    pub fn add(&mut self, made: &Dirty) {
        *self.documents.entry(made.collection).or_default() += 1;
        if !made.findings.is_empty() {
            let id = made.document.get("_id").expect("an _id");
            let findings = self.findings.entry((made.collection, id_text(id))).or_default();
            findings.extend(&made.findings);
        }
    }
}

/// About `count` documents, always the same for a seed.
pub fn documents(count: usize, seed: u64) -> impl Iterator<Item = Dirty> {
    Documents::new(count, seed)
}

/// Fills a database, in batches bounded in number and bytes.
pub async fn fill(db: &Database, count: usize, seed: u64) -> Filled {
    let mut filled = Filled::default();
    let mut batches: BTreeMap<&'static str, Batch> = BTreeMap::new();
    for made in documents(count, seed) {
        filled.add(&made);
        let document = RawDocumentBuf::try_from(&made.document).expect("a document");
        let batch = batches.entry(made.collection).or_default();
        if !batch.has_room_for(&document) {
            std::mem::take(batch).write(db, made.collection).await;
        }
        batch.add(document);
    }
    for (collection, batch) in batches {
        batch.write(db, collection).await;
    }
    filled
}

const KIND_COUNT: usize = 7;

/// The documents of a collection.
struct Kind {
    collection: &'static str,
    /// How many of a hundred documents are of this kind.
    share: usize,
    clean: fn(&mut World) -> Document,
    spoils: &'static [Spoil],
}

static KINDS: [Kind; KIND_COUNT] = [
    Kind { collection: people::USERS, share: 10, clean: people::user, spoils: people::SPOILS },
    Kind { collection: quizzes::QUIZZES, share: 15, clean: quizzes::quiz, spoils: quizzes::SPOILS },
    Kind { collection: attempts::ATTEMPTS, share: 25, clean: attempts::attempt, spoils: attempts::SPOILS },
    Kind {
        collection: attempts::PORTED,
        share: 5,
        clean: attempts::ported,
        spoils: attempts::SPOILS_OF_PORTED,
    },
    Kind { collection: "notes", share: 20, clean: notes::note, spoils: notes::SPOILS },
    Kind { collection: "studysessions", share: 22, clean: study::session, spoils: study::SPOILS },
    Kind {
        collection: "userperformances",
        share: 3,
        clean: study::performance,
        spoils: study::SPOILS_OF_PERFORMANCES,
    },
];

/// How many users come first, and then as many quizzes, so that the others have something to refer to.
const FIRST: usize = 8;
/// One document in so many is spoiled.
const CLEAN_RUN: usize = 7;
/// How many accounts with the e-mail of an earlier one wait, so that much stands between the two.
const TWINS_HELD: usize = 40;
/// Steps of this length reach every place among a hundred.
const STRIDE: usize = 37;

fn kind_of(number: usize) -> usize {
    if number < 2 * FIRST {
        return number / FIRST;
    }
    let place = number * STRIDE % 100;
    let mut end = 0;
    let is_here = |kind: &Kind| {
        end += kind.share;
        place < end
    };
    KINDS.iter().position(is_here).expect("shares of a hundred in all")
}

struct Documents {
    world: World,
    count: usize,
    number: usize,
    /// How many there are of each kind.
    made: [usize; KIND_COUNT],
}

impl Documents {
    fn new(count: usize, seed: u64) -> Self {
        Self { world: World::new(count, seed), count, number: 0, made: [0; KIND_COUNT] }
    }

    fn make(&mut self) -> Dirty {
        let at = kind_of(self.number);
        let (kind, turn, world) = (&KINDS[at], self.made[at], &mut self.world);
        self.made[at] += 1;
        let is_spoiled = turn % CLEAN_RUN == CLEAN_RUN - 1;
        if kind.collection == people::USERS
            && !is_spoiled
            && let Some(twin) = people::next_twin(world, TWINS_HELD)
        {
            return twin;
        }
        let document = (kind.clean)(world);
        let mut made = Dirty { collection: kind.collection, document, findings: Vec::new() };
        if is_spoiled {
            kind.spoils[turn / CLEAN_RUN % kind.spoils.len()](world, &mut made);
            // The times of a user decide who keeps an e-mail.
            if kind.collection != people::USERS && world.chance(30) {
                world.pick(&spoils::HARMLESS)(world, &mut made);
            }
        }
        made
    }
}

impl Iterator for Documents {
    type Item = Dirty;

    fn next(&mut self) -> Option<Dirty> {
        let made =
            if self.number < self.count { self.make() } else { people::next_twin(&mut self.world, 0)? };
        self.number += 1;
        if let Ok(id) = made.document.get_object_id("_id") {
            self.world.remember(made.collection, id);
        }
        Some(made)
    }
}

/// Bounds of a batch; one larger document is a batch of its own.
const BATCH_DOCUMENTS: usize = 1_000;
const BATCH_BYTES: usize = 8 << 20;

#[derive(Default)]
struct Batch {
    documents: Vec<RawDocumentBuf>,
    bytes: usize,
}

impl Batch {
    fn has_room_for(&self, document: &RawDocumentBuf) -> bool {
        self.documents.is_empty()
            || (self.documents.len() < BATCH_DOCUMENTS
                && self.bytes + document.as_bytes().len() <= BATCH_BYTES)
    }

    fn add(&mut self, document: RawDocumentBuf) {
        self.bytes += document.as_bytes().len();
        self.documents.push(document);
    }

    async fn write(self, db: &Database, collection: &str) {
        let documents = db.collection::<RawDocumentBuf>(collection);
        documents.insert_many(self.documents).ordered(false).await.expect("new documents");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_databases_have_all_dirt() {
        let mut documents = Documents::new(2_000, 1);
        while documents.next().is_some() {}
        for (kind, made) in KINDS.iter().zip(documents.made) {
            assert!(made / CLEAN_RUN >= kind.spoils.len(), "{}: {made}", kind.collection);
        }
    }
}
