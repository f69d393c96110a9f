//! Quizzes from texts and documents.

use std::collections::BTreeSet;

use harness::client::{PASSWORD, Upload};
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    who_waits_gets_the_quiz,
    who_waits_gets_the_problem_of_the_job,
    who_waits_too_short_a_time_gets_the_job,
    a_job_is_not_started_before_its_time,
    every_type_of_question_can_be_asked_for_and_answered,
    fewer_questions_than_asked_for_come_with_a_notice,
    a_short_text_gives_at_least_five_questions_unasked,
    multiple_choice_has_four_distinct_options_and_one_is_right,
    an_encrypted_document_opens_with_its_password,
    only_the_pages_asked_for_are_read,
    a_form_takes_the_same_wishes_as_json,
    names_are_kept_without_space_around_and_a_blank_one_is_none,
);

/// Every quote stands in the text at its place.
fn assert_proven(quiz: &Value, source: &str) {
    let characters: Vec<char> = source.chars().collect();
    for question in items(&quiz["questions"]) {
        let source = &question["source"];
        let at = |name: &str| source[name].as_u64().map(|n| n as usize).expect("a number");
        assert_eq!(source.get("page"), None, "{question:#}");
        let quote: String = characters[at("start")..at("end")].iter().collect();
        assert_eq!(text(&source["quote"]), quote, "{question:#}");
    }
}

async fn who_waits_gets_the_quiz(mix: Mix) {
    let learner = mix.learner().await;
    let source = pages(2);
    let ask = json!({
        "inputMethod": "text", "textContent": source, "title": "My own title", "topic": "Cells",
        "difficulty": "hard", "questionCount": 4, "unknownField": { "is": "ignored" },
    });
    let reply = post_and_wait(&learner, "/quiz/generate", &ask).await.expect(201);
    assert_eq!(reply.header("location"), format!("/quiz/{}", reply.id()));
    assert_no_keys(&reply.json["questions"]);
    for (name, value) in [
        ("title", json!("My own title")),
        ("topic", json!("Cells")),
        ("difficulty", json!("hard")),
        ("status", json!("active")),
        ("isAiGenerated", json!(true)),
        ("totalAttempts", json!(0)),
        ("_id", reply.json["id"].clone()),
    ] {
        assert_eq!(reply.json[name], value, "{reply}");
    }
    assert_eq!(items(&reply.json["questions"]).len(), 4);
    assert_eq!(learner.get(reply.header("location")).await.expect(200).json, reply.json);
    assert_proven(&with_answers(&learner, reply.id()).await, &source);
}

async fn who_waits_gets_the_problem_of_the_job(mix: Mix) {
    let learner = mix.learner().await;
    let form = reqwest::multipart::Form::new();
    let file = reqwest::multipart::Part::bytes(fixture("scan.pdf").bytes.to_vec()).file_name("scan.pdf");
    let request = learner.request(Method::POST, "/quiz/generate-from-pdf").header("Prefer", "wait=100");
    let reply = learner.send(request.multipart(form.part("file", file))).await;
    assert_problem(&reply, 422, "pdf.no_text");
    let jobs = learner.get("/jobs").await.expect(200).json;
    assert_eq!((&jobs[0]["status"], &jobs[0]["error"]["code"]), (&json!("failed"), &json!("pdf.no_text")));
    assert_eq!(jobs[0]["error"]["message"], reply.json["message"]);
    assert_eq!(jobs[0]["error"]["retryable"], false);
}

async fn who_waits_too_short_a_time_gets_the_job(mix: Mix) {
    let learner = mix.learner().await;
    let mut ask = ask(3);
    ask["notBefore"] = json!(FAR);
    let request = learner.request(Method::POST, "/quiz/generate").header("Prefer", "respond-async, wait=1");
    let reply = learner.send(request.json(&ask)).await.expect(202);
    assert_eq!(reply.json["status"], "scheduled");
    assert_eq!(reply.header("location"), format!("/jobs/{}", reply.id()));
    assert_eq!(reply.header("retry-after"), "1");
}

async fn a_job_is_not_started_before_its_time(mix: Mix) {
    let learner = mix.learner().await;
    let job = scheduled(&learner).await;
    assert_eq!((&job["notBefore"], &job["attempt"]), (&json!(FAR), &json!(0)));
    assert_eq!(job.get("startedAt"), None);
    // Later jobs overtake it.
    quiz(&learner, 1).await;
    let job = learner.get(&format!("/jobs/{}", text(&job["id"]))).await.expect(200).json;
    assert_eq!(job["status"], "scheduled");
    // One whose time has come already is not held up.
    let mut past = ask(1);
    past["notBefore"] = json!("2020-01-01T00:00:00Z");
    post_and_wait(&learner, "/quiz/generate", &past).await.expect(201);
}

