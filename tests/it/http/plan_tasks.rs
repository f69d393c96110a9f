//! Study plans: tracking task by task.

use serde_json::{Value, json};
use shared::domain::Plan;

use crate::mix::Mix;
use crate::plan_support::*;
use crate::support::*;

on_each_mix!(
    a_ticked_task_moves_the_progress,
    ticks_at_the_same_time_are_all_kept,
    a_task_is_moved_and_rewritten,
    a_change_of_a_task_is_checked,
    a_plan_does_not_outgrow_its_document,
);

async fn a_ticked_task_moves_the_progress(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let task = work(&made)[0];
    let ticked = tick(&learner, &made, task).await;
    assert_eq!(
        (&ticked["id"], &ticked["completed"], &ticked["date"]),
        (&task["id"], &json!(true), &made["days"][0]["date"])
    );
    assert_instant(&ticked["completedAt"]);
    let progress = &ticked["progress"];
    assert_eq!((&progress["tasksDone"], &progress["minutesDone"]), (&json!(1), &task["estimatedDuration"]));
    let percent = minutes([task]) as f64 / minutes(work(&made)) as f64 * 100.0;
    assert!((progress["percent"].as_f64().unwrap() - percent).abs() < 0.06, "{progress}");
    assert_eq!(learner.get(&place(&made)).await.expect(200).json["progress"], *progress);
    let path = format!("{}/tasks/{}", place(&made), text(&task["id"]));
    let undone = learner.patch(&path, &json!({ "completed": false })).await.expect(200).json;
    assert_eq!((&undone["progress"]["tasksDone"], undone.get("completedAt")), (&json!(0), None));
    // What is not done by tomorrow is missed.
    age(mix, &made, 1).await;
    let late = learner.get(&place(&made)).await.expect(200).json;
    let due = minutes(items(&late["days"][0]["tasks"]).iter().filter(|task| task["type"] != "break"));
    assert_eq!(
        (&late["progress"]["behindMinutes"], &late["progress"]["onTrack"]),
        (&json!(due), &json!(false))
    );
}

async fn ticks_at_the_same_time_are_all_kept(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 20)).await;
    let some: Vec<&Value> = work(&made).into_iter().take(16).collect();
    futures::future::join_all(some.iter().map(|task| tick(&learner, &made, task))).await;
    let read = learner.get(&place(&made)).await.expect(200).json;
    assert_eq!(read["progress"]["tasksDone"], 16);
}

async fn a_task_is_moved_and_rewritten(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let task = work(&made)[0];
    let path = format!("{}/tasks/{}", place(&made), text(&task["id"]));
    let change = json!({
        "date": today.plus(3).to_string(), "title": "Integrals by parts", "description": "", "topic": "Integrals",
        "estimatedDuration": 35, "priority": "medium", "type": "practice", "subject": "Maths",
    });
    let reply = learner.patch(&path, &change).await.expect(200);
    for (name, value) in change.as_object().unwrap() {
        assert_eq!(reply.json[name], *value, "{name}");
    }
    let read = learner.get(&place(&made)).await.expect(200);
    assert_eq!(read.header("etag"), reply.header("etag"));
    let on: Vec<_> = items(&read.json["days"])
        .iter()
        .filter(|on| items(&on["tasks"]).iter().any(|other| other["id"] == task["id"]))
        .map(|on| day(&on["date"]))
        .collect();
    assert_eq!(on, [today.plus(3)]);
    assert_eq!(work(&read.json).len(), work(&made).len());
}

async fn a_change_of_a_task_is_checked(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let path = format!("{}/tasks/{}", place(&made), text(&work(&made)[0]["id"]));
    for (change, field) in [
        (json!({ "title": " " }), "title"),
        (json!({ "estimatedDuration": 0 }), "estimatedDuration"),
        (json!({ "estimatedDuration": 1441 }), "estimatedDuration"),
        (json!({ "priority": "urgent" }), "priority"),
        (json!({ "completed": "yes" }), "completed"),
        (json!({ "date": "tomorrow" }), "date"),
        (json!({ "date": made["examDate"] }), "date"),
        (json!({ "date": today.plus(-2).to_string() }), "date"),
    ] {
        assert_fields(&learner.patch(&path, &change).await, &[field]);
    }
    let none = format!("{}/tasks/nothing", place(&made));
    assert_problem(&learner.patch(&none, &json!({})).await, 404, "task.not_found");
    assert_eq!(learner.get(&place(&made)).await.expect(200).json, made);
    // Nothing to change is no change.
    learner.patch(&path, &json!({ "unknown": 1 })).await.expect(200);
    assert_eq!(learner.get(&place(&made)).await.expect(200).json, made);
}

async fn a_plan_does_not_outgrow_its_document(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let store = mix.store().await;
    let mut stored: Plan = store.plan(text(&made["id"]).parse().unwrap()).await.unwrap().unwrap();
    stored.days[0].tasks[0].description = "x".repeat(14 << 20);
    assert!(store.save_plan(&mut stored).await.unwrap());
    let path = |at: usize| format!("{}/tasks/{}", place(&made), text(&work(&made)[at]["id"]));
    let longer = json!({ "description": "y".repeat(2000) });
    assert_problem(&learner.patch(&path(1), &longer).await, 409, "plan.too_large");
    learner.patch(&path(1), &json!({ "completed": true })).await.expect(200);
    // What makes it smaller is welcome.
    learner.patch(&path(0), &longer).await.expect(200);
    learner.patch(&path(1), &longer).await.expect(200);
}
