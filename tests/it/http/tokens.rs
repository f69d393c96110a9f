//! Access tokens: our own, the old backends', and forged ones.

use harness::Client;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};

use crate::mix::{Mix, SECRET};
use crate::support::*;

on_each_mix!(
    without_a_token_nothing_of_the_user_is_shown,
    tokens_say_what_the_contract_says,
    tokens_of_the_old_backends_are_taken,
    expired_and_future_tokens_are_refused,
    forged_tokens_are_refused,
    a_refresh_token_is_no_access_token,
    the_scheme_is_read_in_any_case,
);

fn claims(client: &Client) -> Value {
    let validation = Validation::new(Algorithm::HS256);
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    decode::<Value>(client.token().unwrap(), &key, &validation).expect("a valid token").claims
}

fn sign(claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

async fn without_a_token_nothing_of_the_user_is_shown(mix: Mix) {
    let visitor = mix.app().await.client();
    for path in
        ["/auth/me", "/quiz", "/jobs", "/quiz/0123456789abcdef01234567", "/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV"]
    {
        assert_problem(&visitor.get(path).await, 401, "auth.required");
    }
    // Who is not logged in learns nothing about what else is wrong.
    assert_problem(&visitor.post("/quiz/generate", &json!({ "inputMethod": 5 })).await, 401, "auth.required");
    assert_problem(&visitor.upload("/quiz/generate", &[], fixture("empty.pdf")).await, 401, "auth.required");
    assert_problem(&visitor.post("/auth/logout", &json!({})).await, 401, "auth.required");
}

async fn tokens_say_what_the_contract_says(mix: Mix) {
    let learner = mix.learner().await;
    let claims = claims(&learner);
    let mut names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["email", "exp", "iat", "sid", "sub"]);
    assert_eq!(
        (&claims["sub"], &claims["email"]),
        (&json!(learner.user_id()), &learner.session()["user"]["email"])
    );
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(json!(lifetime), learner.session()["expiresIn"]);
}

/// The times of a login just made.
async fn times(mix: Mix) -> (Client, i64, i64) {
    let learner = mix.learner().await;
    let claims = claims(&learner);
    let (now, end) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    (learner, now, end)
}

async fn tokens_of_the_old_backends_are_taken(mix: Mix) {
    let (learner, now, end) = times(mix).await;
    let (sub, email) = (learner.user_id(), &learner.session()["user"]["email"]);
    for claims in [
        // FastAPI's and NestJS's.
        json!({ "sub": sub, "exp": end }),
        json!({ "sub": sub, "email": email, "iat": now, "exp": end }),
        // A server whose clock is ahead.
        json!({ "sub": sub, "iat": now + 55, "exp": end }),
    ] {
        let old = learner.with_token(sign(&claims));
        assert_eq!(old.get("/auth/me").await.expect(200).json["id"], sub);
        old.post("/auth/logout", &json!({})).await.expect(200);
    }
}

async fn expired_and_future_tokens_are_refused(mix: Mix) {
    let (learner, now, end) = times(mix).await;
    let sub = learner.user_id();
    let sid = &claims(&learner)["sid"];
    for (claims, code) in [
        (json!({ "sub": sub, "exp": now - 1 }), "auth.token_expired"),
        (json!({ "sub": sub, "sid": sid, "iat": now - 10, "exp": now - 1 }), "auth.token_expired"),
        (json!({ "sub": sub, "iat": now + 3600, "exp": end }), "auth.token_invalid"),
        (json!({ "sub": sub, "iat": now + 300, "exp": end }), "auth.token_invalid"),
        (json!({ "sub": sub }), "auth.token_invalid"),
        (json!({ "sub": sub, "iat": now }), "auth.token_invalid"),
        (json!({ "sub": sub, "exp": "tomorrow" }), "auth.token_invalid"),
        (json!({ "sub": sub, "sid": "0123456789abcdef01234567", "exp": end }), "auth.token_revoked"),
        (json!({ "sub": sub, "sid": "no id", "exp": end }), "auth.token_invalid"),
        (json!({ "sub": "0123456789abcdef01234567", "exp": end }), "auth.token_invalid"),
        (json!({ "sub": "0123456789abcdef01234567", "sid": sid, "exp": end }), "auth.token_revoked"),
        (json!({ "sub": "nobody", "exp": end }), "auth.token_invalid"),
        (json!({ "exp": end }), "auth.token_invalid"),
    ] {
        let reply = learner.with_token(sign(&claims)).get("/auth/me").await;
        assert_problem(&reply, 401, code);
    }
}

async fn forged_tokens_are_refused(mix: Mix) {
    let (learner, _, end) = times(mix).await;
    let claims = json!({ "sub": learner.user_id(), "exp": end });
    let key = |secret: &str| EncodingKey::from_secret(secret.as_bytes());
    let good = sign(&claims);
    let (body, signature) = good.rsplit_once('.').unwrap();
    let payload = body.split_once('.').unwrap().1;
    let admin = sign(&json!({ "sub": learner.user_id(), "exp": end, "role": "admin" }));
    let other_body = admin.rsplit_once('.').unwrap().0;
    for token in [
        encode(&Header::new(Algorithm::HS256), &claims, &key("another secret, as long as the right one is"))
            .unwrap(),
        encode(&Header::new(Algorithm::HS256), &claims, &key("")).unwrap(),
        encode(&Header::new(Algorithm::HS512), &claims, &key(SECRET)).unwrap(),
        // {"alg":"none","typ":"JWT"}
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}."),
        format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.{signature}"),
        format!("{other_body}.{signature}"),
        format!("{body}."),
        body.to_owned(),
        "x".to_owned(),
        "..".to_owned(),
    ] {
        let reply = learner.with_token(&token).get("/auth/me").await;
        assert_problem(&reply, 401, "auth.token_invalid");
        assert!(!reply.text().contains("signature") && !reply.text().contains("alg"), "{reply}");
    }
    learner.with_token(good).get("/auth/me").await.expect(200);
}

async fn a_refresh_token_is_no_access_token(mix: Mix) {
    let learner = mix.learner().await;
    let refresh = text(&learner.session()["refreshToken"]);
    assert_problem(&learner.with_token(refresh).get("/auth/me").await, 401, "auth.token_invalid");
    assert_ne!(sign(&claims(&learner)), refresh);
}

async fn the_scheme_is_read_in_any_case(mix: Mix) {
    let learner = mix.learner().await;
    let me = |value: String| {
        learner.anonymous().request(reqwest::Method::GET, "/auth/me").header("Authorization", value)
    };
    for scheme in ["Bearer", "bearer", "BEARER"] {
        learner.send(me(format!("{scheme} {}", learner.token().unwrap()))).await.expect(200);
    }
    assert_problem(&learner.send(me("Basic dXNlcjpwYXNz".into())).await, 401, "auth.required");
    assert_eq!(learner.send(me("Bearer ".into())).await.status, 401);
}
