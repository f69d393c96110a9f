//! What a stretch of studying came to, against the one before it.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Day, Streak, StudyTotals, Tally};

mod advice;
mod charts;
pub mod phrases;

pub use advice::{Finding, Recommendation};
pub use charts::{Charts, ScorePoint, StudyBar};

/// Attempts at a topic from which on it may be a strength or a weakness.
pub const TOPIC_ATTEMPTS: u64 = 2;
/// Mean percentage from which on a topic is a strength.
pub const STRONG: f64 = 80.0;
/// Mean percentage below which a topic is a weakness.
pub const WEAK: f64 = 60.0;
/// Percentage points by which a mean must differ to be a trend.
pub const TREND: f64 = 3.0;
/// Most strengths and most weaknesses shown.
const TOPICS_MAX: usize = 5;

/// What a report is made from. Everything of the student's alone.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Study of the period.
    pub study: StudyTotals,
    /// Study of the period of equal length before it.
    pub study_before: StudyTotals,
    /// Attempts of the period by topic.
    pub topics: BTreeMap<String, Tally>,
    /// Attempts of the period before by topic.
    pub topics_before: BTreeMap<String, Tally>,
    /// Study by the hour it began in, in the four weeks before the last one of the period.
    pub usual_hours: [StudyTotals; 24],
    /// Study by hour in the last week of the period.
    pub last_hours: [StudyTotals; 24],
    /// Whether days of the period are still to come.
    pub goes_on: bool,
    /// What is so at present; absent of a period that is over.
    pub present: Option<Present>,
}

/// What is so at present.
#[derive(Debug, Clone, Default)]
pub struct Present {
    /// Days in a row.
    pub streak: Streak,
    /// The days in a row that ended on the last day of study or of an attempt.
    pub last_run: Option<Run>,
    /// Questions whose review is due.
    pub due_reviews: u64,
    /// Topics of the student's open quizzes at which there was never an attempt, with the number of quizzes.
    pub untouched: Vec<(String, u64)>,
    /// The plan that is furthest behind.
    pub behind: Option<Behind>,
}

/// Some days in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// How many.
    pub days: u32,
    /// The last of them.
    pub last_day: Day,
    /// How many days ago that was.
    pub days_ago: i64,
}

/// A plan that is behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Its id.
    pub plan_id: String,
    /// Its name.
    pub title: String,
    /// Minutes that were due before today and are undone.
    pub minutes: u64,
}

/// Whether scores rise or fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trend {
    /// The mean is at least 3 points above that of the period before.
    Improving,
    /// It differs by less.
    Steady,
    /// It is at least 3 points below.
    Declining,
    /// One of the periods has no attempts.
    Unknown,
}

/// Time studied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StudyTime {
    /// Minutes in the period.
    pub minutes: u64,
    /// Minutes in the period of equal length before it.
    pub previous_minutes: u64,
    /// How many minutes more, negative where fewer.
    pub change: i64,
}

/// Quizzes taken. Scores are mean percentages, one decimal; 0 without attempts.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuizScores {
    /// Attempts submitted in the period.
    pub completed: u64,
    /// Their mean.
    pub average_score: f64,
    /// That of the period before.
    pub previous_average_score: f64,
    /// Whether scores rise or fall.
    pub trend: Trend,
}

/// A topic and how it went.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TopicResult {
    /// The topic.
    pub topic: String,
    /// Mean percentage, one decimal.
    pub average_score: f64,
    /// Attempts in the period.
    pub attempts: u64,
}

/// What a period came to, against the period of equal length before it, and what to do about it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Time studied.
    pub study_time: StudyTime,
    /// Quizzes taken.
    pub quizzes: QuizScores,
    /// Topics with at least two attempts and a mean of 80 or more, the best first, at most five.
    pub strengths: Vec<TopicResult>,
    /// Topics with at least two attempts and a mean below 60, the worst first, at most five.
    pub weaknesses: Vec<TopicResult>,
    /// What to do, the most pressing first.
    pub recommendations: Vec<Recommendation>,
}

impl Report {
    /// The report on the days from the first to the last that these facts make.
    pub fn new(from: Day, to: Day, facts: &Facts) -> Self {
        let (now, before) = (total(&facts.topics), total(&facts.topics_before));
        let results = facts.topics.iter().filter(|(topic, _)| !topic.is_empty());
        let mut results: Vec<TopicResult> = results.map(|(topic, tally)| result(topic, tally)).collect();
        // Stable: of equals the one that comes first in the alphabet.
        results.sort_by(|a, b| {
            b.average_score.total_cmp(&a.average_score).then_with(|| b.attempts.cmp(&a.attempts))
        });
        let tried = || results.iter().filter(|result| result.attempts >= TOPIC_ATTEMPTS);
        let strengths = tried().filter(|result| result.average_score >= STRONG);
        let mut weaknesses: Vec<TopicResult> =
            tried().filter(|result| result.average_score < WEAK).cloned().collect();
        weaknesses.sort_by(|a, b| {
            a.average_score.total_cmp(&b.average_score).then_with(|| b.attempts.cmp(&a.attempts))
        });
        weaknesses.truncate(TOPICS_MAX);
        let (minutes, previous) = (facts.study.minutes, facts.study_before.minutes);
        let change = i64::try_from(minutes).unwrap_or(i64::MAX) - i64::try_from(previous).unwrap_or(i64::MAX);
        let mut report = Self {
            from,
            to,
            study_time: StudyTime { minutes, previous_minutes: previous, change },
            quizzes: QuizScores {
                completed: now.as_ref().map_or(0, |tally| tally.attempts),
                average_score: now.as_ref().map_or(0.0, Tally::average),
                previous_average_score: before.as_ref().map_or(0.0, Tally::average),
                trend: trend(now.as_ref(), before.as_ref()),
            },
            strengths: strengths.take(TOPICS_MAX).cloned().collect(),
            weaknesses,
            recommendations: Vec::new(),
        };
        report.recommendations = advice::recommendations(&report, facts);
        report
    }
}

fn result(topic: &str, tally: &Tally) -> TopicResult {
    TopicResult { topic: topic.to_owned(), average_score: tally.average(), attempts: tally.attempts }
}

fn total(topics: &BTreeMap<String, Tally>) -> Option<Tally> {
    Tally::total(topics.values())
}

fn trend(now: Option<&Tally>, before: Option<&Tally>) -> Trend {
    let (Some(now), Some(before)) = (now, before) else { return Trend::Unknown };
    let difference = super::one_decimal(now.average() - before.average());
    if difference >= TREND {
        Trend::Improving
    } else if difference <= -TREND {
        Trend::Declining
    } else {
        Trend::Steady
    }
}

#[cfg(test)]
mod tests;
