//! Pieces of jobs' work. Each is JSON text under `JOB/NAME`: text survives where BSON has no such
//! number or key.

use std::collections::BTreeMap;

use bson::{Document, doc};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Mongo, Result, StoreError, TRANSFER_WITHIN, defect, within};
use crate::domain::{CHECKPOINT_MAX, JobId};

const CHECKPOINTS: &str = "job_checkpoints";

#[derive(Serialize, Deserialize)]
struct Checkpoint {
    #[serde(rename = "_id")]
    key: String,
    value: String,
}

impl Mongo {
    /// Saves a piece of a job's work under a name.
    pub async fn put_checkpoint(&self, id: JobId, name: &str, value: &Value) -> Result<()> {
        let (key, value) = (format!("{id}/{name}"), value.to_string());
        if value.len() > CHECKPOINT_MAX {
            return Err(defect(format!(
                "checkpoint {key} has {} bytes, more than {CHECKPOINT_MAX}",
                value.len()
            )));
        }
        let write = doc! { "$set": { "value": value } };
        let checkpoints = self.docs(CHECKPOINTS);
        let put = checkpoints.update_one(doc! { "_id": key }, write).upsert(true);
        within(TRANSFER_WITHIN, put).await.map(drop)
    }

    /// Everything saved of a job's work, by name.
    pub async fn checkpoints(&self, id: JobId) -> Result<BTreeMap<String, Value>> {
        let checkpoints = self.of::<Checkpoint>(CHECKPOINTS);
        let read = async { checkpoints.find(of_job(id)).await?.try_collect().await };
        let found: Vec<Checkpoint> = within(TRANSFER_WITHIN, read).await?;
        found
            .into_iter()
            .map(|Checkpoint { key, value }| {
                let value = serde_json::from_str(&value)
                    .map_err(|error| StoreError::Corrupt(format!("checkpoint {key}: {error}")))?;
                let name = key.split_once('/').map_or("", |(_, name)| name);
                Ok((name.to_owned(), value))
            })
            .collect()
    }

    /// Removes what was saved of a job's work.
    pub async fn delete_checkpoints(&self, id: JobId) -> Result<()> {
        self.run(self.docs(CHECKPOINTS).delete_many(of_job(id))).await.map(drop)
    }
}

/// Keys that begin with the job's id and `/`, which `0` follows.
fn of_job(id: JobId) -> Document {
    doc! { "_id": { "$gte": format!("{id}/"), "$lt": format!("{id}0") } }
}
