//! Gathers what a report is made from.

use std::{array, collections::BTreeMap, time::Duration};

use crate::{
    domain::{
        Behind, Charts, Day, EVER, Facts, Id, Present, Report, Run, StudyTotals, Tally, Timestamp, Zone,
        grouped, streak,
    },
    store::{Result, Scope, Store, StudyBy, TallyBy},
};

/// Days of the period whose hours are the last ones.
const LAST_DAYS: i64 = 7;
/// Days before them whose hours are the usual ones.
const USUAL_DAYS: i64 = 28;
/// Most plans that are looked at.
const PLANS_MAX: u32 = 20;
/// How far into the future days are told apart, for sessions that were recorded ahead.
const AHEAD: Duration = Duration::from_secs(2 * 24 * 3600);

/// Whose report, and of which days.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// Whose.
    pub user_id: Id,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Where days begin.
    pub zone: Zone,
}

impl Subject {
    fn scope(&self, first: Day, last: Day) -> Scope {
        let (from, until) = (self.zone.start_of(first), self.zone.start_of(last.plus(1)));
        Scope { user_id: self.user_id, from, until }
    }

    /// The report at `now`, and the figures of its charts.
    pub async fn report(&self, store: &Store, now: Timestamp) -> Result<(Report, Charts)> {
        let length = self.to.since(self.from) + 1;
        let period = self.scope(self.from, self.to);
        let before = self.scope(self.from.plus(-length), self.from.plus(-1));
        let today = self.zone.day(now);
        // Of a period that goes on, the last week is the one until today.
        let last = self.to.min(today);
        let last_week = self.scope(last.plus(1 - LAST_DAYS), last);
        let usual = self.scope(last.plus(1 - LAST_DAYS - USUAL_DAYS), last.plus(-LAST_DAYS));
        let shifts = self.zone.shifts(period.from, period.until);
        let earlier = [(before.from, before.until)];
        let by_day = (TallyBy::Day(shifts.clone()), StudyBy::Day(shifts));
        let (topics, topics_before, scores, studied, study_before, hours, usual_hours, last_hours, present) =
            futures::try_join!(
                store.tallies(&period, &TallyBy::Topic),
                store.tallies(&before, &TallyBy::Topic),
                store.tallies(&period, &by_day.0),
                store.study_by(&period, &by_day.1, now),
                store.study_totals(self.user_id, &earlier, now),
                self.hours(store, &period, now),
                self.hours(store, &usual, now),
                self.hours(store, &last_week, now),
                self.present(store, now),
            )?;
        let (study, scores) = (by_days(studied), by_days::<Tally>(scores));
        let total = |study: &BTreeMap<Day, StudyTotals>| {
            study.values().fold(StudyTotals::default(), |sum, day| StudyTotals {
                sessions: sum.sessions + day.sessions,
                minutes: sum.minutes + day.minutes,
            })
        };
        let facts = Facts {
            study: total(&study),
            study_before: study_before.first().copied().unwrap_or_default(),
            topics: grouped(topics),
            topics_before: grouped(topics_before),
            usual_hours,
            last_hours,
            goes_on: self.to > today,
            present,
        };
        let charts = Charts::new((self.from, self.to), &study, &scores, &facts.topics, &hours);
        Ok((Report::new(self.from, self.to, &facts), charts))
    }

    async fn hours(&self, store: &Store, scope: &Scope, now: Timestamp) -> Result<[StudyTotals; 24]> {
        let by = StudyBy::Hour(self.zone.shifts(scope.from, scope.until));
        let hours: BTreeMap<usize, StudyTotals> = store
            .study_by(scope, &by, now)
            .await?
            .into_iter()
            .filter_map(|(hour, totals)| Some((hour.parse().ok()?, totals)))
            .collect();
        Ok(array::from_fn(|hour| hours.get(&hour).copied().unwrap_or_default()))
    }

    /// What is so at present; nothing is asked of a period that is over.
    async fn present(&self, store: &Store, now: Timestamp) -> Result<Option<Present>> {
        let today = self.zone.day(now);
        if self.to < today {
            return Ok(None);
        }
        let ever = Scope { user_id: self.user_id, from: EVER.0, until: EVER.1 };
        let shifts = self.zone.shifts(EVER.0, now + AHEAD);
        let (days, due_reviews, quiz_topics, attempted, plans) = futures::try_join!(
            store.active_days(self.user_id, &shifts, now),
            store.due_reviews(self.user_id, now),
            store.quiz_topics(self.user_id),
            store.tallies(&ever, &TallyBy::Topic),
            store.plans_today(self.user_id, today, PLANS_MAX),
        )?;
        let days: Vec<Day> = days.into_iter().filter(|day| *day <= today).collect();
        let attempted = grouped(attempted);
        let last_run = days.last().map(|&last_day| Run {
            days: streak(&days, last_day, &self.zone).current,
            last_day,
            days_ago: today.since(last_day),
        });
        let behind = plans.into_iter().map(|on_day| Behind {
            minutes: on_day.summary.workload.progress(today).behind_minutes.into(),
            plan_id: on_day.summary.plan.id.to_string(),
            title: on_day.summary.plan.title,
        });
        // Of equals the one whose exam is next.
        let behind = behind.rev().max_by_key(|behind| behind.minutes);
        let untouched = quiz_topics.into_iter().filter(|(topic, _)| !attempted.contains_key(topic));
        Ok(Some(Present {
            streak: streak(&days, today, &self.zone),
            last_run,
            due_reviews,
            untouched: untouched.collect(),
            behind,
        }))
    }
}

fn by_days<T>(groups: Vec<(String, T)>) -> BTreeMap<Day, T> {
    groups.into_iter().filter_map(|(day, group)| Some((day.parse().ok()?, group))).collect()
}
