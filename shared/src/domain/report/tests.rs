use proptest::prelude::*;

use super::*;
use crate::domain::{Grouping, Outcome, Timestamp};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// So many attempts that all had the same percentage.
fn tally(attempts: u64, percentage: f64) -> Tally {
    let outcome = Outcome { at: Timestamp(0), id: String::new(), percentage };
    let millionths = (percentage * 1e6) as i64 * attempts as i64;
    Tally { attempts, millionths, best: percentage, worst: percentage, first: outcome.clone(), last: outcome }
}

fn topics(topics: &[(&str, u64, f64)]) -> BTreeMap<String, Tally> {
    topics.iter().map(|&(topic, attempts, mean)| (topic.to_owned(), tally(attempts, mean))).collect()
}

fn studied(sessions: u64, minutes: u64) -> StudyTotals {
    StudyTotals { sessions, minutes }
}

fn report(facts: &Facts) -> Report {
    Report::new(day("2026-10-24"), day("2026-11-22"), facts)
}

fn found(facts: &Facts) -> Vec<Finding> {
    report(facts).recommendations.into_iter().map(|recommendation| recommendation.finding).collect()
}

#[test]
fn strengths_and_weaknesses_need_two_attempts_and_clear_means() {
    let facts = Facts {
        topics: topics(&[
            ("Atoms", 2, 80.0),
            ("Bees", 5, 80.0),
            ("Cells", 3, 97.5),
            ("Dunes", 1, 100.0),
            ("Elves", 2, 79.9),
            ("Ferns", 2, 60.0),
            ("Genes", 2, 59.9),
            ("Hills", 4, 10.0),
            ("Irons", 1, 0.0),
            ("", 9, 5.0),
        ]),
        ..Facts::default()
    };
    let report = report(&facts);
    let names = |results: &[TopicResult]| {
        results.iter().map(|result| result.topic.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&report.strengths), "Cells Bees Atoms");
    assert_eq!(names(&report.weaknesses), "Hills Genes");
    assert_eq!(
        report.weaknesses[0],
        TopicResult { topic: "Hills".to_owned(), average_score: 10.0, attempts: 4 }
    );
}

#[test]
fn a_trend_needs_attempts_in_both_periods_and_three_points() {
    let trend = |now: &[(&str, u64, f64)], before: &[(&str, u64, f64)]| {
        let facts = Facts { topics: topics(now), topics_before: topics(before), ..Facts::default() };
        report(&facts).quizzes
    };
    assert_eq!(trend(&[("A", 1, 50.0)], &[]).trend, Trend::Unknown);
    assert_eq!(trend(&[], &[("A", 1, 50.0)]).trend, Trend::Unknown);
    assert_eq!(trend(&[("A", 1, 53.0)], &[("B", 1, 50.0)]).trend, Trend::Improving);
    assert_eq!(trend(&[("A", 1, 52.9)], &[("A", 1, 50.0)]).trend, Trend::Steady);
    assert_eq!(trend(&[("A", 1, 47.1)], &[("A", 1, 50.0)]).trend, Trend::Steady);
    let fallen = trend(&[("A", 3, 40.0), ("B", 1, 60.0)], &[("A", 1, 50.0)]);
    assert_eq!((fallen.trend, fallen.completed), (Trend::Declining, 4));
    assert_eq!((fallen.average_score, fallen.previous_average_score), (45.0, 50.0));
}

#[test]
fn an_empty_period_is_told_so() {
    let report = report(&Facts::default());
    assert_eq!(report.study_time, StudyTime { minutes: 0, previous_minutes: 0, change: 0 });
    assert_eq!(report.quizzes.average_score, 0.0);
    let kinds = serde_json::to_value(&report.recommendations).unwrap();
    assert_eq!(
        kinds,
        serde_json::json!([{
            "kind": "nothing_yet",
            "evidence": { "attempts": 0, "sessions": 0 },
            "text": "There is nothing to report yet. Take a quiz or record a study session.",
        }])
    );
}

