use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;
use shared::domain::{Availability, Generation, Id, Method, Plan, Provider, Subject, SubjectDifficulty};

use super::*;

pub(super) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// A Friday.
pub(super) const TODAY: &str = "2026-11-20";

pub(super) fn start() -> Start {
    Start { today: day(TODAY), minutes_left: 24 * 60 }
}

fn subject(name: &str, difficulty: SubjectDifficulty, priority: Priority) -> Subject {
    Subject { name: name.into(), topic: None, difficulty, priority }
}

pub(super) fn brief(subjects: usize, daily_study_hours: f64, days: i64) -> PlanBrief {
    let name = |number| subject(&format!("Subject {number}"), SubjectDifficulty::Moderate, Priority::Medium);
    PlanBrief {
        subjects: (1..=subjects).map(name).collect(),
        daily_study_hours,
        exam_date: day(TODAY).plus(days),
        goals: None,
        availability: None,
    }
}

fn plan(brief: &PlanBrief, start: Start, curriculum: Option<&Curriculum>) -> Option<Made> {
    Layout::new(brief, start).map(|layout| layout.write(curriculum))
}

pub(super) fn made(brief: &PlanBrief) -> Made {
    plan(brief, start(), None).unwrap()
}

fn tasks(made: &Made) -> impl Iterator<Item = &PlanTask> {
    made.days.iter().flat_map(|day| &day.tasks)
}

fn minutes_by_subject(made: &Made) -> BTreeMap<String, u32> {
    let mut minutes = BTreeMap::new();
    for task in tasks(made).filter(|task| task.is_work()) {
        *minutes.entry(task.subject.clone()).or_default() += task.estimated_duration;
    }
    minutes
}

fn kinds(made: &Made) -> Vec<TaskKind> {
    tasks(made).map(|task| task.kind).collect()
}

/// Everything the module promises.
fn assert_sound(brief: &PlanBrief, start: Start, made: &Made) {
    assert!(made.days.len() <= 366 && made.days.is_sorted_by(|one, other| one.date < other.date));
    let ids: HashSet<&str> = tasks(made).map(|task| task.id.as_str()).collect();
    assert_eq!(ids.len(), tasks(made).count());
    for day in &made.days {
        assert!(day.date >= start.today && day.date < brief.exam_date, "{:?}", day.date);
        assert!(day.minutes() <= start.minutes_on(brief, day.date), "{day:#?}");
        assert!(
            day.tasks.first().is_some_and(PlanTask::is_work)
                && day.tasks.last().is_some_and(PlanTask::is_work)
        );
        let (mut worked, mut block, mut before) = (0, 0, "");
        for task in &day.tasks {
            assert!((TASK_MIN..=WORK_MAX).contains(&task.estimated_duration), "{task:?}");
            worked = if task.is_work() { worked + task.estimated_duration } else { 0 };
            assert!(worked <= WORK_MAX, "{day:#?}");
            if task.is_work() {
                block = if task.subject == before {
                    block + task.estimated_duration
                } else {
                    task.estimated_duration
                };
                before = &task.subject;
                assert!(brief.subjects.len() == 1 || block <= 2 * WORK_MAX, "{day:#?}");
            }
        }
    }
    let minutes = minutes_by_subject(made);
    let of = |subject: &Subject| minutes.get(&subject.name).copied().unwrap_or(0);
    for one in &brief.subjects {
        for other in &brief.subjects {
            if one.priority >= other.priority && one.difficulty >= other.difficulty && one != other {
                let same = one.priority == other.priority && one.difficulty == other.difficulty;
                assert!(same || of(one) >= of(other), "{minutes:?}");
            }
        }
        let first = tasks(made).find(|task| task.subject == one.name);
        assert!(first.is_none_or(|task| task.kind == TaskKind::Study), "{first:?}");
        assert!(made.title.chars().count() <= 200);
    }
    let first = made.days[0].date;
    assert_eq!(made.phases.first().map(|phase| phase.from), Some(first));
    assert_eq!(made.phases.last().map(|phase| phase.to), Some(brief.exam_date.plus(-1)));
    assert!(made.phases.windows(2).all(|pair| pair[0].to.plus(1) == pair[1].from));
    assert!(made.phases.iter().all(|phase| phase.from <= phase.to));
}

fn difficulties() -> impl Strategy<Value = SubjectDifficulty> {
    prop::sample::select(vec![SubjectDifficulty::Easy, SubjectDifficulty::Moderate, SubjectDifficulty::Hard])
}

fn priorities() -> impl Strategy<Value = Priority> {
    prop::sample::select(vec![Priority::Low, Priority::Medium, Priority::High])
}

