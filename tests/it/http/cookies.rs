//! Cookies, and who may send them: CSRF and CORS.

use harness::Client;
use harness::client::Reply;
use reqwest::Method;
use serde_json::json;

use crate::mix::{Mix, ORIGIN, SECRET};
use crate::support::*;

on_each_mix!(
    a_login_sets_cookies_that_scripts_cannot_read,
    in_production_cookies_need_https,
    the_cookie_reads_without_an_origin,
    the_cookie_changes_nothing_from_another_site,
    a_refresh_by_cookie_needs_an_origin_too,
    another_site_cannot_log_its_visitor_in,
    a_logout_with_an_expired_token_ends_the_login_of_the_refresh_token,
    a_logout_without_a_login_clears_the_cookies,
    a_stale_cookie_does_not_hinder_a_registration,
    a_bearer_token_needs_no_origin,
    allowed_origins_read_answers_and_errors,
    foreign_origins_read_nothing,
    a_preflight_allows_what_the_frontend_sends,
);

const FOREIGN: &str = "http://evil.test";

fn cookies(reply: &Reply) -> Vec<String> {
    reply.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
}

async fn login(client: &Client) -> Vec<String> {
    let learner = client.register().await;
    let body = json!({ "email": learner.session()["user"]["email"], "password": harness::client::PASSWORD });
    cookies(&client.post("/auth/login", &body).await.expect(200))
}

fn assert_flags(cookies: &[String], name: &str, path: &str, secure: bool) {
    let cookie = cookies.iter().find(|cookie| cookie.starts_with(&format!("{name}="))).expect("the cookie");
    let flags: Vec<_> = cookie.split("; ").skip(1).collect();
    for flag in ["HttpOnly", "SameSite=Strict", path, "Max-Age=604800"] {
        assert!(flags.contains(&flag), "{cookie} lacks {flag}");
    }
    assert_eq!(flags.contains(&"Secure"), secure, "{cookie}");
}

async fn a_login_sets_cookies_that_scripts_cannot_read(mix: Mix) {
    let cookies = login(&mix.app().await.client()).await;
    assert_eq!(cookies.len(), 2);
    assert_flags(&cookies, "jwt", "Path=/", false);
    assert_flags(&cookies, "refresh_token", "Path=/auth", false);
}

async fn in_production_cookies_need_https(mix: Mix) {
    let app = mix.start(Mix::options().env("ENVIRONMENT", "production")).await;
    let cookies = login(&app.client()).await;
    assert_flags(&cookies, "jwt", "Path=/", true);
    assert_flags(&cookies, "refresh_token", "Path=/auth", true);
    // Throwaway accounts are for embedded use.
    let guest = app.client().post("/auth/guest", &json!({})).await;
    match mix {
        Mix::Embedded => drop(guest.expect(201)),
        Mix::Production => assert_problem(&guest, 403, "auth.guests_off"),
    }
}

/// A request with the login in the cookie alone.
fn by_cookie(learner: &Client, method: Method, path: &str) -> reqwest::RequestBuilder {
    let cookie = format!("other=1; jwt={}", learner.token().unwrap());
    learner.anonymous().request(method, path).header("Cookie", cookie)
}

async fn the_cookie_reads_without_an_origin(mix: Mix) {
    let learner = mix.learner().await;
    let me = learner.send(by_cookie(&learner, Method::GET, "/auth/me")).await.expect(200);
    assert_eq!(me.id(), learner.user_id());
}

async fn the_cookie_changes_nothing_from_another_site(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 1).await;
    let host = learner.url().trim_start_matches("http://");
    let post = || by_cookie(&learner, Method::POST, "/quiz/attempt").json(&json!({ "quizId": quiz["id"] }));
    assert_problem(&learner.send(post()).await, 403, "auth.cross_site");
    for origin in [
        FOREIGN,
        "null",
        "",
        "http://localhost",
        &format!("http://{host}.evil.test"),
        &format!("{ORIGIN}.evil.test"),
    ] {
        assert_problem(&learner.send(post().header("Origin", origin)).await, 403, "auth.cross_site");
    }
    let delete = by_cookie(&learner, Method::DELETE, &format!("/quiz/{}", text(&quiz["id"])));
    assert_problem(&learner.send(delete.header("Origin", FOREIGN)).await, 403, "auth.cross_site");
    let logout = by_cookie(&learner, Method::POST, "/auth/logout").header("Origin", FOREIGN);
    assert_problem(&learner.send(logout).await, 403, "auth.cross_site");
    let kept = by_cookie(&learner, Method::POST, "/quiz/attempt").header("Idempotency-Key", "csrf");
    let kept = kept.header("Origin", FOREIGN).json(&json!({ "quizId": quiz["id"] }));
    assert_problem(&learner.send(kept).await, 403, "auth.cross_site");
    assert_eq!(learner.get(&format!("/quiz/{}", text(&quiz["id"]))).await.json["status"], "active");
    // From this site and from an allowed one it works.
    learner.send(post().header("Origin", learner.url())).await.expect(201);
    learner.send(post().header("Origin", ORIGIN)).await.expect(200);
}

