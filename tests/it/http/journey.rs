//! One student from registration to the result.

use std::path::Path;
use std::process::Command;

use harness::Client;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(a_student_comes_from_registration_to_result_and_history);

async fn a_student_comes_from_registration_to_result_and_history(mix: Mix) {
    let app = mix.app().await;
    let (student, user) = enter(&app.client()).await;

    // The upload becomes a job, and its events tell of every question.
    let accepted = student.upload("/quiz/generate", &[("inputMethod", "pdf")], fixture("lecture.pdf")).await;
    let accepted = accepted.expect(202);
    let job = accepted.id();
    assert_eq!(accepted.header("location"), format!("/jobs/{job}"));
    assert!(accepted.header("retry-after").parse::<u32>().is_ok(), "{accepted}");
    let stream = student.events(job, None).await;
    assert_eq!(stream.status, 200);
    let events = stream.rest().await;
    let last = events.last().expect("events");
    assert_eq!(last.event, "done");
    let result = &last.data["result"];
    assert_eq!(result["type"], "quiz");
    let shown: Vec<Value> = events
        .iter()
        .filter(|event| event.event == "questions")
        .flat_map(|event| items(&event.data["questions"]).to_vec())
        .collect();

    // The quiz: for the student without keys, for its owner on request with all of them.
    let quiz = student.get(text(&result["url"])).await.expect(200).json;
    assert_no_keys(&quiz["questions"]);
    assert_eq!(quiz["_id"], quiz["id"]);
    assert_eq!(
        (&quiz["generation"]["provider"], &quiz["generation"]["method"]),
        (&json!("local"), &json!("local"))
    );
    assert_eq!(quiz["questions"], json!(shown), "the events showed other questions");
    let count = LECTURE.split_whitespace().count() / 200;
    assert_eq!(items(&quiz["questions"]).len(), count, "one question for each 200 words");
    let keyed = with_answers(&student, text(&quiz["id"])).await;
    assert_proven(&keyed);

    // The attempt: opened once, saved, submitted.
    let opened = student.post("/quiz/attempt", &json!({ "quizId": quiz["id"] })).await.expect(201).json;
    assert_no_keys(&opened);
    assert_eq!((&opened["attemptNumber"], &opened["answers"]), (&json!(1), &json!({})));
    let again = student.post("/quiz/attempt", &json!({ "quizId": quiz["id"] })).await.expect(200).json;
    assert_eq!(again["attemptId"], opened["attemptId"]);
    let mut rest = right_answers(&keyed);
    let (id, answer) = {
        let question = &keyed["questions"][0];
        (text(&question["id"]).to_owned(), question["correctAnswer"].clone())
    };
    rest.as_object_mut().unwrap().remove(&id);
    let attempt = text(&opened["attemptId"]);
    let saved = student
        .patch(&format!("/quiz/attempts/{attempt}/answers"), &json!({ "answers": { &id: answer } }))
        .await;
    assert_eq!(saved.expect(200).json["answers"], json!({ &id: answer }));
    let result = student
        .post("/quiz/submit", &json!({ "attemptId": attempt, "answers": rest }))
        .await
        .expect(200)
        .json;
    assert_result(&result, &keyed);

    // What is left of it.
    let path = format!("/quiz/attempts/{}", text(&quiz["id"]));
    assert_eq!(student.get(&path).await.expect(200).json, json!([result]));
    let history = student.get(&format!("/quiz/user/{}/history", text(&user["id"]))).await.expect(200).json;
    assert_eq!(
        history,
        json!([{
            "id": result["attemptId"], "quizId": quiz["id"], "topic": quiz["topic"], "score": result["score"],
            "maxScore": result["maxScore"], "totalQuestions": result["totalQuestions"],
            "percentage": result["percentage"], "completedAt": result["completedAt"],
        }])
    );
    let quiz = student.get(&format!("/quiz/{}", text(&quiz["id"]))).await.expect(200).json;
    assert_eq!((&quiz["totalAttempts"], &quiz["averageScore"]), (&json!(1), &json!(100.0)));
}

async fn enter(visitor: &Client) -> (Client, Value) {
    let email = format!("Journey-{}-{}@Example.com", std::process::id(), harness::unique());
    let account = json!({ "name": "A Student", "email": email, "password": "secret of six" });
    let user = visitor.post("/auth/register", &account).await.expect(201);
    assert_eq!(user.header("location"), format!("/users/{}", user.id()));
    let student = visitor.login(&email.to_lowercase(), "secret of six").await;
    assert_eq!(student.session()["user"], user.json);
    assert_eq!(student.get("/auth/me").await.expect(200).json, user.json);
    assert_instant(&user.json["createdAt"]);
    (student, user.json)
}

/// Every question stands on words of its page, to the byte.
fn assert_proven(quiz: &Value) {
    let pages = lecture_pages();
    assert_eq!(extracted("lecture"), LECTURE, "the text that questions are made from");
    for question in items(&quiz["questions"]) {
        let source = &question["source"];
        let number = |name: &str| source[name].as_u64().map(|n| n as usize).expect("a number");
        let page: Vec<char> = pages[number("page") - 1].chars().collect();
        let quote: String = page[number("start")..number("end")].iter().collect();
        assert!(!quote.trim().is_empty(), "{question:#}");
        assert_eq!(text(&source["quote"]), quote, "{question:#}");
        assert!(!text(&question["explanation"]).is_empty(), "{question:#}");
    }
}

/// What the worker reads out of a fixture.
fn extracted(name: &str) -> String {
    let built = || {
        let test = std::env::current_exe().expect("the path of this test");
        test.parent().and_then(Path::parent).expect("a target directory").join("smartstudy-worker")
    };
    let worker = std::env::var_os("SMARTSTUDY_WORKER_BIN").filter(|path| !path.is_empty());
    let out = harness::temp_dir("extract-");
    let mut command = Command::new(worker.map_or_else(built, Into::into));
    command.arg("extract").arg("--out").arg(out.path()).arg(fixture_path(&format!("{name}.pdf")));
    let output = command.output().expect("the worker runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(out.path().join(format!("{name}.txt"))).expect("the text")
}

fn assert_result(result: &Value, keyed: &Value) {
    let questions = items(&keyed["questions"]);
    assert_eq!(result["percentage"], json!(100.0), "{result:#}");
    assert_eq!(result["score"], result["maxScore"]);
    assert_eq!(result["totalQuestions"], json!(questions.len()));
    assert_eq!(result["answers"], right_answers(keyed));
    let correct: Vec<_> = questions.iter().map(|question| question["correctAnswer"].clone()).collect();
    assert_eq!(result["correctAnswers"], json!(correct));
    for name in ["startedAt", "completedAt"] {
        assert_instant(&result[name]);
    }
    assert!(result["timeSpent"].is_u64(), "{result:#}");
    for (shown, question) in items(&result["questionResults"]).iter().zip(questions) {
        for (name, key) in [
            ("questionId", "id"),
            ("question", "question"),
            ("userAnswer", "correctAnswer"),
            ("correctAnswer", "correctAnswer"),
            ("explanation", "explanation"),
            ("points", "points"),
            ("source", "source"),
        ] {
            assert_eq!(shown[name], question[key], "{name} of {shown:#}");
        }
        assert_eq!(shown["isCorrect"], true);
        assert!(!text(&shown["source"]["quote"]).is_empty());
    }
    assert_eq!(items(&result["questionResults"]).len(), questions.len());
}
