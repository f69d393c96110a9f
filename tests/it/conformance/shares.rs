//! Links to quizzes.

use shared::domain::{Id, Share};

use crate::bench::{Bench, at_once};

on_every_store![
    a_token_opens_its_quiz_until_it_is_revoked,
    a_quiz_has_one_token_at_a_time,
    of_ten_who_share_a_quiz_at_once_all_get_one_token,
];

fn share(bench: &Bench, quiz_id: Id, token: &str) -> Share {
    Share { quiz_id, user_id: bench.id(), token: format!("{token}-{quiz_id}"), created_at: bench.now() }
}

async fn a_token_opens_its_quiz_until_it_is_revoked(bench: &Bench) {
    let (first, second) = (share(bench, bench.id(), "one"), share(bench, bench.id(), "two"));
    for share in [&first, &second] {
        assert_eq!(bench.store.share_quiz(share).await.unwrap(), *share);
    }
    assert_eq!(bench.store.share(&first.token).await.unwrap().as_ref(), Some(&first));
    assert_eq!(bench.store.share("").await.unwrap(), None);
    assert!(bench.store.unshare_quiz(first.quiz_id).await.unwrap());
    assert!(!bench.store.unshare_quiz(first.quiz_id).await.unwrap());
    assert_eq!(bench.store.share(&first.token).await.unwrap(), None);
    assert_eq!(bench.store.share(&second.token).await.unwrap(), Some(second));
}

async fn a_quiz_has_one_token_at_a_time(bench: &Bench) {
    let quiz = bench.id();
    let (first, second) = (share(bench, quiz, "one"), share(bench, quiz, "two"));
    bench.store.share_quiz(&first).await.unwrap();
    assert_eq!(bench.store.share_quiz(&second).await.unwrap(), first);
    assert_eq!(bench.store.share(&second.token).await.unwrap(), None);
    assert!(bench.store.unshare_quiz(quiz).await.unwrap());
    assert_eq!(bench.store.share_quiz(&second).await.unwrap(), second);
}

async fn of_ten_who_share_a_quiz_at_once_all_get_one_token(bench: &Bench) {
    let quiz = bench.id();
    let shares = at_once(10, |number| {
        let (store, share) = (bench.store.clone(), share(bench, quiz, &number.to_string()));
        async move { store.share_quiz(&share).await.unwrap() }
    })
    .await;
    assert!(shares.iter().all(|share| *share == shares[0]));
}
