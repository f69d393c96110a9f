//! Requests that cannot be right.

use harness::client::Reply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_wrong_type_names_its_field,
    a_violated_limit_names_its_field,
    malformed_json_is_told_from_wrong_types,
    a_wrong_content_type_is_415,
    a_large_json_body_is_413,
    a_body_without_a_document_has_one_megabyte,
    an_unknown_path_is_404,
    a_wrong_method_is_405_and_names_the_right_ones,
    a_malformed_id_is_400,
    what_does_not_exist_is_404,
    what_belongs_to_somebody_else_is_404_and_stays_as_it_was,
    a_path_works_with_and_without_a_trailing_slash,
    a_bad_query_names_its_parameter,
    a_problem_and_its_log_line_share_the_request_id,
    a_strange_request_id_is_replaced,
);

const ID: &str = "0123456789abcdef01234567";
const JOB: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

async fn a_wrong_type_names_its_field(mix: Mix) {
    let learner = mix.learner().await;
    for (field, value) in [
        ("inputMethod", json!("fax")),
        ("textContent", json!(5)),
        ("questionCount", json!("ten")),
        ("questionCount", json!(-1)),
        ("questionCount", json!(2.5)),
        ("difficulty", json!("impossible")),
        ("topic", json!(["Cells"])),
        ("notBefore", json!("soon")),
        ("instructions", json!({})),
        ("questionTypes", json!("cloze")),
    ] {
        let mut ask = ask(3);
        ask[field] = value;
        assert_fields(&learner.post("/quiz/generate", &ask).await, &[field]);
    }
    let mut ask = ask(3);
    ask["questionTypes"] = json!(["cloze", "essay"]);
    assert_fields(&learner.post("/quiz/generate", &ask).await, &["questionTypes[1]"]);
    assert_fields(&learner.post("/quiz/generate", &json!({ "inputMethod": "text" })).await, &["textContent"]);
    assert_fields(&learner.post("/quiz/attempt", &json!({ "quizId": 7 })).await, &["quizId"]);
    assert_fields(&learner.post("/quiz/attempt", &json!({})).await, &["quizId"]);
    assert_fields(&learner.post("/quiz/submit", &json!({ "quizId": "x" })).await, &["quizId"]);
    assert_fields(&learner.post("/quiz/submit", &json!({ "answers": {} })).await, &["attemptId"]);
    assert_fields(&learner.post("/quiz/submit", &json!({ "quizId": ID, "answers": 5 })).await, &["answers"]);
    assert_eq!(learner.get("/jobs").await.header("x-total-count"), "0");
}

async fn a_violated_limit_names_its_field(mix: Mix) {
    let learner = mix.learner().await;
    let long = |count: usize| json!("x".repeat(count));
    for (field, value) in [
        ("questionCount", json!(0)),
        ("questionCount", json!(201)),
        ("instructions", long(501)),
        ("title", long(201)),
    ] {
        let mut ask = ask(3);
        ask[field] = value;
        assert_fields(&learner.post("/quiz/generate", &ask).await, &[field]);
    }
    let account = json!({ "name": long(101), "email": "nobody", "password": "short" });
    let reply = learner.anonymous().post("/auth/register", &account).await;
    assert_fields(&reply, &["email", "name", "password"]);
}

async fn malformed_json_is_told_from_wrong_types(mix: Mix) {
    let learner = mix.learner().await;
    for body in ["", "{", "{\"inputMethod\":", "not json", "{\"inputMethod\":\"text\",}"] {
        for path in ["/quiz/generate", "/quiz/attempt", "/quiz/submit", "/auth/register", "/auth/login"] {
            let request = learner.request(Method::POST, path).header("Content-Type", "application/json");
            let reply = learner.send(request.body(body)).await;
            assert_problem(&reply, 400, "body.malformed");
        }
    }
    for body in ["[]", "null", "5", "\"text\""] {
        let request =
            learner.request(Method::POST, "/quiz/generate").header("Content-Type", "application/json");
        assert_problem(&learner.send(request.body(body)).await, 400, "validation.failed");
    }
}

