//! Profiles.

use harness::Client;
use harness::client::PASSWORD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_profile_is_the_account_with_its_preferences,
    a_change_touches_only_what_is_given,
    preferences_are_merged_one_by_one,
    what_a_profile_cannot_be_is_told_by_field,
    a_taken_username_stays_with_its_owner,
    a_profile_has_a_version,
    others_see_the_public_part,
    a_deactivated_account_is_shut_and_comes_back_when_asked,
    a_login_of_the_old_backend_ends_with_the_account,
);

async fn me(client: &Client) -> Value {
    client.get("/users/me").await.expect(200).json
}

fn email(client: &Client) -> &str {
    text(&client.session()["user"]["email"])
}

async fn a_profile_is_the_account_with_its_preferences(mix: Mix) {
    let learner = mix.learner().await;
    let me = me(&learner).await;
    for (name, value) in learner.session()["user"].as_object().unwrap() {
        assert_eq!(&me[name], value, "{name}");
    }
    let defaults = json!({
        "theme": "system", "notifications": true, "defaultStudyDuration": 25, "timeZone": "UTC",
        "language": "en", "aiConsent": false,
    });
    assert_eq!(me["preferences"], defaults);
    assert_eq!(me["id"], me["_id"]);
    assert_eq!(me.get("avatarUrl"), None);
    assert!(!me.to_string().contains("$2b$"));
    assert_problem(&learner.anonymous().get("/users/me").await, 401, "auth.required");
}

async fn a_change_touches_only_what_is_given(mix: Mix) {
    let learner = mix.learner().await;
    let before = me(&learner).await;
    let changed = learner.put("/users/me", &json!({ "name": "  Countess «ü» 💡 " })).await.expect(200).json;
    assert_eq!(changed["name"], "Countess «ü» 💡");
    for name in ["id", "username", "email", "role", "preferences", "createdAt", "isActive", "emailVerified"] {
        assert_eq!(changed[name], before[name], "{name}");
    }
    assert!(text(&changed["updatedAt"]) > text(&before["updatedAt"]));
    assert_eq!(me(&learner).await, changed);
    assert_eq!(learner.get("/auth/me").await.expect(200).json["name"], changed["name"]);
    // What nobody may change is passed over like every unknown field.
    let climb =
        json!({ "role": "admin", "email": "other@example.com", "isActive": false, "emailVerified": true });
    let same = learner.put("/users/me", &climb).await.expect(200).json;
    assert_eq!(same, changed);
    assert_eq!(learner.put("/users/me", &json!({ "name": null })).await.expect(200).json, changed);
}

async fn preferences_are_merged_one_by_one(mix: Mix) {
    let learner = mix.learner().await;
    let mut expected = me(&learner).await["preferences"].clone();
    for (name, value) in [
        ("theme", json!("dark")),
        ("notifications", json!(false)),
        ("defaultStudyDuration", json!(50)),
        ("timeZone", json!("Asia/Kathmandu")),
        ("language", json!("pt-BR")),
        ("aiConsent", json!(true)),
    ] {
        expected[name] = value.clone();
        let changed = learner.put("/users/me", &json!({ "preferences": { name: value } })).await.expect(200);
        assert_eq!(changed.json["preferences"], expected);
    }
    let at_once = json!({ "preferences": { "theme": "light", "language": "de" } });
    let beside = json!({ "preferences": { "notifications": true } });
    let (one, other) = tokio::join!(learner.put("/users/me", &at_once), learner.put("/users/me", &beside));
    one.expect(200);
    other.expect(200);
    expected["theme"] = json!("light");
    expected["language"] = json!("de");
    expected["notifications"] = json!(true);
    assert_eq!(me(&learner).await["preferences"], expected);
}

