//! What many cases need: fixtures, short ways to quizzes and jobs, and what every problem must hold.

use std::path::{Path, PathBuf};

use harness::Client;
use harness::client::{Reply, Upload};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// The text of `lecture.pdf`.
pub const LECTURE: &str = include_str!("../../fixtures/pdf/lecture.txt");
/// An instant that no test lives to see.
pub const FAR: &str = "2099-01-01T00:00:00.000Z";

/// The first pages of the lecture, about 300 words each.
pub fn pages(count: usize) -> String {
    lecture_pages()[..count].join("\n\n")
}

/// The lecture page by page: each begins with a numbered heading.
pub fn lecture_pages() -> Vec<String> {
    let mut pages: Vec<String> = Vec::new();
    for paragraph in LECTURE.trim_end().split("\n\n") {
        match pages.last_mut() {
            Some(page) if !is_heading(paragraph) => *page = format!("{page}\n\n{paragraph}"),
            _ => pages.push(paragraph.to_owned()),
        }
    }
    assert_eq!(pages.len(), 10, "the lecture has ten pages");
    pages
}

fn is_heading(paragraph: &str) -> bool {
    paragraph.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok())
}

/// Where a fixture lies.
pub fn fixture_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pdf").join(name)
}

/// A fixture, to be uploaded.
pub fn fixture(name: &str) -> Upload {
    let bytes = std::fs::read(fixture_path(name)).expect("a fixture");
    Upload::new(name, "application/pdf", bytes)
}

/// A request for a quiz of this many questions from the lecture's first page.
pub fn ask(count: u32) -> Value {
    json!({ "inputMethod": "text", "textContent": pages(1), "questionCount": count })
}

/// Posts JSON and waits for what becomes of it.
pub async fn post_and_wait(client: &Client, path: &str, body: &Value) -> Reply {
    client.send(client.request(Method::POST, path).header("Prefer", "wait=100").json(body)).await
}

/// A quiz that is ready.
pub async fn quiz(client: &Client, count: u32) -> Value {
    post_and_wait(client, "/quiz/generate", &ask(count)).await.expect(201).json
}

/// A quiz with its keys, as its owner reads it.
pub async fn with_answers(client: &Client, id: &str) -> Value {
    client.get(&format!("/quiz/{id}?include=answers")).await.expect(200).json
}

/// The right answer to each question of a quiz with keys.
pub fn right_answers(quiz: &Value) -> Value {
    let pair = |question: &Value| (text(&question["id"]).to_owned(), question["correctAnswer"].clone());
    Value::Object(items(&quiz["questions"]).iter().map(pair).collect::<Map<_, _>>())
}

/// Opens an attempt and returns its id.
pub async fn attempt(client: &Client, quiz: &Value) -> String {
    let opened = client.post("/quiz/attempt", &json!({ "quizId": quiz["id"] })).await.expect(201);
    text(&opened.json["attemptId"]).to_owned()
}

/// A job that waits for a time far away.
pub async fn scheduled(client: &Client) -> Value {
    let mut ask = ask(3);
    ask["notBefore"] = json!(FAR);
    let job = client.post("/quiz/generate", &ask).await.expect(202).json;
    assert_eq!(job["status"], "scheduled");
    job
}

/// Waits until a job is in this state: for as long as the server holds the request, again and again.
pub async fn job_in(client: &Client, id: &str, status: &str) -> Value {
    let mut tag = String::new();
    loop {
        let request = client.request(Method::GET, &format!("/jobs/{id}"));
        let request = request.header("If-None-Match", &tag).header("Prefer", "wait=30");
        let reply = client.send(request).await;
        if reply.status == 304 {
            continue;
        }
        let reply = reply.expect(200);
        if reply.json["status"] == status {
            return reply.json;
        }
        let over = ["succeeded", "failed", "cancelled", "discarded"];
        assert!(!over.contains(&text(&reply.json["status"])), "the job is over: {reply}");
        tag = reply.header("etag").to_owned();
    }
}

/// A JSON string.
#[track_caller]
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}"))
}

/// A JSON array.
#[track_caller]
pub fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("not an array: {value}"))
}

/// Neither a key nor a quote is in it, however deep.
#[track_caller]
pub fn assert_no_keys(value: &Value) {
    const SECRET: [&str; 6] =
        ["correctAnswer", "correctAnswers", "accepted", "tolerance", "explanation", "quote"];
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                assert!(!SECRET.contains(&name.as_str()), "{name} is shown: {value}");
                assert_no_keys(value);
            }
        }
        Value::Array(values) => values.iter().for_each(assert_no_keys),
        _ => {}
    }
}

/// A date as the contract has it.
#[track_caller]
pub fn assert_instant(value: &Value) {
    let instant = text(value);
    let shape: String = instant.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{instant}");
}

/// The answer is this problem, in the full form of the contract.
#[track_caller]
pub fn assert_problem(reply: &Reply, status: u16, code: &str) {
    assert_eq!(reply.status, status, "{reply}");
    assert_eq!(reply.header("content-type"), "application/problem+json", "{reply}");
    assert!(!reply.header("x-request-id").is_empty(), "{reply}");
    let body = &reply.json;
    assert_eq!(
        (&body["code"], &body["status"], &body["statusCode"]),
        (&json!(code), &json!(status), &json!(status)),
        "{reply}"
    );
    assert_eq!(body["title"], body["error"], "{reply}");
    assert!(!text(&body["title"]).is_empty() && !text(&body["type"]).is_empty(), "{reply}");
    assert!(text(&body["instance"]).starts_with('/'), "{reply}");
    assert!(!text(&body["detail"]).is_empty(), "{reply}");
    if code == "validation.failed" {
        let errors = items(&body["errors"]);
        let messages: Vec<_> = errors.iter().map(|error| error["message"].clone()).collect();
        assert!(!messages.is_empty(), "{reply}");
        assert_eq!(body["message"], json!(messages), "{reply}");
    } else {
        assert_eq!(body["message"], body["detail"], "{reply}");
        assert_eq!(body.get("errors"), None, "{reply}");
    }
    if status == 401 {
        assert_eq!(reply.header("www-authenticate"), "Bearer", "{reply}");
    }
}

/// The answer is a problem with exactly these fields, in alphabetical order.
#[track_caller]
pub fn assert_fields(reply: &Reply, fields: &[&str]) {
    assert_problem(reply, 400, "validation.failed");
    let mut named: Vec<_> = items(&reply.json["errors"]).iter().map(|error| text(&error["field"])).collect();
    named.sort_unstable();
    assert_eq!(named, fields, "{reply}");
}
