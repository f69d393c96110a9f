//! Everything at a glance.

use harness::Client;
use serde_json::{Value, json};
use shared::{
    clock::Clock,
    domain::{Day, Zone},
};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_new_student_has_an_empty_dashboard,
    a_dashboard_shows_what_was_done_and_what_is_due,
    the_profile_shows_the_statistics,
);

/// A zone whose day is the same for the whole test.
fn zone() -> (Zone, Day) {
    let now = Clock::System.now();
    let zone = if Zone::UTC.hour(now) < 12 { "Etc/GMT-6" } else { "Etc/GMT+6" };
    let zone: Zone = zone.parse().unwrap();
    let today = zone.day(now);
    (zone, today)
}

async fn dashboard(client: &Client, zone: &Zone) -> Value {
    let path = format!("/analytics/dashboard?tz={}", zone.name().replace('+', "%2B"));
    client.get(&path).await.expect(200).json
}

async fn a_new_student_has_an_empty_dashboard(mix: Mix) {
    let learner = mix.learner().await;
    let (zone, today) = zone();
    let shown = dashboard(&learner, &zone).await;
    let week: Vec<_> =
        (-6..=0).map(|day| json!({ "date": today.plus(day), "minutes": 0, "attempts": 0 })).collect();
    assert_eq!(
        shown,
        json!({
            "stats": {
                "totalStudyTime": 0, "quizzesCompleted": 0, "averageQuizScore": 0.0, "studyStreak": 0,
                "longestStreak": 0, "notes": 0, "quizzes": 0, "activePlans": 0,
            },
            "today": { "minutes": 0, "goalMinutes": 25, "tasksDue": 0, "reviewsDue": 0 },
            "week": week, "recentAttempts": [], "recentQuizzes": [],
        })
    );
    learner.put("/users/me", &json!({ "preferences": { "defaultStudyDuration": 45 } })).await.expect(200);
    assert_eq!(dashboard(&learner, &zone).await["today"]["goalMinutes"], 45);
    assert_fields(&learner.get("/analytics/dashboard?tz=Nowhere").await, &["tz"]);
    assert_problem(&learner.anonymous().get("/analytics/dashboard").await, 401, "auth.required");
}

async fn a_dashboard_shows_what_was_done_and_what_is_due(mix: Mix) {
    let learner = mix.learner().await;
    let (zone, today) = zone();
    let start = |days_ago: i64| zone.start_of(today.plus(-days_ago));
    for (days_ago, minutes) in [(0, 10), (0, 20), (6, 40), (7, 80)] {
        let session = json!({ "startTime": start(days_ago), "durationMinutes": minutes });
        learner.post("/study-sessions", &session).await.expect(201);
    }
    let mut quizzes = Vec::new();
    for _ in 0..6 {
        quizzes.push(quiz(&learner, 3).await);
    }
    let mut attempts = Vec::new();
    for quiz in &quizzes {
        let done = learner.post("/quiz/submit", &json!({ "quizId": quiz["id"], "answers": {} })).await;
        attempts.push(done.expect(200).json["attemptId"].clone());
    }
    learner.delete(&format!("/quiz/{}", text(&quizzes[5]["id"]))).await.expect(200);
    // Over two weeks or more one day of each is free, and that may be today.
    let plan = json!({
        "subjects": [{ "name": "Biology", "difficulty": "moderate", "priority": "high" }],
        "dailyStudyHours": 2, "examDate": today.plus(10),
    });
    learner.put("/users/me", &json!({ "preferences": { "timeZone": zone.name() } })).await.expect(200);
    let plan = post_and_wait(&learner, "/planner/generate", &plan).await.expect(201).json;

    let shown = dashboard(&learner, &zone).await;
    let ids = |list: &Value| items(list).iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
    let newest: Vec<Value> = attempts.iter().rev().take(5).cloned().collect();
    assert_eq!(ids(&shown["recentAttempts"]), newest, "{shown:#}");
    let open: Vec<Value> = quizzes[..5].iter().rev().map(|quiz| quiz["id"].clone()).collect();
    assert_eq!(ids(&shown["recentQuizzes"]), open);
    let first = &shown["recentQuizzes"][0];
    assert_eq!((&first["questionCount"], first.get("questions")), (&json!(3), None));
    let week = items(&shown["week"]);
    assert_eq!((week.len(), &week[6]), (7, &json!({ "date": today, "minutes": 30, "attempts": 6 })));
    assert_eq!(week[0], json!({ "date": today.plus(-6), "minutes": 40, "attempts": 0 }));

    let own = learner.get(&format!("/planner/plans/{}", text(&plan["id"]))).await.expect(200).json;
    let tasks: Vec<&Value> = items(&own["days"])
        .iter()
        .filter(|day| day["date"] == json!(today))
        .flat_map(|day| items(&day["tasks"]))
        .filter(|task| task["type"] != "break")
        .collect();
    let goal: u64 = tasks.iter().map(|task| task["estimatedDuration"].as_u64().unwrap()).sum();
    assert!(goal > 25, "there is time left today: {own:#}");
    let due = learner.get("/review/due").await.expect(200);
    assert_eq!(
        shown["today"],
        json!({ "minutes": 30, "goalMinutes": goal, "tasksDue": tasks.len(), "reviewsDue": items(&due.json).len() })
    );
    assert!(!items(&due.json).is_empty(), "what was answered wrong is due");
    let active = &shown["activePlan"];
    assert_eq!(
        (&active["id"], active.get("days"), &active["progress"]),
        (&plan["id"], None, &own["progress"])
    );
    let stats = &shown["stats"];
    assert_eq!((&stats["totalStudyTime"], &stats["quizzesCompleted"]), (&json!(150), &json!(6)));
    assert_eq!((&stats["quizzes"], &stats["activePlans"]), (&json!(5), &json!(1)));

    // What is done is due no more, and stays part of the goal.
    let path = format!("/planner/plans/{}/tasks/{}", text(&plan["id"]), text(&tasks[0]["id"]));
    learner.patch(&path, &json!({ "completed": true })).await.expect(200);
    let today = dashboard(&learner, &zone).await["today"].clone();
    assert_eq!((&today["goalMinutes"], &today["tasksDue"]), (&json!(goal), &json!(tasks.len() - 1)));
    let other = learner.register().await;
    assert_eq!(dashboard(&other, &zone).await["stats"]["quizzesCompleted"], 0);
}

async fn the_profile_shows_the_statistics(mix: Mix) {
    let learner = mix.learner().await;
    let session = json!({ "startTime": "2026-03-01T09:00:00Z", "durationMinutes": 40 });
    learner.post("/study-sessions", &session).await.expect(201);
    let stats = learner.get("/users/me/stats").await.expect(200).json;
    assert_eq!((&stats["totalStudyTime"], &stats["longestStreak"]), (&json!(40), &json!(1)));
    let me = learner.get("/users/me").await.expect(200);
    assert_eq!(me.json["stats"], stats);
    let changed = learner.put("/users/me", &json!({ "name": "Ada" })).await.expect(200).json;
    assert_eq!((&changed["name"], &changed["stats"]), (&json!("Ada"), &stats));
}
