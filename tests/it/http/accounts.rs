//! Accounts: made, entered, left.

use harness::Client;
use harness::client::PASSWORD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_login_takes_the_username_or_the_email_in_any_case,
    a_login_takes_a_form,
    an_unknown_account_and_a_wrong_password_are_told_alike,
    a_taken_email_is_400_in_any_case,
    a_taken_username_is_refused_and_a_made_up_one_is_free,
    nobody_registers_a_role,
    a_password_has_six_characters_and_72_bytes,
    a_guest_who_registers_keeps_everything,
    a_logout_ends_the_login_at_once,
    refresh_tokens_are_good_once_and_a_reused_one_ends_the_login,
    the_hash_never_leaves,
);

fn email() -> String {
    format!("Account-{}-{}@Example.com", std::process::id(), harness::unique())
}

async fn account(visitor: &Client) -> (String, Value) {
    let email = email();
    let body = json!({ "name": "An Account", "email": email, "password": PASSWORD });
    let user = visitor.post("/auth/register", &body).await.expect(201).json;
    (email, user)
}

async fn a_login_takes_the_username_or_the_email_in_any_case(mix: Mix) {
    let visitor = mix.app().await.client();
    let (email, user) = account(&visitor).await;
    let username = text(&user["username"]);
    for (field, name) in [
        ("email", email.clone()),
        ("email", email.to_lowercase()),
        ("email", format!(" {} ", email.to_uppercase())),
        ("username", email),
        ("username", username.to_owned()),
    ] {
        let reply =
            visitor.post("/auth/login", &json!({ field: &name, "password": PASSWORD })).await.expect(200);
        assert_eq!(reply.json["user"], user);
        let other = if field == "email" { "username" } else { "email" };
        let both = json!({ field: name, other: "", "password": PASSWORD });
        visitor.post("/auth/login", &both).await.expect(200);
        assert_eq!(reply.json["tokenType"], "Bearer");
        assert_eq!(reply.json["expiresIn"], 7 * 24 * 3600);
    }
}

async fn a_login_takes_a_form(mix: Mix) {
    let visitor = mix.app().await.client();
    let (email, user) = account(&visitor).await;
    let form = |name: &str, password: &str| {
        let body = format!("username={}&password={}", name.replace('@', "%40"), password.replace(' ', "+"));
        visitor
            .request(Method::POST, "/auth/login")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body)
    };
    let reply = visitor.send(form(&email, PASSWORD)).await.expect(200);
    assert_eq!(reply.json["user"], user);
    assert_problem(&visitor.send(form(&email, "wrong")).await, 401, "auth.bad_credentials");
    let incomplete = visitor.request(Method::POST, "/auth/login");
    let incomplete =
        incomplete.header("Content-Type", "application/x-www-form-urlencoded").body("username=x");
    assert_fields(&visitor.send(incomplete).await, &["password"]);
}

async fn an_unknown_account_and_a_wrong_password_are_told_alike(mix: Mix) {
    let visitor = mix.app().await.client();
    let (known, _) = account(&visitor).await;
    let mut bodies = Vec::new();
    for name in [known, email()] {
        let reply = visitor.post("/auth/login", &json!({ "email": name, "password": "not this one" })).await;
        assert_problem(&reply, 401, "auth.bad_credentials");
        assert_eq!(reply.json["message"], "Incorrect email or password");
        bodies.push(reply.bytes);
    }
    assert_eq!(bodies[0], bodies[1]);
}

async fn a_taken_email_is_400_in_any_case(mix: Mix) {
    let visitor = mix.app().await.client();
    let (email, _) = account(&visitor).await;
    for email in [email.clone(), email.to_lowercase(), email.to_uppercase()] {
        let body = json!({ "name": "Another", "email": email, "password": PASSWORD });
        let reply = visitor.post("/auth/register", &body).await;
        assert_problem(&reply, 400, "user.email_taken");
        assert_eq!(reply.json["message"], "Email already registered");
    }
}

async fn a_taken_username_is_refused_and_a_made_up_one_is_free(mix: Mix) {
    let visitor = mix.app().await.client();
    let username = format!("chosen-{}-{}", std::process::id(), harness::unique());
    let register = |email: String, username: Option<&str>| {
        let mut body = json!({ "name": "X", "email": email, "password": PASSWORD });
        if let Some(username) = username {
            body["username"] = json!(username);
        }
        let visitor = visitor.clone();
        async move { visitor.post("/auth/register", &body).await }
    };
    let user = register(email(), Some(&username)).await.expect(201).json;
    assert_eq!(user["username"], username);
    assert_problem(&register(email(), Some(&username)).await, 409, "user.username_taken");
    // The same part before the @ twice.
    let other = register(format!("{username}@other.example"), None).await.expect(201).json;
    assert_ne!(other["username"], username);
}

async fn nobody_registers_a_role(mix: Mix) {
    let visitor = mix.app().await.client();
    let body = json!({
        "name": "Climber", "email": email(), "password": PASSWORD, "role": "admin", "emailVerified": true,
        "isActive": false, "isGuest": true, "_id": "0123456789abcdef01234567",
    });
    let user = visitor.post("/auth/register", &body).await.expect(201).json;
    for (name, value) in [
        ("role", json!("student")),
        ("emailVerified", json!(false)),
        ("isActive", json!(true)),
        ("isGuest", json!(false)),
    ] {
        assert_eq!(user[name], value, "{user:#}");
    }
    assert_ne!(user["_id"], "0123456789abcdef01234567");
    assert_eq!(user["id"], user["_id"]);
}

