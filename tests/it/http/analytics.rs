//! Attempts and study time, added up for their student.

use harness::Client;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    attempts_are_grouped_by_time_topic_and_difficulty,
    study_time_is_grouped_by_time_topic_subject_and_hour,
    days_are_those_of_the_zone,
    without_anything_sums_are_zero,
    what_cannot_be_understood_is_refused,
);

/// Takes a quiz with so many answers right.
async fn take(client: &Client, quiz: &Value, right: usize) -> f64 {
    let id = text(&quiz["id"]);
    let answers = right_answers(&with_answers(client, id).await);
    let answers: serde_json::Map<_, _> =
        answers.as_object().unwrap().clone().into_iter().take(right).collect();
    let result = client.post("/quiz/submit", &json!({ "quizId": id, "answers": answers })).await.expect(200);
    result.json["percentage"].as_f64().unwrap()
}

async fn quiz_of(client: &Client, topic: &str, difficulty: &str) -> Value {
    let mut ask = ask(4);
    ask["topic"] = json!(topic);
    ask["difficulty"] = json!(difficulty);
    post_and_wait(client, "/quiz/generate", &ask).await.expect(201).json
}

async fn performance(client: &Client, query: &str) -> Value {
    client.get(&format!("/analytics/quiz-performance?{query}")).await.expect(200).json
}

async fn study(client: &Client, query: &str) -> Value {
    client.get(&format!("/analytics/study-time?{query}")).await.expect(200).json
}

async fn attempts_are_grouped_by_time_topic_and_difficulty(mix: Mix) {
    let learner = mix.learner().await;
    let (cells, atoms) = (quiz_of(&learner, "Cells", "easy").await, quiz_of(&learner, "Atoms", "hard").await);
    assert_eq!([take(&learner, &cells, 1).await, take(&learner, &cells, 4).await], [25.0, 100.0]);
    assert_eq!([take(&learner, &atoms, 2).await, take(&learner, &cells, 3).await], [50.0, 75.0]);
    let totals = json!({ "attempts": 4, "averageScore": 62.5, "bestScore": 100.0, "worstScore": 25.0 });
    let group = |key: &str, attempts: u32, average: f64, best: f64, improvement: f64| {
        json!({
            "key": key, "attempts": attempts, "averageScore": average, "bestScore": best,
            "improvement": improvement,
        })
    };
    let by_topic = performance(&learner, "groupBy=topic").await;
    let cells_and_atoms = |cells: &str, atoms: &str| {
        json!([group(cells, 3, 66.7, 100.0, 50.0), group(atoms, 1, 50.0, 50.0, 0.0)])
    };
    assert_eq!((&by_topic["totals"], &by_topic["groups"]), (&totals, &cells_and_atoms("Cells", "Atoms")));
    let by_difficulty = performance(&learner, "groupBy=difficulty").await;
    assert_eq!(by_difficulty["groups"], cells_and_atoms("easy", "hard"));
    for (query, key_length) in [("", 10), ("groupBy=day", 10), ("groupBy=week", 10), ("groupBy=month", 7)] {
        let grouped = performance(&learner, query).await;
        assert_eq!(grouped["totals"], totals, "{query}");
        let groups = items(&grouped["groups"]);
        // A test that runs across midnight has two.
        assert!(groups.len() <= 2, "{grouped:#}");
        assert!(groups.iter().all(|group| text(&group["key"]).len() == key_length), "{grouped:#}");
        if let [only] = groups {
            assert_eq!(*only, group(text(&only["key"]), 4, 62.5, 100.0, 50.0));
        }
    }
    // Equal numbers of attempts are in the order of their names.
    take(&learner, &atoms, 4).await;
    take(&learner, &atoms, 4).await;
    let keys: Vec<Value> = items(&performance(&learner, "groupBy=topic").await["groups"])
        .iter()
        .map(|group| group["key"].clone())
        .collect();
    assert_eq!(keys, ["Atoms", "Cells"]);
    let other = learner.register().await;
    assert_eq!(performance(&other, "").await["totals"]["attempts"], 0);
}

async fn session(client: &Client, start: &str, minutes: u32, what: Value) {
    let mut session = json!({ "startTime": start, "durationMinutes": minutes });
    session.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    client.post("/study-sessions", &session).await.expect(201);
}

