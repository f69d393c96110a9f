//! What accounts did, in numbers, as of the migration; computed as the API computes it for one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bson::{Document, doc};
use futures::TryStreamExt;

use super::super::{
    Mongo, Result,
    convert::{Plain, number},
    fields::{Fields, either_of},
    study_sessions::{self, STUDY_SESSIONS},
    submissions::SUBMITTED,
    users, within,
};
use super::{PATIENCE, pass::Stored};
use crate::domain::{Day, EVER, Id, ScoreTotals, SessionType, StudyTotals, Timestamp, Zone, streak};

/// The fields.
pub(super) const STATISTICS: [&str; 5] =
    ["totalStudyTime", "quizzesCompleted", "averageQuizScore", "studyStreak", "longestStreak"];

struct Deeds {
    zone: Zone,
    studied: StudyTotals,
    scores: ScoreTotals,
    days: BTreeSet<Day>,
}

impl Mongo {
    /// The statistics of some accounts at an instant.
    pub(super) async fn statistics(&self, batch: &[Stored], now: Timestamp) -> Result<HashMap<Id, Document>> {
        let begun = |stored: &Stored| {
            let user = users::read(&stored.doc).ok()?;
            let zone = user.preferences.time_zone;
            let (studied, scores) = (StudyTotals::default(), ScoreTotals::default());
            Some((user.id, Deeds { zone, studied, scores, days: BTreeSet::new() }))
        };
        let mut all: BTreeMap<Id, Deeds> = batch.iter().filter_map(begun).collect();
        self.add_sessions(&mut all, now).await?;
        self.add_attempts(&mut all).await?;
        Ok(all.into_iter().map(|(id, deeds)| (id, deeds.fields(now))).collect())
    }

    async fn add_sessions(&self, all: &mut BTreeMap<Id, Deeds>, now: Timestamp) -> Result<()> {
        let ids: Vec<Id> = all.keys().copied().collect();
        let theirs = doc! { "$or": [
            { "userId": either_of(ids.iter().copied()) },
            { "user_id.$id": { "$in": &ids }, "userId": null },
            { "user_id": either_of(ids.iter().copied()), "userId": null },
        ] };
        let docs = self.of::<Plain>(STUDY_SESSIONS);
        let mut found = within(PATIENCE, docs.find(theirs).projection(doc! { "notes": 0 })).await?;
        while let Some(Plain(doc)) = within(PATIENCE, found.try_next()).await? {
            let Ok(session) = study_sessions::read(&doc) else { continue };
            let session = session.settled(now);
            let is_counted = session.is_finished()
                && session.session_type != SessionType::Break
                && (EVER.0..EVER.1).contains(&session.start_time);
            if let Some(deeds) = all.get_mut(&session.user_id).filter(|_| is_counted) {
                deeds.studied.sessions += 1;
                deeds.studied.minutes += u64::from(session.duration_minutes);
                deeds.days.insert(deeds.zone.day(session.start_time));
            }
        }
        Ok(())
    }

    async fn add_attempts(&self, all: &mut BTreeMap<Id, Deeds>) -> Result<()> {
        let theirs = doc! { "userId": either_of(all.keys().copied()) };
        let shape = doc! { "userId": 1, "percentage": 1, "completedAt": 1, "createdAt": 1 };
        let docs = self.of::<Plain>(SUBMITTED);
        let mut found = within(PATIENCE, docs.find(theirs).projection(shape)).await?;
        while let Some(Plain(doc)) = within(PATIENCE, found.try_next()).await? {
            let fields = Fields(&doc);
            let Some(deeds) = fields.id(&["userId"]).and_then(|user| all.get_mut(&user)) else { continue };
            deeds.scores.attempts += 1;
            if let Some(percentage) = fields.number(&["percentage"]) {
                deeds.scores.scored += 1;
                deeds.scores.millionths += (percentage * 1e6 + 0.5).floor() as u64;
            }
            let Ok(id) = fields.own_id() else { continue };
            let at = fields.date(&["completedAt"]).unwrap_or_else(|| fields.created_at(id));
            if (EVER.0..EVER.1).contains(&at) {
                deeds.days.insert(deeds.zone.day(at));
            }
        }
        Ok(())
    }
}

impl Deeds {
    fn fields(self, now: Timestamp) -> Document {
        let today = self.zone.day(now);
        // What bears a later date is not yet.
        let days: Vec<Day> = self.days.into_iter().filter(|day| *day <= today).collect();
        let streak = streak(&days, today, &self.zone);
        let values = [
            self.studied.minutes as f64,
            self.scores.attempts as f64,
            self.scores.average(),
            streak.current.into(),
            streak.longest.into(),
        ];
        STATISTICS.into_iter().map(str::to_owned).zip(values.map(number)).collect()
    }
}