prop_compose! {
    fn weeks()(hours in prop::array::uniform7(prop::option::of(prop_oneof![Just(0.0), 0.0..24.0]))) -> Availability {
        let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = hours;
        Availability { monday, tuesday, wednesday, thursday, friday, saturday, sunday }
    }
}

prop_compose! {
    pub(super) fn briefs()(
        subjects in prop::collection::vec((difficulties(), priorities()), 1..=20),
        daily_study_hours in 0.5..16.0,
        days in prop_oneof![1_i64..10, 1_i64..120, 300_i64..900],
        availability in prop::option::of(weeks()),
    ) -> PlanBrief {
        let each = subjects.into_iter().enumerate();
        let subjects = each.map(|(number, (difficulty, priority))| {
            subject(&format!("Subject {number}"), difficulty, priority)
        });
        PlanBrief {
            subjects: subjects.collect(),
            daily_study_hours,
            exam_date: day(TODAY).plus(days),
            goals: None,
            availability,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_plan_is_sound(brief in briefs(), minutes_left in 0_u32..=1440) {
        let start = Start { today: day(TODAY), minutes_left };
        match plan(&brief, start, None) {
            Some(made) => {
                assert_sound(&brief, start, &made);
                prop_assert_eq!(plan(&brief, start, None), Some(made));
            }
            None => {
                let mut days = (0..brief.exam_date.since(start.today)).map(|days| start.today.plus(days));
                prop_assert!(days.all(|day| start.minutes_on(&brief, day) < TASK_MIN));
            }
        }
    }

    #[test]
    fn every_subject_occurs_where_there_are_as_many_sessions(brief in briefs()) {
        let Some(timetable) = timetable::lay_out(&brief, start()) else { return Ok(()) };
        let made = made(&brief);
        let room = timetable.sessions().count();
        prop_assert_eq!(minutes_by_subject(&made).len(), brief.subjects.len().min(room));
    }
}

pub(super) fn owned(brief: PlanBrief, made: Made) -> Plan {
    let generation =
        Generation { provider: Provider::Local, model: None, method: Method::Local, prompt_version: None };
    Plan {
        id: Id([1; 12]),
        user_id: Id([2; 12]),
        title: made.title,
        brief,
        generation,
        phases: made.phases,
        days: made.days,
        feed_token: String::new(),
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        rev: 0,
    }
}

#[test]
fn a_day_before_the_exam_is_used_for_the_essentials() {
    let made = made(&brief(3, 2.0, 1));
    assert_eq!(made.days.len(), 1);
    assert_eq!(minutes_by_subject(&made).len(), 3);
    assert_eq!(made.phases.len(), 1);
    assert!(kinds(&made).contains(&TaskKind::Study));
}

#[test]
fn twenty_subjects_with_half_an_hour_a_day_all_have_their_turn() {
    let made = made(&brief(20, 0.5, 21));
    assert_eq!(minutes_by_subject(&made).len(), 20);
    assert!(made.days.iter().all(|day| day.minutes() <= 30));
}

#[test]
fn an_exam_in_two_years_gives_a_bounded_plan_over_the_whole_time() {
    let brief = brief(4, 3.0, 730);
    let made = made(&brief);
    assert_eq!(made.days.len(), 366);
    assert!(made.days[0].date.since(day(TODAY)) < 7);
    assert_eq!(brief.exam_date.since(made.days[365].date), 1);
}

#[test]
fn the_longest_plan_with_the_longest_words_fits_into_a_document() {
    let long = |max: usize| "🦀".repeat(max);
    let mut asked = brief(3, 16.0, 1000);
    for (subject, number) in asked.subjects.iter_mut().zip(10..) {
        (subject.name, subject.topic) = (format!("{number}{}", long(98)), Some(long(200)));
    }
    asked.goals = Some(long(2000));
    asked.availability = Some(Availability { monday: Some(24.0), ..Availability::default() });
    let unit = |kind| Unit { kind, title: long(120), description: long(500), topic: Some(long(100)) };
    let kinds = [TaskKind::Study, TaskKind::Practice, TaskKind::Review, TaskKind::Mock];
    let units = vec![kinds.map(unit).to_vec(); 3];
    for curriculum in [None, Some(&Curriculum { title: None, units })] {
        let made = plan(&asked, start(), curriculum).unwrap();
        let size = serde_json::to_vec(&owned(asked.clone(), made)).unwrap().len();
        assert!((3 << 20..15 << 20).contains(&size), "{size}");
    }
}

#[test]
fn an_exam_ages_away_is_planned_for_its_last_years() {
    let mut brief = brief(2, 1.0, 1);
    brief.exam_date = day("9999-12-31");
    let made = made(&brief);
    assert!(made.days.len() <= 366 && brief.exam_date.since(made.days[0].date) <= 3 * 366);
}

#[test]
fn there_is_no_plan_where_no_day_has_time() {
    let mut none = brief(2, 2.0, 2);
    none.availability =
        Some(Availability { friday: Some(0.0), saturday: Some(0.1), ..Availability::default() });
    assert_eq!(plan(&none, start(), None), None);
    assert_eq!(plan(&brief(2, 2.0, 0), start(), None), None);
    assert_eq!(plan(&brief(2, 2.0, 1), Start { minutes_left: 5, ..start() }, None), None);
}

#[test]
fn a_month_is_studied_practised_revised_and_tested_with_a_day_off_each_week() {
    let made = made(&brief(4, 2.0, 30));
    assert_eq!(
        made.phases.iter().map(|phase| phase.name.as_str()).collect::<Vec<_>>(),
        ["Foundation", "Practice", "Revision"]
    );
    for kind in [TaskKind::Study, TaskKind::Practice, TaskKind::Review, TaskKind::Mock, TaskKind::Break] {
        assert!(kinds(&made).contains(&kind), "{kind:?}");
    }
    let sundays = made.days.iter().filter(|day| day.date.0.weekday() == jiff::civil::Weekday::Sunday);
    assert!(sundays.count() <= 1, "free, but for the last week");
    let last = made.days.last().unwrap();
    assert!(
        last.minutes() <= 60
            && last.tasks.iter().all(|task| task.kind == TaskKind::Review || !task.is_work())
    );
    // Each subject is revised more than once, at growing distances.
    for name in minutes_by_subject(&made).keys() {
        let of_subject =
            |day: &&PlanDay, kind| day.tasks.iter().any(|task| task.kind == kind && task.subject == *name);
        let reviews: Vec<_> =
            made.days.iter().filter(|day| of_subject(day, TaskKind::Review)).map(|day| day.date).collect();
        assert!(reviews.len() >= 3, "{name}: {reviews:?}");
    }
}

#[test]
fn what_matters_more_gets_more() {
    let mut asked = brief(3, 3.0, 40);
    asked.subjects = vec![
        subject("Low", SubjectDifficulty::Easy, Priority::Low),
        subject("High", SubjectDifficulty::Hard, Priority::High),
        subject("Middle", SubjectDifficulty::Moderate, Priority::Medium),
    ];
    let minutes = minutes_by_subject(&made(&asked));
    assert!(minutes["High"] > minutes["Middle"] && minutes["Middle"] > minutes["Low"], "{minutes:?}");
}

#[test]
fn subjects_alternate_within_a_day() {
    let made = made(&brief(3, 4.0, 20));
    for day in &made.days {
        let subjects: HashSet<_> =
            day.tasks.iter().map(|task| &task.subject).filter(|name| !name.is_empty()).collect();
        assert!(subjects.len() >= 2, "{day:#?}");
    }
}

#[test]
fn a_curriculum_brings_the_words_and_the_planner_the_time() {
    let asked = brief(2, 2.0, 30);
    let unit = |title: &str| Unit {
        kind: TaskKind::Study,
        title: title.into(),
        description: "How.".into(),
        topic: Some("Part".into()),
    };
    let curriculum = Curriculum {
        title: Some("Ready for both".into()),
        units: vec![vec![unit("Limits"), unit("Derivatives")], Vec::new()],
    };
    let plain = made(&asked);
    let worded = plan(&asked, start(), Some(&curriculum)).unwrap();
    assert_sound(&asked, start(), &worded);
    assert_eq!(worded.title, "Ready for both");
    let shape = |made: &Made| -> Vec<_> {
        tasks(made)
            .map(|task| (task.id.clone(), task.kind, task.estimated_duration, task.subject.clone()))
            .collect()
    };
    assert_eq!(shape(&plain), shape(&worded));
    let titles: Vec<&str> = tasks(&worded)
        .filter(|task| task.subject == "Subject 1" && task.kind == TaskKind::Study)
        .map(|task| task.title.as_str())
        .collect();
    assert!(
        titles[0].starts_with("Limits (1 of ") && titles.last().unwrap().starts_with("Derivatives ("),
        "{titles:?}"
    );
    assert!(tasks(&worded).any(|task| task.title.starts_with("Subject 2: ")));
}

#[test]
fn today_counts_for_as_long_as_it_lasts() {
    let berlin: Zone = "Europe/Berlin".parse().unwrap();
    let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
    let late = Start::at(at("2026-11-20T22:15:30Z"), &berlin);
    assert_eq!((late.today, late.minutes_left), (day("2026-11-20"), 44));
    let next = Start::at(at("2026-11-20T23:00:00Z"), &berlin);
    assert_eq!((next.today, next.minutes_left), (day("2026-11-21"), 1440));
}
