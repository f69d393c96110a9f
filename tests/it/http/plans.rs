//! Study plans: making, tracking, rescheduling.

use std::collections::BTreeSet;

use harness::Client;
use reqwest::Method;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::domain::{Day, Plan, Zone};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    who_waits_gets_the_plan,
    a_plan_keeps_to_the_hours_of_its_days_and_ends_before_the_exam,
    an_exam_tomorrow_is_planned_for_today,
    a_plan_without_time_is_the_requests_fault,
    what_cannot_be_planned_is_refused_with_its_fields,
    an_instant_names_the_day_it_falls_on,
    lists_leave_out_the_days_and_show_progress,
    a_ticked_task_moves_the_progress,
    ticks_at_the_same_time_are_all_kept,
    a_task_is_moved_and_rewritten,
    a_change_of_a_task_is_checked,
    a_plan_does_not_outgrow_its_document,
    a_plan_is_changed_field_by_field,
    the_days_of_a_plan_are_replaced,
    versions_protect_a_plan,
    a_deleted_plan_is_gone,
    somebody_elses_plan_does_not_exist,
    what_was_missed_is_rescheduled,
    a_reschedule_loses_no_ticks_made_meanwhile,
    what_no_longer_fits_is_told,
    there_is_nothing_to_reschedule_on_track_and_after_the_exam,
);

/// A zone in which it is before noon, so that a day's hours fit into what is left of today and no test meets midnight;
/// and its today.
pub fn morning() -> (String, Day) {
    let now = Clock::System.now();
    let hours = (0..12).map(|hours| format!("Etc/GMT+{hours}"));
    let east = (1..13).map(|hours| format!("Etc/GMT-{hours}"));
    let mut zones = hours.chain(east).map(|name| name.parse::<Zone>().unwrap());
    let zone = zones.find(|zone| (1..8).contains(&zone.hour(now))).expect("morning somewhere");
    (zone.name().to_owned(), zone.day(now))
}

/// A learner whose mornings these are, and their today.
pub async fn early_learner(mix: Mix) -> (Client, Day) {
    let (zone, today) = morning();
    let learner = mix.learner().await;
    learner.put("/users/me", &json!({ "preferences": { "timeZone": zone } })).await.expect(200);
    (learner, today)
}

/// A request for a plan up to an exam so many days from today.
pub fn plan_ask(today: Day, days: i64) -> Value {
    json!({
        "subjects": [
            { "name": "Mathematics", "topic": "Calculus", "difficulty": "hard", "priority": "high" },
            { "name": "Biology", "difficulty": "moderate", "priority": "medium" },
            { "name": "History", "difficulty": "easy", "priority": "low" },
        ],
        "dailyStudyHours": 2,
        "examDate": today.plus(days).to_string(),
        "goals": "Pass with a good mark; understand integrals.",
    })
}

/// A plan that is ready.
pub async fn plan(learner: &Client, ask: &Value) -> Value {
    post_and_wait(learner, "/planner/generate", ask).await.expect(201).json
}

fn place(plan: &Value) -> String {
    format!("/planner/plans/{}", text(&plan["id"]))
}

fn tasks(plan: &Value) -> Vec<&Value> {
    items(&plan["days"]).iter().flat_map(|day| items(&day["tasks"])).collect()
}

fn work(plan: &Value) -> Vec<&Value> {
    tasks(plan).into_iter().filter(|task| task["type"] != "break").collect()
}

fn minutes<'a>(tasks: impl IntoIterator<Item = &'a Value>) -> u64 {
    tasks.into_iter().map(|task| task["estimatedDuration"].as_u64().unwrap()).sum()
}

fn day(value: &Value) -> Day {
    text(value).parse().unwrap()
}

async fn tick(learner: &Client, plan: &Value, task: &Value) -> Value {
    let path = format!("{}/tasks/{}", place(plan), text(&task["id"]));
    learner.patch(&path, &json!({ "completed": true })).await.expect(200).json
}

/// Moves a plan's tasks and exam so many days into the past, as time would.
async fn age(mix: Mix, plan: &Value, days: i64) -> Value {
    let store = mix.store().await;
    let mut stored: Plan = store.plan(text(&plan["id"]).parse().unwrap()).await.unwrap().unwrap();
    for day in &mut stored.days {
        day.date = day.date.plus(-days);
    }
    stored.brief.exam_date = stored.brief.exam_date.plus(-days);
    assert!(store.save_plan(&mut stored).await.unwrap());
    plan["id"].clone()
}

