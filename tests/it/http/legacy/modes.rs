//! What the switch changes, and for whom.

use harness::Client;
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    without_the_switch_nothing_of_it_is_there,
    with_the_switch_the_document_describes_it,
    whoever_knows_jobs_gets_a_job,
    an_anonymous_quiz_is_everybodys_to_read_and_take,
    other_quizzes_stay_their_owners,
    answers_are_checked_without_a_login_too,
    agendas_fill_the_time_and_heed_what_is_due,
    bad_asks_are_refused_by_field,
);

const OLD: [(&str, &str); 8] = [
    ("post", "/quiz/generate-deepseek"),
    ("post", "/ai/generate-study-plan"),
    ("post", "/ai/optimize-schedule"),
    ("post", "/tasks"),
    ("get", "/tasks"),
    ("get", "/tasks/{id}"),
    ("put", "/tasks/{id}"),
    ("delete", "/tasks/{id}"),
];

/// A quiz that nobody owns, in the old shape.
async fn anonymous_quiz(visitor: &Client) -> Value {
    visitor.post("/quiz/generate", &ask(2)).await.expect(201).json
}

async fn without_the_switch_nothing_of_it_is_there(mix: Mix) {
    let learner = mix.learner().await;
    let document = learner.get("/openapi.json").await.expect(200).json;
    for (method, path) in OLD {
        assert_eq!(document["paths"][path].get(method), None, "{path}");
        let path = path.replace("{id}", "0123456789abcdef01234567");
        let request = learner.request(method.to_uppercase().parse::<Method>().unwrap(), &path);
        let reply = learner.send(request.json(&json!({}))).await;
        // Below /quiz there is another route for other methods.
        assert!(matches!(reply.status, 404 | 405), "{path}: {reply}");
    }
    let visitor = learner.anonymous();
    assert_problem(&visitor.post("/quiz/generate", &ask(2)).await, 401, "auth.required");
    learner.post("/quiz/generate", &ask(2)).await.expect(202);
}

