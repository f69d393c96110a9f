//! Accounts.

use std::time::Duration;

use shared::{
    domain::{Preferences, Role, Theme, User},
    store::StoreError,
};

use crate::{
    bench::{Bench, at_once},
    make,
};

on_every_store![
    an_account_is_found_by_id_email_and_username,
    an_email_is_found_in_any_case_and_with_any_space_around,
    what_is_no_account_is_not_found,
    a_taken_email_is_refused_in_any_spelling,
    a_taken_username_is_refused,
    an_update_may_not_take_what_another_account_has,
    an_account_keeps_its_own_email_and_username_in_an_update,
    many_accounts_may_lack_a_username,
    an_update_writes_every_field,
    an_account_that_somebody_else_wrote_is_not_written,
    concurrent_changes_of_an_account_all_count,
    one_of_many_concurrent_registrations_with_an_email_wins,
    one_of_many_concurrent_registrations_with_a_username_wins,
    an_account_with_a_known_id_is_refused_without_blaming_email_or_username,
    the_store_answers_a_ping,
];

async fn add(bench: &Bench, email: &str, username: Option<&str>) -> User {
    let user = make::user(bench.id(), email, username, bench.now());
    bench.store.insert_user(&user).await.unwrap();
    user
}

async fn an_account_is_found_by_id_email_and_username(bench: &Bench) {
    let ada = add(bench, "ada@example.com", Some("ada")).await;
    add(bench, "bob@example.com", Some("bob")).await;
    assert_eq!(bench.store.user(ada.id).await.unwrap().as_ref(), Some(&ada));
    assert_eq!(bench.store.user_by_email("ada@example.com").await.unwrap().as_ref(), Some(&ada));
    assert_eq!(bench.store.user_by_username("ada").await.unwrap().as_ref(), Some(&ada));
}

async fn an_email_is_found_in_any_case_and_with_any_space_around(bench: &Bench) {
    let ada = add(bench, " Ada.Lovelace@Example.COM", None).await;
    let zoe = add(bench, "ZOË@example.com", None).await;
    for (email, user) in [
        ("ada.lovelace@example.com", &ada),
        ("  ADA.LOVELACE@EXAMPLE.COM\t\n", &ada),
        (" Ada.Lovelace@Example.COM", &ada),
        ("zoë@example.com", &zoe),
        ("Zoë@Example.com ", &zoe),
    ] {
        assert_eq!(bench.store.user_by_email(email).await.unwrap().as_ref(), Some(user), "{email:?}");
    }
}

async fn what_is_no_account_is_not_found(bench: &Bench) {
    add(bench, "ada@example.com", Some("ada")).await;
    add(bench, "bob@example.com", None).await;
    assert_eq!(bench.store.user(bench.id()).await.unwrap(), None);
    for text in ["", " ", "%", "_da", "a.a", ".*", "^ada", "ada@example", "ada@example_com", "$ne", "null"] {
        assert_eq!(bench.store.user_by_email(text).await.unwrap(), None, "{text:?}");
        assert_eq!(bench.store.user_by_username(text).await.unwrap(), None, "{text:?}");
    }
    assert_eq!(bench.store.user_by_username("ADA").await.unwrap(), None, "usernames are exact");
}

async fn a_taken_email_is_refused_in_any_spelling(bench: &Bench) {
    let ada = add(bench, "ada@example.com", Some("ada")).await;
    for email in ["ada@example.com", "ADA@Example.com", "  ada@example.com "] {
        let other = make::user(bench.id(), email, Some("other"), bench.now());
        let refused = bench.store.insert_user(&other).await;
        assert!(matches!(refused, Err(StoreError::Taken("email"))), "{email:?}: {refused:?}");
        assert_eq!(bench.store.user(other.id).await.unwrap(), None);
    }
    assert_eq!(bench.store.user_by_email("ada@example.com").await.unwrap(), Some(ada));
    assert_eq!(bench.store.user_by_username("other").await.unwrap(), None);
}

