//! Queues, as operators see and stop them.

use harness::Client;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::people;
use crate::support::*;

on_each_mix!(
    queues_show_their_jobs_and_workers,
    an_unknown_queue_is_404,
    a_paused_queue_starts_nothing_until_it_is_resumed,
);

const QUEUE: &str = "quiz.generate";

async fn queue(operator: &Client) -> Value {
    let queues = operator.get("/admin/queues").await.expect(200).json;
    items(&queues).iter().find(|queue| queue["name"] == QUEUE).expect("the queue").clone()
}

async fn ask_for_one(client: &Client) -> String {
    client.post("/quiz/generate", &ask(1)).await.expect(202).id().to_owned()
}

async fn waited(client: &Client, job: &str, seconds: u32) -> Value {
    let request = client.request(reqwest::Method::GET, &format!("/jobs/{job}"));
    client.send(request.header("Prefer", format!("wait={seconds}"))).await.expect(200).json
}

async fn queues_show_their_jobs_and_workers(mix: Mix) {
    let operator = people::admin(&mix.app().await.client(), &mix.store().await).await;
    let learner = mix.learner().await;
    scheduled(&learner).await;
    quiz(&learner, 1).await;
    let queues = operator.get("/admin/queues").await.expect(200).json;
    let names: Vec<&str> = items(&queues).iter().map(|queue| text(&queue["name"])).collect();
    assert!(names.is_sorted() && names.contains(&QUEUE), "{names:?}");
    let queue = queue(&operator).await;
    for name in ["queued", "scheduled", "running", "retrying", "failed", "oldestSeconds", "ratePerMinute"] {
        assert!(queue[name].is_u64(), "{name}: {queue:#}");
    }
    assert!(queue["scheduled"].as_u64().unwrap() >= 1 && queue["ratePerMinute"].as_u64().unwrap() >= 1);
    assert_eq!(queue["paused"], false);
    let workers = items(&queue["workers"]);
    assert_eq!(workers.len(), if mix == Mix::Embedded { 1 } else { 2 }, "{queue:#}");
    for worker in workers {
        assert!(!text(&worker["name"]).is_empty() && worker["running"].is_u64(), "{queue:#}");
        assert_instant(&worker["since"]);
    }
}

async fn an_unknown_queue_is_404(mix: Mix) {
    let operator = people::admin(&mix.app().await.client(), &mix.store().await).await;
    for action in ["pause", "resume"] {
        for name in ["nothing", "%00", "quiz.generate%2F"] {
            let reply = operator.post(&format!("/admin/queues/{name}/{action}"), &json!({})).await;
            assert_problem(&reply, 404, "queue.not_found");
        }
    }
}

async fn a_paused_queue_starts_nothing_until_it_is_resumed(mix: Mix) {
    let mut app = mix.start(Mix::options()).await;
    let operator = people::admin(&app.client(), &mix.store_of(&app).await).await;
    let learner = app.client().register().await;
    let pause = operator.post(&format!("/admin/queues/{QUEUE}/pause"), &json!({})).await.expect(200).json;
    assert_eq!(pause["paused"], true);
    // The workers hear of it soon: a job is asked for that is not started.
    let mut kept = ask_for_one(&learner).await;
    while waited(&learner, &kept, 4).await["status"] != "queued" {
        kept = ask_for_one(&learner).await;
    }
    // It lasts over a restart, of the API and of the workers.
    app.restart().await;
    if mix == Mix::Production {
        for worker in &mut app.workers {
            worker.terminate().await;
        }
        app.add_worker();
    }
    let (operator, learner) = (operator.at(&app.url), learner.at(&app.url));
    let second = ask_for_one(&learner).await;
    for job in [&kept, &second] {
        assert_eq!(waited(&learner, job, 3).await["status"], "queued");
    }
    let state = queue(&operator).await;
    assert_eq!((&state["paused"], &state["queued"], &state["running"]), (&json!(true), &json!(2), &json!(0)));
    let resumed = operator.post(&format!("/admin/queues/{QUEUE}/resume"), &json!({})).await.expect(200).json;
    assert_eq!(resumed["paused"], false);
    for job in [&kept, &second] {
        assert_eq!(learner.wait_job(job).await["status"], "succeeded");
    }
    assert_eq!(queue(&operator).await["oldestSeconds"], 0);
}
