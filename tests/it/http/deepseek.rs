//! Quizzes written by DeepSeek, here a scripted one.

use harness::deepseek::{Deepseek, Kind, Reply};
use harness::{App, Client};
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_quiz_is_written_by_the_provider_and_its_key_is_kept,
    a_refused_key_falls_back_to_the_local_generator,
    a_provider_that_asks_for_time_gets_it_and_a_retry_goes_ahead,
    a_running_job_can_be_cancelled_and_retried,
    a_key_is_not_checked_twice_and_counted_all_the_same,
);

pub const KEY: &str = "sk-of-the-tests-f00dfacecafe";

/// An app whose provider is the scripted one, and a learner.
pub async fn start(mix: Mix) -> (Deepseek, App, Client) {
    let provider = Deepseek::start().await;
    let options = Mix::options().env("DEEPSEEK_API_KEY", KEY).env("DEEPSEEK_BASE_URL", provider.url());
    let app =
        mix.start(options.env("RUST_LOG", "info,api=debug,worker=trace,shared=trace,reqwest=debug")).await;
    let learner = app.client().register().await;
    (provider, app, learner)
}

fn assert_key_is_kept(app: &App, answers: &[String]) {
    for answer in answers {
        assert!(!answer.contains(KEY), "{answer}");
    }
    for process in app.workers.iter().chain([&app.api]) {
        assert!(!process.log().contains(KEY), "the key is in a log");
    }
}

async fn a_quiz_is_written_by_the_provider_and_its_key_is_kept(mix: Mix) {
    let (provider, app, learner) = start(mix).await;
    let job = learner.post("/quiz/generate", &ask(12)).await.expect(202);
    let events = learner.events(job.id(), None).await.rest().await;
    let job = learner.wait_job(job.id()).await;
    assert_eq!((&job["status"], &job["notices"]), (&json!("succeeded"), &json!([])), "{job:#}");
    let quiz = with_answers(&learner, text(&job["result"]["id"])).await;
    let generation = &quiz["generation"];
    assert_eq!((&generation["provider"], &generation["method"]), (&json!("deepseek"), &json!("ai")));
    assert_eq!(generation["model"], provider.requests()[0].body["model"]);
    assert!(generation["promptVersion"].is_string(), "{generation}");
    assert_eq!(items(&quiz["questions"]).len(), 12);
    let source: Vec<char> = pages(1).chars().collect();
    for question in items(&quiz["questions"]) {
        let at = |name: &str| question["source"][name].as_u64().map(|n| n as usize).unwrap();
        let quote: String = source[at("start")..at("end")].iter().collect();
        assert_eq!(text(&question["source"]["quote"]), quote, "{question:#}");
    }
    let usage = &job["usage"];
    for name in ["promptTokens", "completionTokens", "cachedTokens"] {
        assert!(usage[name].as_u64().is_some_and(|tokens| tokens > 0), "{job:#}");
    }
    for event in events.iter().filter(|event| event.event == "questions") {
        assert_no_keys(&event.data);
    }
    for request in provider.requests() {
        assert_eq!(request.authorization, Some(format!("Bearer {KEY}")));
        let sent = request.body.to_string();
        assert!(!sent.contains("example.com"), "the provider learns the e-mail");
    }
    let health = learner.get("/health").await.expect(200);
    assert_eq!(health.json["ai_service"], "deepseek");
    let events = format!("{events:?}");
    let metrics = learner.get("/metrics").await.text();
    assert_key_is_kept(&app, &[job.to_string(), quiz.to_string(), events, health.text(), metrics]);
}

async fn a_refused_key_falls_back_to_the_local_generator(mix: Mix) {
    let (provider, app, learner) = start(mix).await;
    provider.otherwise(Reply::Status(401, None));
    let job = learner.post("/quiz/generate", &ask(4)).await.expect(202);
    let job = learner.wait_job(job.id()).await;
    assert_eq!((&job["status"], &job["attempt"]), (&json!("succeeded"), &json!(1)), "{job:#}");
    assert_eq!(items(&job["notices"]).len(), 1, "{job:#}");
    let quiz = learner.get(text(&job["result"]["url"])).await.expect(200).json;
    assert_eq!(
        (&quiz["generation"]["provider"], &quiz["generation"]["method"]),
        (&json!("local"), &json!("local"))
    );
    assert_eq!(items(&quiz["questions"]).len(), 4);
    assert_eq!(provider.count(), 1, "a refused key is not tried again");
    assert_key_is_kept(&app, &[job.to_string(), quiz.to_string()]);
}