async fn a_taken_username_is_refused(bench: &Bench) {
    let ada = add(bench, "ada@example.com", Some("ada")).await;
    let other = make::user(bench.id(), "email@example.com", Some("ada"), bench.now());
    let refused = bench.store.insert_user(&other).await;
    assert!(matches!(refused, Err(StoreError::Taken("username"))), "{refused:?}");
    assert_eq!(bench.store.user_by_username("ada").await.unwrap(), Some(ada));
    assert_eq!(bench.store.user_by_email("email@example.com").await.unwrap(), None);
}

async fn an_update_may_not_take_what_another_account_has(bench: &Bench) {
    add(bench, "ada@example.com", Some("ada")).await;
    let bob = add(bench, "bob@example.com", Some("bob")).await;
    let taken = User { email: "ADA@example.com".into(), ..bob.clone() };
    let refused = bench.store.save_user(&bob, &taken).await;
    assert!(matches!(refused, Err(StoreError::Taken("email"))), "{refused:?}");
    let taken = User { username: Some("ada".into()), ..bob.clone() };
    let refused = bench.store.save_user(&bob, &taken).await;
    assert!(matches!(refused, Err(StoreError::Taken("username"))), "{refused:?}");
    assert_eq!(bench.store.user(bob.id).await.unwrap(), Some(bob));
}

async fn an_account_keeps_its_own_email_and_username_in_an_update(bench: &Bench) {
    let ada = add(bench, "ada@example.com", Some("ada")).await;
    let renamed = User { name: "Ada".into(), email: "Ada@Example.com".into(), ..ada.clone() };
    assert!(bench.store.save_user(&ada, &renamed).await.unwrap());
    assert_eq!(bench.store.user_by_email("ada@example.com").await.unwrap(), Some(renamed));
}

async fn many_accounts_may_lack_a_username(bench: &Bench) {
    for number in 0..3 {
        let user = add(bench, &format!("{number}@example.com"), None).await;
        assert_eq!(bench.store.user(user.id).await.unwrap(), Some(user));
    }
}

async fn an_update_writes_every_field(bench: &Bench) {
    let ada = add(bench, "ada@example.com", None).await;
    let changed = User {
        id: ada.id,
        name: "Countess $et 💡".into(),
        username: Some("countess".into()),
        email: "countess@example.com".into(),
        email_verified: true,
        password: String::new(),
        role: Role::Admin,
        is_active: false,
        deactivated_at: Some(ada.created_at),
        logins_ended_at: Some(ada.updated_at),
        is_guest: true,
        avatar: Some(bench.id()),
        preferences: Preferences {
            theme: Theme::Dark,
            time_zone: "Asia/Tokyo".parse().unwrap(),
            ai_consent: true,
            ..Preferences::default()
        },
        created_at: ada.created_at,
        updated_at: ada.updated_at + Duration::from_millis(1234),
    };
    assert!(bench.store.save_user(&ada, &changed).await.unwrap());
    assert_eq!(bench.store.user(ada.id).await.unwrap().as_ref(), Some(&changed));
    assert_eq!(bench.store.user_by_email("Countess@example.com").await.unwrap().as_ref(), Some(&changed));
    assert_eq!(bench.store.user_by_email("ada@example.com").await.unwrap(), None);
    add(bench, "ada@example.com", None).await;
    // What is no longer there goes.
    let back = User { deactivated_at: None, avatar: None, ..changed.clone() };
    let back = User { updated_at: changed.updated_at + Duration::from_millis(1), ..back };
    assert!(bench.store.save_user(&changed, &back).await.unwrap());
    assert_eq!(bench.store.user(ada.id).await.unwrap(), Some(back));
}

