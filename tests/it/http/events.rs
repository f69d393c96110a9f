//! Jobs' event streams.

use harness::Client;
use harness::events::Event;
use serde_json::json;

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    events_come_in_order_and_without_gaps,
    every_reader_gets_the_same_events,
    a_reader_goes_on_after_its_last_event,
    who_has_everything_is_told_so,
    a_bad_last_event_id_is_400,
    questions_are_shown_without_key_and_quote,
    a_failure_is_the_last_event,
    a_stream_follows_a_job_that_runs_later,
);

async fn job(client: &Client) -> String {
    client.post("/quiz/generate", &ask(6)).await.expect(202).id().to_owned()
}

fn numbers(events: &[Event]) -> Vec<i64> {
    events.iter().map(|event| event.id.as_ref().expect("an id").parse().expect("a number")).collect()
}

async fn events_come_in_order_and_without_gaps(mix: Mix) {
    let learner = mix.learner().await;
    let job = job(&learner).await;
    let stream = learner.events(&job, None).await;
    assert_eq!(stream.status, 200);
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    let events = stream.rest().await;
    assert_eq!(numbers(&events), (1..=events.len() as i64).collect::<Vec<_>>());
    let states: Vec<_> =
        events.iter().filter(|event| event.event == "status").map(|event| &event.data).collect();
    assert_eq!(
        json!(states),
        json!([
            { "status": "queued", "attempt": 0 },
            { "status": "running", "attempt": 1 },
            { "status": "succeeded", "attempt": 1 },
        ])
    );
    let percents: Vec<_> = events
        .iter()
        .filter(|event| event.event == "progress")
        .map(|event| event.data["percent"].as_u64().expect("a percentage"))
        .collect();
    assert!(percents.is_sorted() && percents.len() > 1, "{percents:?}");
    let last = events.last().unwrap();
    assert_eq!(last.event, "done");
    let job = learner.wait_job(&job).await;
    assert_eq!(last.data, json!({ "result": job["result"] }));
}

async fn every_reader_gets_the_same_events(mix: Mix) {
    let learner = mix.learner().await;
    let job = job(&learner).await;
    let (first, second) = futures::join!(async { learner.events(&job, None).await.rest().await }, async {
        learner.events(&job, None).await.rest().await
    });
    assert_eq!(first, second);
    assert_eq!(learner.events(&job, None).await.rest().await, first);
}

async fn a_reader_goes_on_after_its_last_event(mix: Mix) {
    let learner = mix.learner().await;
    let job = job(&learner).await;
    let all = learner.events(&job, None).await.rest().await;
    for event in &all[..all.len() - 1] {
        let id = event.id.as_deref().unwrap();
        let rest = learner.events(&job, Some(id)).await.rest().await;
        let position = all.iter().position(|other| other.id == event.id).unwrap();
        assert_eq!(rest, all[position + 1..]);
    }
    assert_eq!(learner.events(&job, Some("0")).await.rest().await, all);
}

async fn who_has_everything_is_told_so(mix: Mix) {
    let learner = mix.learner().await;
    let job = job(&learner).await;
    let all = learner.events(&job, None).await.rest().await;
    let last = all.last().unwrap().id.as_deref();
    assert_eq!(learner.events(&job, last).await.status, 204);
}

async fn a_bad_last_event_id_is_400(mix: Mix) {
    let learner = mix.learner().await;
    let job = scheduled(&learner).await;
    for id in ["x", "-1", "1.5"] {
        assert_eq!(learner.events(text(&job["id"]), Some(id)).await.status, 400);
    }
}

async fn questions_are_shown_without_key_and_quote(mix: Mix) {
    let learner = mix.learner().await;
    let types = json!(["multiple_choice", "true_false", "cloze", "numeric", "ordering", "short_answer"]);
    let ask =
        json!({ "inputMethod": "text", "textContent": LECTURE, "questionCount": 12, "questionTypes": types });
    let job = learner.post("/quiz/generate", &ask).await.expect(202);
    let events = learner.events(job.id(), None).await.rest().await;
    let mut shown = Vec::new();
    for event in events.iter().filter(|event| event.event == "questions") {
        assert_no_keys(&event.data);
        shown.extend(items(&event.data["questions"]).to_vec());
        assert_eq!((&event.data["done"], &event.data["total"]), (&json!(shown.len()), &json!(12)));
    }
    let quiz = learner.get(text(&learner.wait_job(job.id()).await["result"]["url"])).await.expect(200).json;
    assert_eq!(quiz["questions"], json!(shown));
}

async fn a_failure_is_the_last_event(mix: Mix) {
    let learner = mix.learner().await;
    let job = learner.upload("/quiz/generate-from-pdf", &[], fixture("scan.pdf")).await.expect(202);
    let events = learner.events(job.id(), None).await.rest().await;
    let last = events.last().unwrap();
    assert_eq!(last.event, "error");
    let job = learner.wait_job(job.id()).await;
    assert_eq!(last.data, json!({ "error": job["error"] }));
    assert_eq!(job["error"]["code"], "pdf.no_text");
}

async fn a_stream_follows_a_job_that_runs_later(mix: Mix) {
    let learner = mix.learner().await;
    let job = scheduled(&learner).await;
    let mut stream = learner.events(text(&job["id"]), None).await;
    let first = stream.next().await.unwrap();
    assert_eq!((first.id.as_deref(), &first.data["status"]), (Some("1"), &json!("scheduled")));
    learner.post(&format!("/jobs/{}/cancel", text(&job["id"])), &json!({})).await.expect(200);
    let rest = stream.rest().await;
    assert_eq!(rest[0].data["status"], "cancelled");
    assert_eq!((rest.len(), rest[1].event.as_str()), (2, "error"));
}
