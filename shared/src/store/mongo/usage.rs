//! What users' calls to the outside provider used, a document for each user and UTC day.

use bson::{Document, bson, doc};

use super::{Mongo, Result, inserted};
use crate::{
    domain::{Day, DayUsage, Id, ProviderCall},
    store::usage::CALLS_KEPT,
};

const USAGE: &str = "ai_usage";

impl Mongo {
    /// Counts a call with its user and UTC day; one that was counted before under its key stays counted once.
    pub async fn count_call(&self, call: &ProviderCall) -> Result<()> {
        let key = doc! { "userId": call.user_id, "day": call.day.to_string() };
        let mut uncounted = key.clone();
        uncounted.insert("counted", doc! { "$ne": &call.key });
        let add = added(call);
        let usage = self.docs(USAGE);
        if self.run(usage.update_one(uncounted.clone(), add.clone())).await?.matched_count == 1 {
            return Ok(());
        }
        // Either the day has no document, or the call is counted. The index lets only one such document be made.
        if inserted(self.run(usage.update_one(uncounted.clone(), add.clone()).upsert(true)).await)? {
            return Ok(());
        }
        // Somebody else made it in between, perhaps for another call.
        self.run(usage.update_one(uncounted, add)).await.map(drop)
    }

    /// What a user's calls of some UTC days used.
    pub async fn ai_usage(&self, user_id: Id, first: Day, last: Day) -> Result<Vec<DayUsage>> {
        let days = doc! { "$gte": first.to_string(), "$lte": last.to_string() };
        let usage = self.of::<DayUsage>(USAGE);
        self.all(usage.find(doc! { "userId": user_id, "day": days }).sort(doc! { "day": 1 })).await
    }
}

fn added(call: &ProviderCall) -> Document {
    let used = &call.usage;
    let tokens = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let mut sums = doc! {
        "calls": 1_i64,
        "promptTokens": tokens(used.prompt_tokens),
        "completionTokens": tokens(used.completion_tokens),
        "cachedTokens": tokens(used.cached_tokens),
    };
    let mut add = doc! {
        "$push": { "counted": { "$each": [&call.key], "$slice": -(CALLS_KEPT as i64) } },
    };
    match &used.cost {
        Some(cost) => {
            sums.insert(format!("costs.{}", cost.currency), cost.nanos());
        }
        None => {
            add.insert("$setOnInsert", bson!({ "costs": {} }));
        }
    }
    add.insert("$inc", sums);
    add
}
