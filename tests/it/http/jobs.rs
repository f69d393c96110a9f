//! Jobs, as their owner sees them.

use harness::Client;
use harness::client::Reply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_job_shows_where_it_stands,
    an_unchanged_job_is_304,
    polling_can_wait_for_a_change,
    a_finished_job_is_not_waited_for,
    a_scheduled_job_can_be_cancelled_and_retried,
    a_finished_job_cannot_be_cancelled,
    a_succeeded_job_cannot_be_retried,
    a_failed_job_can_be_retried,
    a_job_is_listed_by_status_and_kind,
    if_match_protects_a_quiz,
    if_match_takes_the_quizs_tag_with_answers,
    if_match_protects_a_job,
);

fn path(job: &Value) -> String {
    format!("/jobs/{}", text(&job["id"]))
}

async fn conditional(client: &Client, path: &str, tag: &str, wait: &str) -> Reply {
    let request = client.request(Method::GET, path).header("If-None-Match", tag).header("Prefer", wait);
    client.send(request).await
}

async fn finished(client: &Client) -> Value {
    let job = client.post("/quiz/generate", &ask(2)).await.expect(202);
    client.wait_job(job.id()).await
}

async fn failed(client: &Client) -> Value {
    let job = client.upload("/quiz/generate-from-pdf", &[], fixture("damaged.pdf")).await.expect(202);
    client.wait_job(job.id()).await
}

async fn a_job_shows_where_it_stands(mix: Mix) {
    let learner = mix.learner().await;
    let reply = learner.post("/quiz/generate", &ask(2)).await.expect(202);
    let this = path(&reply.json);
    assert_eq!(
        reply.json["links"],
        json!({ "self": this, "events": format!("{this}/events"), "cancel": format!("{this}/cancel"), "retry": format!("{this}/retry") })
    );
    let job = learner.wait_job(reply.id()).await;
    for (name, value) in [
        ("kind", json!("quiz.generate")),
        ("status", json!("succeeded")),
        ("attempt", json!(1)),
        ("notices", json!([])),
    ] {
        assert_eq!(job[name], value, "{job:#}");
    }
    let progress = &job["progress"];
    assert_eq!(
        (&progress["percent"], &progress["done"], &progress["total"]),
        (&json!(100), &json!(2), &json!(2))
    );
    assert!(progress["stage"].is_string() && progress["message"].is_string(), "{job:#}");
    let result = &job["result"];
    assert_eq!(result["type"], "quiz");
    assert_eq!(result["url"], format!("/quiz/{}", text(&result["id"])));
    for name in ["createdAt", "startedAt", "finishedAt"] {
        assert_instant(&job[name]);
    }
    for absent in ["error", "usage", "nextRetryAt", "notBefore", "payload", "lease", "userId"] {
        assert_eq!(job.get(absent), None, "{job:#}");
    }
}

async fn an_unchanged_job_is_304(mix: Mix) {
    let learner = mix.learner().await;
    let job = scheduled(&learner).await;
    let first = learner.get(&path(&job)).await.expect(200);
    assert_eq!(first.header("retry-after"), "1");
    let tag = first.header("etag");
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    for known in [tag, &format!("W/{tag}"), &format!("\"other\", {tag}"), "*"] {
        let reply = conditional(&learner, &path(&job), known, "").await.expect(304);
        assert_eq!((reply.header("etag"), reply.bytes.len()), (tag, 0));
    }
    conditional(&learner, &path(&job), "\"other\"", "").await.expect(200);
    // Nothing changes while somebody waits.
    conditional(&learner, &path(&job), tag, "wait=1").await.expect(304);
    let done = finished(&learner).await;
    assert_eq!(learner.get(&path(&done)).await.expect(200).header("retry-after"), "");
}

async fn polling_can_wait_for_a_change(mix: Mix) {
    let learner = mix.learner().await;
    let job = scheduled(&learner).await;
    let tag = learner.get(&path(&job)).await.header("etag").to_owned();
    let place = path(&job);
    let (changed, _) = futures::join!(conditional(&learner, &place, &tag, "wait=60"), async {
        learner.post(&format!("{place}/cancel"), &json!({})).await.expect(200)
    });
    let changed = changed.expect(200);
    assert_eq!(changed.json["status"], "cancelled");
    assert_ne!(changed.header("etag"), tag);
}

async fn a_finished_job_is_not_waited_for(mix: Mix) {
    let learner = mix.learner().await;
    let job = finished(&learner).await;
    let tag = learner.get(&path(&job)).await.header("etag").to_owned();
    // The request would outlast the suite's patience if it were.
    for _ in 0..3 {
        conditional(&learner, &path(&job), &tag, "wait=120").await.expect(304);
    }
}

async fn a_scheduled_job_can_be_cancelled_and_retried(mix: Mix) {
    let learner = mix.learner().await;
    let job = scheduled(&learner).await;
    let cancelled = learner.post(&format!("{}/cancel", path(&job)), &json!({})).await.expect(200).json;
    assert_eq!(cancelled["status"], "cancelled");
    assert_instant(&cancelled["finishedAt"]);
    let events = learner.events(text(&job["id"]), None).await.rest().await;
    let last = events.last().unwrap();
    assert_eq!((last.event.as_str(), &last.data["error"]["code"]), ("error", &json!("job.cancelled")));
    assert_problem(
        &learner.post(&format!("{}/cancel", path(&job)), &json!({})).await,
        409,
        "job.not_cancellable",
    );
    // By hand, it runs now.
    let retried = learner.post(&format!("{}/retry", path(&job)), &json!({})).await.expect(200).json;
    assert_eq!(retried.get("finishedAt"), None);
    assert_eq!(learner.wait_job(text(&job["id"])).await["status"], "succeeded");
}