async fn a_password_has_six_characters_and_72_bytes(mix: Mix) {
    let visitor = mix.app().await.client();
    for (password, accepted) in [
        ("x".repeat(5), false),
        ("x".repeat(6), true),
        ("é".repeat(5), false),
        ("é".repeat(6), true),
        ("x".repeat(72), true),
        ("x".repeat(73), false),
        ("漢".repeat(24), true),
        ("漢".repeat(25), false),
    ] {
        let email = email();
        let body = json!({ "name": "Careful", "email": email, "password": password });
        let reply = visitor.post("/auth/register", &body).await;
        if accepted {
            reply.expect(201);
            visitor.login(&email, &password).await;
            let shorter: String = password.chars().skip(1).collect();
            let wrong = json!({ "email": email, "password": shorter });
            assert_problem(&visitor.post("/auth/login", &wrong).await, 401, "auth.bad_credentials");
        } else {
            assert_fields(&reply, &["password"]);
        }
    }
}

async fn a_guest_who_registers_keeps_everything(mix: Mix) {
    let guest = mix.app().await.client().guest().await;
    assert_eq!(guest.session()["user"]["isGuest"], true);
    let quiz = quiz(&guest, 1).await;
    let job = scheduled(&guest).await;
    let email = email();
    let body = json!({ "name": "Settled", "email": email, "password": PASSWORD });
    let user = guest.post("/auth/register", &body).await.expect(201).json;
    assert_eq!((&user["isGuest"], &user["id"]), (&json!(false), &json!(guest.user_id())));
    let settled = guest.login(&email, PASSWORD).await;
    assert_eq!(settled.get(&format!("/quiz/{}", text(&quiz["id"]))).await.expect(200).json, quiz);
    settled.get(&format!("/jobs/{}", text(&job["id"]))).await.expect(200);
    // The guest's token goes on as the account's, and a second guest does not take it over.
    assert_eq!(guest.get("/auth/me").await.expect(200).json, user);
    let body = json!({ "name": "Settled", "email": email, "password": PASSWORD });
    let other = guest.anonymous().guest().await;
    assert_problem(&other.post("/auth/register", &body).await, 400, "user.email_taken");
    assert_eq!(other.get("/auth/me").await.expect(200).json["isGuest"], true);
}

async fn a_logout_ends_the_login_at_once(mix: Mix) {
    let first = mix.learner().await;
    let second = first.login(text(&first.session()["user"]["email"]), PASSWORD).await;
    let reply = first.post("/auth/logout", &json!({})).await.expect(200);
    assert_eq!(reply.json, json!({ "message": "Logged out successfully" }));
    let cookies: Vec<_> =
        reply.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    for (name, path) in [("jwt=;", "Path=/"), ("refresh_token=;", "Path=/auth")] {
        let cookie = cookies.iter().find(|cookie| cookie.starts_with(name)).expect("a cookie is cleared");
        assert!(cookie.contains(path) && cookie.contains("Max-Age=0"), "{cookie}");
    }
    assert_problem(&first.get("/auth/me").await, 401, "auth.token_revoked");
    assert_problem(&first.post("/auth/logout", &json!({})).await, 401, "auth.token_revoked");
    let refresh = json!({ "refreshToken": first.session()["refreshToken"] });
    assert_problem(&first.anonymous().post("/auth/refresh", &refresh).await, 401, "auth.refresh_invalid");
    // The other login of the account stays.
    second.get("/auth/me").await.expect(200);
}

async fn refresh_tokens_are_good_once_and_a_reused_one_ends_the_login(mix: Mix) {
    let learner = mix.learner().await;
    let bystander = learner.login(text(&learner.session()["user"]["email"]), PASSWORD).await;
    let refresh = |token: &Value| {
        let (client, body) = (learner.anonymous(), json!({ "refreshToken": token }));
        async move { client.post("/auth/refresh", &body).await }
    };
    let first = learner.session()["refreshToken"].clone();
    let second = refresh(&first).await.expect(200).json;
    assert_ne!(second["refreshToken"], first);
    assert_eq!(second["user"], learner.session()["user"]);
    learner.with_token(text(&second["accessToken"])).get("/auth/me").await.expect(200);
    assert_problem(&refresh(&first).await, 401, "auth.refresh_reused");
    // The thief and the owner cannot be told apart, so both are out.
    assert_eq!(refresh(&second["refreshToken"]).await.status, 401);
    for token in [learner.token().unwrap(), text(&second["accessToken"])] {
        assert_problem(&learner.with_token(token).get("/auth/me").await, 401, "auth.token_revoked");
    }
    bystander.get("/auth/me").await.expect(200);
    for token in [json!(""), json!("x.y.z"), json!(bystander.token())] {
        assert_problem(&refresh(&token).await, 401, "auth.refresh_invalid");
    }
    assert_problem(&learner.anonymous().post("/auth/refresh", &json!({})).await, 401, "auth.refresh_invalid");
}

async fn the_hash_never_leaves(mix: Mix) {
    let learner = mix.learner().await;
    let me = learner.get("/auth/me").await.expect(200);
    for shown in [me.text(), learner.session()["user"].to_string()] {
        assert!(!shown.contains("$2") && !shown.to_lowercase().contains("password"), "{shown}");
    }
}