/// Seconds into the day.
fn seconds(instant: &Value) -> i64 {
    let part = |range: std::ops::Range<usize>| text(instant)[range].parse::<i64>().unwrap();
    part(11..13) * 3600 + part(14..16) * 60 + part(17..19)
}

async fn a_provider_that_asks_for_time_gets_it_and_a_retry_goes_ahead(mix: Mix) {
    let (provider, app, learner) = start(mix).await;
    provider.push(Reply::Status(429, Some("600".into())));
    let job = learner.post("/quiz/generate", &ask(4)).await.expect(202);
    let job = job_in(&learner, job.id(), "retrying").await;
    assert_instant(&job["nextRetryAt"]);
    let pause = (seconds(&job["nextRetryAt"]) - seconds(&job["startedAt"])).rem_euclid(24 * 3600);
    assert!((600..660).contains(&pause), "{job:#}");
    assert_eq!(
        (&job["error"]["code"], &job["error"]["retryable"]),
        (&json!("provider.rate_limited"), &json!(true))
    );
    assert_eq!(job.get("finishedAt"), None);
    // By hand it need not wait.
    let path = text(&job["links"]["retry"]);
    assert_eq!(learner.post(path, &json!({})).await.expect(200).json.get("nextRetryAt"), None);
    let done = learner.wait_job(text(&job["id"])).await;
    assert_eq!((&done["status"], done.get("error")), (&json!("succeeded"), None), "{done:#}");
    let quiz = learner.get(text(&done["result"]["url"])).await.expect(200).json;
    assert_eq!(quiz["generation"]["provider"], "deepseek");
    assert_key_is_kept(&app, &[job.to_string()]);
}

async fn a_running_job_can_be_cancelled_and_retried(mix: Mix) {
    let (provider, _app, learner) = start(mix).await;
    provider.push(Reply::Hang);
    let job = learner.post("/quiz/generate", &ask(3)).await.expect(202);
    provider.received(1).await;
    let running = learner.get(&format!("/jobs/{}", job.id())).await.expect(200);
    assert_eq!((&running.json["status"], running.header("retry-after")), (&json!("running"), "1"));
    let retry = format!("/jobs/{}/retry", job.id());
    assert_problem(&learner.post(&retry, &json!({})).await, 409, "job.not_retryable");
    let cancel = format!("/jobs/{}/cancel", job.id());
    let cancelled = learner.post(&cancel, &json!({})).await.expect(200).json;
    assert_eq!(cancelled["status"], "cancelled");
    let events = learner.events(job.id(), None).await.rest().await;
    assert_eq!(events.last().unwrap().data["error"]["code"], "job.cancelled");
    assert_eq!(learner.get("/quiz").await.expect(200).json, json!([]));
    learner.post(&retry, &json!({})).await.expect(200);
    let done = learner.wait_job(job.id()).await;
    assert_eq!(done["status"], "succeeded", "{done:#}");
    assert_eq!(learner.get("/quiz").await.expect(200).header("x-total-count"), "1");
}

async fn a_key_is_not_checked_twice_and_counted_all_the_same(mix: Mix) {
    let (provider, app, learner) = start(mix).await;
    let other = app.client().register().await;
    let mut used = Vec::new();
    for (client, text) in [(&learner, pages(1)), (&other, format!("{} Bees dance.", pages(1)))] {
        let ask = json!({
            "inputMethod": "text", "textContent": text, "questionCount": 1, "questionTypes": ["true_false"],
        });
        let job = client.post("/quiz/generate", &ask).await.expect(202);
        let job = client.wait_job(job.id()).await;
        let quiz = with_answers(client, self::text(&job["result"]["id"])).await;
        let totals = client.get("/analytics/ai-usage").await.expect(200).json["totals"].take();
        used.push((quiz["questions"][0]["question"].clone(), totals["calls"].clone()));
    }
    assert!(used[0] == used[1] && used[0].1 == 2, "{used:#?}");
    let kinds: Vec<_> = provider.requests().iter().map(|request| request.kind).collect();
    assert_eq!(kinds, [Kind::Quiz, Kind::Check, Kind::Quiz]);
}