async fn who_waits_gets_the_plan(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let reply = post_and_wait(&learner, "/planner/generate", &plan_ask(today, 30)).await.expect(201);
    let plan = &reply.json;
    assert_eq!(reply.header("location"), place(plan));
    assert_eq!(plan["id"], plan["_id"]);
    assert_eq!(plan["examDate"], json!(today.plus(30).to_string()));
    assert_eq!(plan["generation"], json!({ "provider": "local", "method": "local" }));
    let phases: Vec<_> = items(&plan["phases"]).iter().map(|phase| text(&phase["name"])).collect();
    assert_eq!(phases, ["Foundation", "Practice", "Revision"]);
    assert_eq!(plan["progress"]["minutesTotal"], json!(minutes(work(plan))));
    assert_eq!((&plan["progress"]["percent"], &plan["progress"]["onTrack"]), (&json!(0.0), &json!(true)));
    assert_instant(&plan["createdAt"]);
    let read = learner.get(&place(plan)).await.expect(200);
    assert_eq!(read.json, *plan);
    assert!(!read.header("etag").is_empty());
    let jobs = learner.get("/jobs?kind=plan.generate").await.expect(200).json;
    let result = json!({ "type": "plan", "id": plan["id"], "url": place(plan) });
    assert_eq!(
        (&jobs[0]["status"], &jobs[0]["result"], &jobs[0]["notices"]),
        (&json!("succeeded"), &result, &json!([]))
    );
}

async fn a_plan_keeps_to_the_hours_of_its_days_and_ends_before_the_exam(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let mut ask = plan_ask(today, 20);
    ask["availability"] = json!({ "saturday": 4.5, "sunday": 0, "wednesday": 0.75 });
    let plan = plan(&learner, &ask).await;
    assert_eq!(plan["availability"], json!({ "saturday": 4.5, "sunday": 0.0, "wednesday": 0.75 }));
    let mut ids = BTreeSet::new();
    for on in items(&plan["days"]) {
        let date = day(&on["date"]);
        assert!((today..today.plus(20)).contains(&date), "{date}");
        let hours = match date.0.weekday().to_monday_zero_offset() {
            5 => 270,
            6 => 0,
            2 => 45,
            _ => 120,
        };
        assert!(minutes(items(&on["tasks"])) <= hours, "{on:#}");
        for task in items(&on["tasks"]) {
            assert!(ids.insert(text(&task["id"]).to_owned()));
            assert!(
                task["description"].is_string()
                    && task["completed"] == false
                    && task.get("completedAt").is_none()
            );
        }
    }
    let of = |name: &str| minutes(work(&plan).into_iter().filter(|task| task["subject"] == name));
    assert!(of("Mathematics") > of("Biology") && of("Biology") > of("History") && of("History") > 0);
    let kinds: BTreeSet<_> = tasks(&plan).iter().map(|task| text(&task["type"])).collect();
    assert_eq!(kinds, BTreeSet::from(["study", "practice", "review", "mock", "break"]));
}

async fn an_exam_tomorrow_is_planned_for_today(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let plan = plan(&learner, &plan_ask(today, 1)).await;
    assert_eq!(items(&plan["days"]).len(), 1);
    assert_eq!(day(&plan["days"][0]["date"]), today);
    let subjects: BTreeSet<_> = work(&plan).iter().map(|task| text(&task["subject"])).collect();
    assert_eq!(subjects.len(), 3);
}

async fn a_plan_without_time_is_the_requests_fault(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let mut ask = plan_ask(today, 1);
    let weekday = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let weekday = weekday[usize::try_from(today.0.weekday().to_monday_zero_offset()).unwrap()];
    ask["availability"] = json!({ weekday: 0 });
    assert_problem(&post_and_wait(&learner, "/planner/generate", &ask).await, 422, "plan.no_time");
    assert_eq!(learner.get("/planner/plans").await.expect(200).json, json!([]));
}

