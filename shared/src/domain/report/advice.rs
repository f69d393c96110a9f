//! What a report recommends. Each rule looks at the facts alone and shows the figures it stands on.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Facts, Present, Report, TOPIC_ATTEMPTS, Trend, phrases::duration, result, total};
use crate::domain::{Day, StudyTotals, one_decimal};

/// Most recommendations about topics of one kind.
const OF_A_KIND: usize = 3;
/// Percentage points by which a topic's mean must fall to be worth a word.
const TOPIC_FALL: f64 = 10.0;
/// Days in a row whose end is worth a word.
const STREAK_BROKEN: u32 = 3;
/// Days after which a broken streak is history.
const STREAK_FORGOTTEN: i64 = 30;
/// Days in a row that are worth keeping.
const STREAK_LONG: u32 = 7;
/// Due reviews that are worth a word.
const REVIEWS: u64 = 5;
/// Minutes of study in the better of two periods from which on their difference says something.
const STUDY: u64 = 60;
/// Sessions in four weeks that make a time of the day the usual one.
const USUAL_SESSIONS: u64 = 4;
/// Hours that the usual time lasts.
const USUAL_HOURS: usize = 2;

/// What was found, with the figures it stands on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "kind", content = "evidence", rename_all = "snake_case")]
pub enum Finding {
    /// Work that the plan had for the days before today is undone.
    #[serde(rename_all = "camelCase")]
    BehindPlan {
        /// The plan.
        plan_id: String,
        /// Its name.
        title: String,
        /// Undone minutes.
        behind_minutes: u64,
    },
    /// A topic's mean is below 60 over two attempts or more.
    #[serde(rename_all = "camelCase")]
    WeakTopic {
        /// The topic.
        topic: String,
        /// Mean percentage.
        average_score: f64,
        /// Attempts in the period.
        attempts: u64,
    },
    /// A topic's mean fell by 10 points or more, with two attempts or more in each period.
    #[serde(rename_all = "camelCase")]
    FallingTopic {
        /// The topic.
        topic: String,
        /// Mean percentage.
        average_score: f64,
        /// That of the period before.
        previous_average_score: f64,
        /// Attempts in the period.
        attempts: u64,
        /// Attempts in the period before.
        previous_attempts: u64,
    },
    /// The mean of all attempts fell by 3 points or more.
    #[serde(rename_all = "camelCase")]
    FallingScore {
        /// Mean percentage.
        average_score: f64,
        /// That of the period before.
        previous_average_score: f64,
        /// Attempts in the period.
        attempts: u64,
        /// Attempts in the period before.
        previous_attempts: u64,
    },
    /// Five reviews or more are due.
    #[serde(rename_all = "camelCase")]
    DueReviews {
        /// How many.
        due: u64,
    },
    /// Three days in a row or more ended, less than a month ago.
    #[serde(rename_all = "camelCase")]
    BrokenStreak {
        /// Days in a row there were.
        days: u32,
        /// The last of them.
        last_day: Day,
        /// How many days ago that was.
        days_ago: i64,
    },
    /// There was no study in the last week at the time of day at which there mostly was in the four weeks before.
    #[serde(rename_all = "camelCase")]
    MissedUsualTime {
        /// The hour at which that time begins, 0–23; it lasts two.
        hour: usize,
        /// Sessions begun at that time in the four weeks before.
        sessions: u64,
        /// Their minutes.
        minutes: u64,
        /// Minutes at any time in the last week.
        last_week_minutes: u64,
    },
    /// Study time fell by a third or more, from an hour or more.
    #[serde(rename_all = "camelCase")]
    LessStudy {
        /// Minutes in the period.
        minutes: u64,
        /// Minutes in the period before.
        previous_minutes: u64,
    },
    /// There are quizzes on a topic, and never was an attempt at one.
    #[serde(rename_all = "camelCase")]
    UntouchedTopic {
        /// The topic.
        topic: String,
        /// Open quizzes on it.
        quizzes: u64,
    },
    /// The mean of all attempts rose by 3 points or more.
    #[serde(rename_all = "camelCase")]
    RisingScore {
        /// Mean percentage.
        average_score: f64,
        /// That of the period before.
        previous_average_score: f64,
        /// Attempts in the period.
        attempts: u64,
    },
    /// Study time rose by a fifth or more, to an hour or more.
    #[serde(rename_all = "camelCase")]
    MoreStudy {
        /// Minutes in the period.
        minutes: u64,
        /// Minutes in the period before.
        previous_minutes: u64,
    },
    /// Seven days in a row or more, up to today or yesterday.
    #[serde(rename_all = "camelCase")]
    LongStreak {
        /// How many.
        days: u32,
    },
    /// Nothing was studied and no quiz taken in the period.
    #[serde(rename_all = "camelCase")]
    NothingYet {
        /// Attempts in the period.
        attempts: u64,
        /// Sessions in the period.
        sessions: u64,
    },
}

