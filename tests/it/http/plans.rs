//! Study plans: making, reading, changing, deleting.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::plan_support::*;
use crate::support::*;

on_each_mix!(
    who_waits_gets_the_plan,
    a_plan_keeps_to_the_hours_of_its_days_and_ends_before_the_exam,
    an_exam_tomorrow_is_planned_for_today,
    a_plan_without_time_is_the_requests_fault,
    what_cannot_be_planned_is_refused_with_its_fields,
    an_instant_names_the_day_it_falls_on,
    lists_leave_out_the_days_and_show_progress,
    a_plan_is_changed_field_by_field,
    the_days_of_a_plan_are_replaced,
    versions_protect_a_plan,
    a_deleted_plan_is_gone,
    somebody_elses_plan_does_not_exist,
);

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
