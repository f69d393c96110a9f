//! The ledger: one document a job, its events in an array that reads of the job leave out.

use std::collections::BTreeMap;

use bson::{Bson, Document, RawDocumentBuf, doc};
use futures::{StreamExt, TryStreamExt};
use serde::Deserialize;

use super::{
    Mongo, Result,
    convert::{bson_of, document},
};
use crate::{
    domain::{Event, EventBody, Job, JobId, JobPriority, JobStatus, RETRIES_MAX, RETRYABLE, Timestamp},
    store::{JobFilter, JobGroup, JobHead, Listing, Unclaimed, Window},
};

pub(super) const JOBS: &str = "jobs";

impl Mongo {
    /// Adds a job with its first events.
    pub async fn insert_job(&self, job: &mut Job) -> Result<()> {
        let mut doc = document(job)?;
        doc.insert("events", bson_of(&job.fresh)?);
        self.run(self.docs(JOBS).insert_one(doc)).await?;
        job.fresh.clear();
        Ok(())
    }

    /// A job by id.
    pub async fn job(&self, id: JobId) -> Result<Option<Job>> {
        self.run(self.of(JOBS).find_one(doc! { "_id": id.to_string() }).projection(without_events())).await
    }

    /// Writes a job and its fresh events if nobody wrote it since it was read; false if somebody did.
    pub async fn save_job(&self, job: &mut Job) -> Result<bool> {
        let (unchanged, update) = write(job)?;
        if self.run(self.docs(JOBS).update_one(unchanged, update)).await?.matched_count == 0 {
            return Ok(false);
        }
        job.rev += 1;
        job.fresh.clear();
        Ok(true)
    }

