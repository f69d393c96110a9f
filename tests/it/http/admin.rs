//! Everybody's jobs, as operators see them.

use harness::Client;
use harness::client::Reply;
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::people;
use crate::support::*;

on_each_mix!(
    jobs_are_found_by_what_an_operator_asks_for,
    a_bad_filter_names_its_parameter,
    a_job_is_shown_with_its_tries_and_nothing_secret,
    an_unchanged_job_is_304,
    a_failed_job_is_put_aside_for_good,
    an_operator_cancels_and_retries_somebodys_job,
    if_match_protects_somebodys_job,
    many_jobs_are_counted_before_they_are_retried,
    a_bad_filter_of_many_jobs_names_its_field,
);

async fn operator(mix: Mix) -> Client {
    people::admin(&mix.app().await.client(), &mix.store().await).await
}

fn path(job: &Value) -> String {
    format!("/admin/jobs/{}", text(&job["id"]))
}

async fn failed(client: &Client) -> Value {
    let job = client.upload("/quiz/generate-from-pdf", &[], fixture("damaged.pdf")).await.expect(202);
    client.wait_job(job.id()).await
}

fn ids(reply: &Reply) -> Vec<&str> {
    items(&reply.json).iter().map(|job| text(&job["id"])).collect()
}

async fn jobs_are_found_by_what_an_operator_asks_for(mix: Mix) {
    let (operator, learner) = (operator(mix).await, mix.learner().await);
    let broken = failed(&learner).await;
    let waiting = scheduled(&learner).await;
    let (broken_id, waiting_id) = (text(&broken["id"]), text(&waiting["id"]));
    scheduled(&mix.learner().await).await;
    let user = learner.user_id();
    for (query, wanted) in [
        ("", vec![waiting_id, broken_id]),
        ("&sort=createdAt", vec![broken_id, waiting_id]),
        ("&status=failed", vec![broken_id]),
        ("&status=running", vec![]),
        ("&kind=quiz.generate", vec![waiting_id, broken_id]),
        ("&kind=plan.generate", vec![]),
        ("&errorCode=pdf.damaged", vec![broken_id]),
        ("&errorCode=pdf.encrypted", vec![]),
        ("&errorCode=pdf.damaged&status=failed&kind=quiz.generate", vec![broken_id]),
        ("&olderThan=2020-01-01T00:00:00Z", vec![]),
        ("&olderThan=2099-01-01T00:00:00%2B02:00", vec![waiting_id, broken_id]),
        ("&olderThan=1d", vec![]),
        ("&olderThan=0", vec![waiting_id, broken_id]),
        ("&limit=1", vec![waiting_id]),
        ("&limit=1&page=2", vec![broken_id]),
    ] {
        let reply = operator.get(&format!("/admin/jobs?userId={user}{query}")).await.expect(200);
        assert_eq!(ids(&reply), wanted, "{query}");
        if !query.contains("limit") {
            assert_eq!(reply.header("x-total-count"), wanted.len().to_string(), "{query}");
        }
        assert!(items(&reply.json).iter().all(|job| job["userId"] == user), "{query}");
    }
    // A part leads to the next one.
    let first = operator.get(&format!("/admin/jobs?userId={user}&limit=1")).await.expect(200);
    let next =
        first.header("link").split_once(">; rel=\"next\"").expect("a next part").0.trim_start_matches('<');
    assert_eq!(ids(&operator.get(next).await.expect(200)), [broken_id]);
    // Without a filter there are others' jobs, too.
    let all = operator.get("/admin/jobs?limit=1").await.expect(200);
    assert!(all.header("x-total-count").parse::<u64>().unwrap() > 2, "{all}");
}

async fn a_bad_filter_names_its_parameter(mix: Mix) {
    let operator = operator(mix).await;
    for (query, field) in [
        ("status=bogus", "status"),
        ("userId=me", "userId"),
        ("olderThan=yesterday", "olderThan"),
        ("olderThan=5w", "olderThan"),
        ("olderThan=-1d", "olderThan"),
        ("limit=0", "limit"),
        ("sort=kind", "sort"),
    ] {
        assert_fields(&operator.get(&format!("/admin/jobs?{query}")).await, &[field]);
    }
}

