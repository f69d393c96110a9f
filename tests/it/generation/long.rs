//! Of a long document the provider reads the beginning once.

use harness::{
    deepseek::Deepseek,
    generation::{prefix, through},
};

use crate::app;

#[tokio::test]
async fn later_batches_begin_as_the_first_one() {
    let provider = Deepseek::start().await;
    let app = app(through(&provider)).await;
    let prefix = prefix::run(&app.client(), &provider, 6_000, 40).await;
    assert_eq!((prefix.questions, prefix.verdict.violations), (40, 0), "{prefix:#?}");
    assert!(prefix.prefixes.prompts >= 3 && prefix.share() >= 0.9, "{:.3} {prefix:#?}", prefix.share());
}