async fn what_cannot_be_planned_is_refused_with_its_fields(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let good = plan_ask(today, 9);
    let with = |name: &str, value: Value| {
        let mut ask = good.clone();
        ask[name] = value;
        ask
    };
    let subject = |name: &str| json!({ "name": name, "difficulty": "easy", "priority": "low" });
    let week = |hours: f64| json!({ "monday": hours, "tuesday": hours, "wednesday": hours, "thursday": hours, "friday": hours, "saturday": hours, "sunday": hours });
    let many: Vec<Value> = (0..21).map(|number| subject(&number.to_string())).collect();
    for (ask, fields) in [
        (with("subjects", json!([])), vec!["subjects"]),
        (with("subjects", json!(many)), vec!["subjects"]),
        (with("subjects", json!([subject("Art"), subject(" art ")])), vec!["subjects"]),
        (with("subjects", json!([subject("  ")])), vec!["subjects[0].name"]),
        (with("subjects", json!([subject(&"x".repeat(101))])), vec!["subjects[0].name"]),
        (with("dailyStudyHours", json!(0.4)), vec!["dailyStudyHours"]),
        (with("dailyStudyHours", json!(16.5)), vec!["dailyStudyHours"]),
        (with("goals", json!("x".repeat(2001))), vec!["goals"]),
        (with("availability", week(0.0)), vec!["availability"]),
        (with("availability", json!({ "monday": 25 })), vec!["availability"]),
        (with("availability", json!({ "monday": -1 })), vec!["availability"]),
        (with("examDate", json!(today.to_string())), vec!["examDate"]),
        (with("examDate", json!(today.plus(-1).to_string())), vec!["examDate"]),
        (with("examDate", json!("2026-02-30")), vec!["examDate"]),
        (with("examDate", json!("soon")), vec!["examDate"]),
    ] {
        assert_fields(&learner.post("/planner/generate", &ask).await, &fields);
    }
    for (name, value) in
        [("difficulty", json!("medium")), ("priority", json!("urgent")), ("name", Value::Null)]
    {
        let mut ask = good.clone();
        ask["subjects"][0][name] = value;
        assert_problem(&learner.post("/planner/generate", &ask).await, 400, "validation.failed");
    }
    let reply = learner.post("/planner/generate?tz=Mars/Olympus", &good).await;
    assert_fields(&reply, &["tz"]);
    assert_eq!(learner.get("/jobs").await.expect(200).json, json!([]));
}

async fn an_instant_names_the_day_it_falls_on(mix: Mix) {
    let (learner, _) = early_learner(mix).await;
    let mut ask = plan_ask("2026-01-01".parse().unwrap(), 1);
    ask["examDate"] = json!("2101-06-30T20:30:00.000Z");
    let reply = learner.send(
        learner
            .request(Method::POST, "/planner/generate?tz=Asia/Tokyo")
            .header("Prefer", "wait=100")
            .json(&ask),
    );
    assert_eq!(reply.await.expect(201).json["examDate"], "2101-07-01");
}

async fn lists_leave_out_the_days_and_show_progress(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let first = plan(&learner, &plan_ask(today, 9)).await;
    let second = plan(&learner, &plan_ask(today, 12)).await;
    tick(&learner, &first, work(&first)[0]).await;
    let reply = learner.get("/planner/plans?limit=1").await.expect(200);
    assert_eq!((reply.header("x-total-count"), items(&reply.json).len()), ("2", 1));
    let link = reply.header("link");
    let next = &link[1..link.find('>').unwrap()];
    let rest = learner.get(next).await.expect(200);
    for (listed, made) in [(&reply.json[0], &second), (&rest.json[0], &first)] {
        let mut whole = learner.get(&place(made)).await.expect(200).json;
        whole.as_object_mut().unwrap().remove("days");
        assert_eq!(*listed, whole);
    }
    assert_eq!(rest.json[0]["progress"]["tasksDone"], 1);
}

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
    let path = |place: usize| format!("{}/tasks/{}", self::place(&made), text(&work(&made)[place]["id"]));
    let longer = json!({ "description": "y".repeat(2000) });
    assert_problem(&learner.patch(&path(1), &longer).await, 409, "plan.too_large");
    learner.patch(&path(1), &json!({ "completed": true })).await.expect(200);
    // What makes it smaller is welcome.
    learner.patch(&path(0), &longer).await.expect(200);
    learner.patch(&path(1), &longer).await.expect(200);
}