async fn every_type_of_question_can_be_asked_for_and_answered(mix: Mix) {
    const TYPES: [&str; 8] = [
        "multiple_choice",
        "multiple_select",
        "true_false",
        "short_answer",
        "cloze",
        "numeric",
        "matching",
        "ordering",
    ];
    let learner = mix.learner().await;
    let source = format!(
        "{LECTURE}\n\nMitosis runs through four phases in this order: prophase, metaphase, anaphase and telophase. \
         Digestion has four stages in this sequence: ingestion, maceration, absorption and elimination."
    );
    let ask =
        json!({ "inputMethod": "text", "textContent": source, "questionCount": 24, "questionTypes": TYPES });
    let quiz = post_and_wait(&learner, "/quiz/generate", &ask).await.expect(201).json;
    let made: BTreeSet<_> =
        items(&quiz["questions"]).iter().map(|question| text(&question["type"])).collect();
    assert_eq!(made, BTreeSet::from(TYPES));
    assert_no_keys(&quiz["questions"]);
    for question in items(&quiz["questions"]) {
        let kind = text(&question["type"]);
        assert_eq!(question.get("pairs").is_some(), kind == "matching", "{question:#}");
        let options = items(&question["options"]).len();
        let typed = ["short_answer", "cloze", "numeric", "matching"].contains(&kind);
        assert_eq!(options == 0, typed, "{question:#}");
        if kind == "true_false" {
            assert_eq!(question["options"], json!(["True", "False"]));
        }
        if kind == "cloze" {
            assert!(text(&question["question"]).contains("_____"), "{question:#}");
        }
    }
    let keyed = with_answers(&learner, text(&quiz["id"])).await;
    assert_proven(&keyed, &source);
    let answers = json!({ "quizId": quiz["id"], "answers": right_answers(&keyed) });
    let result = learner.post("/quiz/submit", &answers).await.expect(200).json;
    assert_eq!(result["percentage"], json!(100.0), "the keys are not accepted: {result:#}");
    let nothing = json!({ "quizId": quiz["id"], "answers": {} });
    let result = learner.post("/quiz/submit", &nothing).await.expect(200).json;
    assert_eq!((&result["percentage"], &result["score"]), (&json!(0.0), &json!(0.0)));
}

async fn fewer_questions_than_asked_for_come_with_a_notice(mix: Mix) {
    let learner = mix.learner().await;
    let sentence = "Robert Hooke coined the word cell in 1665 when he looked at a thin slice of cork.";
    let ask = json!({ "inputMethod": "text", "textContent": sentence, "questionCount": 50 });
    let job = learner.post("/quiz/generate", &ask).await.expect(202);
    let job = learner.wait_job(job.id()).await;
    assert_eq!(job["status"], "succeeded", "{job:#}");
    let quiz = learner.get(text(&job["result"]["url"])).await.expect(200).json;
    let count = items(&quiz["questions"]).len();
    assert!((1..50).contains(&count), "{quiz:#}");
    let notices = items(&job["notices"]);
    assert!(notices.iter().any(|notice| text(notice).contains(&count.to_string())), "{job:#}");
}

async fn a_short_text_gives_at_least_five_questions_unasked(mix: Mix) {
    let learner = mix.learner().await;
    let source = pages(1);
    assert!(source.split_whitespace().count() < 5 * 200);
    let ask = json!({ "inputMethod": "text", "textContent": source });
    let quiz = post_and_wait(&learner, "/quiz/generate", &ask).await.expect(201).json;
    assert_eq!(items(&quiz["questions"]).len(), 5);
}

async fn multiple_choice_has_four_distinct_options_and_one_is_right(mix: Mix) {
    let learner = mix.learner().await;
    let ask = json!({ "inputMethod": "text", "textContent": LECTURE, "questionCount": 20 });
    let quiz = post_and_wait(&learner, "/quiz/generate", &ask).await.expect(201).json;
    let keyed = with_answers(&learner, text(&quiz["id"])).await;
    let mut places = BTreeSet::new();
    for question in items(&keyed["questions"]) {
        assert_eq!(question["type"], "multiple_choice");
        let options: Vec<_> = items(&question["options"]).iter().map(text).collect();
        assert_eq!(options.len(), 4, "{question:#}");
        assert_eq!(BTreeSet::from_iter(&options).len(), 4, "{question:#}");
        places.insert(
            options.iter().position(|option| question["correctAnswer"] == *option).expect("the right one"),
        );
    }
    assert!(places.len() > 1, "the right option always stands at {places:?}");
}