async fn with_the_switch_the_document_describes_it(mix: Mix) {
    let document = super::app(mix).await.client().get("/openapi.json").await.expect(200).json;
    for (method, path) in OLD {
        assert!(document["paths"][path][method].is_object(), "{path}");
    }
    let generate = &document["paths"]["/quiz/generate"]["post"];
    assert!(items(&generate["security"]).contains(&json!({})), "{generate}");
    let shapes = &generate["responses"]["201"]["content"]["application/json"]["schema"]["oneOf"];
    for shape in items(shapes) {
        let name = text(&shape["$ref"]).trim_start_matches("#/components/schemas/");
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
    assert!(items(&document["tags"]).iter().any(|tag| tag["name"] == "old-frontend"));
}

async fn whoever_knows_jobs_gets_a_job(mix: Mix) {
    let visitor = super::app(mix).await.client();
    let learner = visitor.register().await;
    let with = |client: &Client, prefer: &str| {
        let request = client.request(Method::POST, "/quiz/generate").header("Prefer", prefer);
        (client.clone(), request.json(&ask(2)))
    };
    let (client, request) = with(&learner, "respond-async");
    let job = client.send(request).await.expect(202).json;
    assert_eq!(learner.wait_job(text(&job["id"])).await["status"], "succeeded");
    let (client, request) = with(&learner, "wait=100");
    let quiz = client.send(request).await.expect(201).json;
    assert_eq!((&quiz["status"], quiz.get("success")), (&json!("active"), None));
    // Without a login nobody could follow a job.
    let (client, request) = with(&visitor, "respond-async");
    assert_eq!(client.send(request).await.expect(201).json["success"], true);
    // The old frontend's quizzes belong to whoever is logged in.
    let reply = learner.post("/quiz/generate", &ask(2)).await.expect(201);
    assert_eq!(
        (&reply.json["success"], reply.header("location")),
        (&json!(true), format!("/quiz/{}", reply.id()).as_str())
    );
    let own = learner.get(&format!("/quiz/{}?include=answers", reply.id())).await.expect(200).json;
    for (old, new) in items(&reply.json["questions"]).iter().zip(items(&own["questions"])) {
        for name in
            ["id", "question", "options", "correctAnswer", "explanation", "type", "difficulty", "points"]
        {
            assert_eq!(old[name], new[name], "{name}");
        }
    }
}

async fn an_anonymous_quiz_is_everybodys_to_read_and_take(mix: Mix) {
    let visitor = super::app(mix).await.client();
    let learner = visitor.register().await;
    let quiz = anonymous_quiz(&visitor).await;
    let place = format!("/quiz/{}", text(&quiz["id"]));
    let read = visitor.get(&place).await.expect(200);
    assert_eq!(learner.get(&place).await.expect(200).json, read.json);
    let known = visitor.request(Method::GET, &place).header("If-None-Match", read.header("etag"));
    visitor.send(known).await.expect(304);
    for question in items(&read.json["questions"]) {
        for secret in ["correctAnswer", "accepted", "quote"] {
            assert_eq!(question.get(secret), None);
        }
        assert_eq!(question["explanation"], "");
    }
    // What is tried without a login is marked and forgotten.
    let answers = right_answers(&quiz);
    let path = format!("{place}/submit");
    let result = visitor.post(&path, &json!({ "answers": answers })).await.expect(200).json;
    assert_eq!((&result["percentage"], &result["answers"]), (&json!(100.0), &answers));
    assert_eq!(learner.get(&place).await.expect(200).json["totalAttempts"], 0);
    // With one it is kept.
    let opened = learner.post("/quiz/attempt", &json!({ "quizId": quiz["id"] })).await.expect(201).json;
    let result = learner.post(&path, &json!({ "answers": answers })).await.expect(200).json;
    assert_eq!((&result["attemptId"], &result["percentage"]), (&opened["attemptId"], &json!(100.0)));
    let history = learner.get(&format!("/quiz/user/{}/history", learner.user_id())).await.expect(200);
    assert_eq!(history.json[0]["id"], opened["attemptId"]);
    // But it is nobody's to change.
    assert_problem(&learner.delete(&place).await, 404, "quiz.not_found");
}

async fn other_quizzes_stay_their_owners(mix: Mix) {
    let visitor = super::app(mix).await.client();
    let (learner, other) = futures::join!(visitor.register(), visitor.register());
    let id = learner.post("/quiz/generate", &ask(2)).await.expect(201).id().to_owned();
    let place = format!("/quiz/{id}");
    let submit = format!("{place}/submit");
    assert_problem(&visitor.get(&place).await, 401, "auth.required");
    assert_problem(&other.get(&place).await, 404, "quiz.not_found");
    assert_problem(&visitor.post(&submit, &json!({ "answers": {} })).await, 401, "auth.required");
    let by_id = json!({ "quizId": id, "answers": {} });
    assert_problem(&visitor.post("/quiz/submit", &by_id).await, 401, "auth.required");
    assert_problem(&other.post("/quiz/submit", &by_id).await, 404, "quiz.not_found");
    for body in [json!({}), json!([]), json!({ "attemptId": id }), json!({ "quizId": "x" })] {
        assert_problem(&visitor.post("/quiz/submit", &body).await, 401, "auth.required");
    }
    let bad = visitor.with_token("bad");
    assert_problem(&bad.post("/quiz/generate", &ask(2)).await, 401, "auth.token_invalid");
    assert_problem(&visitor.get("/quiz/nothing").await, 401, "auth.required");
}

async fn answers_are_checked_without_a_login_too(mix: Mix) {
    let visitor = super::app(mix).await.client();
    let quiz = anonymous_quiz(&visitor).await;
    let body = json!({ "quizId": quiz["id"], "answers": { "nobody-asked": "x" } });
    assert_fields(&visitor.post("/quiz/submit", &body).await, &["answers.nobody-asked"]);
    let question = text(&quiz["questions"][0]["id"]);
    for wrong in [json!(null), json!(true)] {
        let body = json!({ "quizId": quiz["id"], "answers": { question: wrong } });
        assert_problem(&visitor.post("/quiz/submit", &body).await, 400, "validation.failed");
    }
    for answer in [json!("\u{0}🦀"), json!(1e308), json!([]), json!({ "a": "b" })] {
        let body = json!({ "quizId": quiz["id"], "answers": { question: answer } });
        assert_eq!(visitor.post("/quiz/submit", &body).await.expect(200).json["percentage"], 0.0);
    }
}

async fn agendas_fill_the_time_and_heed_what_is_due(mix: Mix) {
    let visitor = super::app(mix).await.client();
    let ask = json!({ "subjects": ["Biology", "History"], "availableHours": 20, "goals": ["Love history"] });
    let plan = visitor.post("/ai/generate-study-plan", &ask).await.expect(200).json;
    let minutes = |subject: &str| {
        let of = items(&plan).iter().filter(|task| task["subject"] == subject);
        of.map(|task| task["estimatedDuration"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(minutes("Biology") + minutes("History"), 20 * 60);
    assert!(minutes("History") > minutes("Biology"));
    let days: Vec<&str> = items(&plan).iter().map(|task| &text(&task["dueDate"])[..10]).collect();
    assert!(days.is_sorted());
    assert_eq!(days.chunk_by(|one, next| one == next).count(), 3, "a day takes eight hours: {days:?}");

    let task = |id: &str, due: Option<&str>, priority: &str, completed: bool| json!({ "id": id, "title": id, "subject": id, "priority": priority, "dueDate": due, "completed": completed });
    let tasks = json!([
        task("done", None, "high", true),
        task("some time", None, "low", false),
        task("soon", Some("2026-01-02"), "low", false),
        task("important", None, "high", false),
    ]);
    let body = json!({ "tasks": tasks, "preferences": { "availableHours": 0.5 } });
    let ordered = visitor.post("/ai/optimize-schedule", &body).await.expect(200).json;
    let ids: Vec<&str> = items(&ordered).iter().map(|task| text(&task["id"])).collect();
    assert_eq!(ids, ["soon", "important", "some time", "done"]);
    assert_eq!(ordered[0]["dueDate"], "2026-01-02T23:59:59.999Z");
    assert!(text(&ordered[1]["dueDate"]) < text(&ordered[2]["dueDate"]));
    assert_eq!(ordered[3].get("dueDate"), None);
    let none = visitor.post("/ai/optimize-schedule", &json!({ "tasks": [] })).await.expect(200).json;
    assert_eq!(none, json!([]));
}

async fn bad_asks_are_refused_by_field(mix: Mix) {
    let visitor = super::app(mix).await.client();
    let long = "x".repeat(201);
    for (path, body, fields) in [
        ("/ai/generate-study-plan", json!({ "subjects": [], "availableHours": 2 }), vec!["subjects"]),
        (
            "/ai/generate-study-plan",
            json!({ "subjects": ["a"], "availableHours": 0.4 }),
            vec!["availableHours"],
        ),
        ("/ai/generate-study-plan", json!({ "subjects": ["a"] }), vec!["availableHours"]),
        ("/ai/generate-study-plan", json!({ "subjects": [""], "availableHours": 2 }), vec!["subjects[0]"]),
        ("/ai/optimize-schedule", json!({}), vec!["tasks"]),
        ("/ai/optimize-schedule", json!({ "tasks": [{ "title": long }] }), vec!["tasks[0].title"]),
        ("/ai/optimize-schedule", json!({ "tasks": [{ "dueDate": "soon" }] }), vec!["tasks[0].dueDate"]),
        (
            "/ai/optimize-schedule",
            json!({ "tasks": [], "preferences": { "availableHours": 25 } }),
            vec!["preferences.availableHours"],
        ),
        ("/quiz/generate-deepseek", json!({ "content": "short" }), vec!["content"]),
        ("/quiz/generate-deepseek", json!({ "content": pages(1), "difficulty": "odd" }), vec!["difficulty"]),
    ] {
        assert_fields(&visitor.post(path, &body).await, &fields);
    }
}
