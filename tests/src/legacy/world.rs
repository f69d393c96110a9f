//! What the documents of one database share: chance, time, and each other's ids.

use std::collections::VecDeque;

use mongodb::bson::{Bson, DateTime, Document, bson, doc, oid::ObjectId};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::{
    attempts::ATTEMPTS,
    people::{Twin, USERS},
    quizzes::QUIZZES,
};

/// When the first document was made, in seconds.
pub(super) const START: i64 = 1_514_764_800;
/// About how long documents were made.
pub(super) const SPAN: i64 = 3 * 365 * DAY;
pub(super) const DAY: i64 = 24 * 3600;
/// How many ids of a collection are remembered, the last ones.
const REMEMBERED: usize = 4_096;
/// From this many documents on some are large.
const LARGE_FROM: usize = 1_000;
const LARGE_NOTES: usize = 5;
const LOREM: &str = "Cells divide, and what divides grows; light falls on leaves and becomes sugar. ";

pub(super) const TOPICS: [&str; 8] =
    ["Biology", "Chemistry", "History", "Algebra", "Physics", "Ökologie", "जीव विज्ञान", "Law & Order"];

/// Which of the old backends wrote a document.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Shape {
    Mongoose,
    Beanie,
}

impl Shape {
    /// How it refers to a document.
    pub fn reference(self, collection: &str, id: ObjectId) -> Bson {
        match self {
            Self::Mongoose => id.into(),
            Self::Beanie => bson!({ "$ref": collection, "$id": id }),
        }
    }
}

pub(super) struct World {
    dice: StdRng,
    tag: u32,
    /// Seconds between two documents.
    step: i64,
    ids: u32,
    numbers: u32,
    users: VecDeque<ObjectId>,
    quizzes: VecDeque<ObjectId>,
    attempts: VecDeque<ObjectId>,
    /// Accounts that are to come, with the e-mail of one that is there.
    pub twins: VecDeque<Twin>,
    /// How many e-mails are shared.
    pub shared_emails: usize,
    /// How many large notes are to come.
    pub large_notes: usize,
    /// How many notes are to come that have no room for a field.
    pub full_notes: usize,
}

impl World {
    pub fn new(count: usize, seed: u64) -> Self {
        let has_large = count >= LARGE_FROM;
        Self {
            dice: StdRng::seed_from_u64(seed),
            tag: seed as u32,
            // Two at least, so that the milliseconds of one document's time never reach the next one's.
            step: (SPAN / count.max(1) as i64).max(2),
            ids: 0,
            numbers: 0,
            users: VecDeque::new(),
            quizzes: VecDeque::new(),
            attempts: VecDeque::new(),
            twins: VecDeque::new(),
            shared_emails: 0,
            large_notes: if has_large { LARGE_NOTES } else { 0 },
            full_notes: usize::from(has_large),
        }
    }

    /// A number that nothing else has.
    pub fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    /// An id of the next moment.
    pub fn id(&mut self) -> ObjectId {
        self.id_after(0)
    }

    /// A new id, of a moment so many seconds from the next one.
    pub fn id_after(&mut self, seconds: i64) -> ObjectId {
        self.ids += 1;
        self.composed(seconds, 0)
    }

    /// An id that no document has.
    pub fn gone_id(&mut self) -> ObjectId {
        self.ids += 1;
        self.composed(0, 1 << 7)
    }

    fn composed(&self, shift: i64, mark: u8) -> ObjectId {
        let seconds = START + i64::from(self.ids) * self.step + shift;
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&(seconds as u32).to_be_bytes());
        bytes[4..8].copy_from_slice(&self.tag.to_be_bytes());
        bytes[8..].copy_from_slice(&self.ids.to_be_bytes());
        bytes[8] |= mark;
        ObjectId::from_bytes(bytes)
    }

    /// True in so many of a hundred cases.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.dice.random_ratio(percent, 100)
    }

    /// A number from 0 to below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.dice.random_range(..end)
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, several: &[T]) -> T {
        several[self.below(several.len())]
    }

    /// Who writes the next document.
    pub fn shape(&mut self) -> Shape {
        if self.chance(30) { Shape::Beanie } else { Shape::Mongoose }
    }

    /// A text of one to so many sentences.
    pub fn text(&mut self, sentences: usize) -> String {
        LOREM.repeat(1 + self.below(sentences))
    }

    /// Keeps a document's id, so that others can refer to it.
    pub fn remember(&mut self, collection: &str, id: ObjectId) {
        let ids = match collection {
            USERS => &mut self.users,
            QUIZZES => &mut self.quizzes,
            ATTEMPTS => &mut self.attempts,
            _ => return,
        };
        ids.push_back(id);
        if ids.len() > REMEMBERED {
            ids.pop_front();
        }
    }

    /// A user who is there.
    pub fn user(&mut self) -> ObjectId {
        self.users[self.dice.random_range(..self.users.len())]
    }

    /// A quiz that is there.
    pub fn quiz(&mut self) -> ObjectId {
        self.quizzes[self.dice.random_range(..self.quizzes.len())]
    }

    /// The id of an attempt that is there, if any; never the same twice.
    pub fn taken_attempt(&mut self) -> Option<ObjectId> {
        self.attempts.pop_front()
    }

    /// A document with these fields, made at the next moment and changed within a month.
    pub fn stamped(&mut self, shape: Shape, fields: Document) -> Document {
        let id = self.id();
        let made = after(id.timestamp(), self.below(1000) as i64);
        let changed = after(made, self.below(30 * DAY as usize) as i64 * 1000);
        let mut document = doc! { "_id": id };
        document.extend(fields);
        document.extend(match shape {
            Shape::Mongoose => doc! { "createdAt": made, "updatedAt": changed, "__v": 0 },
            Shape::Beanie => doc! { "created_at": made, "updated_at": changed },
        });
        document
    }
}

/// A time some milliseconds after another.
pub(super) fn after(time: DateTime, millis: i64) -> DateTime {
    DateTime::from_millis(time.timestamp_millis() + millis)
}

/// A number as Mongoose writes it: int32 when whole, else double.
pub(super) fn number(value: f64) -> Bson {
    if value.fract() == 0.0 { Bson::Int32(value as i32) } else { Bson::Double(value) }
}
