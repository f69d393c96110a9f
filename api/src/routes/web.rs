//! The try-out page and its files, compiled in.

use axum::{
    Router,
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{app::App, extract::Conditions, problem::Problem};

/// Nothing but this server's own files, no inline code.
pub const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

macro_rules! files {
    ($($name:literal as $kind:literal),* $(,)?) => {
        &[$(($name, $kind, include_str!(concat!("../web/", $name)))),*]
    };
}

const FILES: &[(&str, &str, &str)] = files![
    "index.html" as "text/html; charset=utf-8",
    "favicon.svg" as "image/svg+xml",
    "admin.css" as "text/css; charset=utf-8",
    "admin.js" as "text/javascript; charset=utf-8",
    "app.css" as "text/css; charset=utf-8",
    "views.css" as "text/css; charset=utf-8",
    "api.js" as "text/javascript; charset=utf-8",
    "app.js" as "text/javascript; charset=utf-8",
    "auth.js" as "text/javascript; charset=utf-8",
    "compose.js" as "text/javascript; charset=utf-8",
    "dom.js" as "text/javascript; charset=utf-8",
    "job.js" as "text/javascript; charset=utf-8",
    "library.js" as "text/javascript; charset=utf-8",
    "questions.js" as "text/javascript; charset=utf-8",
    "reset-password.html" as "text/html; charset=utf-8",
    "reset-password.js" as "text/javascript; charset=utf-8",
    "verify-email.html" as "text/html; charset=utf-8",
    "verify-email.js" as "text/javascript; charset=utf-8",
    "quiz.js" as "text/javascript; charset=utf-8",
    "result.js" as "text/javascript; charset=utf-8",
    "sse.js" as "text/javascript; charset=utf-8",
];

/// The page at `/`, those that links in mails lead to, and their files at `/web/{name}`.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/", get(index))
        .route("/web/{name}", get(file))
        .route("/reset-password", get(reset_password))
        .route("/verify-email", get(verify_email))
}

async fn index(conditions: Conditions) -> Response {
    send("index.html", &conditions)
}

async fn reset_password(conditions: Conditions) -> Response {
    send("reset-password.html", &conditions)
}

async fn verify_email(conditions: Conditions) -> Response {
    send("verify-email.html", &conditions)
}

async fn file(Path(name): Path<String>, conditions: Conditions) -> Response {
    send(&name, &conditions)
}

fn send(name: &str, conditions: &Conditions) -> Response {
    let Some((_, kind, text)) = FILES.iter().find(|(file, ..)| *file == name) else {
        return Problem::not_found("route.not_found", "There is nothing at this path.").into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, *kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        // The addresses of some pages hold a token, which is for nobody else.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    match conditions.answer(text) {
        Ok(answer) if answer.status().is_success() => {
            let tag = answer.headers().get(header::ETAG).cloned();
            let mut response = (headers, *text).into_response();
            if let Some(tag) = tag {
                response.headers_mut().insert(header::ETAG, tag);
            }
            response
        }
        Ok(not_modified) => not_modified,
        Err(problem) => problem.into_response(),
    }
}