async fn what_a_profile_cannot_be_is_told_by_field(mix: Mix) {
    let learner = mix.learner().await;
    let before = me(&learner).await;
    for (body, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "name": " \t" }), "name"),
        (json!({ "name": "x".repeat(101) }), "name"),
        (json!({ "name": 7 }), "name"),
        (json!({ "username": "" }), "username"),
        (json!({ "username": "two words" }), "username"),
        (json!({ "username": "a@example.com" }), "username"),
        (json!({ "username": "nul\0" }), "username"),
        (json!({ "username": "x".repeat(51) }), "username"),
        (json!({ "preferences": { "timeZone": "Mars/Olympus" } }), "preferences.timeZone"),
        (json!({ "preferences": { "timeZone": "" } }), "preferences.timeZone"),
        (json!({ "preferences": { "theme": "sepia" } }), "preferences.theme"),
        (json!({ "preferences": { "defaultStudyDuration": 0 } }), "preferences.defaultStudyDuration"),
        (json!({ "preferences": { "defaultStudyDuration": 1441 } }), "preferences.defaultStudyDuration"),
        (json!({ "preferences": { "language": "en_US" } }), "preferences.language"),
        (json!({ "preferences": { "aiConsent": "yes" } }), "preferences.aiConsent"),
    ] {
        let reply = learner.put("/users/me", &body).await;
        assert_fields(&reply, &[field]);
    }
    let several =
        json!({ "name": "", "username": "a b", "preferences": { "language": "-", "timeZone": "X" } });
    let reply = learner.put("/users/me", &several).await;
    assert_fields(&reply, &["name", "preferences.language", "preferences.timeZone", "username"]);
    assert_eq!(me(&learner).await, before);
    let broken =
        learner.request(Method::PUT, "/users/me").header("Content-Type", "application/json").body("{");
    assert_problem(&learner.send(broken).await, 400, "body.malformed");
}

async fn a_taken_username_stays_with_its_owner(mix: Mix) {
    let (ada, bob) = (mix.learner().await, mix.learner().await);
    let username = format!("ada-{}-{}", std::process::id(), harness::unique());
    let renamed =
        ada.put("/users/me", &json!({ "username": format!(" {username} ") })).await.expect(200).json;
    assert_eq!(renamed["username"], username);
    assert_problem(&bob.put("/users/me", &json!({ "username": username })).await, 409, "user.username_taken");
    assert_eq!(me(&bob).await["username"], bob.session()["user"]["username"]);
    // Keeping one's own is no conflict, and it logs in.
    ada.put("/users/me", &json!({ "username": username })).await.expect(200);
    let login = json!({ "username": username, "password": PASSWORD });
    ada.anonymous().post("/auth/login", &login).await.expect(200);
}

async fn a_profile_has_a_version(mix: Mix) {
    let learner = mix.learner().await;
    let first = learner.get("/users/me").await.expect(200);
    let tag = first.header("etag").to_owned();
    let known = learner.request(Method::GET, "/users/me").header("If-None-Match", &tag);
    assert!(learner.send(known).await.expect(304).bytes.is_empty());
    let put = |tag: &str, name: &str| {
        let request = learner.request(Method::PUT, "/users/me").header("If-Match", tag);
        learner.send(request.json(&json!({ "name": name })))
    };
    let second = put(&tag, "Second").await.expect(200);
    assert_ne!(second.header("etag"), tag);
    assert_problem(&put(&tag, "Third").await, 412, "precondition.failed");
    assert_eq!(me(&learner).await["name"], "Second");
    put(second.header("etag"), "Third").await.expect(200);
    put("*", "Fourth").await.expect(200);
    // Of those who change the same version at once one wins.
    let tag = learner.get("/users/me").await.header("etag").to_owned();
    let names: Vec<String> = (0..6).map(|number| format!("Racer {number}")).collect();
    let raced = futures::future::join_all(names.iter().map(|name| put(&tag, name))).await;
    let mut statuses: Vec<_> = raced.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412]);
    let leave = learner.request(Method::DELETE, "/users/me").header("If-Match", &tag);
    assert_problem(&learner.send(leave).await, 412, "precondition.failed");
    let known = learner.get("/auth/me").await.expect(200);
    let same = learner.request(Method::GET, "/auth/me").header("If-None-Match", known.header("etag"));
    learner.send(same).await.expect(304);
}

