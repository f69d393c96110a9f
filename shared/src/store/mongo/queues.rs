//! Queues and the workers that serve them.

use std::collections::BTreeMap;

use bson::{Document, doc};
use serde::{Deserialize, de::DeserializeOwned};

use super::{Mongo, Result, convert::document, ledger::JOBS};
use crate::{
    domain::{JobStatus, Timestamp, Worker},
    store::JobCounts,
};

const WORKERS: &str = "workers";
const PAUSED: &str = "paused_queues";

/// A group of jobs and how many they are.
#[derive(Deserialize)]
struct Count<T> {
    #[serde(rename = "_id")]
    group: T,
    jobs: u64,
}

impl Mongo {
    /// Notes that a worker lives, and drops those that were last heard of before the given time.
    pub async fn announce_worker(&self, worker: &Worker, silent_since: Timestamp) -> Result<()> {
        let workers = self.docs(WORKERS);
        let announce = workers.replace_one(doc! { "_id": &worker.name }, document(worker)?).upsert(true);
        self.run(announce).await?;
        self.run(workers.delete_many(doc! { "heardAt": { "$lt": silent_since } })).await.map(drop)
    }

    /// Drops a worker that says goodbye.
    pub async fn forget_worker(&self, name: &str) -> Result<()> {
        self.run(self.docs(WORKERS).delete_one(doc! { "_id": name })).await.map(drop)
    }

    /// Workers heard of at or after the given time, in the order of names.
    pub async fn workers(&self, heard_since: Timestamp) -> Result<Vec<Worker>> {
        let heard = doc! { "heardAt": { "$gte": heard_since } };
        let mut workers: Vec<Worker> = self.all(self.of(WORKERS).find(heard)).await?;
        workers.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(workers)
    }

    /// Notes that jobs of a kind are not to be started.
    pub async fn pause_queue(&self, kind: &str, now: Timestamp) -> Result<()> {
        let note = doc! { "$setOnInsert": { "pausedAt": now } };
        self.run(self.docs(PAUSED).update_one(doc! { "_id": kind }, note).upsert(true)).await.map(drop)
    }

    /// Forgets that jobs of a kind were not to be started.
    pub async fn resume_queue(&self, kind: &str) -> Result<()> {
        self.run(self.docs(PAUSED).delete_one(doc! { "_id": kind })).await.map(drop)
    }

    /// Kinds of which no job is to be started, in the order of names.
    pub async fn paused_queues(&self) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Paused {
            #[serde(rename = "_id")]
            kind: String,
        }
        let all = doc! { "_id": { "$gte": "" } };
        let paused: Vec<Paused> = self.all(self.of(PAUSED).find(all).sort(doc! { "_id": 1 })).await?;
        Ok(paused.into_iter().map(|paused| paused.kind).collect())
    }

    /// How many unfinished and failed jobs there are.
    pub async fn queue_counts(&self) -> Result<JobCounts> {
        #[derive(Deserialize)]
        struct Group {
            kind: String,
            status: JobStatus,
        }
        let statuses: Vec<_> = JobStatus::ALL
            .into_iter()
            .filter(|status| !status.is_finished() || *status == JobStatus::Failed)
            .map(JobStatus::as_str)
            .collect();
        let these = doc! { "status": { "$in": statuses } };
        let counts = self.counted::<Group>(these, doc! { "kind": "$kind", "status": "$status" }).await?;
        Ok(counts.into_iter().map(|count| ((count.group.kind, count.group.status), count.jobs)).collect())
    }

    /// How many jobs of each kind finished at or after the given time.
    pub async fn finished_counts(&self, since: Timestamp) -> Result<BTreeMap<String, u64>> {
        // Named, the events lead to an index: no job loses them this soon.
        let these = doc! { "finishedAt": { "$gte": since }, "events": { "$exists": true } };
        let counts = self.counted::<String>(these, "$kind").await?;
        Ok(counts.into_iter().map(|count| (count.group, count.jobs)).collect())
    }

    /// How many jobs each worker runs, by kind and name.
    pub async fn running_counts(&self) -> Result<BTreeMap<(String, String), u64>> {
        #[derive(Deserialize)]
        struct Group {
            kind: String,
            worker: String,
        }
        let these = doc! { "status": JobStatus::Running.as_str() };
        let counts =
            self.counted::<Group>(these, doc! { "kind": "$kind", "worker": "$lease.worker" }).await?;
        Ok(counts.into_iter().map(|count| ((count.group.kind, count.group.worker), count.jobs)).collect())
    }

    /// When the queued job of a kind that waits longest became due.
    pub async fn oldest_queued(&self, kind: &str) -> Result<Option<Timestamp>> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Due {
            due_at: Timestamp,
        }
        let queued = doc! { "status": JobStatus::Queued.as_str(), "kind": kind };
        let jobs = self.of::<Due>(JOBS);
        let oldest =
            jobs.find_one(queued).sort(doc! { "dueAt": 1 }).projection(doc! { "_id": 0, "dueAt": 1 });
        Ok(self.run(oldest).await?.map(|job| job.due_at))
    }

    async fn counted<T: DeserializeOwned + Send + Sync + Unpin>(
        &self,
        these: Document,
        group: impl Into<bson::Bson>,
    ) -> Result<Vec<Count<T>>> {
        let stages =
            [doc! { "$match": these }, doc! { "$group": { "_id": group.into(), "jobs": { "$sum": 1 } } }];
        self.all(self.docs(JOBS).aggregate(stages).with_type()).await
    }
}