async fn study_time_is_grouped_by_time_topic_subject_and_hour(mix: Mix) {
    let learner = mix.learner().await;
    let of = |subject: &str, topic: &str| json!({ "subject": subject, "topic": topic });
    session(&learner, "2026-03-01T09:00:00Z", 30, of("Biology", "Cells")).await;
    session(&learner, "2026-03-01T09:59:59Z", 45, of("Physics", "Atoms")).await;
    session(&learner, "2026-03-02T21:00:00Z", 20, of("Biology", "Cells")).await;
    session(&learner, "2026-03-09T21:30:00Z", 5, json!({})).await;
    session(&learner, "2026-04-01T00:00:00Z", 10, of("Biology", "Genes")).await;
    session(&learner, "2026-03-02T12:00:00Z", 15, json!({ "sessionType": "break" })).await;
    client_start(&learner).await;

    let group = |key: &str, minutes: u32, sessions: u32| json!({ "key": key, "minutes": minutes, "sessions": sessions });
    let all = study(&learner, "").await;
    assert_eq!(all["totals"], json!({ "minutes": 110, "sessions": 5, "averageSession": 22.0 }));
    assert_eq!(
        all["groups"],
        json!([
            group("2026-03-01", 75, 2),
            group("2026-03-02", 20, 1),
            group("2026-03-09", 5, 1),
            group("2026-04-01", 10, 1)
        ])
    );
    assert_eq!(
        all["bySubject"],
        json!([
            { "subject": "Biology", "minutes": 60, "sessions": 3 },
            { "subject": "Physics", "minutes": 45, "sessions": 1 },
            { "subject": "", "minutes": 5, "sessions": 1 },
        ])
    );
    let mut hours = vec![0; 24];
    (hours[9], hours[21], hours[0]) = (75, 25, 10);
    assert_eq!(all["byHour"], json!(hours));
    let groups = |query: &'static str| {
        let learner = learner.clone();
        async move { study(&learner, query).await["groups"].clone() }
    };
    assert_eq!(
        groups("groupBy=week").await,
        json!([
            group("2026-02-23", 75, 2),
            group("2026-03-02", 20, 1),
            group("2026-03-09", 5, 1),
            group("2026-03-30", 10, 1)
        ])
    );
    assert_eq!(groups("groupBy=month").await, json!([group("2026-03", 100, 4), group("2026-04", 10, 1)]));
    assert_eq!(
        groups("groupBy=topic").await,
        json!([group("Cells", 50, 2), group("Atoms", 45, 1), group("Genes", 10, 1), group("", 5, 1)])
    );
    assert_eq!(groups("groupBy=difficulty").await, json!([group("", 110, 5)]));
    assert_eq!(groups("groupBy=month&to=2026-03-02").await, json!([group("2026-03", 95, 3)]));
    assert_eq!(
        groups("from=2026-03-01T09:30:00Z&to=2026-03-02T21:00:00Z").await,
        json!([group("2026-03-01", 45, 1)])
    );
}

/// A session that is still open counts nowhere.
async fn client_start(client: &Client) {
    client.post("/study-sessions", &json!({ "subject": "Biology" })).await.expect(201);
}

async fn days_are_those_of_the_zone(mix: Mix) {
    let learner = mix.learner().await;
    // 23:30 of 28 March and 3:10 of 29 March in Berlin, whose clocks skipped an hour in between.
    session(&learner, "2026-03-28T22:30:00Z", 10, json!({})).await;
    session(&learner, "2026-03-29T01:10:00Z", 20, json!({})).await;
    let days = |answer: &Value| {
        items(&answer["groups"]).iter().map(|group| group["key"].clone()).collect::<Vec<_>>()
    };
    let berlin = study(&learner, "tz=Europe/Berlin").await;
    assert_eq!(days(&berlin), ["2026-03-28", "2026-03-29"]);
    assert_eq!((&berlin["byHour"][23], &berlin["byHour"][3]), (&json!(10), &json!(20)));
    let kathmandu = study(&learner, "tz=Asia/Kathmandu&from=2026-03-29&to=2026-03-29").await;
    assert_eq!((days(&kathmandu), &kathmandu["byHour"][4]), (vec![json!("2026-03-29")], &json!(10)));
    learner.put("/users/me", &json!({ "preferences": { "timeZone": "Pacific/Auckland" } })).await.expect(200);
    assert_eq!(days(&study(&learner, "").await), ["2026-03-29"]);
}

async fn without_anything_sums_are_zero(mix: Mix) {
    let learner = mix.learner().await;
    assert_eq!(
        performance(&learner, "").await,
        json!({
            "totals": { "attempts": 0, "averageScore": 0.0, "bestScore": 0.0, "worstScore": 0.0 },
            "groups": [],
        })
    );
    assert_eq!(
        study(&learner, "from=0001-01-01&to=9999-12-31").await,
        json!({
            "totals": { "minutes": 0, "sessions": 0, "averageSession": 0.0 },
            "groups": [], "bySubject": [], "byHour": vec![0; 24],
        })
    );
}

async fn what_cannot_be_understood_is_refused(mix: Mix) {
    let learner = mix.learner().await;
    for path in ["/analytics/quiz-performance", "/analytics/study-time"] {
        for (query, field) in [
            ("groupBy=year", "groupBy"),
            ("from=yesterday", "from"),
            ("to=2026-02-30", "to"),
            ("from=2026-03-02&to=2026-03-01", "to"),
            ("tz=Europe/Atlantis", "tz"),
        ] {
            assert_fields(&learner.get(&format!("{path}?{query}")).await, &[field]);
        }
        assert_problem(&learner.anonymous().get(path).await, 401, "auth.required");
    }
}
