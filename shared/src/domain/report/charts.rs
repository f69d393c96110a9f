//! The figures that a report's charts show.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::TopicResult;
use crate::domain::{Day, Grouping, StudyTotals, Tally, grouped};

/// Longest period whose days are shown one by one.
const DAYS_MAX: i64 = 62;
/// Longest period that is shown week by week.
const WEEKS_MAX: i64 = 62 * 7;
/// Most topics shown.
const TOPICS_MAX: usize = 10;

/// Minutes of a day, week or month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StudyBar {
    /// A day, the Monday of a week, or a month such as `2026-11`.
    pub key: String,
    /// Minutes studied.
    pub minutes: u64,
}

/// Scores of a day, week or month with attempts.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ScorePoint {
    /// As of the bar of the same time.
    pub key: String,
    /// Mean percentage, one decimal.
    pub average_score: f64,
    /// How many attempts there were.
    pub attempts: u64,
}

/// The figures that a report's charts show.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Charts {
    /// What a bar stands for: a day in periods of up to two months, a week up to 62, else a month.
    #[schema(inline)]
    pub group_by: Grouping,
    /// Study time, each bar of the period.
    pub study_time: Vec<StudyBar>,
    /// Scores, where there were attempts.
    pub scores: Vec<ScorePoint>,
    /// The topics with the most attempts, at most ten.
    pub topics: Vec<TopicResult>,
    /// Minutes by the hour of the day at which a session began, from 0 to 23.
    pub by_hour: Vec<u64>,
}

impl Charts {
    /// The charts of the days from the first to the last, by what was studied and attempted on each, at each topic,
    /// and in each hour.
    pub fn new(
        (from, to): (Day, Day),
        study: &BTreeMap<Day, StudyTotals>,
        scores: &BTreeMap<Day, Tally>,
        topics: &BTreeMap<String, Tally>,
        hours: &[StudyTotals; 24],
    ) -> Self {
        let length = to.since(from) + 1;
        let group_by = if length <= DAYS_MAX {
            Grouping::Day
        } else if length <= WEEKS_MAX {
            Grouping::Week
        } else {
            Grouping::Month
        };
        let name = |day: Day| group_by.of(day.to_string());
        let every = (0..length).map(|days| (name(from.plus(days)), StudyTotals::default()));
        let studied = study.iter().map(|(day, totals)| (name(*day), *totals));
        let scored = grouped(scores.iter().map(|(day, tally)| (name(*day), tally.clone())));
        let mut topics: Vec<TopicResult> = topics
            .iter()
            .filter(|(topic, _)| !topic.is_empty())
            .map(|(topic, tally)| super::result(topic, tally))
            .collect();
        topics.sort_by_key(|topic| std::cmp::Reverse(topic.attempts));
        topics.truncate(TOPICS_MAX);
        Self {
            group_by,
            study_time: grouped(every.chain(studied))
                .into_iter()
                .map(|(key, totals)| StudyBar { key, minutes: totals.minutes })
                .collect(),
            scores: scored
                .into_iter()
                .map(|(key, tally)| ScorePoint {
                    key,
                    average_score: tally.average(),
                    attempts: tally.attempts,
                })
                .collect(),
            topics,
            by_hour: hours.iter().map(|hour| hour.minutes).collect(),
        }
    }
}
