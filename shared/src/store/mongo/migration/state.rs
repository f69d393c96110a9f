//! How far the migration of a database has come. Each command takes a number; one with a later number that was started
//! meanwhile stops the earlier ones at their next step.

use std::collections::BTreeMap;

use bson::{Bson, Document, doc};
use serde::{Deserialize, Serialize};

use super::super::{
    StoreError,
    convert::{Plain, document, value_of},
};
use super::{Migration, MigrationError, Result, Tally};
use crate::domain::Timestamp;

const STATES: &str = "migrations";
const LEGACY: &str = "legacy";

/// What a database is in the middle of, or has behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Stage {
    Applying,
    Applied,
    RollingBack,
    RolledBack,
}

/// How far a run has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    /// The number of the command that works on it.
    pub(super) run: i64,
    pub(super) stage: Stage,
    /// The instant as of which statistics are computed.
    pub(super) as_of: Timestamp,
    /// The collection that is being gone through.
    pub(super) collection: String,
    /// The last document of it that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Bson>,
    /// What was done so far, by collection.
    pub(super) tallies: BTreeMap<String, Tally>,
    /// Indexes that were there before the first run, each `collection.name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) indexes_before: Option<Vec<String>>,
    /// The old backends' collections that were there before the first run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) collections_before: Option<Vec<String>>,
}

impl Migration {
    /// The state of the database; none where nothing was ever applied.
    pub(super) async fn state(&self) -> Result<Option<State>> {
        let states = self.mongo.of::<Plain>(STATES);
        let found = self.mongo.run(states.find_one(doc! { "_id": LEGACY })).await?;
        Ok(found.map(|Plain(doc)| value_of(&Bson::Document(doc))).transpose()?)
    }

    /// Takes the next number and writes the state with which a command begins.
    pub(super) async fn begin(&self, mut state: State) -> Result<State> {
        let before = ours(&state);
        state.run += 1;
        self.write(before, &state, state.run == 1).await?;
        Ok(state)
    }

    /// Writes how far a command has come.
    pub(super) async fn advance(&self, state: &State) -> Result<()> {
        self.write(ours(state), state, false).await
    }

    async fn write(&self, before: Document, state: &State, is_first: bool) -> Result<()> {
        let mut after = document(state)?;
        after.insert("_id", LEGACY);
        let states = self.mongo.docs(STATES);
        // Two that come first both try to insert; the index on the id lets one of them.
        let done = self.mongo.run(states.replace_one(before, after).upsert(is_first)).await;
        match done {
            Ok(done) if done.matched_count == 1 || done.upserted_id.is_some() => Ok(()),
            Ok(_) | Err(StoreError::Taken(_)) => {
                Err(MigrationError::Refused("another run of the migration has taken over"))
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn ours(state: &State) -> Document {
    doc! { "_id": LEGACY, "run": state.run }
}
