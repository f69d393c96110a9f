//! Identical requests cost one generation, and nobody learns that somebody else made them too.

use harness::{
    deepseek::Deepseek,
    generation::{sharing, through},
};

use crate::app;

const PEOPLE: usize = 40;

#[tokio::test]
async fn identical_requests_share_a_generation_unseen() {
    let provider = Deepseek::start().await;
    let app = app(through(&provider)).await;
    let sharing = sharing::run(&app.client(), &provider, PEOPLE).await;
    assert_eq!(sharing.verdict.violations, 0, "{}", sharing.verdict.report);
    assert_eq!((sharing.quizzes, sharing.orders), (PEOPLE, PEOPLE), "{sharing:#?}");
    assert!(sharing.told.values().all(|values| *values == 1), "{:#?}", sharing.told);
    assert_eq!(sharing.together["Quiz"], sharing.alone["Quiz"], "{sharing:#?}");
    assert_eq!(sharing.checked_again, 0, "{sharing:#?}");
}
