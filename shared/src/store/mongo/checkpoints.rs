//! Pieces of jobs' work. Each is JSON text under `JOB/NAME`: text survives where BSON has no such
//! number or key.

use std::collections::BTreeMap;

use bson::{Document, doc};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Mongo, Result, StoreError, TRANSFER_WITHIN, defect, within};
use crate::{
    domain::{CHECKPOINT_MAX, JobId},
    store::CheckpointHead,
};

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
            .map(|Checkpoint { key, value }| Ok((name_of(&key), parsed(&key, &value)?)))
            .collect()
    }

    /// Everything saved of a job's work, with the values that have at most `value_max` bytes.
    pub async fn checkpoint_heads(&self, id: JobId, value_max: u32) -> Result<Vec<CheckpointHead>> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(rename = "_id")]
            key: String,
            bytes: u64,
            value: Option<String>,
        }
        let bytes = doc! { "$strLenBytes": "$value" };
        let small = doc! { "$cond": [{ "$lte": [&bytes, i64::from(value_max)] }, "$value", null] };
        let stages = [
            doc! { "$match": of_job(id) },
            doc! { "$sort": { "_id": 1 } },
            doc! { "$project": { "bytes": bytes, "value": small } },
        ];
        let found: Vec<Head> = self.all(self.docs(CHECKPOINTS).aggregate(stages).with_type()).await?;
        found
            .into_iter()
            .map(|Head { key, bytes, value }| {
                let value = value.map(|value| parsed(&key, &value)).transpose()?;
                Ok(CheckpointHead { name: name_of(&key), bytes, value })
            })
            .collect()
    }

    /// Removes what was saved of a job's work.
    pub async fn delete_checkpoints(&self, id: JobId) -> Result<()> {
        self.run(self.docs(CHECKPOINTS).delete_many(of_job(id))).await.map(drop)
    }
}

fn name_of(key: &str) -> String {
    key.split_once('/').map_or("", |(_, name)| name).to_owned()
}

fn parsed(key: &str, value: &str) -> Result<Value> {
    serde_json::from_str(value).map_err(|error| StoreError::Corrupt(format!("checkpoint {key}: {error}")))
}

/// Keys that begin with the job's id and `/`, which `0` follows.
fn of_job(id: JobId) -> Document {
    doc! { "_id": { "$gte": format!("{id}/"), "$lt": format!("{id}0") } }
}