async fn an_account_that_somebody_else_wrote_is_not_written(bench: &Bench) {
    let ada = add(bench, "ada@example.com", None).await;
    let named = |name: &str| User {
        name: name.into(),
        updated_at: ada.updated_at + Duration::from_millis(1),
        ..ada.clone()
    };
    assert!(bench.store.save_user(&ada, &named("first")).await.unwrap());
    assert!(!bench.store.save_user(&ada, &named("second")).await.unwrap());
    assert_eq!(bench.store.user(ada.id).await.unwrap(), Some(named("first")));
    let unknown = User { id: bench.id(), ..ada.clone() };
    assert!(!bench.store.save_user(&unknown, &User { name: "new".into(), ..unknown.clone() }).await.unwrap());
    assert_eq!(bench.store.user(unknown.id).await.unwrap(), None);
}

async fn concurrent_changes_of_an_account_all_count(bench: &Bench) {
    let ada = add(bench, "ada@example.com", None).await;
    let now = bench.now();
    let changed = at_once(20, |number| {
        let store = bench.store.clone();
        async move {
            let change = |user: &mut User| {
                if number % 2 == 0 {
                    user.name.push('x')
                } else {
                    user.preferences.default_study_duration += 1
                }
                Ok::<_, StoreError>(())
            };
            store.change_user(ada.id, now, change).await.unwrap().unwrap()
        }
    })
    .await;
    assert_eq!(changed.len(), 20);
    let stored = bench.store.user(ada.id).await.unwrap().unwrap();
    assert_eq!(stored.name, format!("{}{}", ada.name, "x".repeat(10)));
    assert_eq!(stored.preferences.default_study_duration, ada.preferences.default_study_duration + 10);
    assert_eq!(stored.updated_at, ada.updated_at + Duration::from_millis(20));
    assert_eq!(bench.store.change_user(bench.id(), now, |_| Ok::<_, StoreError>(())).await.unwrap(), None);
}

async fn one_of_many_concurrent_registrations_with_an_email_wins(bench: &Bench) {
    let users: Vec<User> = (0..20)
        .map(|number| make::user(bench.id(), "ada@example.com", Some(&format!("ada{number}")), bench.now()))
        .collect();
    let outcomes = register(bench, users.clone()).await;
    let winners: Vec<&User> =
        users.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_ok()).map(|(user, _)| user).collect();
    assert_eq!(winners.len(), 1);
    for outcome in outcomes.iter().filter(|outcome| outcome.is_err()) {
        assert!(matches!(outcome, Err(StoreError::Taken("email"))), "{outcome:?}");
    }
    assert_eq!(bench.store.user_by_email("ada@example.com").await.unwrap().as_ref(), Some(winners[0]));
}

async fn one_of_many_concurrent_registrations_with_a_username_wins(bench: &Bench) {
    let users: Vec<User> = (0..20)
        .map(|number| make::user(bench.id(), &format!("ada{number}@example.com"), Some("ada"), bench.now()))
        .collect();
    let outcomes = register(bench, users).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.iter().filter(|outcome| outcome.is_err()) {
        assert!(matches!(outcome, Err(StoreError::Taken("username"))), "{outcome:?}");
    }
}

async fn register(bench: &Bench, users: Vec<User>) -> Vec<Result<(), StoreError>> {
    at_once(users.len(), |number| {
        let (store, user) = (bench.store.clone(), users[number].clone());
        async move { store.insert_user(&user).await }
    })
    .await
}

async fn an_account_with_a_known_id_is_refused_without_blaming_email_or_username(bench: &Bench) {
    let ada = add(bench, "ada@example.com", Some("ada")).await;
    let other = make::user(ada.id, "bob@example.com", Some("bob"), bench.now());
    let refused = bench.store.insert_user(&other).await;
    assert!(matches!(refused, Err(StoreError::Taken("id"))), "{refused:?}");
    assert_eq!(bench.store.user(ada.id).await.unwrap(), Some(ada));
}

async fn the_store_answers_a_ping(bench: &Bench) {
    bench.store.ping().await.unwrap();
    bench.queue.ping().await.unwrap();
}
