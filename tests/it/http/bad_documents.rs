//! Documents that are none, and texts that give nothing.

use harness::Client;
use harness::client::{Reply, Upload};
use serde_json::json;

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    what_is_not_a_pdf_is_refused_at_once,
    an_empty_file_is_refused_at_once,
    a_form_without_a_file_says_so,
    a_file_that_is_too_large_is_refused_and_the_answer_can_be_read,
    a_file_of_the_largest_size_is_taken,
    a_locked_document_asks_for_its_password,
    a_wrong_password_is_told_from_a_damaged_file,
    a_document_of_pictures_says_so,
    a_damaged_document_says_so,
    pages_that_do_not_exist_fail_the_job,
    bad_fields_of_a_form_are_named,
    a_text_of_49_characters_is_too_short,
    a_text_without_facts_fails_the_job,
);

const PATHS: [&str; 2] = ["/quiz/generate", "/quiz/generate-from-pdf"];

/// Refused before anything was stored.
async fn assert_no_job(learner: &Client) {
    assert_eq!(learner.get("/jobs").await.expect(200).header("x-total-count"), "0");
}

async fn refused(mix: Mix, file: impl Fn() -> Upload, status: u16, code: &str) {
    let learner = mix.learner().await;
    for path in PATHS {
        let reply = learner.upload(path, &[], file()).await;
        assert_problem(&reply, status, code);
        assert_eq!(reply.json["instance"], path);
    }
    assert_no_job(&learner).await;
}

async fn what_is_not_a_pdf_is_refused_at_once(mix: Mix) {
    refused(mix, || fixture("not_a_pdf.pdf"), 415, "file.not_pdf").await;
    // By content, whatever it is called.
    refused(mix, || Upload::new("x.pdf", "application/pdf", &b"hello"[..]), 415, "file.not_pdf").await;
}

async fn an_empty_file_is_refused_at_once(mix: Mix) {
    refused(mix, || fixture("empty.pdf"), 400, "file.empty").await;
}

async fn a_form_without_a_file_says_so(mix: Mix) {
    let learner = mix.learner().await;
    let other = Upload { field: "document".into(), ..fixture("lecture.pdf") };
    assert_fields(&learner.upload("/quiz/generate-from-pdf", &[], other).await, &["file"]);
    assert_no_job(&learner).await;
}

fn of_size(bytes: usize) -> Upload {
    let mut content = fixture("lecture.pdf").bytes.to_vec();
    content.resize(bytes, b'\n');
    Upload::new("large.pdf", "application/pdf", content)
}

async fn a_file_that_is_too_large_is_refused_and_the_answer_can_be_read(mix: Mix) {
    for megabytes in [11, 60] {
        refused(mix, || of_size(megabytes << 20), 413, "file.too_large").await;
    }
    refused(mix, || of_size((10 << 20) + 1), 413, "file.too_large").await;
}

async fn a_file_of_the_largest_size_is_taken(mix: Mix) {
    let learner = mix.learner().await;
    let fields = [("notBefore", FAR)];
    learner.upload("/quiz/generate-from-pdf", &fields, of_size(10 << 20)).await.expect(202);
}

/// The job fails for good, with this code and something to do.
async fn fails(mix: Mix, fields: &[(&str, &str)], file: &str, code: &str) -> String {
    let learner = mix.learner().await;
    let job = learner.upload("/quiz/generate-from-pdf", fields, fixture(file)).await.expect(202);
    let job = learner.wait_job(job.id()).await;
    assert_eq!((&job["status"], &job["error"]["code"]), (&json!("failed"), &json!(code)), "{job:#}");
    assert_eq!((&job["attempt"], &job["error"]["retryable"]), (&json!(1), &json!(false)), "{job:#}");
    assert_eq!(learner.get("/quiz").await.expect(200).json, json!([]));
    text(&job["error"]["message"]).to_owned()
}

async fn a_locked_document_asks_for_its_password(mix: Mix) {
    let message = fails(mix, &[], "encrypted.pdf", "pdf.encrypted").await;
    assert!(message.contains("password"), "{message}");
}

async fn a_wrong_password_is_told_from_a_damaged_file(mix: Mix) {
    fails(mix, &[("password", "open barley")], "encrypted.pdf", "pdf.encrypted").await;
}

async fn a_document_of_pictures_says_so(mix: Mix) {
    fails(mix, &[], "scan.pdf", "pdf.no_text").await;
}

async fn a_damaged_document_says_so(mix: Mix) {
    fails(mix, &[], "damaged.pdf", "pdf.damaged").await;
}

async fn pages_that_do_not_exist_fail_the_job(mix: Mix) {
    let message = fails(mix, &[("pages", "11-12")], "lecture.pdf", "pdf.no_such_page").await;
    assert!(message.contains("10"), "{message}");
}

async fn bad_fields_of_a_form_are_named(mix: Mix) {
    let learner = mix.learner().await;
    for (name, value) in [
        ("questionCount", "ten"),
        ("questionCount", "0"),
        ("questionCount", "201"),
        ("questionTypes", "essay"),
        ("difficulty", "impossible"),
        ("pages", "three"),
        ("pages", "3-1"),
        ("notBefore", "soon"),
        ("inputMethod", "text"),
        ("inputMethod", "carrier pigeon"),
    ] {
        let reply = learner.upload("/quiz/generate", &[(name, value)], fixture("lecture.pdf")).await;
        assert_fields(&reply, &[name]);
    }
    for (name, most) in [("instructions", 500), ("password", 256)] {
        let long = "x".repeat(most + 1);
        let reply = learner.upload("/quiz/generate", &[(name, &long)], fixture("lecture.pdf")).await;
        assert_fields(&reply, &[name]);
    }
    assert_no_job(&learner).await;
}

async fn a_text_of_49_characters_is_too_short(mix: Mix) {
    let learner = mix.learner().await;
    let of_length =
        |count: usize| json!({ "inputMethod": "text", "textContent": "ß".repeat(count), "notBefore": FAR });
    assert_fields(&learner.post("/quiz/generate", &of_length(49)).await, &["textContent"]);
    let padded = json!({ "inputMethod": "text", "textContent": format!("{:60}", "short") });
    assert_fields(&learner.post("/quiz/generate", &padded).await, &["textContent"]);
    assert_no_job(&learner).await;
    learner.post("/quiz/generate", &of_length(50)).await.expect(202);
}

async fn a_text_without_facts_fails_the_job(mix: Mix) {
    let learner = mix.learner().await;
    let ask = json!({ "inputMethod": "text", "textContent": "ß ".repeat(60) });
    let reply: Reply = post_and_wait(&learner, "/quiz/generate", &ask).await;
    assert_problem(&reply, 422, "text.too_short");
}
