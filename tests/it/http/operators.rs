//! Who becomes an admin, and how.

use harness::{App, Client};
use serde_json::{Value, json};
use shared::{clock::Clock, store::StoreError};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(an_operator_makes_admins_and_students_by_hand, verified_accounts_become_admin_at_start);

async fn role(client: &Client) -> Value {
    let session =
        json!({ "email": client.session()["user"]["email"], "password": harness::client::PASSWORD });
    client.anonymous().post("/auth/login", &session).await.expect(200).json["user"]["role"].clone()
}

async fn user(app: &App, action: &str, email: &str) -> (Option<i32>, String) {
    let output = app.command(&["user", action, email]).await;
    let told = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.code(), String::from_utf8(told).unwrap())
}

async fn an_operator_makes_admins_and_students_by_hand(mix: Mix) {
    let app = mix.app().await;
    let learner = mix.learner().await;
    let email = text(&learner.session()["user"]["email"]);
    let (code, told) = user(app, "promote", &email.to_uppercase()).await;
    assert_eq!((code, told.trim()), (Some(0), format!("{email} is an admin now").as_str()));
    assert_eq!(role(&learner).await, "admin");
    // Twice does no harm.
    assert_eq!(user(app, "promote", email).await.0, Some(0));
    let (code, told) = user(app, "demote", email).await;
    assert_eq!((code, told.trim()), (Some(0), format!("{email} is a student now").as_str()));
    assert_eq!(role(&learner).await, "student");
    let (code, told) = user(app, "demote", email).await;
    assert!(code == Some(1) && told.contains("no admin"), "{told}");
    let (code, told) = user(app, "promote", "nobody@example.com").await;
    assert!(code == Some(1) && told.contains("no account has the e-mail nobody@example.com"), "{told}");
    let guest = app.client().guest().await;
    let (code, told) = user(app, "promote", text(&guest.session()["user"]["email"])).await;
    assert!(code == Some(1) && told.contains("guest"), "{told}");
    let output = app.command(&["user", "promote"]).await;
    assert_eq!(output.status.code(), Some(2), "an argument is missing");
}

async fn verified_accounts_become_admin_at_start(mix: Mix) {
    let (verified, unverified) = ("Ada@Operators.test", "bob@operators.test");
    let emails = format!("{verified}, {unverified},nobody@operators.test");
    let mut app = mix.start(Mix::options().env("ADMIN_EMAILS", &emails)).await;
    let mut people = Vec::new();
    for email in [verified, unverified] {
        let account =
            json!({ "name": "X", "email": email.to_lowercase(), "password": harness::client::PASSWORD });
        app.client().post("/auth/register", &account).await.expect(201);
        people.push(app.client().login(email, harness::client::PASSWORD).await);
    }
    let store = mix.store_of(&app).await;
    let id = people[0].user_id().parse().unwrap();
    let verify = |user: &mut shared::domain::User| {
        user.email_verified = true;
        Ok::<_, StoreError>(())
    };
    store.change_user(id, Clock::System.now(), verify).await.unwrap();
    drop(store);
    app.restart().await;
    let roles = [role(&people[0].at(&app.url)).await, role(&people[1].at(&app.url)).await];
    assert_eq!(roles, ["admin", "student"]);
    assert!(app.api.log().text().contains("not verified"));
    // An admin who was demoted by hand is one again after the next start.
    assert_eq!(user(&app, "demote", verified).await.0, Some(0));
    app.restart().await;
    assert_eq!(role(&people[0].at(&app.url)).await, "admin");
}
