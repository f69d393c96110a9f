//! A document is data, even to a model that takes it for orders.

use harness::{
    deepseek::{Deepseek, Reply},
    generation::{injections, through},
};

use crate::app;

#[tokio::test]
async fn documents_cannot_command() {
    let provider = Deepseek::start().await;
    provider.otherwise(Reply::Obeys);
    let app = app(through(&provider)).await;
    let injections = injections::run(&app.client(), &provider, 56).await;
    assert_eq!(injections.verdict.violations, 0, "{}", injections.verdict.report);
    assert_eq!(injections.quizzes, 56, "{injections:#?}");
    assert_eq!(injections.obeyed.len(), 14, "not every attack was tried: {injections:#?}");
}
