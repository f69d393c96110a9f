//! What callers find when something was kept long enough.

use std::time::Duration;

use shared::clock::Clock;

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(a_log_that_is_not_kept_any_more_ends_at_once);

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