async fn a_wrong_content_type_is_415(mix: Mix) {
    let learner = mix.learner().await;
    for (path, kind) in [
        ("/quiz/generate", "text/plain"),
        ("/quiz/attempt", "application/x-www-form-urlencoded"),
        ("/auth/register", "application/xml"),
        ("/auth/login", "text/plain"),
        ("/quiz/generate-from-pdf", "application/json"),
        ("/quiz/generate-from-pdf", "application/pdf"),
    ] {
        let request = learner.request(Method::POST, path).header("Content-Type", kind).body("{}");
        assert_problem(&learner.send(request).await, 415, "body.unsupported_type");
    }
    // A form that says where its parts end, and one that does not.
    let request = learner.request(Method::POST, "/quiz/generate-from-pdf");
    let request = request.header("Content-Type", "multipart/form-data; boundary=xx").body("--yy\r\n");
    assert_problem(&learner.send(request).await, 400, "body.malformed");
}

async fn a_large_json_body_is_413(mix: Mix) {
    let learner = mix.learner().await;
    let ask = json!({ "inputMethod": "text", "textContent": "x".repeat(12 << 20) });
    assert_problem(&learner.post("/quiz/generate", &ask).await, 413, "body.too_large");
}

async fn a_body_without_a_document_has_one_megabyte(mix: Mix) {
    let learner = mix.learner().await;
    // With a member that is ignored, the body has this many bytes.
    let of_size = |bytes: usize| {
        let frame = json!({ "username": "x", "password": "x", "padding": "" }).to_string();
        frame.replace("\"padding\":\"\"", &format!("\"padding\":\"{}\"", "x".repeat(bytes - frame.len())))
    };
    let send = |method: Method, path: &str, body: String| {
        let request = learner.request(method, path).header("Content-Type", "application/json");
        learner.send(request.body(body))
    };
    let login = send(Method::POST, "/auth/login", of_size(1 << 20)).await;
    assert_problem(&login, 401, "auth.bad_credentials");
    for (method, path) in [
        (Method::POST, "/auth/login"),
        (Method::POST, "/auth/register"),
        (Method::POST, "/auth/refresh"),
        (Method::POST, "/auth/logout"),
        (Method::POST, "/quiz/attempt"),
        (Method::POST, "/quiz/submit"),
        (Method::POST, &format!("/quiz/{ID}/submit")),
        (Method::PATCH, &format!("/quiz/attempts/{ID}/answers")),
    ] {
        for bytes in [(1 << 20) + 1, 8 << 20] {
            assert_problem(&send(method.clone(), path, of_size(bytes)).await, 413, "body.too_large");
        }
    }
    let form = learner.request(Method::POST, "/auth/login");
    let form = form.header("Content-Type", "application/x-www-form-urlencoded");
    let form = form.body(format!("username=x&password={}", "x".repeat(1 << 20)));
    assert_problem(&learner.send(form).await, 413, "body.too_large");
    // Who is refused before the body is read can read why as well.
    let anonymous = learner.anonymous().request(Method::POST, "/quiz/generate").body(of_size(8 << 20));
    assert_problem(&learner.send(anonymous).await, 401, "auth.required");
    // A text to make a quiz from may be larger.
    let ask = json!({ "inputMethod": "text", "textContent": LECTURE.repeat(80), "notBefore": FAR });
    assert!(ask.to_string().len() > 1 << 20);
    learner.post("/quiz/generate", &ask).await.expect(202);
}

async fn an_unknown_path_is_404(mix: Mix) {
    let learner = mix.learner().await;
    for path in
        ["/nothing", "/quiz/user/history/of/nobody", "/jobs/x/y/z", "/web/nothing.js", "/web/../Cargo.toml"]
    {
        let reply = learner.get(path).await;
        assert_problem(&reply, 404, "route.not_found");
    }
    assert_problem(&learner.post("/nothing", &json!({})).await, 404, "route.not_found");
}

async fn a_wrong_method_is_405_and_names_the_right_ones(mix: Mix) {
    let learner = mix.learner().await;
    for (method, path, allowed) in [
        (Method::DELETE, "/auth/login".to_owned(), vec!["POST"]),
        (Method::PATCH, format!("/jobs/{JOB}"), vec!["GET", "HEAD"]),
        (Method::GET, format!("/jobs/{JOB}/cancel"), vec!["POST"]),
        (Method::POST, "/health".to_owned(), vec!["GET", "HEAD"]),
        (Method::PATCH, format!("/quiz/{ID}"), vec!["DELETE", "GET", "HEAD"]),
    ] {
        let reply = learner.send(learner.request(method, &path)).await;
        assert_problem(&reply, 405, "route.method_not_allowed");
        let named: Vec<_> = reply.header("allow").split(',').map(str::trim).collect();
        assert!(allowed.iter().all(|method| named.contains(method)), "{reply}");
    }
}