    /// Heads of jobs that match, from the oldest, made after `after`, at most `limit`.
    pub async fn job_heads(
        &self,
        filter: &JobFilter,
        after: Option<JobId>,
        limit: u32,
    ) -> Result<Vec<JobHead>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let jobs = self.of::<JobHead>(JOBS);
        let wanted = self.wanted_in_order(filter).await?;
        let heads = jobs.find(made_after(wanted, after)).sort(doc! { "_id": 1 });
        let heads = heads.limit(i64::from(limit)).batch_size(limit);
        self.all(heads.projection(doc! { "kind": 1, "userId": 1, "lastEvent": 1 })).await
    }

    /// Retries jobs as [`Job::retry_in_bulk`] does, but where they are: so many are not to be sent to and fro.
    pub async fn retry_jobs(&self, heads: &[JobHead], filter: &JobFilter, now: Timestamp) -> Result<u64> {
        // An update that counts events itself must be a pipeline, which takes the server longer.
        let mut alike: BTreeMap<(&str, i64), Vec<String>> = BTreeMap::new();
        for head in heads {
            alike.entry((&head.kind, head.last_event)).or_default().push(head.id.to_string());
        }
        let jobs = self.docs(JOBS);
        let mut retried = 0;
        for ((kind, last_event), ids) in alike {
            let may_be = doc! {
                "_id": { "$in": ids },
                "kind": kind,
                "lastEvent": last_event,
                "status": { "$in": RETRYABLE.map(JobStatus::as_str).to_vec() },
                "retries": { "$not": { "$gte": RETRIES_MAX } },
            };
            let these = doc! { "$and": [may_be, wanted(filter)] };
            let update = jobs.update_many(these, retry_in_bulk(last_event, now)?);
            retried += self.run(update).await?.modified_count;
        }
        Ok(retried)
    }

    /// Events of a job after the given number, in order, at most `limit`.
    pub async fn events(&self, id: JobId, after: i64, limit: u32) -> Result<Vec<Event>> {
        #[derive(Deserialize)]
        struct Log {
            events: Vec<Event>,
        }
        if limit == 0 {
            return Ok(Vec::new());
        }
        let later = doc! { "$filter": {
            "input": { "$ifNull": ["$events", []] },
            "as": "event",
            "cond": { "$gt": ["$$event.seq", after] },
        } };
        let stages = [
            doc! { "$match": { "_id": id.to_string() } },
            doc! { "$project": { "events": { "$slice": [later, i32::try_from(limit).unwrap_or(i32::MAX)] } } },
        ];
        let found: Vec<Log> = self.all(self.docs(JOBS).aggregate(stages).with_type()).await?;
        Ok(found.into_iter().flat_map(|log| log.events).collect())
    }

    /// Jobs that match, in the order of their making. What cannot be read is passed over.
    pub async fn jobs(&self, filter: &JobFilter, window: &Window) -> Result<Listing<Job>> {
        let after = window.after.as_deref().and_then(|id| id.parse::<JobId>().ok());
        let after = after.map(|id| Bson::String(id.to_string()));
        let shape = doc! { "events": "$$REMOVE" };
        let wanted = self.wanted_in_order(filter).await?;
        let docs = self.list::<RawDocumentBuf>(JOBS, wanted, window, after, shape).await?;
        Ok(docs.filter_map(|doc| readable(&doc)))
    }

    /// How many jobs match.
    pub async fn count_jobs(&self, filter: &JobFilter) -> Result<u64> {
        self.run(self.docs(JOBS).count_documents(wanted(filter))).await
    }

    /// Jobs that match, by kind and error code, the most first.
    pub async fn job_groups(&self, filter: &JobFilter) -> Result<Vec<JobGroup>> {
        #[derive(Deserialize)]
        struct Group {
            #[serde(rename = "_id")]
            of: Of,
            jobs: u64,
            oldest: JobId,
            newest: JobId,
        }
        #[derive(Deserialize)]
        struct Of {
            kind: String,
            code: Option<String>,
        }
        let mut wanted = wanted(filter);
        if filter.status == Some(JobStatus::Failed) && filter.error_code.is_none() {
            // All of them have one. Named, they go by an index that holds whatever is asked.
            wanted.insert("error.code", doc! { "$gt": "" });
        }
        let group = doc! {
            "_id": { "kind": "$kind", "code": "$error.code" },
            "jobs": { "$sum": 1 },
            "oldest": { "$min": "$_id" },
            "newest": { "$max": "$_id" },
        };
        let order = doc! { "jobs": -1, "_id.kind": 1, "_id.code": 1 };
        let stages = [doc! { "$match": wanted }, doc! { "$group": group }, doc! { "$sort": order }];
        let groups: Vec<Group> = self.all(self.docs(JOBS).aggregate(stages).with_type()).await?;
        let group = |Group { of, jobs, oldest, newest }| JobGroup {
            kind: of.kind,
            error_code: of.code,
            jobs,
            oldest,
            newest,
        };
        Ok(groups.into_iter().map(group).collect())
    }

    /// Jobs that match, from the oldest, made after `after`, at most `limit`.
    pub async fn jobs_after(&self, filter: &JobFilter, after: Option<JobId>, limit: u32) -> Result<Vec<Job>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let jobs = self.of::<Job>(JOBS);
        let wanted = self.wanted_in_order(filter).await?;
        let query = jobs.find(made_after(wanted, after)).sort(doc! { "_id": 1 }).limit(i64::from(limit));
        self.all(query.batch_size(limit).projection(without_events())).await
    }

    /// Jobs that are due and running ones whose lease ended, at most `limit`. What cannot be read is passed over,
    /// so that it does not keep the others waiting.
    pub async fn overdue_jobs(&self, now: Timestamp, limit: u32) -> Result<Vec<Job>> {
        let overdue = |status: JobStatus, time: &'static str| {
            (doc! { "status": status.as_str(), time: { "$lte": now } }, time)
        };
        let jobs = self.of::<RawDocumentBuf>(JOBS);
        let mut found = Vec::new();
        // Apart and in order of time, so that each goes by its own index.
        for (overdue, time) in [
            overdue(JobStatus::Scheduled, "dueAt"),
            overdue(JobStatus::Retrying, "dueAt"),
            overdue(JobStatus::Running, "lease.until"),
        ] {
            let left = limit as usize - found.len();
            if left > 0 {
                let query = jobs.find(overdue).projection(without_events()).sort(doc! { time: 1 });
                let query = query.batch_size(limit);
                let read = async {
                    let readable = query.await?.try_filter_map(|doc| std::future::ready(Ok(readable(&doc))));
                    readable.take(left).try_collect::<Vec<Job>>().await
                };
                found.extend(self.run(read).await?);
            }
        }
        Ok(found)
    }

    /// Queued jobs of a kind that the queue was last told of before the given time and after a place among them.
    pub async fn unclaimed_jobs(
        &self,
        kind: &str,
        rung_before: Timestamp,
        after: Option<(Timestamp, JobId)>,
        limit: u32,
    ) -> Result<Vec<Unclaimed>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let queued = doc! { "status": JobStatus::Queued.as_str(), "kind": kind };
        let mut unclaimed = doc! { "rungAt": { "$lt": rung_before } };
        if let Some((time, id)) = after {
            let later = doc! { "$or": [{ "rungAt": { "$gt": time } }, { "_id": { "$gt": id.to_string() } }] };
            unclaimed = doc! { "rungAt": { "$gte": time, "$lt": rung_before }, "$and": [later] };
        }
        unclaimed.extend(queued);
        let jobs = self.of::<Unclaimed>(JOBS);
        let query = jobs.find(unclaimed).sort(doc! { "rungAt": 1, "_id": 1 }).limit(i64::from(limit));
        // All of it stands in the index, so that no payload is read.
        self.all(query.projection(doc! { "_id": 1, "userId": 1, "priority": 1, "rungAt": 1 })).await
    }

    /// What a filter looks for, to be sorted by id. Where the index keeps the jobs of a state apart by kind, all kinds
    /// are named, so that the server can merge them.
    async fn wanted_in_order(&self, filter: &JobFilter) -> Result<Document> {
        let mut wanted = wanted(filter);
        if let JobFilter { status: Some(status), kind: None, error_code: None, user_id: None, .. } = filter {
            let jobs = self.docs(JOBS);
            let kinds = self.run(jobs.distinct("kind", doc! { "status": status.as_str() })).await?;
            wanted.insert("kind", doc! { "$in": kinds });
        }
        Ok(wanted)
    }

    /// Notes that the queue was told of these jobs. Not a transition, so `rev` stays.
    pub async fn mark_rung(&self, ids: &[JobId], now: Timestamp) -> Result<()> {
        let ids: Vec<String> = ids.iter().map(JobId::to_string).collect();
        let these = doc! { "_id": { "$in": ids } };
        self.run(self.docs(JOBS).update_many(these, doc! { "$set": { "rungAt": now } })).await.map(drop)
    }
}