async fn a_job_is_shown_with_its_tries_and_nothing_secret(mix: Mix) {
    let (operator, learner) = (operator(mix).await, mix.learner().await);
    let fields = [("password", "open sesame"), ("pages", "1")];
    let job = learner.upload("/quiz/generate-from-pdf", &fields, fixture("damaged.pdf")).await.expect(202);
    let owners = learner.wait_job(job.id()).await;
    let reply = operator.get(&path(&owners)).await.expect(200);
    let detail = &reply.json;
    for name in
        ["id", "kind", "status", "progress", "attempt", "maxAttempts", "error", "createdAt", "finishedAt"]
    {
        assert_eq!(detail[name], owners[name], "{name}: {detail:#}");
    }
    assert_eq!((&detail["userId"], &detail["retries"]), (&json!(learner.user_id()), &json!(0)));
    let attempts = items(&detail["attempts"]);
    assert_eq!(attempts.len(), 1, "{detail:#}");
    let attempt = &attempts[0];
    assert_eq!((&attempt["number"], &attempt["error"]), (&json!(1), &owners["error"]));
    assert!(!text(&attempt["worker"]).is_empty());
    assert_instant(&attempt["startedAt"]);
    assert_instant(&attempt["finishedAt"]);
    assert_eq!((&detail["checkpoints"], detail.get("transcript")), (&json!([]), None));
    assert_eq!(detail["links"]["retry"], format!("{}/retry", path(&owners)));
    assert!(!reply.text().contains("open sesame") && detail.get("payload").is_none(), "{detail:#}");
    assert!(!reply.text().contains("null"), "{detail:#}");
    let none = operator.get("/admin/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV").await;
    assert_problem(&none, 404, "job.not_found");
    assert_problem(&operator.get("/admin/jobs/x").await, 400, "id.invalid");
}

async fn an_unchanged_job_is_304(mix: Mix) {
    let (operator, learner) = (operator(mix).await, mix.learner().await);
    let place = path(&scheduled(&learner).await);
    let tag = operator.get(&place).await.expect(200).header("etag").to_owned();
    let again = || operator.request(Method::GET, &place).header("If-None-Match", &tag);
    operator.send(again()).await.expect(304);
    operator.post(&format!("{place}/cancel"), &json!({})).await.expect(200);
    operator.send(again()).await.expect(200);
}

async fn a_failed_job_is_put_aside_for_good(mix: Mix) {
    let (operator, learner) = (operator(mix).await, mix.learner().await);
    let job = failed(&learner).await;
    let discard = || async { operator.post(&format!("{}/discard", path(&job)), &json!({})).await };
    let discarded = discard().await.expect(200).json;
    assert_eq!((&discarded["status"], &discarded["error"]), (&json!("discarded"), &job["error"]));
    assert_problem(&discard().await, 409, "job.not_discardable");
    let retry = learner.post(&format!("/jobs/{}/retry", text(&job["id"])), &json!({})).await;
    assert_problem(&retry, 409, "job.not_retryable");
    // Whoever follows it still learns at the end why it failed.
    let events = learner.events(text(&job["id"]), None).await.rest().await;
    let ends: Vec<&str> = events.iter().rev().take(2).map(|event| event.event.as_str()).collect();
    assert_eq!(ends, ["error", "status"]);
    assert_eq!(events.last().unwrap().data["error"], job["error"]);
    let waiting = scheduled(&learner).await;
    let refused = operator.post(&format!("{}/discard", path(&waiting)), &json!({})).await;
    assert_problem(&refused, 409, "job.not_discardable");
}

