//! `Idempotency-Key`: a repeated POST gets the first one's response. Keys belong to a user and a path.

use std::time::Duration;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use shared::store::{Idempotency, KeptResponse};
use tracing::Instrument;

use crate::{
    app::App,
    extract::Caller,
    problem::{Problem, Result},
};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// How long a request may run before its key is given to another one, should the server have died under it.
const RUNS_AT_MOST: Duration = Duration::from_secs(60);
/// How often a running request renews its key's reservation.
const RENEWED_EVERY: Duration = Duration::from_secs(20);
const KEY_MAX: usize = 255;
/// Largest response that is kept, in bytes.
const RESPONSE_MAX: usize = 4 << 20;
const KEPT_HEADERS: [HeaderName; 6] = [
    header::CONTENT_TYPE,
    header::LOCATION,
    header::RETRY_AFTER,
    header::ETAG,
    header::LINK,
    HeaderName::from_static("x-total-count"),
];

/// Answers a repeated request with the first one's response; lets every other one through.
pub async fn replay(State(app): State<App>, request: Request, next: Next) -> Response {
    let applies = request.method() == Method::POST
        && request.headers().contains_key(KEY)
        && !request.uri().path().starts_with("/auth/");
    if !applies {
        return next.run(request).await;
    }
    once(&app, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn once(app: &App, request: Request, next: Next) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, app).await?;
    let body = to_bytes(body, app.max_file_size + (1 << 20)).await.map_err(|_| {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body.too_large", "The request is too large.")
    })?;
    let key = scoped_key(&parts, &caller)?;
    let fingerprint = fingerprint(parts.uri.query().unwrap_or_default(), &parts.headers, &body);
    let now = app.ledger.clock.now();
    match app.ledger.store.begin_idempotent(&key, &fingerprint, now, now - RUNS_AT_MOST).await? {
        Idempotency::Fresh => {}
        Idempotency::Replay(kept) => return Ok(restore(kept)),
        Idempotency::Running => {
            let detail = "The first request with this Idempotency-Key still runs. Ask again in a moment.";
            return Err(Problem::conflict("idempotency.running", detail));
        }
        Idempotency::Mismatch => {
            let detail = "This Idempotency-Key was used for another request. Use a new key.";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency.mismatch", detail));
        }
    }
    // A task of its own: a caller who hangs up and asks again must find what the first request did.
    let path = parts.uri.path().to_owned();
    let first = {
        let (app, key) = (app.clone(), key.clone());
        let first = async move {
            let run = next.run(Request::from_parts(parts, Body::from(body)));
            let response = reserved_while(&app, &key, run).await;
            keep(&app, &key, &path, response).await
        };
        tokio::spawn(first.in_current_span())
    };
    match first.await {
        Ok(response) => response,
        // The crash itself was told.
        Err(_) => {
            app.ledger.store.forget_key(&key).await?;
            Err(Problem::internal())
        }
    }
}

/// Renews the key's reservation for as long as the request runs.
async fn reserved_while(app: &App, key: &str, run: impl Future<Output = Response>) -> Response {
    let mut run = std::pin::pin!(run);
    loop {
        if let Ok(response) = tokio::time::timeout(RENEWED_EVERY, &mut run).await {
            return response;
        }
        if let Err(error) = app.ledger.store.renew_key(key, app.ledger.clock.now()).await {
            tracing::warn!(%error, "the reservation of an Idempotency-Key was not renewed");
        }
    }
}

async fn keep(app: &App, key: &str, path: &str, mut response: Response) -> Result<Response> {
    if response.status().is_server_error() {
        app.ledger.store.forget_key(key).await?;
        return Ok(response);
    }
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = problem.render(path);
    }
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, RESPONSE_MAX).await.map_err(|_| Problem::internal())?;
    let headers = parts.headers.iter().filter(|(name, _)| KEPT_HEADERS.contains(name));
    let kept = KeptResponse {
        status: parts.status.as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    // The request did what it did: better its answer without a replay than no answer.
    if let Err(error) = app.ledger.store.keep_response(key, &kept).await {
        tracing::warn!(%error, "the response to an Idempotency-Key was not kept");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn restore(kept: KeptResponse) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, Body::from(kept.body)).into_response();
    response.headers_mut().clear();
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn scoped_key(parts: &Parts, caller: &Caller) -> Result<String> {
    let key = parts.headers.get(KEY).and_then(|key| key.to_str().ok()).unwrap_or_default();
    if !(1..=KEY_MAX).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let detail = format!("An Idempotency-Key has 1 to {KEY_MAX} visible ASCII characters.");
        return Err(Problem::bad_request("idempotency.invalid_key", detail));
    }
    Ok(format!("{} {} {key}", caller.user.id, parts.uri.path()))
}

/// The same for the same content: a form's boundary is chosen anew each time it is sent, so it does not count.
fn fingerprint(query: &str, headers: &HeaderMap, body: &Bytes) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let boundary = kind
        .split_once("boundary=")
        .map(|(_, rest)| rest.split(';').next().unwrap_or(rest).trim_matches('"'));
    let mut hash = Sha256::new();
    hash.update(query);
    hash.update("\n");
    match boundary.filter(|boundary| !boundary.is_empty()) {
        Some(boundary) => {
            let mut rest = 0;
            for at in memchr::memmem::find_iter(body, boundary) {
                hash.update(&body[rest..at]);
                rest = at + boundary.len();
            }
            hash.update(&body[rest..]);
        }
        None => hash.update(body),
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forms_boundary_does_not_count() {
        let form = |boundary: &str, text: &str| {
            let kind = format!("multipart/form-data; boundary={boundary}");
            let headers =
                HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::try_from(kind).unwrap())]);
            fingerprint(
                "",
                &headers,
                &Bytes::from(format!("--{boundary}\r\n\r\n{text}\r\n--{boundary}--\r\n")),
            )
        };
        assert_eq!(form("aaa", "x"), form("bbbb", "x"));
        assert_ne!(form("aaa", "x"), form("aaa", "y"));
    }
}