async fn a_plan_is_changed_field_by_field(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let change = json!({
        "title": "Finals", "dailyStudyHours": 3.5, "examDate": today.plus(15).to_string(), "goals": "",
        "availability": { "monday": 1.0 },
        "phases": [{ "name": "All of it", "from": today.to_string(), "to": today.plus(14).to_string() }],
        "subjects": [{ "name": "Art", "difficulty": "easy", "priority": "high" }],
    });
    let reply = learner.put(&place(&made), &change).await.expect(200);
    for (name, value) in change.as_object().unwrap() {
        match name.as_str() {
            "goals" => assert_eq!(reply.json.get("goals"), None),
            _ => assert_eq!(reply.json[name], *value, "{name}"),
        }
    }
    assert_eq!(reply.json["days"], made["days"]);
    let read = learner.get(&place(&made)).await.expect(200);
    assert_eq!((&read.json, read.header("etag")), (&reply.json, reply.header("etag")));
    for (change, field) in [
        (json!({ "title": "" }), "title"),
        (json!({ "examDate": today.to_string() }), "examDate"),
        (json!({ "dailyStudyHours": 17 }), "dailyStudyHours"),
        (json!({ "subjects": [] }), "subjects"),
        (json!({ "phases": [{ "name": "x", "from": "2026-11-22", "to": "2026-11-21" }] }), "phases[0].to"),
        (
            json!({ "days": [{ "date": "2026-11-22", "tasks": [] }, { "date": "2026-11-22", "tasks": [] }] }),
            "days[1].date",
        ),
        (json!({ "days": [{ "date": "2026-11-22", "tasks": [{ "id": "nobody's" }] }] }), "days"),
        (json!({ "days": [{ "date": "2026-11-22", "tasks": [{}] }] }), "days"),
    ] {
        assert_fields(&learner.put(&place(&made), &change).await, &[field]);
    }
    assert_eq!(learner.get(&place(&made)).await.expect(200).json, read.json);
}

async fn the_days_of_a_plan_are_replaced(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let kept = work(&made)[0];
    tick(&learner, &made, kept).await;
    let days = json!([
        { "date": today.plus(2).to_string(), "tasks": [{ "title": "New", "subject": "Art" }, { "id": kept["id"] }] },
        { "date": today.plus(1).to_string(), "tasks": [{ "title": "First", "estimatedDuration": 20, "completed": true }] },
        { "date": today.plus(3).to_string(), "tasks": [] },
    ]);
    let changed = learner.put(&place(&made), &json!({ "days": days })).await.expect(200).json;
    let titles: Vec<_> = tasks(&changed).iter().map(|task| text(&task["title"])).collect();
    assert_eq!(titles, ["First", "New", text(&kept["title"])]);
    assert_eq!(items(&changed["days"]).len(), 2);
    assert_eq!((&tasks(&changed)[2]["completed"], &tasks(&changed)[2]["id"]), (&json!(true), &kept["id"]));
    assert_instant(&tasks(&changed)[0]["completedAt"]);
    let ids: BTreeSet<_> = tasks(&changed).iter().map(|task| text(&task["id"])).collect();
    assert_eq!(ids.len(), 3);
    // Sent back as it was read, it stays as it is.
    let again = learner.put(&place(&made), &changed).await.expect(200).json;
    assert_eq!(again, changed);
}

async fn versions_protect_a_plan(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let old = learner.get(&place(&made)).await.expect(200).header("etag").to_owned();
    let known = learner.request(Method::GET, &place(&made)).header("If-None-Match", &old);
    learner.send(known).await.expect(304);
    tick(&learner, &made, work(&made)[0]).await;
    let task = format!("{}/tasks/{}", place(&made), text(&work(&made)[1]["id"]));
    let feed = format!("{}/feed", place(&made));
    let guarded = async |method: Method, path: &str, tag: &str| {
        learner.send(learner.request(method, path).header("If-Match", tag).json(&json!({}))).await
    };
    for (method, path) in [
        (Method::PUT, &place(&made)),
        (Method::PATCH, &task),
        (Method::POST, &feed),
        (Method::DELETE, &place(&made)),
    ] {
        assert_problem(&guarded(method.clone(), path, &old).await, 412, "precondition.failed");
        let new = learner.get(&place(&made)).await.expect(200).header("etag").to_owned();
        guarded(method, path, &new).await.expect(200);
    }
}

async fn a_deleted_plan_is_gone(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let gone = learner.delete(&place(&made)).await.expect(200).json;
    assert_eq!(gone, json!({ "message": "Plan deleted successfully" }));
    for path in [place(&made), format!("{}/calendar.ics", place(&made))] {
        assert_problem(&learner.get(&path).await, 404, "plan.not_found");
    }
    assert_problem(&learner.delete(&place(&made)).await, 404, "plan.not_found");
    assert_problem(&learner.put(&place(&made), &json!({})).await, 404, "plan.not_found");
    assert_problem(&learner.get("/planner/plans/x").await, 400, "id.invalid");
    assert_eq!(learner.get("/planner/plans").await.expect(200).json, json!([]));
}

