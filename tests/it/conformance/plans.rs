//! Study plans and the lists of them.

use serde_json::{Value, json};
use shared::{
    domain::{Day, Id, Plan, PlanDay, PlanTask, TaskChange, TaskKind, Timestamp},
    store::{PlanOnDay, PlanSummary},
};

use crate::{
    bench::{Bench, at_once, first, windows_of_seven},
    make,
};

on_every_store![
    a_plan_is_read_with_every_day_and_task_as_it_was_written,
    a_plan_without_its_optional_parts_is_read_as_it_was_written,
    an_unknown_plan_is_none,
    a_plan_that_is_there_already_stays_as_it_is,
    a_plan_is_found_by_the_token_of_its_feed,
    a_list_leaves_out_the_days_and_has_the_workload,
    every_window_of_a_list_shows_its_part_and_the_whole_length,
    of_two_writers_of_a_version_one_wins,
    concurrent_ticks_that_read_again_are_all_kept,
    a_saved_plan_is_listed_with_its_new_workload,
    a_plan_is_deleted_only_as_it_was_read,
    a_plan_is_active_up_to_the_day_of_its_exam,
    active_plans_come_by_exam_with_the_tasks_of_the_day,
];

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

async fn add(bench: &Bench, plan: Plan) -> Plan {
    bench.store.insert_plan(&plan).await.unwrap();
    plan
}

async fn a_plan(bench: &Bench) -> Plan {
    add(bench, make::plan(bench.id(), bench.id(), "2026-11-25", bench.now())).await
}

fn summary(plan: &Plan) -> PlanSummary {
    PlanSummary { plan: Plan { days: Vec::new(), ..plan.clone() }, workload: plan.workload() }
}

async fn a_plan_is_read_with_every_day_and_task_as_it_was_written(bench: &Bench) {
    let plan = a_plan(bench).await;
    assert_eq!(bench.store.plan(plan.id).await.unwrap(), Some(plan));
}

async fn a_plan_without_its_optional_parts_is_read_as_it_was_written(bench: &Bench) {
    let mut plan = make::plan(bench.id(), bench.id(), "2026-11-25", bench.now());
    plan.brief.goals = None;
    plan.brief.availability = None;
    plan.brief.subjects[0].topic = None;
    plan.generation.model = None;
    plan.phases.clear();
    plan.days.clear();
    let plan = add(bench, plan).await;
    assert_eq!(bench.store.plan(plan.id).await.unwrap(), Some(plan));
}

async fn an_unknown_plan_is_none(bench: &Bench) {
    assert_eq!(bench.store.plan(bench.id()).await.unwrap(), None);
    assert_eq!(bench.store.plan_by_feed("nobody's").await.unwrap(), None);
}

async fn a_plan_that_is_there_already_stays_as_it_is(bench: &Bench) {
    let plan = a_plan(bench).await;
    let second = Plan { title: "Second".into(), days: Vec::new(), ..plan.clone() };
    bench.store.insert_plan(&second).await.unwrap();
    assert_eq!(bench.store.plan(plan.id).await.unwrap(), Some(plan));
}

async fn a_plan_is_found_by_the_token_of_its_feed(bench: &Bench) {
    let mut plan = a_plan(bench).await;
    a_plan(bench).await;
    let old = plan.feed_token.clone();
    assert_eq!(bench.store.plan_by_feed(&old).await.unwrap(), Some(plan.clone()));
    plan.feed_token = "another".into();
    assert!(bench.store.save_plan(&mut plan).await.unwrap());
    assert_eq!(bench.store.plan_by_feed(&old).await.unwrap(), None);
    assert_eq!(bench.store.plan_by_feed("another").await.unwrap(), Some(plan));
}

async fn a_list_leaves_out_the_days_and_has_the_workload(bench: &Bench) {
    let plan = a_plan(bench).await;
    a_plan(bench).await;
    let listed = bench.store.plans(plan.user_id, &first(10)).await.unwrap();
    assert_eq!((listed.items, listed.total), (vec![summary(&plan)], 1));
}

async fn every_window_of_a_list_shows_its_part_and_the_whole_length(bench: &Bench) {
    let user = bench.id();
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(add(bench, make::plan(bench.id(), user, "2026-11-25", bench.now())).await.id);
    }
    for (window, places, more) in windows_of_seven(&ids[3].to_string()) {
        let listed = bench.store.plans(user, &window).await.unwrap();
        let shown: Vec<Id> = listed.items.iter().map(|item| item.plan.id).collect();
        let expected: Vec<Id> = places.iter().map(|place| ids[*place]).collect();
        assert_eq!((shown, listed.total, listed.more), (expected, 7, more), "{window:?}");
    }
}

async fn of_two_writers_of_a_version_one_wins(bench: &Bench) {
    let mut plan = a_plan(bench).await;
    let mut other = Plan { title: "Other".into(), ..plan.clone() };
    plan.title = "First".into();
    assert!(bench.store.save_plan(&mut plan).await.unwrap());
    assert!(!bench.store.save_plan(&mut other).await.unwrap());
    assert_eq!(bench.store.plan(plan.id).await.unwrap(), Some(plan.clone()));
    assert_eq!(plan.rev, 1);
}

