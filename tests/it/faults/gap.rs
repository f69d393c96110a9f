//! A process dies between two steps that belong together.

use harness::{App, AppOptions, Mongod, RedisServer};
use reqwest::Method;

use crate::rig::{Asked, quizzes, text_request, timed};

#[tokio::test]
async fn a_job_whose_api_died_before_it_rang_still_runs_once() {
    let (mongod, redis) = (Mongod::shared().await, RedisServer::shared().await);
    let app = App::production(mongod, redis, 1).await;
    let dying = AppOptions::new().env("SMARTSTUDY_FAULT", "after-insert");
    let dying = App::production_with(mongod, redis, 0, dying.over(&app)).await;
    let client = app.client().register().await;

    let request = client.at(&dying.url).request(Method::POST, "/quiz/generate").json(&text_request(3));
    assert!(request.send().await.is_err(), "the API answered");
    assert!(!dying.api.ended().await.success());

    let jobs = client.get("/jobs").await.expect(200).json;
    let [job] = jobs.as_array().expect("a list").as_slice() else { panic!("not one job: {jobs:#}") };
    let job = Asked { client, id: job["id"].as_str().expect("an id").to_owned() };
    let (done, took) = timed(job.made_one_quiz(3)).await;
    println!("done {:.1} s after the API died", took.as_secs_f64());
    assert_eq!(done["attempt"], 1);
    assert_eq!(quizzes(&app).await, 1);
}