async fn an_encrypted_document_opens_with_its_password(mix: Mix) {
    let learner = mix.learner().await;
    let fields = [("password", "open sesame"), ("questionCount", "3"), ("title", "Opened")];
    let job = learner.upload("/quiz/generate-from-pdf", &fields, fixture("encrypted.pdf")).await.expect(202);
    let job = learner.wait_job(job.id()).await;
    assert_eq!(job["status"], "succeeded", "{job:#}");
    assert!(!job.to_string().contains("open sesame"));
    let quiz = learner.get(text(&job["result"]["url"])).await.expect(200).json;
    assert_eq!((&quiz["title"], items(&quiz["questions"]).len()), (&json!("Opened"), 3));
    // One that opens without a password needs none.
    let job =
        learner.upload("/quiz/generate-from-pdf", &[], fixture("encrypted_empty_user.pdf")).await.expect(202);
    assert_eq!(learner.wait_job(job.id()).await["status"], "succeeded");
    let app = mix.app().await;
    for process in app.workers.iter().chain([&app.api]) {
        assert!(!process.log().contains("open sesame") && !process.log().contains(PASSWORD));
    }
}

async fn only_the_pages_asked_for_are_read(mix: Mix) {
    let learner = mix.learner().await;
    let fields = [("pages", "2-3,7"), ("questionCount", "12")];
    let job = learner.upload("/quiz/generate-from-pdf", &fields, fixture("lecture.pdf")).await.expect(202);
    let job = learner.wait_job(job.id()).await;
    let quiz = learner.get(text(&job["result"]["url"])).await.expect(200).json;
    let read: BTreeSet<_> =
        items(&quiz["questions"]).iter().filter_map(|question| question["source"]["page"].as_u64()).collect();
    assert_eq!(read, BTreeSet::from([2, 3, 7]));
}

async fn names_are_kept_without_space_around_and_a_blank_one_is_none(mix: Mix) {
    let learner = mix.learner().await;
    let made = async |topic: &str, title: &str| {
        let mut ask = ask(1);
        ask["topic"] = json!(topic);
        ask["title"] = json!(title);
        post_and_wait(&learner, "/quiz/generate", &ask).await
    };
    let quiz = made(" Cells ", " A title\n").await.expect(201).json;
    assert_eq!((&quiz["topic"], &quiz["title"]), (&json!("Cells"), &json!("A title")));
    let quiz = made("", "  ").await.expect(201).json;
    assert!(!text(&quiz["topic"]).trim().is_empty() && !text(&quiz["title"]).trim().is_empty(), "{quiz}");
    assert_fields(&made("a\0b", "Title").await, &["topic"]);
}

async fn a_form_takes_the_same_wishes_as_json(mix: Mix) {
    let learner = mix.learner().await;
    let fields = [
        ("inputMethod", "pdf"),
        ("topic", "Biology"),
        ("title", "By form"),
        ("difficulty", "easy"),
        ("questionCount", "4"),
        ("questionTypes", "true_false"),
        ("questionTypes", "cloze"),
        ("notBefore", FAR),
    ];
    let file = Upload::new("any name.bin", "application/octet-stream", fixture("lecture.pdf").bytes);
    let job = learner.upload("/quiz/generate", &fields, file).await.expect(202);
    assert_eq!((&job.json["status"], &job.json["notBefore"]), (&json!("scheduled"), &json!(FAR)));
    let now: Vec<_> = fields.into_iter().filter(|(name, _)| *name != "notBefore").collect();
    let job = learner.upload("/quiz/generate", &now, fixture("lecture.pdf")).await.expect(202);
    let job = learner.wait_job(job.id()).await;
    let quiz = learner.get(text(&job["result"]["url"])).await.expect(200).json;
    for (name, value) in [("topic", "Biology"), ("title", "By form"), ("difficulty", "easy")] {
        assert_eq!(quiz[name], value);
    }
    let kinds: Vec<_> = items(&quiz["questions"]).iter().map(|question| text(&question["type"])).collect();
    assert_eq!(kinds.len(), 4);
    assert!(kinds.contains(&"true_false") && kinds.contains(&"cloze"), "{kinds:?}");
}
