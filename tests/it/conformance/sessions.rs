//! Logins.

use std::time::Duration;

use shared::{domain::Session, store::StoreError};

use crate::{
    bench::{Bench, at_once},
    make,
};

on_every_store![
    a_login_is_read_as_it_was_written,
    an_unknown_login_can_neither_be_read_nor_moved,
    a_login_moves_to_the_next_generation_with_its_new_end,
    a_used_generation_does_not_move_a_login,
    a_login_is_moved_exactly_once_by_twenty_concurrent_tries,
    a_revoked_login_does_not_move,
    a_login_keeps_the_time_of_its_first_revocation,
    revoking_one_login_leaves_the_others,
    all_logins_of_an_account_but_one_are_revoked,
    a_login_with_a_known_id_is_refused,
];

async fn add(bench: &Bench) -> Session {
    let session = make::session(bench.id(), bench.id(), bench.now());
    bench.store.insert_session(&session).await.unwrap();
    session
}

async fn a_login_is_read_as_it_was_written(bench: &Bench) {
    let session = add(bench).await;
    assert_eq!(bench.store.session(session.id).await.unwrap(), Some(session));
}

async fn an_unknown_login_can_neither_be_read_nor_moved(bench: &Bench) {
    let (id, now) = (bench.id(), bench.now());
    assert_eq!(bench.store.session(id).await.unwrap(), None);
    assert!(!bench.store.rotate_session(id, 1, now).await.unwrap());
    bench.store.revoke_session(id, now).await.unwrap();
    assert_eq!(bench.store.session(id).await.unwrap(), None);
}

async fn a_login_moves_to_the_next_generation_with_its_new_end(bench: &Bench) {
    let session = add(bench).await;
    let expires_at = session.expires_at + Duration::from_millis(12_345);
    assert!(bench.store.rotate_session(session.id, 1, expires_at).await.unwrap());
    let moved = Session { generation: 2, expires_at, ..session };
    assert_eq!(bench.store.session(moved.id).await.unwrap().as_ref(), Some(&moved));
    assert!(bench.store.rotate_session(moved.id, 2, expires_at).await.unwrap());
    assert_eq!(bench.store.session(moved.id).await.unwrap(), Some(Session { generation: 3, ..moved }));
}

async fn a_used_generation_does_not_move_a_login(bench: &Bench) {
    let session = add(bench).await;
    let later = session.expires_at + Duration::from_secs(1);
    assert!(bench.store.rotate_session(session.id, 1, session.expires_at).await.unwrap());
    for generation in [0, 1, 3] {
        assert!(!bench.store.rotate_session(session.id, generation, later).await.unwrap());
    }
    let stands = Session { generation: 2, ..session };
    assert_eq!(bench.store.session(stands.id).await.unwrap(), Some(stands));
}

async fn a_login_is_moved_exactly_once_by_twenty_concurrent_tries(bench: &Bench) {
    let session = add(bench).await;
    let moved = at_once(20, |number| {
        let (store, session) = (bench.store.clone(), session.clone());
        let expires_at = session.expires_at + Duration::from_secs(number as u64);
        async move { store.rotate_session(session.id, 1, expires_at).await.unwrap() }
    })
    .await;
    assert_eq!(moved.iter().filter(|moved| **moved).count(), 1);
    let winner = moved.iter().position(|moved| *moved).unwrap();
    let expires_at = session.expires_at + Duration::from_secs(winner as u64);
    let stands = Session { generation: 2, expires_at, ..session };
    assert_eq!(bench.store.session(stands.id).await.unwrap(), Some(stands));
}

async fn a_revoked_login_does_not_move(bench: &Bench) {
    let session = add(bench).await;
    let now = bench.now();
    bench.store.revoke_session(session.id, now).await.unwrap();
    assert!(!bench.store.rotate_session(session.id, 1, session.expires_at).await.unwrap());
    let stands = Session { revoked_at: Some(now), ..session };
    assert_eq!(bench.store.session(stands.id).await.unwrap(), Some(stands));
}

async fn a_login_keeps_the_time_of_its_first_revocation(bench: &Bench) {
    let session = add(bench).await;
    let now = bench.now();
    bench.store.revoke_session(session.id, now).await.unwrap();
    bench.store.revoke_session(session.id, now + Duration::from_secs(9)).await.unwrap();
    assert_eq!(bench.store.session(session.id).await.unwrap().unwrap().revoked_at, Some(now));
}

async fn revoking_one_login_leaves_the_others(bench: &Bench) {
    let (one, other) = (add(bench).await, add(bench).await);
    bench.store.revoke_session(one.id, bench.now()).await.unwrap();
    assert_eq!(bench.store.session(other.id).await.unwrap(), Some(other));
}

async fn a_login_with_a_known_id_is_refused(bench: &Bench) {
    let session = add(bench).await;
    let other = Session { user_id: bench.id(), generation: 7, ..session.clone() };
    let refused = bench.store.insert_session(&other).await;
    assert!(matches!(refused, Err(StoreError::Taken("id"))), "{refused:?}");
    assert_eq!(bench.store.session(session.id).await.unwrap(), Some(session));
}

async fn all_logins_of_an_account_but_one_are_revoked(bench: &Bench) {
    let kept = add(bench).await;
    let mut others = Vec::new();
    for _ in 0..3 {
        let session = make::session(bench.id(), kept.user_id, bench.now());
        bench.store.insert_session(&session).await.unwrap();
        others.push(session);
    }
    let stranger = add(bench).await;
    let first = bench.now();
    bench.store.revoke_session(others[0].id, first).await.unwrap();
    bench.clock.advance(Duration::from_secs(1));
    bench.store.revoke_sessions(kept.user_id, Some(kept.id), bench.now()).await.unwrap();
    for (session, revoked_at) in [
        (&kept, None),
        (&others[0], Some(first)),
        (&others[1], Some(bench.now())),
        (&others[2], Some(bench.now())),
        (&stranger, None),
    ] {
        assert_eq!(bench.store.session(session.id).await.unwrap().unwrap().revoked_at, revoked_at);
    }
    bench.store.revoke_sessions(kept.user_id, None, bench.now()).await.unwrap();
    assert!(bench.store.session(kept.id).await.unwrap().unwrap().revoked_at.is_some());
    assert_eq!(bench.store.session(stranger.id).await.unwrap().unwrap().revoked_at, None);
}