async fn an_operator_cancels_and_retries_somebodys_job(mix: Mix) {
    let (operator, learner) = (operator(mix).await, mix.learner().await);
    let job = scheduled(&learner).await;
    let act = |action: &'static str| {
        let (operator, place) = (&operator, format!("{}/{action}", path(&job)));
        async move { operator.post(&place, &json!({})).await }
    };
    assert_problem(&act("retry").await, 409, "job.not_retryable");
    assert_eq!(act("cancel").await.expect(200).json["status"], "cancelled");
    assert_problem(&act("cancel").await, 409, "job.not_cancellable");
    let retried = act("retry").await.expect(200).json;
    assert_eq!((&retried["retries"], &retried["userId"]), (&json!(1), &json!(learner.user_id())));
    assert_eq!(learner.wait_job(text(&job["id"])).await["status"], "succeeded");
    let nothing = operator.post("/admin/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV/retry", &json!({})).await;
    assert_problem(&nothing, 404, "job.not_found");
}

async fn if_match_protects_somebodys_job(mix: Mix) {
    let (operator, learner) = (operator(mix).await, mix.learner().await);
    let place = path(&scheduled(&learner).await);
    let cancel =
        |tag: &str| operator.request(Method::POST, &format!("{place}/cancel")).header("If-Match", tag);
    assert_problem(&operator.send(cancel("\"other\"")).await, 412, "precondition.failed");
    let tag = operator.get(&place).await.expect(200).header("etag").to_owned();
    operator.send(cancel(&tag)).await.expect(200);
}

async fn many_jobs_are_counted_before_they_are_retried(mix: Mix) {
    let (operator, learner) = (operator(mix).await, mix.learner().await);
    let jobs = [failed(&learner).await, failed(&learner).await];
    let cancelled = scheduled(&learner).await;
    learner.post(&format!("/jobs/{}/cancel", text(&cancelled["id"])), &json!({})).await.expect(200);
    let ask = |dry: bool, code: &str| json!({ "filter": { "userId": learner.user_id(), "errorCode": code }, "dryRun": dry });
    let retry = |body: Value| {
        let operator = &operator;
        async move { operator.post("/admin/jobs/retry", &body).await.expect(200).json }
    };
    assert_eq!(retry(ask(true, "pdf.damaged")).await, json!({ "matched": 2, "retried": 0 }));
    assert_eq!(retry(ask(false, "pdf.encrypted")).await, json!({ "matched": 0, "retried": 0 }));
    for job in &jobs {
        assert_eq!(learner.get(&format!("/jobs/{}", text(&job["id"]))).await.json, *job);
    }
    assert_eq!(retry(ask(false, "pdf.damaged")).await, json!({ "matched": 2, "retried": 2 }));
    for job in &jobs {
        let again = learner.wait_job(text(&job["id"])).await;
        assert_eq!((&again["status"], &again["error"]["code"]), (&json!("failed"), &json!("pdf.damaged")));
        let detail = operator.get(&path(job)).await.expect(200).json;
        assert_eq!((&detail["retries"], items(&detail["attempts"]).len()), (&json!(1), 2), "{detail:#}");
    }
    let cancelled_ones = json!({ "filter": { "userId": learner.user_id(), "status": "cancelled" } });
    assert_eq!(retry(cancelled_ones).await, json!({ "matched": 1, "retried": 1 }));
    assert_eq!(learner.wait_job(text(&cancelled["id"])).await["status"], "succeeded");
    // Nothing is that old, and a filter need not be given.
    let all = json!({ "filter": { "olderThan": "3650d" }, "dryRun": true });
    assert_eq!(retry(all).await, json!({ "matched": 0, "retried": 0 }));
    assert!(retry(json!({ "dryRun": true })).await["matched"].as_u64().unwrap() >= 2);
}

async fn a_bad_filter_of_many_jobs_names_its_field(mix: Mix) {
    let operator = operator(mix).await;
    for (body, field) in [
        (json!({ "filter": { "status": "succeeded" } }), "filter.status"),
        (json!({ "filter": { "olderThan": "5w" } }), "filter.olderThan"),
        (json!({ "filter": { "userId": 5 } }), "filter.userId"),
        (json!({ "filter": 5 }), "filter"),
        (json!({ "dryRun": "yes" }), "dryRun"),
    ] {
        assert_fields(&operator.post("/admin/jobs/retry", &body).await, &[field]);
    }
}