async fn a_refresh_by_cookie_needs_an_origin_too(mix: Mix) {
    let learner = mix.learner().await;
    let cookie = format!("refresh_token={}", text(&learner.session()["refreshToken"]));
    let refresh = || learner.anonymous().request(Method::POST, "/auth/refresh").header("Cookie", &cookie);
    assert_problem(&learner.send(refresh()).await, 403, "auth.cross_site");
    assert_problem(&learner.send(refresh().header("Origin", FOREIGN)).await, 403, "auth.cross_site");
    let reply = learner.send(refresh().header("Origin", learner.url())).await.expect(200);
    assert_eq!(cookies(&reply).len(), 2);
}

async fn another_site_cannot_log_its_visitor_in(mix: Mix) {
    let visitor = mix.app().await.client();
    let learner = visitor.register().await;
    let email = &learner.session()["user"]["email"];
    let credentials = json!({ "email": email, "password": harness::client::PASSWORD });
    for origin in [FOREIGN, "null", ""] {
        for path in ["login", "register", "guest", "refresh", "logout"] {
            let request = visitor.request(Method::POST, &format!("/auth/{path}")).header("Origin", origin);
            let reply = visitor.send(request.json(&credentials)).await;
            assert_problem(&reply, 403, "auth.cross_site");
            assert!(cookies(&reply).is_empty(), "{reply}");
        }
    }
    for origin in [learner.url(), ORIGIN] {
        let request = visitor.request(Method::POST, "/auth/login").header("Origin", origin);
        visitor.send(request.json(&credentials)).await.expect(200);
    }
}

fn assert_cleared(reply: &Reply) {
    let cookies = cookies(reply);
    for name in ["jwt=;", "refresh_token=;"] {
        let cookie = cookies.iter().find(|cookie| cookie.starts_with(name)).expect("a cookie is cleared");
        assert!(cookie.contains("Max-Age=0"), "{cookie}");
    }
}

/// An access token of the account that expired long ago.
fn expired(learner: &Client) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let claims = json!({ "sub": learner.user_id(), "exp": 1 });
    jsonwebtoken::encode(&jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256), &claims, &key).unwrap()
}

async fn a_logout_with_an_expired_token_ends_the_login_of_the_refresh_token(mix: Mix) {
    for by_cookie in [true, false] {
        let learner = mix.learner().await;
        let (stale, token) = (expired(&learner), text(&learner.session()["refreshToken"]));
        let logout = || learner.anonymous().request(Method::POST, "/auth/logout");
        let request = if by_cookie {
            let logout = || logout().header("Cookie", format!("jwt={stale}; refresh_token={token}"));
            // The origin counts as for any cookie; who fails it changes nothing.
            for refused in [logout(), logout().header("Origin", FOREIGN)] {
                let refused = learner.send(refused).await;
                assert_problem(&refused, 403, "auth.cross_site");
                assert!(cookies(&refused).is_empty(), "{refused}");
            }
            learner.get("/auth/me").await.expect(200);
            logout().header("Origin", learner.url())
        } else {
            logout().bearer_auth(&stale).json(&json!({ "refreshToken": token }))
        };
        let reply = learner.send(request).await.expect(200);
        assert_eq!(reply.json, json!({ "message": "Logged out successfully" }));
        assert_cleared(&reply);
        let refresh = json!({ "refreshToken": token });
        assert_problem(
            &learner.anonymous().post("/auth/refresh", &refresh).await,
            401,
            "auth.refresh_invalid",
        );
        assert_problem(&learner.get("/auth/me").await, 401, "auth.token_revoked");
    }
}

async fn a_logout_without_a_login_clears_the_cookies(mix: Mix) {
    let learner = mix.learner().await;
    let logout = || learner.anonymous().request(Method::POST, "/auth/logout");
    for (request, code) in [
        (logout(), "auth.required"),
        (logout().header("Cookie", "jwt=; refresh_token="), "auth.required"),
        (logout().bearer_auth("nonsense").json(&json!({ "refreshToken": "x" })), "auth.token_invalid"),
        (logout().bearer_auth(expired(&learner)), "auth.token_expired"),
    ] {
        let reply = learner.send(request).await;
        assert_problem(&reply, 401, code);
        assert_cleared(&reply);
    }
    learner.get("/auth/me").await.expect(200);
}

