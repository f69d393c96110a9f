//! No fault of the provider reaches a user as anything but a delay.

use harness::{
    deepseek::{Deepseek, Flaw, Kind, Mixed, Outcome, Reply, account},
    generation::{faults, through, through_url},
};
use tokio::net::TcpListener;

use crate::app;

/// A fifth of the answers fail; each job ends well, and nothing that was answered well is asked again.
#[tokio::test]
async fn transient_faults_only_delay() {
    let provider = Deepseek::start().await;
    provider.otherwise(Reply::Mixed(Mixed { seed: 4, transient: 0.2, flawed: 0.0, refused: 0.0 }));
    let app = app(through(&provider).env("AI_LOCAL_FALLBACK", "off")).await;
    let faults = faults::run(&app.client(), 24, 1).await;
    assert_eq!((faults.succeeded, faults.verdict.violations), (24, 0), "{faults:#?}");
    let requests = provider.requests();
    assert!(account::outcomes(&requests, Kind::Quiz).contains_key(&Outcome::Faulty));
    assert_eq!(account::repeated(&requests), 0);
}

/// Wrong answers in the right form are never stored, and do not keep a quiz from being made.
#[tokio::test]
async fn flawed_answers_are_not_stored() {
    let provider = Deepseek::start().await;
    provider.otherwise(Reply::Mixed(Mixed { seed: 4, transient: 0.0, flawed: 0.5, refused: 0.0 }));
    let app = app(through(&provider)).await;
    let faults = faults::run(&app.client(), 24, 2).await;
    assert_eq!((faults.succeeded, faults.verdict.violations), (24, 0), "{faults:#?}");
}

/// A key that the quote does not give is found, whatever the type.
#[tokio::test]
async fn wrong_keys_are_not_stored() {
    for flaw in [Flaw::WrongKey, Flaw::PunctuationKey] {
        let provider = Deepseek::start().await;
        provider.otherwise(Reply::Flawed(flaw));
        let app = app(through(&provider).env("AI_LOCAL_FALLBACK", "off")).await;
        let faults = faults::run(&app.client(), 8, 3).await;
        assert_eq!(faults.verdict.violations, 0, "{flaw:?} {faults:#?}");
        if flaw == Flaw::WrongKey {
            assert_eq!(faults.verdict.questions, 0, "{faults:#?}");
        }
    }
}

/// Without a provider the local generator serves, and says so.
#[tokio::test]
async fn a_provider_that_is_down_is_done_without() {
    let refusing = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let failing = Deepseek::start().await;
    failing.otherwise(Reply::Status(503, None));
    let served = [refusing, failing.url()].map(async |url| {
        let app = app(through_url(&url)).await;
        faults::run(&app.client(), 8, 5).await
    });
    for faults in futures::future::join_all(served).await {
        assert_eq!((faults.succeeded, faults.verdict.violations), (8, 0), "{faults:#?}");
        assert_eq!(faults.providers, [("local".to_owned(), 8)].into(), "{faults:#?}");
    }
}
