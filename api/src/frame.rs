//! What surrounds every request: its id, its log line, its metrics, and problems in their full form.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use shared::{clock::Clock, telemetry::traces};
use tracing::{Instrument, Span, field::Empty};

use crate::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Surrounds one request.
pub async fn around(mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let path = request.uri().path().to_owned();
    let method = label(request.method());
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    request.headers_mut().insert(REQUEST_ID, id.clone());

    let span = span(&id, method, route.as_deref());
    traces::follow(&span, request.headers().get("traceparent").and_then(|parent| parent.to_str().ok()));
    let started = Instant::now();
    let response = next.run(request).instrument(span.clone()).await;
    let took = started.elapsed();

    let mut response = explained(response, &path);
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
    let route = route.unwrap_or_else(|| "none".to_owned());
    let labels = [("method", method.to_owned()), ("route", route), ("status", status.as_u16().to_string())];
    metrics::histogram!("smartstudy_http_request_seconds", &labels).record(took);
    span.in_scope(|| tracing::debug!(status = status.as_u16(), millis = took.as_millis() as u64, "answered"));
    traces::note(&span, "http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        traces::failed(&span, status.as_str());
    }
    traces::end(&span);
    response
}

/// What everything said and done for a request is in. It is of the highest level, so that it is there whichever lines
/// are written.
fn span(id: &HeaderValue, method: &'static str, route: Option<&str>) -> Span {
    tracing::error_span!(
        "request",
        otel.name = route.map_or(method.to_owned(), |route| format!("{method} {route}")),
        otel.kind = "server",
        request = id.to_str().unwrap_or_default(),
        http.request.method = method,
        http.route = route,
        trace = Empty,
    )
}

/// A method as metrics, traces and logs name it. Callers may invent methods, and each would be a series of its own.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The caller's own id if it is a sane one, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let sane = |id: &&HeaderValue| {
        id.to_str().is_ok_and(|id| {
            (1..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        })
    };
    let fresh = || HeaderValue::from_str(&Clock::System.job_id().to_string());
    match headers.get(REQUEST_ID).filter(sane) {
        Some(id) => id.clone(),
        None => fresh().unwrap_or(HeaderValue::from_static("unknown")),
    }
}

/// Renders a problem, also where the framework answered with a bare status. What it says about itself in
/// headers (`Allow`, cookies) stays.
fn explained(mut response: Response, path: &str) -> Response {
    let problem = response.extensions_mut().remove::<Problem>();
    let bare = || {
        let said = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let is_ours = said.is_some_and(|kind| kind.contains("json") || kind.contains("html"));
        if is_ours { None } else { Problem::of_status(response.status()) }
    };
    let Some(problem) = problem.or_else(bare) else { return response };
    let mut rendered = problem.render(path);
    let kept = [header::CONTENT_TYPE, header::CONTENT_LENGTH];
    for (name, value) in response.headers().iter().filter(|(name, _)| !kept.contains(name)) {
        rendered.headers_mut().append(name, value.clone());
    }
    rendered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_methods_share_a_label() {
        let invented = Method::from_bytes(b"GET-1").unwrap();
        assert_eq!([label(&Method::GET), label(&Method::TRACE), label(&invented)], ["GET", "other", "other"]);
    }
}