/// Something to do, or to go on doing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Recommendation {
    /// What it stands on.
    #[serde(flatten)]
    pub finding: Finding,
    /// It in words.
    pub text: String,
}

/// What a report recommends, the most pressing first.
pub(super) fn recommendations(report: &Report, facts: &Facts) -> Vec<Recommendation> {
    let mut found = Vec::new();
    let present = facts.present.as_ref();
    found.extend(present.and_then(behind_plan));
    found.extend(weak_topics(report));
    found.extend(falling_topics(report, facts));
    found.extend(falling_score(report, facts));
    found.extend(present.and_then(due_reviews));
    found.extend(present.and_then(broken_streak));
    found.extend(missed_usual_time(facts));
    found.extend(less_study(report).filter(|_| !facts.goes_on));
    found.extend(present.map(untouched_topics).unwrap_or_default());
    found.extend(rising_score(report));
    found.extend(more_study(report));
    found.extend(present.and_then(long_streak));
    if report.quizzes.completed == 0 && facts.study.sessions == 0 {
        found.push(Finding::NothingYet { attempts: 0, sessions: 0 });
    }
    found.into_iter().map(|finding| Recommendation { text: text(&finding), finding }).collect()
}

fn behind_plan(present: &Present) -> Option<Finding> {
    let behind = present.behind.as_ref().filter(|behind| behind.minutes > 0)?;
    Some(Finding::BehindPlan {
        plan_id: behind.plan_id.clone(),
        title: behind.title.clone(),
        behind_minutes: behind.minutes,
    })
}

fn weak_topics(report: &Report) -> impl Iterator<Item = Finding> {
    report.weaknesses.iter().take(OF_A_KIND).map(|weak| Finding::WeakTopic {
        topic: weak.topic.clone(),
        average_score: weak.average_score,
        attempts: weak.attempts,
    })
}

fn falling_topics(report: &Report, facts: &Facts) -> Vec<Finding> {
    let mut falls: Vec<(f64, Finding)> = Vec::new();
    for (topic, tally) in &facts.topics {
        let Some(before) = facts.topics_before.get(topic) else { continue };
        let fall = one_decimal(before.average() - tally.average());
        let tried = tally.attempts.min(before.attempts) >= TOPIC_ATTEMPTS;
        let is_said = report.weaknesses.iter().take(OF_A_KIND).any(|weak| weak.topic == *topic);
        if topic.is_empty() || !tried || is_said || fall < TOPIC_FALL {
            continue;
        }
        let now = result(topic, tally);
        let finding = Finding::FallingTopic {
            topic: now.topic,
            average_score: now.average_score,
            previous_average_score: before.average(),
            attempts: now.attempts,
            previous_attempts: before.attempts,
        };
        falls.push((fall, finding));
    }
    falls.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    falls.into_iter().take(OF_A_KIND).map(|(_, finding)| finding).collect()
}

fn falling_score(report: &Report, facts: &Facts) -> Option<Finding> {
    (report.quizzes.trend == Trend::Declining).then(|| Finding::FallingScore {
        average_score: report.quizzes.average_score,
        previous_average_score: report.quizzes.previous_average_score,
        attempts: report.quizzes.completed,
        previous_attempts: total(&facts.topics_before).map_or(0, |tally| tally.attempts),
    })
}

fn due_reviews(present: &Present) -> Option<Finding> {
    (present.due_reviews >= REVIEWS).then_some(Finding::DueReviews { due: present.due_reviews })
}

fn broken_streak(present: &Present) -> Option<Finding> {
    let run = present.last_run.filter(|run| run.days >= STREAK_BROKEN && run.days_ago < STREAK_FORGOTTEN)?;
    (present.streak.current == 0).then_some(Finding::BrokenStreak {
        days: run.days,
        last_day: run.last_day,
        days_ago: run.days_ago,
    })
}

fn missed_usual_time(facts: &Facts) -> Option<Finding> {
    let (hour, usual) = usual_time(&facts.usual_hours)?;
    let last_week = within(&facts.last_hours, hour);
    (last_week.sessions == 0).then(|| Finding::MissedUsualTime {
        hour,
        sessions: usual.sessions,
        minutes: usual.minutes,
        last_week_minutes: facts.last_hours.iter().map(|hour| hour.minutes).sum(),
    })
}

/// The hour from which on most study began, with what was begun then; of equals that with the most in its first hour.
fn usual_time(hours: &[StudyTotals; 24]) -> Option<(usize, StudyTotals)> {
    let times = (0..24).map(|hour| (hour, within(hours, hour)));
    times
        .filter(|(_, time)| time.sessions >= USUAL_SESSIONS)
        .max_by_key(|(hour, time)| (time.minutes, hours[*hour].minutes, std::cmp::Reverse(*hour)))
}