#[test]
fn each_rule_shows_what_it_stands_on() {
    let mut usual_hours = [StudyTotals::default(); 24];
    usual_hours[19] = studied(6, 300);
    usual_hours[8] = studied(3, 400);
    let run = Run { days: 5, last_day: day("2026-11-19"), days_ago: 3 };
    let facts = Facts {
        study: studied(2, 40),
        study_before: studied(9, 700),
        topics: topics(&[("Atoms", 2, 40.0), ("Cells", 2, 70.0)]),
        topics_before: topics(&[("Cells", 3, 85.5)]),
        usual_hours,
        last_hours: [StudyTotals::default(); 24],
        goes_on: false,
        present: Some(Present {
            streak: Streak { current: 0, longest: 12 },
            last_run: Some(run),
            due_reviews: 7,
            untouched: vec![(String::new(), 4), ("Maps".to_owned(), 2)],
            behind: Some(Behind { plan_id: "1".to_owned(), title: "Finals".to_owned(), minutes: 95 }),
        }),
    };
    assert_eq!(
        found(&facts),
        [
            Finding::BehindPlan { plan_id: "1".to_owned(), title: "Finals".to_owned(), behind_minutes: 95 },
            Finding::WeakTopic { topic: "Atoms".to_owned(), average_score: 40.0, attempts: 2 },
            Finding::FallingTopic {
                topic: "Cells".to_owned(),
                average_score: 70.0,
                previous_average_score: 85.5,
                attempts: 2,
                previous_attempts: 3,
            },
            Finding::FallingScore {
                average_score: 55.0,
                previous_average_score: 85.5,
                attempts: 4,
                previous_attempts: 3,
            },
            Finding::DueReviews { due: 7 },
            Finding::BrokenStreak { days: 5, last_day: day("2026-11-19"), days_ago: 3 },
            Finding::MissedUsualTime { hour: 19, sessions: 6, minutes: 300, last_week_minutes: 0 },
            Finding::LessStudy { minutes: 40, previous_minutes: 700 },
            Finding::UntouchedTopic { topic: "Maps".to_owned(), quizzes: 2 },
        ]
    );
    let texts: Vec<String> =
        report(&facts).recommendations.into_iter().map(|recommendation| recommendation.text).collect();
    assert!(texts[0].contains("“Finals” is 1 h 35 min behind"), "{texts:?}");
    assert!(texts[6].contains("between 19:00 and 21:00"), "{texts:?}");
    // Of a period that is not over, nobody knows yet whether there is less in it.
    let going_on = Facts { goes_on: true, ..facts };
    assert!(!found(&going_on).iter().any(|finding| matches!(finding, Finding::LessStudy { .. })));
}

#[test]
fn progress_is_worth_keeping() {
    let facts = Facts {
        study: studied(10, 300),
        study_before: studied(4, 200),
        topics: topics(&[("Cells", 2, 90.0)]),
        topics_before: topics(&[("Cells", 2, 70.0)]),
        present: Some(Present { streak: Streak { current: 7, longest: 7 }, ..Present::default() }),
        ..Facts::default()
    };
    assert_eq!(
        found(&facts),
        [
            Finding::RisingScore { average_score: 90.0, previous_average_score: 70.0, attempts: 2 },
            Finding::MoreStudy { minutes: 300, previous_minutes: 200 },
            Finding::LongStreak { days: 7 },
        ]
    );
}

#[test]
fn a_usual_time_that_was_kept_is_not_missed() {
    let mut hours = [StudyTotals::default(); 24];
    hours[23] = studied(3, 90);
    hours[0] = studied(3, 80);
    let facts = |last: [StudyTotals; 24]| Facts {
        study: studied(6, 170),
        usual_hours: hours,
        last_hours: last,
        ..Facts::default()
    };
    let mut last = [StudyTotals::default(); 24];
    last[12] = studied(1, 25);
    assert_eq!(
        found(&facts(last)),
        [Finding::MissedUsualTime { hour: 23, sessions: 6, minutes: 170, last_week_minutes: 25 }]
    );
    last[0] = studied(1, 5);
    assert_eq!(found(&facts(last)), []);
}

