//! What callers find when something was kept long enough.

use std::time::Duration;

use shared::{
    clock::Clock,
    domain::{Job, JobError, JobId, JobPriority, NewJob, When},
    jobs::{JobKind, noop::Noop},
};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_log_that_is_not_kept_any_more_ends_at_once,
    what_was_kept_long_enough_goes_once_a_process_starts
);

async fn a_log_that_is_not_kept_any_more_ends_at_once(mix: Mix) {
    let app = mix.start(Mix::options()).await;
    let learner = app.client().register().await;
    let job = learner.post("/quiz/generate", &ask(1)).await.expect(202).id().to_owned();
    let done = learner.wait_job(&job).await;
    let path = format!("/jobs/{job}/events");
    learner.get(&path).await.expect(200);
    let later = Clock::System.now() + Duration::from_secs(60);
    assert_eq!(mix.store_of(&app).await.remove_events(later, 10).await.unwrap(), 1);
    // 204 tells an event source not to come again.
    for last in [None, Some("1"), Some("1000")] {
        let request = learner.request(reqwest::Method::GET, &path);
        let request = last.into_iter().fold(request, |request, last| request.header("Last-Event-ID", last));
        assert!(learner.send(request).await.expect(204).bytes.is_empty());
    }
    assert_eq!(learner.get(&format!("/jobs/{job}")).await.expect(200).json, done);
}

async fn what_was_kept_long_enough_goes_once_a_process_starts(mix: Mix) {
    let mut app = mix.start(Mix::options()).await;
    let store = mix.store_of(&app).await;
    let long_ago = Clock::System.now() - Duration::from_secs(91 * 24 * 3600);
    let new = NewJob {
        id: JobId::first_at(long_ago),
        kind: Noop::KIND,
        user_id: None,
        payload: serde_json::json!({}),
        max_attempts: 1,
        priority: JobPriority::Interactive,
        when: When::default(),
    };
    let mut job = Job::new(new, long_ago);
    let token = job.claim("worker", Duration::from_secs(9), long_ago).unwrap();
    job.fail(token, JobError::fatal("job.crashed", "It crashed."), Duration::ZERO, long_ago).unwrap();
    store.insert_job(&mut job).await.unwrap();
    app.restart().await;
    let gone = async { while store.job(job.id).await.unwrap().is_some() {} };
    tokio::time::timeout(harness::process::PATIENCE, gone).await.expect("the job goes");
}
