//! `Idempotency-Key`.

use futures::future::join_all;
use harness::Client;
use harness::client::Reply;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_repeated_request_gets_the_first_response,
    a_form_sent_again_with_another_boundary_is_the_same,
    another_body_under_the_same_key_is_422,
    of_many_at_once_one_makes_a_job,
    a_refusal_is_replayed_too,
    a_list_is_replayed_with_its_headers_and_belongs_to_its_query,
    keys_belong_to_a_user_and_a_path,
    a_bad_key_is_400,
    a_key_needs_a_login,
    logins_know_no_keys,
);

fn waiting() -> Value {
    let mut ask = ask(2);
    ask["notBefore"] = json!(FAR);
    ask
}

async fn post(client: &Client, path: &str, key: &str, body: &Value) -> Reply {
    client.send(client.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
}

async fn job_count(client: &Client) -> String {
    client.get("/jobs").await.expect(200).header("x-total-count").to_owned()
}

async fn a_repeated_request_gets_the_first_response(mix: Mix) {
    let learner = mix.learner().await;
    let first = post(&learner, "/quiz/generate", "again", &waiting()).await.expect(202);
    learner.post(&format!("/jobs/{}/cancel", first.id()), &json!({})).await.expect(200);
    for path in ["/quiz/generate", "/quiz/generate/"] {
        let second = post(&learner, path, "again", &waiting()).await.expect(202);
        assert_eq!(second.bytes, first.bytes);
        for name in ["location", "retry-after", "content-type"] {
            assert_eq!(second.header(name), first.header(name));
        }
    }
    assert_eq!(job_count(&learner).await, "1");
}

fn form(file: &[u8], title: &str) -> Form {
    let part = Part::bytes(file.to_vec()).file_name("lecture.pdf").mime_str("application/pdf").unwrap();
    Form::new().text("title", title.to_owned()).text("notBefore", FAR).part("file", part)
}

async fn a_form_sent_again_with_another_boundary_is_the_same(mix: Mix) {
    let learner = mix.learner().await;
    let file = fixture("lecture.pdf").bytes;
    let send = |form: Form| {
        let request = learner.request(Method::POST, "/quiz/generate").header("Idempotency-Key", "form");
        learner.send(request.multipart(form))
    };
    let (one, other) = (form(&file, "A title"), form(&file, "A title"));
    assert_ne!(one.boundary(), other.boundary());
    let first = send(one).await.expect(202);
    assert_eq!(send(other).await.expect(202).bytes, first.bytes);
    assert_problem(&send(form(&file, "Another title")).await, 422, "idempotency.mismatch");
    assert_problem(&send(form(&file[1..], "A title")).await, 422, "idempotency.mismatch");
    assert_eq!(job_count(&learner).await, "1");
}

async fn another_body_under_the_same_key_is_422(mix: Mix) {
    let learner = mix.learner().await;
    post(&learner, "/quiz/generate", "key", &waiting()).await.expect(202);
    let mut other = waiting();
    other["questionCount"] = json!(3);
    assert_problem(&post(&learner, "/quiz/generate", "key", &other).await, 422, "idempotency.mismatch");
    post(&learner, "/quiz/generate", "other-key", &other).await.expect(202);
    assert_eq!(job_count(&learner).await, "2");
}

async fn of_many_at_once_one_makes_a_job(mix: Mix) {
    let learner = mix.learner().await;
    let body = waiting();
    let replies = join_all((0..20).map(|_| post(&learner, "/quiz/generate", "storm", &body))).await;
    let made: Vec<_> = replies.iter().filter(|reply| reply.status == 202).collect();
    assert!(!made.is_empty());
    for reply in &replies {
        match reply.status {
            202 => assert_eq!(reply.bytes, made[0].bytes),
            _ => assert_problem(reply, 409, "idempotency.running"),
        }
    }
    assert_eq!(job_count(&learner).await, "1");
    assert_eq!(post(&learner, "/quiz/generate", "storm", &body).await.expect(202).bytes, made[0].bytes);
}

async fn a_list_is_replayed_with_its_headers_and_belongs_to_its_query(mix: Mix) {
    let learner = mix.learner().await;
    for title in ["Cells", "More cells"] {
        learner.post("/notes", &json!({ "title": title, "content": "They divide." })).await.expect(201);
    }
    let query = json!({ "query": "cells" });
    let first = post(&learner, "/notes/search?limit=1", "list", &query).await.expect(200);
    assert_eq!((first.header("x-total-count"), first.header("link").is_empty()), ("2", false));
    let again = post(&learner, "/notes/search?limit=1", "list", &query).await.expect(200);
    for name in ["x-total-count", "link"] {
        assert_eq!(again.header(name), first.header(name));
    }
    let next = post(&learner, "/notes/search?limit=1&page=2", "list", &query).await;
    assert_problem(&next, 422, "idempotency.mismatch");
}

async fn a_refusal_is_replayed_too(mix: Mix) {
    let learner = mix.learner().await;
    let body = json!({ "quizId": "0123456789abcdef01234567" });
    let first = post(&learner, "/quiz/attempt", "refused", &body).await;
    let second = post(&learner, "/quiz/attempt", "refused", &body).await;
    for reply in [&first, &second] {
        assert_problem(reply, 404, "quiz.not_found");
    }
    assert_eq!(first.bytes, second.bytes);
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
}

async fn keys_belong_to_a_user_and_a_path(mix: Mix) {
    let (one, other) = (mix.learner().await, mix.learner().await);
    let job = post(&one, "/quiz/generate", "mine", &waiting()).await.expect(202);
    let theirs = post(&other, "/quiz/generate", "mine", &waiting()).await.expect(202);
    assert_ne!(job.id(), theirs.id());
    let cancelled = post(&one, &format!("/jobs/{}/cancel", job.id()), "mine", &waiting()).await.expect(200);
    assert_eq!(cancelled.json["status"], "cancelled");
    // A repeated cancel is no conflict when it is the same request.
    post(&one, &format!("/jobs/{}/cancel", job.id()), "mine", &waiting()).await.expect(200);
}

async fn a_bad_key_is_400(mix: Mix) {
    let learner = mix.learner().await;
    for key in ["", &"x".repeat(256)] {
        assert_problem(
            &post(&learner, "/quiz/generate", key, &waiting()).await,
            400,
            "idempotency.invalid_key",
        );
    }
    post(&learner, "/quiz/generate", &"x".repeat(255), &waiting()).await.expect(202);
    assert_eq!(job_count(&learner).await, "1");
}

async fn a_key_needs_a_login(mix: Mix) {
    let visitor = mix.app().await.client();
    assert_problem(&post(&visitor, "/quiz/generate", "key", &waiting()).await, 401, "auth.required");
}

async fn logins_know_no_keys(mix: Mix) {
    let learner = mix.learner().await;
    let body = json!({ "email": learner.session()["user"]["email"], "password": harness::client::PASSWORD });
    let first = post(&learner.anonymous(), "/auth/login", "key", &body).await.expect(200);
    let second = post(&learner.anonymous(), "/auth/login", "key", &body).await.expect(200);
    assert_ne!(first.json["refreshToken"], second.json["refreshToken"]);
}
