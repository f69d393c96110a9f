//! What log lines tell, and what they must not.

use harness::Mailbox;
use harness::client::Upload;
use harness::deepseek::{Deepseek, Reply};
use harness::process::Process;
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(lines_tell_their_request_or_job_and_nothing_of_anybody);

const EMAIL: &str = "zephyrine.quux@private.example";
const NAME: &str = "Zephyrine Quux";
const PASSWORD: &str = "a passphrase of hers: xyzzy";
const TITLE: &str = "Zugzwang in the endgame";
const TEXT: &str = "The flibbertigibbet reads her diary at dawn.";
const TOPIC: &str = "Borborygmus";
const FILE: &str = "zephyrines-thesis.txt";
const ADDRESS: &str = "203.0.113.77";
const QUERY: &str = "gobbledygook";

/// What no line may hold, with anything that it could be known by.
const PRIVATE: &[&str] = &[
    "quux",
    "Zephyrine",
    "zephyrine",
    "xyzzy",
    "Zugzwang",
    "flibbertigibbet",
    "Borborygmus",
    "gobbledygook",
    "eyJ",
    ADDRESS,
];

/// The lines of a process that has ended.
fn lines(process: &Process, private: &[&str]) -> Vec<Value> {
    let log = process.log().text();
    for private in private.iter().chain(PRIVATE) {
        let leak = log.lines().find(|line| line.contains(private));
        assert_eq!(leak, None, "a line tells {private}");
    }
    log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

async fn lines_tell_their_request_or_job_and_nothing_of_anybody(mix: Mix) {
    let (provider, mails) = (Deepseek::start().await, Mailbox::start());
    let filter = "info,api=debug,worker=debug,shared=debug,smartstudy_api=debug,smartstudy_worker=debug";
    let options = Mix::options()
        .env("LOG_FORMAT", "json")
        .env("RUST_LOG", filter)
        .env("SMTP_URL", mails.url())
        .env("MAIL_FROM", "SmartStudy <no-reply@example.org>")
        .env("ADMIN_EMAILS", format!("{EMAIL},nobody.{EMAIL}"))
        .env("TRUSTED_PROXIES", 1)
        .env("DEEPSEEK_API_KEY", "sk-1")
        .env("DEEPSEEK_BASE_URL", provider.url());
    let mut app = mix.start(options).await;
    let visitor = app.client();
    let account = json!({ "name": NAME, "email": EMAIL, "password": PASSWORD });
    visitor.post("/auth/register", &account).await.expect(201);
    visitor.post("/auth/register", &account).await.expect(400);
    let wrong = json!({ "email": EMAIL, "password": format!("{PASSWORD}!") });
    let login = visitor.request(Method::POST, "/auth/login").header("X-Forwarded-For", ADDRESS);
    visitor.send(login.json(&wrong)).await.expect(401);
    let learner = visitor.login(EMAIL, PASSWORD).await;
    mails.mail_to(EMAIL, 1).await;
    mails.be_busy(1);
    visitor.post("/auth/forgot-password", &json!({ "email": EMAIL })).await.expect(200);
    let token = mails.mail_to(EMAIL, 2).await.token("reset-password");

    let note = json!({ "title": TITLE, "content": TEXT, "tags": [TOPIC] });
    learner.post("/notes", &note).await.expect(201);
    learner.get(&format!("/notes?search={QUERY}")).await.expect(200);
    learner.get(&format!("/nowhere/{QUERY}?token={QUERY}")).await.expect(404);
    learner.get(&format!("/quiz/{QUERY}")).await.expect(400);
    let broken = learner.request(Method::POST, "/notes").header("Content-Type", "application/json");
    learner.send(broken.body(format!("{{\"title\": \"{TITLE}"))).await.expect(400);

    provider.push(Reply::Text(format!("{{\"questions\": \"{TEXT}\"}}")));
    let mut asked = ask(2);
    asked["textContent"] = json!(format!("{TEXT} {}", pages(1)));
    asked["topic"] = json!(TOPIC);
    let quiz = learner.post("/quiz/generate", &asked).await.expect(202);
    learner.wait_job(quiz.id()).await;
    let file = Upload::new(FILE, "text/plain", format!("{TEXT} {}", pages(2)));
    let upload = learner.upload("/quiz/generate-from-pdf", &[("topic", TOPIC)], file).await.expect(202);
    learner.wait_job(upload.id()).await;

    let mut all = Vec::new();
    for process in app.processes() {
        assert!(process.close().await.success());
        all.extend(lines(process, &[&token]));
    }
    let answered =
        all.iter().find(|line| line["request"] == quiz.header("x-request-id")).expect("a line of a request");
    let told = ["message", "status", "http.request.method", "http.route"].map(|name| &answered[name]);
    assert_eq!(told, [&json!("answered"), &json!(202), &json!("POST"), &json!("/quiz/generate")]);
    assert!(
        all.iter().any(|line| text(&line["message"]).contains("tried again") && line["request"].is_string())
    );
    for said in ["started", "ended"] {
        let line = all.iter().find(|line| line["job"] == quiz.id() && line["message"] == said);
        let line = line.unwrap_or_else(|| panic!("no line says {said}: {all:#?}"));
        assert_eq!((&line["kind"], &line["attempt"]), (&json!("quiz.generate"), &json!(1)), "{line}");
    }
    let targets = |line: &&Value, start: &str| text(&line["target"]).starts_with(start);
    for line in all.iter().filter(|line| targets(line, "worker::jobs") || targets(line, "worker::llm")) {
        assert!(line["job"].is_string() && line["kind"].is_string(), "{line}");
    }
    for line in all.iter().filter(|line| targets(line, "api::frame") || targets(line, "api::routes")) {
        assert!(line["request"].is_string(), "{line}");
    }

    // Who is to be an admin is told at the next start.
    app.restart().await;
    app.api.close().await;
    let told = lines(&app.api, &[&token]);
    assert_eq!(
        told.iter().filter(|line| text(&line["message"]).starts_with("ADMIN_EMAILS names")).count(),
        2
    );
}