async fn concurrent_ticks_that_read_again_are_all_kept(bench: &Bench) {
    let plan = a_plan(bench).await;
    let ids: Vec<String> = plan
        .days
        .iter()
        .flat_map(|day| &day.tasks)
        .filter(|task| task.is_open())
        .map(|task| task.id.clone())
        .collect();
    assert!(ids.len() >= 4);
    at_once(ids.len(), |number| {
        let (store, id, task) = (bench.store.clone(), plan.id, ids[number].clone());
        async move {
            let change = TaskChange { completed: Some(true), ..TaskChange::default() };
            loop {
                let mut plan = store.plan(id).await.unwrap().unwrap();
                assert!(plan.change_task(&task, &change, Timestamp(7)));
                if store.save_plan(&mut plan).await.unwrap() {
                    return;
                }
            }
        }
    })
    .await;
    let plan = bench.store.plan(plan.id).await.unwrap().unwrap();
    assert_eq!((plan.rev, plan.workload().open), (i64::try_from(ids.len()).unwrap(), Vec::new()));
}

async fn a_saved_plan_is_listed_with_its_new_workload(bench: &Bench) {
    let mut plan = a_plan(bench).await;
    plan.days.truncate(1);
    plan.brief.exam_date = day("2026-12-24");
    assert!(bench.store.save_plan(&mut plan).await.unwrap());
    let listed = bench.store.plans(plan.user_id, &first(10)).await.unwrap();
    assert_eq!(listed.items, [summary(&plan)]);
}

async fn a_plan_is_deleted_only_as_it_was_read(bench: &Bench) {
    let mut plan = a_plan(bench).await;
    assert!(bench.store.save_plan(&mut plan).await.unwrap());
    assert!(!bench.store.delete_plan(plan.id, 0).await.unwrap());
    assert!(bench.store.delete_plan(plan.id, 1).await.unwrap());
    assert!(!bench.store.delete_plan(plan.id, 1).await.unwrap());
    assert!(!bench.store.save_plan(&mut plan).await.unwrap());
    assert_eq!(bench.store.plan(plan.id).await.unwrap(), None);
    assert_eq!(bench.store.plan_by_feed(&plan.feed_token).await.unwrap(), None);
}

async fn a_plan_is_active_up_to_the_day_of_its_exam(bench: &Bench) {
    let user = bench.id();
    for exam in ["2026-11-24", "2026-11-25", "2026-11-26"] {
        add(bench, make::plan(bench.id(), user, exam, bench.now())).await;
    }
    a_plan(bench).await;
    for (today, active) in [("2026-11-20", 3), ("2026-11-24", 3), ("2026-11-25", 2), ("2026-11-27", 0)] {
        assert_eq!(bench.store.active_plans(user, day(today)).await.unwrap(), active, "{today}");
    }
}

async fn active_plans_come_by_exam_with_the_tasks_of_the_day(bench: &Bench) {
    let user = bench.id();
    let mut plans = Vec::new();
    for exam in ["2026-12-02", "2026-11-25", "2026-11-25", "2026-11-20"] {
        plans.push(add(bench, make::plan(bench.id(), user, exam, bench.now())).await);
    }
    let read = async |today: &str, limit| bench.store.plans_today(user, day(today), limit).await.unwrap();
    let expected = |order: &[usize], today: &str| -> Vec<PlanOnDay> {
        let tasks = |plan: &Plan| -> Vec<PlanTask> {
            let on_day = plan.days.iter().filter(|on| on.date == day(today));
            on_day.flat_map(|day: &PlanDay| day.tasks.clone()).collect()
        };
        let read =
            |place: &usize| PlanOnDay { summary: summary(&plans[*place]), tasks: tasks(&plans[*place]) };
        order.iter().map(read).collect()
    };
    let today = read("2026-11-21", 10).await;
    assert_eq!(today, expected(&[1, 2, 0], "2026-11-21"));
    assert!(today[0].tasks.iter().any(|task| task.kind == TaskKind::Break));
    assert_eq!(read("2026-11-21", 2).await, expected(&[1, 2], "2026-11-21"));
    assert_eq!(read("2026-11-22", 10).await, expected(&[1, 2, 0], "2026-11-22"));
    assert_eq!(read("2026-12-03", 10).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_stores_answer_alike() {
    let (user, start) = (Id([9; 12]), Timestamp(1_790_000_000_007));
    let mut tales = Vec::new();
    for bench in [Bench::sqlite().await, Bench::mongo().await] {
        let mut told: Vec<Value> = Vec::new();
        for number in 0..4_u8 {
            let exam = ["2026-12-02", "2026-11-25", "2026-11-25", "2026-11-20"][usize::from(number)];
            let mut plan = make::plan(Id([number; 12]), user, exam, start);
            bench.store.insert_plan(&plan).await.unwrap();
            plan.change_task("t\0.$2", &TaskChange { completed: Some(true), ..TaskChange::default() }, start);
            told.push(json!([bench.store.save_plan(&mut plan).await.unwrap(), plan]));
            told.push(json!(bench.store.plan(plan.id).await.unwrap()));
        }
        for item in bench.store.plans(user, &first(9)).await.unwrap().items {
            told.push(json!([item.plan, item.workload]));
        }
        for item in bench.store.plans_today(user, day("2026-11-21"), 9).await.unwrap() {
            told.push(json!([item.summary.plan, item.summary.workload, item.tasks]));
        }
        tales.push(told);
    }
    assert_eq!(tales[0], tales[1]);
    assert_eq!(tales[0].len(), 15);
}