async fn a_finished_job_cannot_be_cancelled(mix: Mix) {
    let learner = mix.learner().await;
    for job in [finished(&learner).await, failed(&learner).await] {
        let reply = learner.post(&format!("{}/cancel", path(&job)), &json!({})).await;
        assert_problem(&reply, 409, "job.not_cancellable");
        assert_eq!(learner.get(&path(&job)).await.json, job);
    }
}

async fn a_succeeded_job_cannot_be_retried(mix: Mix) {
    let learner = mix.learner().await;
    let job = finished(&learner).await;
    let reply = learner.post(&format!("{}/retry", path(&job)), &json!({})).await;
    assert_problem(&reply, 409, "job.not_retryable");
    assert_eq!(learner.get(&path(&job)).await.json, job);
    let waiting = scheduled(&learner).await;
    let reply = learner.post(&format!("{}/retry", path(&waiting)), &json!({})).await;
    assert_problem(&reply, 409, "job.not_retryable");
}

async fn a_failed_job_can_be_retried(mix: Mix) {
    let learner = mix.learner().await;
    let job = failed(&learner).await;
    let before = learner.events(text(&job["id"]), None).await.rest().await;
    let retried = learner.post(&format!("{}/retry", path(&job)), &json!({})).await.expect(200).json;
    assert_eq!(retried["id"], job["id"]);
    assert_eq!(retried.get("error"), None);
    // It fails again, and its log goes on where it was.
    let last = before.last().unwrap().id.clone().unwrap();
    let after = learner.events(text(&job["id"]), Some(&last)).await.rest().await;
    let again = learner.wait_job(text(&job["id"])).await;
    assert_eq!((&again["status"], &again["error"]["code"]), (&json!("failed"), &json!("pdf.damaged")));
    let ids: Vec<i64> = after.iter().map(|event| event.id.as_ref().unwrap().parse().unwrap()).collect();
    let first: i64 = last.parse().unwrap();
    assert_eq!(ids, (first + 1..=first + ids.len() as i64).collect::<Vec<_>>());
    assert_eq!(after[0].data["status"], "queued");
    assert_eq!(after.last().unwrap().event, "error");
}

async fn a_job_is_listed_by_status_and_kind(mix: Mix) {
    let learner = mix.learner().await;
    let waiting = scheduled(&learner).await;
    let done = finished(&learner).await;
    let broken = failed(&learner).await;
    for (query, expected) in [
        ("", vec![&broken, &done, &waiting]),
        ("?status=scheduled", vec![&waiting]),
        ("?status=succeeded", vec![&done]),
        ("?status=failed", vec![&broken]),
        ("?status=running", vec![]),
        ("?kind=quiz.generate", vec![&broken, &done, &waiting]),
        ("?kind=plan.generate", vec![]),
        ("?kind=quiz.generate&status=failed", vec![&broken]),
        ("?sort=createdAt", vec![&waiting, &done, &broken]),
    ] {
        let reply = learner.get(&format!("/jobs{query}")).await.expect(200);
        assert_eq!(reply.json, json!(expected), "{query}");
        assert_eq!(reply.header("x-total-count"), expected.len().to_string());
    }
}

async fn if_match_protects_a_quiz(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 1).await;
    let place = format!("/quiz/{}", text(&quiz["id"]));
    let tag = learner.get(&place).await.expect(200).header("etag").to_owned();
    conditional(&learner, &place, &tag, "").await.expect(304);
    learner.post("/quiz/submit", &json!({ "quizId": quiz["id"] })).await.expect(200);
    conditional(&learner, &place, &tag, "").await.expect(200);
    let delete = |tag: &str| learner.request(Method::DELETE, &place).header("If-Match", tag);
    assert_problem(&learner.send(delete(&tag)).await, 412, "precondition.failed");
    let tag = learner.get(&place).await.expect(200).header("etag").to_owned();
    learner.send(delete(&tag)).await.expect(200);
}

async fn if_match_takes_the_quizs_tag_with_answers(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 1).await;
    let place = format!("/quiz/{}", text(&quiz["id"]));
    let keyed = format!("{place}?include=answers");
    let tag = learner.get(&keyed).await.expect(200).header("etag").to_owned();
    assert_ne!(learner.get(&place).await.expect(200).header("etag"), tag);
    learner.post("/quiz/submit", &json!({ "quizId": quiz["id"] })).await.expect(200);
    let delete = |tag: &str| learner.request(Method::DELETE, &place).header("If-Match", tag);
    assert_problem(&learner.send(delete(&tag)).await, 412, "precondition.failed");
    let tag = learner.get(&keyed).await.expect(200).header("etag").to_owned();
    learner.send(delete(&tag)).await.expect(200);
}

async fn if_match_protects_a_job(mix: Mix) {
    let learner = mix.learner().await;
    let job = scheduled(&learner).await;
    let place = path(&job);
    let act = |action: &str, tag: &str| {
        let request = learner.request(Method::POST, &format!("{place}/{action}")).header("If-Match", tag);
        learner.send(request)
    };
    let scheduled = learner.get(&place).await.expect(200).header("etag").to_owned();
    assert_problem(&act("cancel", "\"other\"").await, 412, "precondition.failed");
    assert_eq!(learner.get(&place).await.expect(200).header("etag"), scheduled);
    act("cancel", &scheduled).await.expect(200);
    assert_problem(&act("retry", &scheduled).await, 412, "precondition.failed");
    let cancelled = learner.get(&place).await.expect(200);
    assert_eq!(cancelled.json["status"], "cancelled");
    act("retry", cancelled.header("etag")).await.expect(200);
}
