//! Tokens that travel by mail.

use std::time::Duration;

use shared::domain::{MailPurpose, MailToken, User};

use crate::{
    bench::{Bench, at_once},
    make,
};

on_every_store![
    a_token_is_taken_once,
    one_of_many_takes_a_token,
    a_token_is_good_for_its_purpose_alone,
    tokens_are_counted_and_removed_by_account_and_purpose,
];

use MailPurpose::{ResetPassword, VerifyEmail};

async fn give(bench: &Bench, user: &User, purpose: MailPurpose) -> MailToken {
    let token = MailToken::new(bench.id().to_string(), purpose, user, bench.now());
    bench.store.insert_mail_token(&token).await.unwrap();
    token
}

fn user(bench: &Bench) -> User {
    make::user(bench.id(), " Ada@example.com", None, bench.now())
}

async fn a_token_is_taken_once(bench: &Bench) {
    let token = give(bench, &user(bench), ResetPassword).await;
    let take = || bench.store.take_mail_token(&token.hash, ResetPassword);
    assert_eq!(take().await.unwrap().as_ref(), Some(&token));
    assert_eq!(take().await.unwrap(), None);
    assert_eq!(bench.store.take_mail_token("", ResetPassword).await.unwrap(), None);
}

async fn one_of_many_takes_a_token(bench: &Bench) {
    let token = give(bench, &user(bench), VerifyEmail).await;
    let taken = at_once(20, |_| {
        let (store, hash) = (bench.store.clone(), token.hash.clone());
        async move { store.take_mail_token(&hash, VerifyEmail).await.unwrap() }
    });
    assert_eq!(taken.await.into_iter().flatten().collect::<Vec<_>>(), [token]);
}

async fn a_token_is_good_for_its_purpose_alone(bench: &Bench) {
    let token = give(bench, &user(bench), VerifyEmail).await;
    assert_eq!(bench.store.take_mail_token(&token.hash, ResetPassword).await.unwrap(), None);
    assert_eq!(bench.store.take_mail_token(&token.hash, VerifyEmail).await.unwrap(), Some(token));
}

async fn tokens_are_counted_and_removed_by_account_and_purpose(bench: &Bench) {
    let (ada, bob) = (user(bench), user(bench));
    let early = give(bench, &ada, ResetPassword).await;
    bench.clock.advance(Duration::from_secs(60));
    let late = give(bench, &ada, ResetPassword).await;
    let other = give(bench, &ada, VerifyEmail).await;
    let theirs = give(bench, &bob, ResetPassword).await;
    let count = |from| bench.store.count_mail_tokens(ada.id, ResetPassword, from);
    assert_eq!(count(early.created_at).await.unwrap(), 2);
    assert_eq!(count(early.created_at + Duration::from_millis(1)).await.unwrap(), 1);
    assert_eq!(count(late.created_at + Duration::from_millis(1)).await.unwrap(), 0);
    bench.store.delete_mail_tokens(ada.id, ResetPassword).await.unwrap();
    assert_eq!(count(early.created_at).await.unwrap(), 0);
    for gone in [early, late] {
        assert_eq!(bench.store.take_mail_token(&gone.hash, ResetPassword).await.unwrap(), None);
    }
    assert_eq!(bench.store.take_mail_token(&other.hash, VerifyEmail).await.unwrap(), Some(other));
    assert_eq!(bench.store.take_mail_token(&theirs.hash, ResetPassword).await.unwrap(), Some(theirs));
}