async fn a_stale_cookie_does_not_hinder_a_registration(mix: Mix) {
    let learner = mix.learner().await;
    let register = |cookie: &str| {
        let email = format!("cookie-{}-{}@example.com", std::process::id(), harness::unique());
        let account = json!({ "name": "Returned", "email": email, "password": harness::client::PASSWORD });
        let request = learner.anonymous().request(Method::POST, "/auth/register").json(&account);
        request.header("Cookie", format!("jwt={cookie}"))
    };
    for stale in [&expired(&learner), "nonsense"] {
        learner.send(register(stale).header("Origin", learner.url())).await.expect(201);
    }
    // A good cookie counts, so its origin does too.
    assert_problem(&learner.send(register(learner.token().unwrap())).await, 403, "auth.cross_site");
}

async fn a_bearer_token_needs_no_origin(mix: Mix) {
    let learner = mix.learner().await;
    let request = |origin: &'static str| {
        learner.request(Method::POST, "/quiz/generate").header("Origin", origin).json(&{
            let mut ask = ask(1);
            ask["notBefore"] = json!(FAR);
            ask
        })
    };
    for origin in [FOREIGN, ORIGIN] {
        learner.send(request(origin)).await.expect(202);
    }
}

async fn allowed_origins_read_answers_and_errors(mix: Mix) {
    let learner = mix.learner().await;
    for (path, status) in [("/jobs", 200), ("/quiz/nonsense", 400), ("/nothing", 404), ("/auth/login", 405)] {
        let reply =
            learner.send(learner.request(Method::GET, path).header("Origin", ORIGIN)).await.expect(status);
        assert_eq!(reply.header("access-control-allow-origin"), ORIGIN, "{reply}");
        assert_eq!(reply.header("access-control-allow-credentials"), "true", "{reply}");
        let exposed = reply.header("access-control-expose-headers").to_lowercase();
        for name in [
            "location",
            "link",
            "x-total-count",
            "etag",
            "retry-after",
            "ratelimit",
            "ratelimit-policy",
            "x-request-id",
        ] {
            assert!(
                exposed.split(',').any(|exposed| exposed.trim() == name),
                "{name} is not among {exposed}"
            );
        }
        assert!(reply.header("vary").to_lowercase().contains("origin"), "{reply}");
    }
    let anonymous = learner.anonymous();
    let reply =
        anonymous.send(anonymous.request(Method::GET, "/jobs").header("Origin", ORIGIN)).await.expect(401);
    assert_eq!(reply.header("access-control-allow-origin"), ORIGIN);
}

async fn foreign_origins_read_nothing(mix: Mix) {
    let learner = mix.learner().await;
    for path in ["/jobs", "/nothing"] {
        let reply = learner.send(learner.request(Method::GET, path).header("Origin", FOREIGN)).await;
        assert_eq!(reply.header("access-control-allow-origin"), "", "{reply}");
    }
    let preflight = learner.anonymous().request(Method::OPTIONS, "/quiz/generate").header("Origin", FOREIGN);
    let reply = learner.send(preflight.header("Access-Control-Request-Method", "POST")).await;
    assert_eq!(reply.header("access-control-allow-origin"), "", "{reply}");
}

async fn a_preflight_allows_what_the_frontend_sends(mix: Mix) {
    let client = mix.app().await.client();
    let preflight = client.request(Method::OPTIONS, "/quiz/generate").header("Origin", ORIGIN);
    let preflight = preflight.header("Access-Control-Request-Method", "POST");
    let asked = "authorization, content-type, idempotency-key, prefer, if-match, if-none-match, last-event-id, \
                 traceparent, tracestate, x-request-id";
    let reply = client.send(preflight.header("Access-Control-Request-Headers", asked)).await;
    assert!((200..300).contains(&reply.status), "{reply}");
    assert_eq!(reply.header("access-control-allow-origin"), ORIGIN);
    let methods = reply.header("access-control-allow-methods");
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        assert!(methods.contains(method), "{methods}");
    }
    let allowed = reply.header("access-control-allow-headers").to_lowercase();
    for name in asked.split(", ") {
        assert!(allowed.split(',').any(|allowed| allowed.trim() == name), "{name} is not among {allowed}");
    }
}