async fn somebody_elses_plan_does_not_exist(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let other = mix.learner().await;
    let task = format!("{}/tasks/{}", place(&made), text(&work(&made)[0]["id"]));
    for reply in [
        other.get(&place(&made)).await,
        other.put(&place(&made), &json!({ "title": "Mine" })).await,
        other.patch(&task, &json!({ "completed": true })).await,
        other.post(&format!("{}/reschedule", place(&made)), &json!({})).await,
        other.post(&format!("{}/feed", place(&made)), &json!({})).await,
        other.get(&format!("{}/calendar.ics", place(&made))).await,
        other.delete(&place(&made)).await,
    ] {
        assert_problem(&reply, 404, "plan.not_found");
    }
    assert_eq!(learner.get(&place(&made)).await.expect(200).json, made);
}

async fn what_was_missed_is_rescheduled(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 30)).await;
    let done = work(&made)[0].clone();
    tick(&learner, &made, &done).await;
    age(mix, &made, 2).await;
    let before = learner.get(&place(&made)).await.expect(200).json;
    let behind = before["progress"]["behindMinutes"].as_u64().unwrap();
    assert!(behind > 0);
    let reply =
        post_and_wait(&learner, &format!("{}/reschedule", place(&made)), &json!({})).await.expect(201);
    assert_eq!(reply.header("location"), place(&made));
    let after = &reply.json;
    assert_eq!(
        (&after["progress"]["behindMinutes"], &after["progress"]["onTrack"]),
        (&json!(0), &json!(true))
    );
    assert_eq!(after["progress"]["minutesTotal"], before["progress"]["minutesTotal"]);
    let first = &after["days"][0];
    assert_eq!((&first["tasks"][0]["id"], &first["date"]), (&done["id"], &before["days"][0]["date"]));
    for on in items(&after["days"]) {
        assert!(day(&on["date"]) < day(&after["examDate"]) && minutes(items(&on["tasks"])) <= 120, "{on:#}");
    }
    let job = learner.get("/jobs?kind=plan.reschedule").await.expect(200).json;
    assert_eq!((&job[0]["result"]["id"], &job[0]["notices"]), (&made["id"], &json!([])));
    let again = learner.post(&format!("{}/reschedule", place(&made)), &json!({})).await;
    assert_problem(&again, 409, "plan.on_track");
}

async fn a_reschedule_loses_no_ticks_made_meanwhile(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 40)).await;
    age(mix, &made, 3).await;
    // All of them are among what is moved.
    let some: Vec<&Value> = work(&made).into_iter().take(5).collect();
    let path = format!("{}/reschedule", place(&made));
    let ticks = futures::future::join_all(some.iter().map(|task| tick(&learner, &made, task)));
    let nothing = json!({});
    let (job, _) = futures::join!(learner.post(&path, &nothing), ticks);
    let job = learner.wait_job(job.expect(202).id()).await;
    assert_eq!(job["status"], "succeeded", "{job:#}");
    let after = learner.get(&place(&made)).await.expect(200).json;
    assert_eq!(after["progress"]["tasksDone"], 5);
    assert_eq!(after["progress"]["onTrack"], true);
    let ids =
        |plan: &Value| work(plan).iter().map(|task| text(&task["id"]).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(ids(&after), ids(&made));
}

async fn what_no_longer_fits_is_told(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 6)).await;
    age(mix, &made, 4).await;
    let path = format!("{}/reschedule", place(&made));
    let job = learner.post(&path, &json!({})).await.expect(202);
    let job = learner.wait_job(job.id()).await;
    assert_eq!((&job["status"], items(&job["notices"]).len()), (&json!("succeeded"), 1), "{job:#}");
    let after = learner.get(&place(&made)).await.expect(200).json;
    let lost = work(&made).len() - work(&after).len();
    assert!(lost > 0);
    let notice = text(&job["notices"][0]);
    assert!(notice.starts_with(&format!("{lost} ")) && notice.contains("no longer fit"), "{notice}");
    assert_eq!(after["progress"]["behindMinutes"], 0);
}

async fn there_is_nothing_to_reschedule_on_track_and_after_the_exam(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let path = format!("{}/reschedule", place(&made));
    assert_problem(&learner.post(&path, &json!({})).await, 409, "plan.on_track");
    age(mix, &made, 9).await;
    assert_problem(&learner.post(&path, &json!({})).await, 409, "plan.exam_passed");
    age(mix, &made, 1).await;
    assert_problem(&learner.post(&path, &json!({})).await, 409, "plan.exam_passed");
    assert_eq!(learner.get("/jobs?kind=plan.reschedule").await.expect(200).json, json!([]));
}
