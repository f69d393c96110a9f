//! What a student did so far, in numbers.

use std::time::Duration;

use harness::Client;
use serde_json::{Value, json};
use shared::{clock::Clock, domain::Zone};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_new_account_did_nothing,
    everything_is_counted_once,
    a_streak_counts_days_of_the_students_zone,
    a_streak_lasts_over_a_clock_change,
);

async fn stats(client: &Client, zone: &str) -> Value {
    client.get(&format!("/users/me/stats?tz={zone}")).await.expect(200).json
}

async fn studied(client: &Client, start: &str, minutes: u32, kind: &str) -> String {
    let ask = json!({ "startTime": start, "durationMinutes": minutes, "sessionType": kind });
    client.post("/study-sessions", &ask).await.expect(201).id().to_owned()
}

async fn a_new_account_did_nothing(mix: Mix) {
    let learner = mix.learner().await;
    let nothing = json!({ "totalStudyTime": 0, "quizzesCompleted": 0, "averageQuizScore": 0.0, "studyStreak": 0,
        "longestStreak": 0, "notes": 0, "quizzes": 0, "activePlans": 0 });
    assert_eq!(stats(&learner, "UTC").await, nothing);
    assert_eq!(learner.get("/users/me").await.expect(200).json["stats"], nothing);
    assert_fields(&learner.get("/users/me/stats?tz=Mars/Olympus").await, &["tz"]);
}

async fn everything_is_counted_once(mix: Mix) {
    let learner = mix.learner().await;
    let now = Clock::System.now();
    studied(&learner, &(now - Duration::from_secs(1800)).to_string(), 30, "focus").await;
    studied(&learner, &(now - Duration::from_secs(600)).to_string(), 10, "break").await;
    learner.post("/study-sessions", &json!({ "startTime": now })).await.expect(201);

    let (quiz, archived) = (quiz(&learner, 3).await, quiz(&learner, 1).await);
    let answers = right_answers(&with_answers(&learner, text(&quiz["id"])).await);
    let mut one_wrong = answers.clone();
    one_wrong[text(&quiz["questions"][0]["id"])] = json!("wrong");
    for answers in [answers, one_wrong, json!({})] {
        let body = json!({ "quizId": quiz["id"], "answers": answers });
        learner.post("/quiz/submit", &body).await.expect(200);
    }
    // One that is open is not completed.
    attempt(&learner, &quiz).await;
    learner.delete(&format!("/quiz/{}", text(&archived["id"]))).await.expect(200);

    let mut notes = Vec::new();
    for title in ["kept", "thrown away"] {
        notes.push(learner.post("/notes", &json!({ "title": title })).await.expect(201).id().to_owned());
    }
    learner.delete(&format!("/notes/{}", notes[1])).await.expect(200);
    let plan = json!({ "subjects": [{ "name": "Art", "difficulty": "easy", "priority": "low" }],
        "dailyStudyHours": 0.5, "examDate": "2099-01-01" });
    post_and_wait(&learner, "/planner/generate", &plan).await.expect(201);

    let found = stats(&learner, "UTC").await;
    // (100 + 66.7 + 0) / 3
    let expected = json!({ "totalStudyTime": 30, "quizzesCompleted": 3, "averageQuizScore": 55.6,
        "studyStreak": found["studyStreak"], "longestStreak": found["longestStreak"], "notes": 1, "quizzes": 1,
        "activePlans": 1 });
    assert_eq!(found, expected);
    // The session half an hour ago may have been yesterday.
    assert!(matches!(found["studyStreak"].as_u64(), Some(1 | 2)), "{found}");
    assert_eq!(learner.get("/users/me").await.expect(200).json["stats"], found);
    let changed = learner.put("/users/me", &json!({ "name": "Countess" })).await.expect(200).json;
    assert_eq!(changed["stats"], found);
}

async fn a_streak_counts_days_of_the_students_zone(mix: Mix) {
    let learner = mix.learner().await;
    // Half past midnight of the last three days here is still the evening before in the west.
    let (east, west) = ("Etc/GMT-14", "Etc/GMT%2B11");
    let zone: Zone = east.parse().unwrap();
    let today = zone.day(Clock::System.now());
    let mut ids = Vec::new();
    for days in [1, 2, 3, 5, 6, 7, 8] {
        let start = zone.start_of(today.plus(-days)) + Duration::from_secs(1800);
        ids.push(studied(&learner, &start.to_string(), 20, "review").await);
    }
    let found = stats(&learner, east).await;
    assert_eq!((&found["studyStreak"], &found["longestStreak"]), (&json!(3), &json!(4)), "{found}");
    let preferred = json!({ "preferences": { "timeZone": east } });
    assert_eq!(learner.put("/users/me", &preferred).await.expect(200).json["stats"], found);
    // A day ago as well, or two, seen from where it is 25 hours earlier.
    let elsewhere = stats(&learner, west).await;
    assert!([json!(3), json!(0)].contains(&elsewhere["studyStreak"]), "{elsewhere}");
    // A day is missing now.
    learner.delete(&format!("/study-sessions/{}", ids[1])).await.expect(200);
    let found = stats(&learner, east).await;
    assert_eq!((&found["studyStreak"], &found["longestStreak"]), (&json!(1), &json!(4)), "{found}");
    // Neither breaks nor what is open count as a day.
    let start = zone.start_of(today.plus(-2));
    studied(&learner, &start.to_string(), 20, "break").await;
    assert_eq!(stats(&learner, east).await["studyStreak"], 1);
}

async fn a_streak_lasts_over_a_clock_change(mix: Mix) {
    let learner = mix.learner().await;
    // 28, 29 and 30 March in Berlin, whose clocks went forward on the 29th; 28 and 29 in UTC.
    for start in ["2026-03-28T22:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T22:30:00Z"] {
        studied(&learner, start, 25, "focus").await;
    }
    assert_eq!(stats(&learner, "Europe/Berlin").await["longestStreak"], 3);
    assert_eq!(stats(&learner, "UTC").await["longestStreak"], 2);
    assert_eq!(stats(&learner, "Europe/Berlin").await["totalStudyTime"], 75);
}
