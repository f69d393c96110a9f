//! What a student did, in numbers.

use std::collections::BTreeSet;

use bson::{Bson, Document, bson, doc};
use serde::Deserialize;

use super::{
    Mongo, Result,
    fields::{Fields, either},
    local_time::{day_number, local_time},
    study_sessions::{STUDY_SESSIONS, counted_sessions},
    submissions::{SUBMITTED, converted},
};
use crate::domain::{Day, Id, ScoreTotals, Shift, StudyTotals, Timestamp};

impl Mongo {
    /// The sessions that count, summed over those begun in each span.
    pub async fn study_totals(
        &self,
        user_id: Id,
        spans: &[(Timestamp, Timestamp)],
        now: Timestamp,
    ) -> Result<Vec<StudyTotals>> {
        let Some(first) = spans.iter().map(|span| span.0).min() else { return Ok(Vec::new()) };
        let end = spans.iter().map(|span| span.1).max().unwrap_or(first);
        let mut sums = doc! { "_id": null };
        for (at, (from, until)) in spans.iter().enumerate() {
            let within = bson!({ "$and": [{ "$gte": ["$at", from] }, { "$lt": ["$at", until] }] });
            let sum = |value: Bson| bson!({ "$sum": { "$cond": [within.clone(), value, 0] } });
            sums.insert(format!("sessions{at}"), sum(1.into()));
            sums.insert(format!("minutes{at}"), sum("$minutes".into()));
        }
        let mut stages = counted_sessions(user_id, (first, end), now);
        stages.push(doc! { "$group": sums });
        let found: Vec<Document> = self.all(self.docs(STUDY_SESSIONS).aggregate(stages)).await?;
        let sums = found.into_iter().next().unwrap_or_default();
        let sum = |name: String| Fields(&sums).number(&[&name]).unwrap_or_default() as u64;
        let totals =
            |at| StudyTotals { sessions: sum(format!("sessions{at}")), minutes: sum(format!("minutes{at}")) };
        Ok((0..spans.len()).map(totals).collect())
    }

    /// The student's submitted attempts, summed.
    pub async fn score_totals(&self, user_id: Id) -> Result<ScoreTotals> {
        #[derive(Deserialize)]
        struct Sums {
            attempts: i64,
            scored: i64,
            millionths: f64,
        }
        self.adopt_of(user_id).await?;
        let score = converted("$percentage".into(), "double", Bson::Null);
        let millionths = bson!({ "$floor": { "$add": [{ "$multiply": ["$score", 1_000_000] }, 0.5] } });
        let stages = [
            doc! { "$match": { "userId": either(user_id) } },
            doc! { "$project": { "_id": 0, "score": score } },
            doc! { "$group": {
                "_id": null,
                "attempts": { "$sum": 1_i64 },
                "scored": { "$sum": { "$cond": [{ "$eq": ["$score", null] }, 0_i64, 1_i64] } },
                "millionths": { "$sum": millionths },
            } },
        ];
        let found: Vec<Sums> = self.all(self.docs(SUBMITTED).aggregate(stages).with_type()).await?;
        Ok(found.first().map_or_else(ScoreTotals::default, |sums| ScoreTotals {
            attempts: sums.attempts.unsigned_abs(),
            scored: sums.scored.unsigned_abs(),
            millionths: sums.millionths as u64,
        }))
    }

    /// The days within `shifts` on which a session that counts began or an attempt was submitted, ascending.
    pub async fn active_days(&self, user_id: Id, shifts: &[Shift], now: Timestamp) -> Result<Vec<Day>> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(rename = "_id")]
            number: f64,
        }
        let (Some(first), Some(last)) = (shifts.first(), shifts.last()) else { return Ok(Vec::new()) };
        self.adopt_of(user_id).await?;
        let by_day = doc! { "$group": { "_id": day_number(local_time("$at", shifts)) } };
        let mut sessions = counted_sessions(user_id, (first.from, last.until), now);
        sessions.push(by_day.clone());
        let attempts = [
            doc! { "$match": { "userId": either(user_id) } },
            doc! { "$project": { "_id": 0, "at": completed() } },
            doc! { "$match": { "at": { "$gte": first.from, "$lt": last.until } } },
            by_day,
        ];
        let (studied, submitted) = (self.docs(STUDY_SESSIONS), self.docs(SUBMITTED));
        let (sessions, attempts): (Vec<Found>, Vec<Found>) = futures::try_join!(
            self.all(studied.aggregate(sessions).with_type()),
            self.all(submitted.aggregate(attempts).with_type())
        )?;
        let numbers = sessions.iter().chain(&attempts).map(|found| found.number as i64);
        Ok(numbers.map(Day::number).collect::<BTreeSet<_>>().into_iter().collect())
    }
}

/// When an attempt was submitted, as a date, whatever wrote it.
fn completed() -> Bson {
    let at = bson!({ "$ifNull": ["$completedAt", { "$ifNull": ["$createdAt", "$_id"] }] });
    converted(at, "date", Bson::Null)
}
