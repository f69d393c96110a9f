//! Rate limits, in apps of their own: everywhere else they are off, because all tests come from one address.

use harness::client::Reply;
use harness::{App, AppOptions, Client};
use reqwest::Method;
use serde_json::json;

use crate::mix::{Mix, ORIGIN};
use crate::support::*;

on_each_mix!(
    answers_tell_what_is_left,
    accounts_from_one_address_are_limited,
    users_are_counted_apart,
    probes_and_pages_are_not_counted,
    an_address_is_believed_only_from_a_trusted_proxy,
    limited_operations_are_documented,
    limits_can_be_off,
);

async fn limited(mix: Mix, options: AppOptions) -> App {
    mix.start(options.env("RATE_LIMITS", "on")).await
}

async fn guest_from(client: &Client, address: &str) -> Reply {
    let request = client.anonymous().request(Method::POST, "/auth/guest");
    client.send(request.header("X-Forwarded-For", address)).await
}

/// What is left of a limit, as an answer tells.
#[track_caller]
fn left(reply: &Reply, name: &str) -> u32 {
    let told = reply.header("ratelimit");
    let limit = told.split(", ").find_map(|limit| limit.strip_prefix(&format!("\"{name}\";r=")));
    let limit = limit.unwrap_or_else(|| panic!("nothing about {name}: {reply}"));
    limit.split(';').next().unwrap().parse().expect("a number")
}

async fn answers_tell_what_is_left(mix: Mix) {
    let app = limited(mix, Mix::options()).await;
    let learner = app.client().register().await;
    let reply = learner.get("/jobs").await.expect(200);
    assert_eq!(reply.header("ratelimit-policy"), "\"requests\";q=1200;w=300");
    assert_eq!(left(&reply, "requests"), 1199);
    assert!(reply.header("ratelimit").ends_with(";t=1"), "{reply}");
    let job = learner.post("/quiz/generate", &ask(1)).await.expect(202);
    assert_eq!(job.header("ratelimit-policy"), "\"requests\";q=1200;w=300, \"generation\";q=60;w=3600");
    assert_eq!(left(&job, "generation"), 59);
    // Errors tell it, too, and so does what is nowhere.
    assert!(left(&learner.get("/quiz/x").await.expect(400), "requests") < 1199);
    assert!(left(&learner.get("/nothing").await.expect(404), "requests") < 1199);
}

async fn accounts_from_one_address_are_limited(mix: Mix) {
    let app = limited(mix, Mix::options()).await;
    let visitor = app.client();
    let mut server = None;
    for number in (0..60).rev() {
        // In production replicas count together.
        if mix == Mix::Production && number == 30 {
            server = Some(app.add_api().await);
        }
        let client = server.as_ref().map_or_else(|| visitor.clone(), |server| server.client());
        let request = client.request(Method::POST, "/auth/guest");
        assert_eq!(left(&client.send(request).await.expect(201), "accounts"), number);
    }
    let account = json!({ "name": "Ada", "email": "ada@example.com", "password": "correct horse" });
    let request = visitor.request(Method::POST, "/auth/register").header("Origin", ORIGIN).json(&account);
    let reply = visitor.send(request).await;
    assert_problem(&reply, 429, "rate.limited");
    let seconds: u32 = reply.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{reply}");
    assert_eq!(left(&reply, "accounts"), 0);
    // A page of another origin can read it.
    assert_eq!(reply.header("access-control-allow-origin"), ORIGIN);
    let exposed = reply.header("access-control-expose-headers");
    assert!(["ratelimit", "ratelimit-policy", "retry-after"].iter().all(|name| exposed.contains(name)));
    // Nothing was made, and other doors are open.
    let login = json!({ "email": "ada@example.com", "password": "correct horse" });
    assert_problem(&visitor.post("/auth/login", &login).await, 401, "auth.bad_credentials");
}

async fn users_are_counted_apart(mix: Mix) {
    let app = limited(mix, Mix::options()).await;
    let (ada, bob) = (app.client().register().await, app.client().register().await);
    for _ in 0..3 {
        ada.get("/auth/me").await.expect(200);
    }
    assert!(left(&ada.get("/auth/me").await, "requests") < left(&bob.get("/auth/me").await, "requests"));
    // A token that is none counts by address.
    let nobody = ada.with_token("nonsense");
    let first = left(&nobody.get("/auth/me").await.expect(401), "requests");
    let visitor = left(&ada.anonymous().get("/auth/me").await.expect(401), "requests");
    assert!(visitor <= first, "{visitor} of {first}");
}

async fn probes_and_pages_are_not_counted(mix: Mix) {
    let app = limited(mix, Mix::options()).await;
    for path in
        ["/", "/health", "/health/live", "/health/ready", "/metrics", "/openapi.json", "/docs/index.html"]
    {
        let reply = app.client().get(path).await.expect(200);
        assert_eq!((reply.header("ratelimit"), reply.header("ratelimit-policy")), ("", ""), "{path}");
    }
}

async fn an_address_is_believed_only_from_a_trusted_proxy(mix: Mix) {
    let app = limited(mix, Mix::options()).await;
    let first = left(&guest_from(&app.client(), "203.0.113.1").await.expect(201), "accounts");
    let second = left(&guest_from(&app.client(), "203.0.113.2").await.expect(201), "accounts");
    assert_eq!((first, second), (59, 58));
    let app = limited(mix, Mix::options().env("TRUSTED_PROXIES", 1)).await;
    for (address, wanted) in [
        ("203.0.113.1", 59),
        ("203.0.113.2", 59),
        // What the caller wrote comes before what the proxy added.
        ("198.51.100.7, 203.0.113.2", 58),
        ("2001:db8::1", 59),
        ("2001:db8::ffff", 58),
    ] {
        assert_eq!(
            left(&guest_from(&app.client(), address).await.expect(201), "accounts"),
            wanted,
            "{address}"
        );
    }
}

async fn limited_operations_are_documented(mix: Mix) {
    let document = mix.app().await.client().get("/openapi.json").await.expect(200).json;
    let answers = |path: &str, method: &str| document["paths"][path][method]["responses"].clone();
    for (path, method, success) in [("/quiz/generate", "post", "202"), ("/jobs", "get", "200")] {
        let answers = answers(path, method);
        assert!(text(&answers["429"]["description"]).contains("`rate.limited`"), "{answers:#}");
        assert!(answers["429"]["headers"]["Retry-After"].is_object(), "{answers:#}");
        for header in ["RateLimit", "RateLimit-Policy"] {
            assert!(answers["429"]["headers"][header].is_object(), "{answers:#}");
            assert!(answers[success]["headers"][header].is_object(), "{answers:#}");
        }
    }
    assert!(answers("/health", "get").get("429").is_none());
}

async fn limits_can_be_off(mix: Mix) {
    let reply = mix.learner().await.get("/jobs").await.expect(200);
    assert_eq!((reply.header("ratelimit"), reply.header("ratelimit-policy")), ("", ""));
}