/// What a job's write looks for, and what it changes.
fn write(job: &Job) -> Result<(Document, Document)> {
    let mut set = document(job)?;
    set.remove("_id");
    set.insert("rev", job.rev + 1);
    let mut update = doc! { "$set": set };
    if !job.fresh.is_empty() {
        update.insert("$push", doc! { "events": { "$each": bson_of(&job.fresh)? } });
    }
    Ok((doc! { "_id": job.id.to_string(), "rev": job.rev }, update))
}

/// What [`Job::retry_in_bulk`] changes.
fn retry_in_bulk(last_event: i64, now: Timestamp) -> Result<Document> {
    let body = EventBody::Status { status: JobStatus::Queued, attempt: 0 };
    let event = document(&Event { seq: last_event + 1, at: now, body })?;
    Ok(doc! {
        "$set": {
            "status": JobStatus::Queued.as_str(),
            "priority": JobPriority::Background.as_str(),
            "attempt": 0,
            "lostLeases": 0,
            "error": null,
            "finishedAt": null,
            "dueAt": now,
            "rungAt": now,
        },
        "$inc": { "retries": 1, "rev": 1_i64, "lastEvent": 1_i64 },
        "$push": { "events": event },
    })
}

/// Only jobs made after this one.
fn made_after(wanted: Document, after: Option<JobId>) -> Document {
    match after {
        Some(after) => doc! { "$and": [wanted, { "_id": { "$gt": after.to_string() } }] },
        None => wanted,
    }
}

/// What a filter looks for, so that an index serves each and keeps the order.
fn wanted(filter: &JobFilter) -> Document {
    let mut wanted = Document::new();
    if let Some(user_id) = filter.user_id {
        wanted.insert("userId", user_id);
    }
    if let Some(kind) = &filter.kind {
        wanted.insert("kind", kind);
    }
    if let Some(code) = &filter.error_code {
        wanted.insert("error.code", code);
    }
    match filter.status {
        Some(status) => drop(wanted.insert("status", status.as_str())),
        // Named in full, they go by an index that has the state before the id.
        None if filter.user_id.is_none() && (filter.kind.is_some() || filter.error_code.is_some()) => {
            drop(wanted.insert("status", doc! { "$in": JobStatus::ALL.map(JobStatus::as_str).to_vec() }));
        }
        None => {}
    }
    let mut made = Document::new();
    if let Some(instant) = filter.made_before {
        made.insert("$lt", JobId::first_at(instant).to_string());
    }
    if let Some(instant) = filter.made_from {
        made.insert("$gte", JobId::first_at(instant).to_string());
    }
    if made.is_empty() && wanted.is_empty() {
        made.insert("$gte", "");
    }
    if !made.is_empty() {
        wanted.insert("_id", made);
    }
    wanted
}

fn readable(doc: &RawDocumentBuf) -> Option<Job> {
    let read = bson::deserialize_from_slice(doc.as_bytes());
    read.inspect_err(|error| tracing::warn!(id = ?doc.get("_id"), %error, "a job cannot be read")).ok()
}

fn without_events() -> Document {
    doc! { "events": 0 }
}