/// What began from an hour on, as long as the usual time lasts.
fn within(hours: &[StudyTotals; 24], from: usize) -> StudyTotals {
    (from..from + USUAL_HOURS).fold(StudyTotals::default(), |sum, hour| {
        let hour = hours[hour % 24];
        StudyTotals { sessions: sum.sessions + hour.sessions, minutes: sum.minutes + hour.minutes }
    })
}

fn less_study(report: &Report) -> Option<Finding> {
    let time = &report.study_time;
    let less = time.minutes.saturating_mul(3) <= time.previous_minutes.saturating_mul(2);
    (less && time.previous_minutes >= STUDY)
        .then_some(Finding::LessStudy { minutes: time.minutes, previous_minutes: time.previous_minutes })
}

fn untouched_topics(present: &Present) -> Vec<Finding> {
    let topics = present.untouched.iter().filter(|(topic, _)| !topic.is_empty()).take(OF_A_KIND);
    topics
        .map(|(topic, quizzes)| Finding::UntouchedTopic { topic: topic.clone(), quizzes: *quizzes })
        .collect()
}

fn rising_score(report: &Report) -> Option<Finding> {
    (report.quizzes.trend == Trend::Improving).then_some(Finding::RisingScore {
        average_score: report.quizzes.average_score,
        previous_average_score: report.quizzes.previous_average_score,
        attempts: report.quizzes.completed,
    })
}

fn more_study(report: &Report) -> Option<Finding> {
    let time = &report.study_time;
    let more = time.minutes.saturating_mul(5) >= time.previous_minutes.saturating_mul(6);
    (more && time.minutes >= STUDY && time.previous_minutes > 0)
        .then_some(Finding::MoreStudy { minutes: time.minutes, previous_minutes: time.previous_minutes })
}

fn long_streak(present: &Present) -> Option<Finding> {
    let days = present.streak.current;
    (days >= STREAK_LONG).then_some(Finding::LongStreak { days })
}

fn text(finding: &Finding) -> String {
    match finding {
        Finding::BehindPlan { title, behind_minutes, .. } => format!(
            "Your plan “{title}” is {} behind. Reschedule it, or catch up with its oldest tasks first.",
            duration(*behind_minutes)
        ),
        Finding::WeakTopic { topic, average_score, attempts } => {
            format!("Go over “{topic}” again: your {attempts} attempts at it average {average_score}%.")
        }
        Finding::FallingTopic { topic, average_score, previous_average_score, .. } => format!(
            "Refresh “{topic}”: your average there fell from {previous_average_score}% to {average_score}%."
        ),
        Finding::FallingScore { average_score, previous_average_score, .. } => format!(
            "Your quiz average fell from {previous_average_score}% to {average_score}%. Read the explanations of \
             what you got wrong before the next quiz."
        ),
        Finding::DueReviews { due } => {
            format!("{due} questions are due for review. A few minutes a day keep what you have learnt.")
        }
        Finding::BrokenStreak { days, days_ago, .. } => format!(
            "You had {days} days of study in a row, and {days_ago} days ago was the last. A short session today \
             begins the next streak."
        ),
        Finding::MissedUsualTime { hour, .. } => format!(
            "You mostly studied between {hour}:00 and {}:00, but not once in the last week. Try that time again, or \
             choose another fixed one.",
            (hour + USUAL_HOURS) % 24
        ),
        Finding::LessStudy { minutes, previous_minutes } => format!(
            "You studied {} after {} in the period before. Several short sessions are easier to keep up than few \
             long ones.",
            duration(*minutes),
            duration(*previous_minutes)
        ),
        Finding::UntouchedTopic { topic, quizzes: 1 } => {
            format!("Your quiz on “{topic}” has not been tried yet. See what you know.")
        }
        Finding::UntouchedTopic { topic, quizzes } => {
            format!("Your {quizzes} quizzes on “{topic}” have not been tried yet. See what you know.")
        }
        Finding::RisingScore { average_score, previous_average_score, .. } => format!(
            "Your quiz average rose from {previous_average_score}% to {average_score}%. Go on like this, or try a \
             harder quiz."
        ),
        Finding::MoreStudy { minutes, previous_minutes } => format!(
            "You studied {} after {} in the period before. Keep the rhythm.",
            duration(*minutes),
            duration(*previous_minutes)
        ),
        Finding::LongStreak { days } => {
            format!("You have studied {days} days in a row. Even a short session keeps the streak alive.")
        }
        Finding::NothingYet { .. } => {
            "There is nothing to report yet. Take a quiz or record a study session.".to_owned()
        }
    }
}