#[test]
fn charts_show_every_bar_of_the_period() {
    let study = [(day("2026-11-20"), studied(1, 30)), (day("2026-11-22"), studied(2, 50))].into();
    let scores = [(day("2026-11-20"), tally(2, 40.0)), (day("2026-11-21"), tally(1, 70.0))].into();
    let by_topic = topics(&[("Atoms", 1, 50.0), ("Cells", 2, 50.0), ("", 8, 1.0)]);
    let charts = |from: &str, to: &str| {
        Charts::new((day(from), day(to)), &study, &scores, &by_topic, &[studied(0, 0); 24])
    };
    let bars = |charts: &Charts| {
        charts.study_time.iter().map(|bar| format!("{} {}", bar.key, bar.minutes)).collect::<Vec<_>>()
    };
    let days = charts("2026-11-19", "2026-11-22");
    assert_eq!(bars(&days), ["2026-11-19 0", "2026-11-20 30", "2026-11-21 0", "2026-11-22 50"]);
    assert_eq!((days.scores.len(), days.topics[0].topic.as_str(), days.topics.len()), (2, "Cells", 2));
    let weeks = charts("2026-09-01", "2026-11-22");
    assert_eq!((weeks.group_by, bars(&weeks).last().unwrap().as_str()), (Grouping::Week, "2026-11-16 80"));
    assert_eq!(weeks.study_time.len(), 12);
    assert_eq!((weeks.scores.len(), weeks.scores[0].average_score), (1, 50.0));
    let months = charts("2025-01-01", "2026-11-22");
    assert_eq!((months.group_by, months.study_time.len()), (Grouping::Month, 23));
}

proptest! {
    #[test]
    fn what_is_recommended_follows_from_the_facts(
        now in proptest::collection::btree_map("[A-D]?", (1..9_u64, 0.0..=100.0_f64), 0..5),
        before in proptest::collection::btree_map("[A-D]?", (1..9_u64, 0.0..=100.0_f64), 0..5),
        study in (0..40_u64, 0..2000_u64),
        study_before in (0..40_u64, 0..2000_u64),
        streak in 0..30_u32,
        due in 0..20_u64,
    ) {
        let made = |topics: BTreeMap<String, (u64, f64)>| -> BTreeMap<String, Tally> {
            topics.into_iter().map(|(topic, (attempts, mean))| (topic, tally(attempts, mean))).collect()
        };
        let facts = Facts {
            study: studied(study.0, study.1),
            study_before: studied(study_before.0, study_before.1),
            topics: made(now),
            topics_before: made(before),
            present: Some(Present {
                streak: Streak { current: streak, longest: streak },
                due_reviews: due,
                ..Present::default()
            }),
            ..Facts::default()
        };
        let report = report(&facts);
        prop_assert!(report.strengths.iter().all(|topic| topic.average_score >= STRONG && topic.attempts >= 2));
        prop_assert!(report.weaknesses.iter().all(|topic| topic.average_score < WEAK && topic.attempts >= 2));
        let kinds: Vec<&Finding> = report.recommendations.iter().map(|advice| &advice.finding).collect();
        let has = |kind: &str| report.recommendations.iter().any(|advice| {
            serde_json::to_value(&advice.finding).unwrap()["kind"] == kind
        });
        prop_assert_eq!(has("weak_topic"), !report.weaknesses.is_empty());
        prop_assert_eq!(has("due_reviews"), due >= 5);
        prop_assert_eq!(has("long_streak"), streak >= 7);
        prop_assert!(!(has("less_study") && has("more_study")), "{:?}", kinds);
        prop_assert!(!(has("falling_score") && has("rising_score")), "{:?}", kinds);
        for advice in &report.recommendations {
            let text = &advice.text;
            prop_assert!(text.ends_with('.') && !text.contains("  "), "{}", text);
        }
    }
}
