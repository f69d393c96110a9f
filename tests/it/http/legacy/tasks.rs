//! Tasks of the old frontend.

use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    tasks_are_their_owners,
    tasks_are_listed_narrowed_and_walked,
    due_days_are_those_of_the_students_zone,
    bad_tasks_are_refused_by_field,
    changes_keep_to_the_version_that_is_known,
);

const PATH: &str = "/tasks";

async fn tasks_are_their_owners(mix: Mix) {
    let visitor = super::app(mix).await.client();
    let (learner, other) = futures::join!(visitor.register(), visitor.register());
    let made = learner.post(PATH, &json!({ "title": "Read" })).await.expect(201);
    let place = format!("{PATH}/{}", made.id());
    assert_eq!(made.header("location"), place);
    for reply in [
        other.get(&place).await,
        other.put(&place, &json!({ "title": "x" })).await,
        other.patch(&place, &json!({ "title": "x" })).await,
        other.delete(&place).await,
    ] {
        assert_problem(&reply, 404, "task.not_found");
    }
    assert_problem(&visitor.post(PATH, &json!({ "title": "x" })).await, 401, "auth.required");
    assert_eq!(other.get(PATH).await.expect(200).json, json!([]));
    assert_eq!(learner.get(&place).await.expect(200).json, made.json);
    learner.delete(&place).await.expect(200);
    assert_problem(&learner.delete(&place).await, 404, "task.not_found");
}

async fn tasks_are_listed_narrowed_and_walked(mix: Mix) {
    let learner = super::app(mix).await.client().register().await;
    let mut made = Vec::new();
    for (title, subject, completed) in [("a", "Biology", false), ("b", "", true), ("c", "Biology", true)] {
        let ask = json!({ "title": title, "subject": subject, "completed": completed });
        made.push(learner.post(PATH, &ask).await.expect(201).json);
    }
    for (query, expected) in [
        ("", vec![2, 1, 0]),
        ("?sort=createdAt", vec![0, 1, 2]),
        ("?completed=true", vec![2, 1]),
        ("?completed=false", vec![0]),
        ("?subject=Biology", vec![2, 0]),
        ("?subject=Biology&completed=true", vec![2]),
        ("?limit=1&page=2", vec![1]),
    ] {
        let reply = learner.get(&format!("{PATH}{query}")).await.expect(200);
        let expected: Vec<Value> = expected.iter().map(|&at: &usize| made[at].clone()).collect();
        assert_eq!(reply.json, json!(expected), "{query}");
    }
    let first = learner.get(&format!("{PATH}?limit=2")).await.expect(200);
    assert_eq!(first.header("x-total-count"), "3");
    let next = first.header("link").split('>').next().unwrap().trim_start_matches('<').to_owned();
    assert_eq!(learner.get(&next).await.expect(200).json, json!([made[0]]));
}

async fn due_days_are_those_of_the_students_zone(mix: Mix) {
    let learner = super::app(mix).await.client().register().await;
    learner.put("/users/me", &json!({ "preferences": { "timeZone": "Asia/Kathmandu" } })).await.expect(200);
    let due = async |text: &str| {
        let ask = json!({ "title": "Read", "dueDate": text });
        learner.post(PATH, &ask).await.expect(201).json["dueDate"].clone()
    };
    assert_eq!(due("2026-11-22").await, "2026-11-22T18:14:59.999Z");
    assert_eq!(due("2026-11-22T10:00:00+02:00").await, "2026-11-22T08:00:00.000Z");
    assert_eq!(due("").await, Value::Null);
}

async fn bad_tasks_are_refused_by_field(mix: Mix) {
    let learner = super::app(mix).await.client().register().await;
    let long = |count: usize| "é".repeat(count);
    for (ask, fields) in [
        (json!({}), vec!["title"]),
        (json!({ "title": "" }), vec!["title"]),
        (json!({ "title": long(201), "subject": long(201) }), vec!["subject", "title"]),
        (json!({ "title": "x", "description": long(10_001) }), vec!["description"]),
        (json!({ "title": "x", "estimatedDuration": 1441 }), vec!["estimatedDuration"]),
        (json!({ "title": "x", "estimatedDuration": "45" }), vec!["estimatedDuration"]),
        (json!({ "title": "x", "priority": "urgent" }), vec!["priority"]),
        (json!({ "title": "x", "dueDate": "2026-02-30" }), vec!["dueDate"]),
    ] {
        assert_fields(&learner.post(PATH, &ask).await, &fields);
    }
    let odd = json!({ "title": "a\u{0}🦀", "description": "\u{0}", "estimatedDuration": 44.5 });
    let made = learner.post(PATH, &odd).await.expect(201).json;
    assert_eq!((&made["title"], &made["estimatedDuration"]), (&odd["title"], &json!(45)));
    assert_eq!(learner.get(PATH).await.header("x-total-count"), "1");
}

async fn changes_keep_to_the_version_that_is_known(mix: Mix) {
    let learner = super::app(mix).await.client().register().await;
    let made = learner.post(PATH, &json!({ "title": "Read", "description": "all" })).await.expect(201);
    let place = format!("{PATH}/{}", made.id());
    let first = learner.get(&place).await.expect(200);
    let change = |method, tag: &str| {
        let request = learner.request(method, &place).header("If-Match", tag);
        request.json(&json!({ "description": "" }))
    };
    let changed = learner.send(change(Method::PUT, first.header("etag"))).await.expect(200).json;
    assert_eq!((changed.get("description"), &changed["title"]), (None, &json!("Read")));
    for method in [Method::PUT, Method::PATCH, Method::DELETE] {
        assert_problem(&learner.send(change(method, first.header("etag"))).await, 412, "precondition.failed");
    }
    let changes = (0..5).map(|number| {
        let (learner, place) = (learner.clone(), place.clone());
        let ask =
            if number % 2 == 0 { json!({ "subject": "Biology" }) } else { json!({ "completed": true }) };
        async move { learner.patch(&place, &ask).await.expect(200) }
    });
    futures::future::join_all(changes).await;
    let task = learner.get(&place).await.expect(200).json;
    assert_eq!((&task["subject"], &task["completed"]), (&json!("Biology"), &json!(true)));
}
