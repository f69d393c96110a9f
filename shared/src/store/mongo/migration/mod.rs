//! Moves what the old backends left over to ours, while they go on writing: it adds fields, copies and indexes, each
//! noted in a journal before it is written, so that a run that broke off goes on and all of it can be taken back.

use std::time::Duration;

use bson::Bson;
use serde::Serialize;

use super::{
    Mongo, StoreError, notes::NOTES, ported::PORTED, quizzes::QUIZZES, study_sessions::STUDY_SESSIONS,
    submissions::SUBMITTED, users::USERS,
};
use crate::clock::Clock;

mod apply;
mod change;
mod emails;
mod findings;
mod indexes;
mod inspect;
mod journal;
mod names;
mod pace;
mod pass;
mod plan;
mod progress;
mod rollback;
mod state;
mod statistics;
mod validate;

pub use findings::{Finding, Reason};
pub use progress::{Checked, Counts, Event, Report, Tally, Undone};

use pace::Pace;

/// What the old backend computed of its users; never written.
const PERFORMANCES: &str = "userperformances";
/// What the old backends wrote, in the order in which it is moved: what others are computed from comes before them.
const COLLECTIONS: [&str; 7] = [PORTED, SUBMITTED, QUIZZES, NOTES, STUDY_SESSIONS, PERFORMANCES, USERS];
/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The migration cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database failed; the same command again goes on where it broke off.
    #[error("the database failed; run the same command again to go on")]
    Store(#[from] StoreError),
    /// The command does not fit what was done before.
    #[error("{0}")]
    Refused(&'static str),
}

type Result<T> = std::result::Result<T, MigrationError>;

/// The migration of one database.
#[derive(Debug, Clone)]
pub struct Migration {
    mongo: Mongo,
    clock: Clock,
    pace: Pace,
}

impl Migration {
    /// Connects; nothing is changed yet. At most `rate` documents a second are looked at, as many as can be without it.
    pub async fn open(url: &str, database: &str, clock: Clock, rate: Option<u32>) -> Result<Self> {
        let mongo = Mongo::open(url, database, PATIENCE).await?;
        Ok(Self { mongo, clock, pace: Pace::new(rate) })
    }

    /// How many documents the old backends' collections have, by name.
    async fn sizes(&self) -> Result<Vec<(&'static str, u64)>> {
        let mut sizes = Vec::new();
        for name in COLLECTIONS {
            let docs = self.mongo.docs(name);
            sizes.push((name, self.mongo.run(docs.estimated_document_count()).await?));
        }
        Ok(sizes)
    }
}

/// An id in words.
fn shown(id: &Bson) -> String {
    match id {
        Bson::ObjectId(id) => id.to_hex(),
        other => other.to_string(),
    }
}

/// What a part of the report counts, by collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counted<T> {
    /// The collection.
    pub collection: String,
    /// The counts.
    #[serde(flatten)]
    pub counts: T,
}