async fn a_malformed_id_is_400(mix: Mix) {
    let learner = mix.learner().await;
    for id in ["x", "0123456789abcdef0123456", "0123456789abcdef0123456z", "%00", "..%2f..%2fetc"] {
        for path in [
            format!("/quiz/{id}"),
            format!("/quiz/attempts/{id}"),
            format!("/quiz/user/{id}/history"),
            format!("/jobs/{id}"),
            format!("/jobs/{id}/events"),
        ] {
            assert_problem(&learner.get(&path).await, 400, "id.invalid");
        }
        let answers = json!({ "answers": {} });
        assert_problem(
            &learner.patch(&format!("/quiz/attempts/{id}/answers"), &answers).await,
            400,
            "id.invalid",
        );
        assert_problem(&learner.post(&format!("/quiz/{id}/submit"), &answers).await, 400, "id.invalid");
        assert_problem(&learner.delete(&format!("/quiz/{id}")).await, 400, "id.invalid");
    }
}

async fn what_does_not_exist_is_404(mix: Mix) {
    let learner = mix.learner().await;
    let nothing = json!({ "answers": {} });
    for (reply, code) in [
        (learner.get(&format!("/quiz/{ID}")).await, "quiz.not_found"),
        (learner.delete(&format!("/quiz/{ID}")).await, "quiz.not_found"),
        (learner.get(&format!("/quiz/attempts/{ID}")).await, "quiz.not_found"),
        (learner.post("/quiz/attempt", &json!({ "quizId": ID })).await, "quiz.not_found"),
        (learner.post(&format!("/quiz/{ID}/submit"), &nothing).await, "quiz.not_found"),
        (learner.post("/quiz/submit", &json!({ "quizId": ID })).await, "quiz.not_found"),
        (learner.post("/quiz/submit", &json!({ "attemptId": ID })).await, "attempt.not_found"),
        (learner.patch(&format!("/quiz/attempts/{ID}/answers"), &nothing).await, "attempt.not_found"),
        (learner.get(&format!("/jobs/{JOB}")).await, "job.not_found"),
        (learner.get(&format!("/jobs/{JOB}/events")).await, "job.not_found"),
        (learner.post(&format!("/jobs/{JOB}/cancel"), &json!({})).await, "job.not_found"),
        (learner.post(&format!("/jobs/{JOB}/retry"), &json!({})).await, "job.not_found"),
        (learner.get(&format!("/quiz/user/{ID}/history")).await, "user.not_found"),
    ] {
        assert_problem(&reply, 404, code);
    }
}

async fn what_belongs_to_somebody_else_is_404_and_stays_as_it_was(mix: Mix) {
    let (owner, thief) = (mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 3).await;
    let id = text(&quiz["id"]);
    let attempt = attempt(&owner, &quiz).await;
    let job = scheduled(&owner).await;
    let job = text(&job["id"]);
    let nothing = json!({ "answers": {} });
    for (reply, code) in [
        (thief.get(&format!("/quiz/{id}")).await, "quiz.not_found"),
        (thief.get(&format!("/quiz/{id}?include=answers")).await, "quiz.not_found"),
        (thief.delete(&format!("/quiz/{id}")).await, "quiz.not_found"),
        (thief.get(&format!("/quiz/attempts/{id}")).await, "quiz.not_found"),
        (thief.post("/quiz/attempt", &json!({ "quizId": id })).await, "quiz.not_found"),
        (thief.post("/quiz/submit", &json!({ "quizId": id })).await, "quiz.not_found"),
        (thief.post(&format!("/quiz/{id}/submit"), &nothing).await, "quiz.not_found"),
        (thief.post("/quiz/submit", &json!({ "attemptId": attempt })).await, "attempt.not_found"),
        (thief.patch(&format!("/quiz/attempts/{attempt}/answers"), &nothing).await, "attempt.not_found"),
        (thief.get(&format!("/jobs/{job}")).await, "job.not_found"),
        (thief.get(&format!("/jobs/{job}/events")).await, "job.not_found"),
        (thief.post(&format!("/jobs/{job}/cancel"), &json!({})).await, "job.not_found"),
        (thief.post(&format!("/jobs/{job}/retry"), &json!({})).await, "job.not_found"),
        (thief.get(&format!("/quiz/user/{}/history", owner.user_id())).await, "user.not_found"),
    ] {
        assert_problem(&reply, 404, code);
    }
    assert_eq!(owner.get(&format!("/quiz/{id}")).await.expect(200).json, quiz);
    assert_eq!(owner.get(&format!("/jobs/{job}")).await.expect(200).json["status"], "scheduled");
    assert_eq!(owner.get(&format!("/quiz/attempts/{id}")).await.expect(200).json, json!([]));
    for list in ["/quiz", "/jobs"] {
        assert_eq!(thief.get(list).await.expect(200).json, json!([]));
    }
}