async fn others_see_the_public_part(mix: Mix) {
    let (ada, bob) = (mix.learner().await, mix.learner().await);
    let path = format!("/users/{}", ada.user_id());
    let own = ada.get(&path).await.expect(200);
    let public = json!({ "id": ada.user_id(), "_id": ada.user_id(), "name": "A Learner" });
    let mut expected = public.clone();
    expected["email"] = json!(email(&ada));
    assert_eq!(own.json, expected);
    assert_eq!(bob.get(&path).await.expect(200).json, public);
    let known = ada.request(Method::GET, &path).header("If-None-Match", own.header("etag"));
    ada.send(known).await.expect(304);
    assert_problem(&ada.anonymous().get(&path).await, 401, "auth.required");
    assert_problem(&bob.get("/users/0123456789abcdef01234567").await, 404, "user.not_found");
    assert_problem(&bob.get("/users/nobody").await, 400, "id.invalid");
}

async fn a_deactivated_account_is_shut_and_comes_back_when_asked(mix: Mix) {
    let (learner, other) = (mix.learner().await, mix.learner().await);
    let second = learner.login(email(&learner), PASSWORD).await;
    learner.put("/users/me", &json!({ "preferences": { "theme": "dark" } })).await.expect(200);
    let reply = learner.delete("/users/me").await.expect(200);
    assert_eq!(reply.json, json!({ "message": "Account deactivated" }));
    for client in [&learner, &second] {
        assert_problem(&client.get("/users/me").await, 401, "auth.token_revoked");
        let refresh = json!({ "refreshToken": client.session()["refreshToken"] });
        let refreshed = client.anonymous().post("/auth/refresh", &refresh).await;
        assert_problem(&refreshed, 401, "auth.refresh_invalid");
    }
    assert_problem(&other.get(&format!("/users/{}", learner.user_id())).await, 404, "user.not_found");
    let login = |extra: Value| {
        let mut body = json!({ "email": email(&learner), "password": PASSWORD });
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let visitor = learner.anonymous();
        async move { visitor.post("/auth/login", &body).await }
    };
    assert_problem(&login(json!({})).await, 403, "account.deactivated");
    assert_problem(&login(json!({ "reactivate": false })).await, 403, "account.deactivated");
    let wrong = login(json!({ "reactivate": true, "password": "not this one" })).await;
    assert_problem(&wrong, 401, "auth.bad_credentials");
    assert_problem(&login(json!({})).await, 403, "account.deactivated");
    let session = login(json!({ "reactivate": true })).await.expect(200).json;
    assert_eq!(session["user"]["isActive"], true);
    let back = learner.with_token(text(&session["accessToken"]));
    assert_eq!(me(&back).await["preferences"]["theme"], "dark");
    // The logins of before stay ended.
    assert_problem(&learner.get("/users/me").await, 401, "auth.token_revoked");
    login(json!({})).await.expect(200);
}

async fn a_login_of_the_old_backend_ends_with_the_account(mix: Mix) {
    let learner = mix.learner().await;
    let sign = |claims: Value| {
        let key = jsonwebtoken::EncodingKey::from_secret(crate::mix::SECRET.as_bytes());
        let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        learner.with_token(jsonwebtoken::encode(&header, &claims, &key).unwrap())
    };
    let id = learner.user_id();
    let old = sign(json!({ "sub": id, "iat": 1_600_000_000, "exp": 4_000_000_000_u64 }));
    let undated = sign(json!({ "sub": id, "exp": 4_000_000_000_u64 }));
    for client in [&old, &undated] {
        client.get("/users/me").await.expect(200);
    }
    learner.delete("/users/me").await.expect(200);
    for client in [&old, &undated] {
        assert_problem(&client.get("/users/me").await, 403, "account.deactivated");
    }
    let login = json!({ "email": email(&learner), "password": PASSWORD, "reactivate": true });
    learner.anonymous().post("/auth/login", &login).await.expect(200);
    for client in [&old, &undated] {
        assert_problem(&client.get("/users/me").await, 401, "auth.token_revoked");
    }
}
