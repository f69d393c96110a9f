use super::*;
use crate::domain::{Method, Provider};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn task(id: &str, kind: TaskKind, minutes: u32, completed: bool) -> PlanTask {
    PlanTask {
        id: id.into(),
        title: format!("Task {id}"),
        description: String::new(),
        subject: "Maths".into(),
        topic: None,
        estimated_duration: minutes,
        priority: Priority::Medium,
        kind,
        completed,
        completed_at: completed.then_some(Timestamp(5)),
    }
}

/// Three days of November 2026 before an exam on the 25th, an hour and a half each.
fn plan() -> Plan {
    let days = [
        ("2026-11-20", vec![task("a", TaskKind::Study, 50, true), task("b", TaskKind::Study, 30, false)]),
        (
            "2026-11-21",
            vec![
                task("c", TaskKind::Practice, 50, false),
                task("d", TaskKind::Break, 10, false),
                task("e", TaskKind::Review, 30, false),
            ],
        ),
        ("2026-11-23", vec![task("f", TaskKind::Mock, 50, false)]),
    ];
    Plan {
        id: Id([1; 12]),
        user_id: Id([2; 12]),
        title: "Finals".into(),
        brief: PlanBrief {
            subjects: vec![Subject {
                name: "Maths".into(),
                topic: None,
                difficulty: SubjectDifficulty::Hard,
                priority: Priority::High,
            }],
            daily_study_hours: 1.5,
            exam_date: day("2026-11-25"),
            goals: None,
            availability: None,
        },
        generation: Generation {
            provider: Provider::Local,
            model: None,
            method: Method::Local,
            prompt_version: None,
        },
        phases: Vec::new(),
        days: days.map(|(date, tasks)| PlanDay { date: day(date), tasks }).into(),
        feed_token: "token".into(),
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        rev: 0,
    }
}

#[test]
fn progress_counts_minutes_of_work_and_what_was_missed_before_today() {
    let load = plan().workload();
    let on = |date: &str| load.progress(day(date));
    let first = on("2026-11-20");
    assert_eq!((first.tasks_done, first.tasks_total), (1, 5));
    assert_eq!((first.minutes_done, first.minutes_total, first.percent), (50, 210, 23.8));
    assert_eq!((first.behind_minutes, first.on_track), (0, true));
    assert_eq!((on("2026-11-21").behind_minutes, on("2026-11-22").behind_minutes), (30, 110));
    assert!(!on("2026-11-21").on_track);
    assert_eq!((load.due_on(day("2026-11-20")), load.due_on(day("2026-11-21"))), (1, 2));
    assert_eq!(load.due_on(day("2026-11-22")), 0);
}

#[test]
fn a_plan_is_done_when_nothing_is_left() {
    let load = |done| Workload { minutes_done: done, minutes_total: 10_000, ..Workload::default() };
    let percent = |done| load(done).progress(day("2026-11-20")).percent;
    assert_eq!([percent(9_999), percent(10_000)], [99.9, 100.0]);
}

#[test]
fn a_plan_without_tasks_is_at_the_beginning_and_on_track() {
    let progress = Workload::default().progress(day("2026-11-20"));
    assert_eq!((progress.percent, progress.on_track, progress.tasks_total), (0.0, true, 0));
}

#[test]
fn a_ticked_task_keeps_the_time_of_its_first_tick() {
    let mut plan = plan();
    let tick = |completed| TaskChange { completed: Some(completed), ..TaskChange::default() };
    assert!(plan.change_task("b", &tick(true), Timestamp(7)));
    assert!(plan.change_task("b", &tick(true), Timestamp(9)));
    assert_eq!(plan.task("b").unwrap().1.completed_at, Some(Timestamp(7)));
    assert!(plan.change_task("b", &tick(false), Timestamp(9)));
    assert_eq!(plan.task("b").unwrap().1.completed_at, None);
    assert!(!plan.change_task("x", &tick(true), Timestamp(9)));
}

#[test]
fn a_moved_task_ends_its_new_day_and_leaves_no_idle_day_behind() {
    let mut plan = plan();
    let to = |date: &str| TaskChange { date: Some(day(date)), ..TaskChange::default() };
    for id in ["c", "e"] {
        assert!(plan.change_task(id, &to("2026-11-22"), Timestamp(7)));
    }
    assert!(plan.change_task("a", &to("2026-11-20"), Timestamp(7)));
    let days: Vec<_> = plan
        .days
        .iter()
        .map(|day| (day.date.to_string(), day.tasks.iter().map(|task| task.id.as_str()).collect::<String>()))
        .collect();
    let expected = [("2026-11-20", "ab"), ("2026-11-22", "ce"), ("2026-11-23", "f")];
    assert_eq!(days, expected.map(|(date, ids)| (date.to_owned(), ids.to_owned())));
}

#[test]
fn a_change_leaves_alone_what_it_does_not_name() {
    let mut plan = plan();
    let change = TaskChange {
        title: Some("Integrals".into()),
        topic: Some("Calculus".into()),
        estimated_duration: Some(45),
        ..TaskChange::default()
    };
    assert!(plan.change_task("c", &change, Timestamp(7)));
    let expected = PlanTask {
        title: "Integrals".into(),
        topic: Some("Calculus".into()),
        estimated_duration: 45,
        ..task("c", TaskKind::Practice, 50, false)
    };
    assert_eq!(plan.task("c"), Some((day("2026-11-21"), &expected)));
    plan.change_task("c", &TaskChange { topic: Some(String::new()), ..TaskChange::default() }, Timestamp(7));
    assert_eq!(plan.task("c").unwrap().1.topic, None);
}

#[test]
fn a_reschedule_has_something_to_do_after_a_miss_past_the_exam_and_on_a_full_day() {
    let mut settled = plan();
    assert!(!settled.is_unsettled(day("2026-11-20")));
    assert!(settled.is_unsettled(day("2026-11-21")));
    settled.brief.exam_date = day("2026-11-23");
    assert!(settled.is_unsettled(day("2026-11-20")));
    settled.brief.exam_date = day("2026-11-25");
    settled.brief.availability = Some(Availability { saturday: Some(1.0), ..Availability::default() });
    assert!(settled.is_unsettled(day("2026-11-20")));
}

#[test]
fn hours_of_a_weekday_go_before_the_daily_ones() {
    let mut brief = plan().brief;
    brief.availability =
        Some(Availability { saturday: Some(4.25), sunday: Some(0.0), ..Availability::default() });
    let minutes = |date: &str| brief.minutes_on(day(date));
    assert_eq!((minutes("2026-11-20"), minutes("2026-11-21"), minutes("2026-11-22")), (90, 255, 0));
}