async fn a_path_works_with_and_without_a_trailing_slash(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 1).await;
    for path in ["/quiz", "/jobs", "/auth/me", "/health/live", &format!("/quiz/{}", text(&quiz["id"]))] {
        let plain = learner.get(path).await.expect(200).json;
        assert_eq!(learner.get(&format!("{path}/")).await.expect(200).json, plain);
        assert_eq!(learner.get(&format!("{path}/?limit=20")).await.expect(200).json, plain);
    }
    learner.post("/quiz/attempt/", &json!({ "quizId": quiz["id"] })).await.expect(201);
    assert_problem(&learner.get("/nothing/").await, 404, "route.not_found");
}

async fn a_bad_query_names_its_parameter(mix: Mix) {
    let learner = mix.learner().await;
    for (path, query, field) in [
        ("/jobs", "limit=0", "limit"),
        ("/jobs", "limit=101", "limit"),
        ("/jobs", "limit=many", "limit"),
        ("/jobs", "page=0", "page"),
        ("/jobs", "status=bogus", "status"),
        ("/jobs", "sort=colour", "sort"),
        ("/jobs", "cursor=garbage", "cursor"),
        ("/quiz", "cursor=garbage", "cursor"),
        ("/quiz", "difficulty=bogus", "difficulty"),
        ("/quiz", "status=bogus", "status"),
    ] {
        assert_fields(&learner.get(&format!("{path}?{query}")).await, &[field]);
    }
    let history = format!("/quiz/user/{}/history", learner.user_id());
    for (query, field) in [
        ("minScore=101", "minScore"),
        ("maxScore=x", "maxScore"),
        ("from=yesterday", "from"),
        ("to=tomorrow", "to"),
        ("from=2026-01-01&tz=Mars/Olympus", "tz"),
    ] {
        assert_fields(&learner.get(&format!("{history}?{query}")).await, &[field]);
    }
    let quiz = quiz(&learner, 1).await;
    assert_fields(
        &learner.get(&format!("/quiz/{}?include=everything", text(&quiz["id"]))).await,
        &["include"],
    );
}

async fn ask_with_id(mix: Mix, id: &str) -> Reply {
    let learner = mix.learner().await;
    learner.send(learner.request(Method::GET, "/quiz/nonsense").header("X-Request-Id", id)).await
}

async fn a_problem_and_its_log_line_share_the_request_id(mix: Mix) {
    let id = format!("shared-{}", harness::unique());
    let reply = ask_with_id(mix, &id).await;
    assert_problem(&reply, 400, "id.invalid");
    assert_eq!(reply.header("x-request-id"), id);
    let logged = mix.app().await.api.line(|line| line.contains(&id).then(|| line.to_owned())).await;
    assert!(logged.expect("a log line").contains("400"));
    let own: Value = json!(mix.app().await.client().get("/nothing").await.header("x-request-id"));
    let logged = mix.app().await.api.line(|line| line.contains(text(&own)).then_some(())).await;
    assert_eq!(logged, Some(()));
}

async fn a_strange_request_id_is_replaced(mix: Mix) {
    for id in ["with space", "<script>", &"x".repeat(65), ""] {
        let reply = ask_with_id(mix, id).await;
        assert!(!reply.header("x-request-id").is_empty());
        assert_ne!(reply.header("x-request-id"), id);
    }
}
