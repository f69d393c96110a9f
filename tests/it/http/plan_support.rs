//! What the cases about study plans need.

use harness::Client;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::domain::{Day, Plan, Zone};

use crate::mix::Mix;
use crate::support::*;

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

pub fn place(plan: &Value) -> String {
    format!("/planner/plans/{}", text(&plan["id"]))
}

pub fn tasks(plan: &Value) -> Vec<&Value> {
    items(&plan["days"]).iter().flat_map(|day| items(&day["tasks"])).collect()
}

pub fn work(plan: &Value) -> Vec<&Value> {
    tasks(plan).into_iter().filter(|task| task["type"] != "break").collect()
}

pub fn minutes<'a>(tasks: impl IntoIterator<Item = &'a Value>) -> u64 {
    tasks.into_iter().map(|task| task["estimatedDuration"].as_u64().unwrap()).sum()
}

pub fn day(value: &Value) -> Day {
    text(value).parse().unwrap()
}

pub async fn tick(learner: &Client, plan: &Value, task: &Value) -> Value {
    let path = format!("{}/tasks/{}", place(plan), text(&task["id"]));
    learner.patch(&path, &json!({ "completed": true })).await.expect(200).json
}

/// Moves a plan's tasks and exam so many days into the past, as time would.
pub async fn age(mix: Mix, plan: &Value, days: i64) -> Value {
    let store = mix.store().await;
    let mut stored: Plan = store.plan(text(&plan["id"]).parse().unwrap()).await.unwrap().unwrap();
    for day in &mut stored.days {
        day.date = day.date.plus(-days);
    }
    stored.brief.exam_date = stored.brief.exam_date.plus(-days);
    assert!(store.save_plan(&mut stored).await.unwrap());
    plan["id"].clone()
}
