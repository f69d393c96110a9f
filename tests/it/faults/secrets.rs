//! What a job knows that nobody may read once it is of no use.

use std::sync::Arc;

use harness::client::Upload;
use harness::deepseek::{Deepseek, Reply};
use harness::{App, Mongod, RedisServer};
use serde_json::Value;
use tokio::sync::Notify;

use crate::rig::{Asked, fixture, ledger, through};

#[tokio::test]
async fn the_password_of_a_document_is_forgotten_once_it_is_read_and_another_worker_needs_none() {
    let deepseek = Deepseek::start().await;
    deepseek.push(Reply::When(Arc::new(Notify::new())));
    let (mongod, redis) = (Mongod::shared().await, RedisServer::shared().await);
    let mut app = App::production_with(mongod, redis, 1, through(&deepseek)).await;
    let ledger = ledger(&app).await;
    let client = app.client().register().await;
    let locked = std::fs::read(fixture("encrypted.pdf")).unwrap();
    let locked = Upload::new("encrypted.pdf", "application/pdf", locked);
    let fields = [("password", "open sesame"), ("questionCount", "2")];
    let job = Asked::new(&client, client.upload("/quiz/generate-from-pdf", &fields, locked).await);
    deepseek.received(1).await;
    let running = job.record(&ledger).await;
    assert_eq!(running.payload["source"]["type"], "pdf");
    assert_eq!(running.payload["source"]["password"], Value::Null);
    app.workers[0].kill_hard();
    app.add_worker();
    job.made_one_quiz(2).await;
}
