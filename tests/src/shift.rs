//! A proxy that leads a share of the requests to a new backend and the others to the old one, as a load balancer does
//! while traffic moves.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::client::http;

/// The proxy; it ends with the value.
#[derive(Debug)]
pub struct Shift {
    /// Where it listens, without a slash at the end.
    pub url: String,
    way: Arc<Way>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Way {
    http: reqwest::Client,
    old: String,
    new: String,
    /// Per cent of the requests that the new one gets.
    share: AtomicU32,
    requests: AtomicU64,
    at_new: AtomicU64,
}

impl Shift {
    /// In front of two backends; the old one gets everything.
    pub async fn between(old: &str, new: &str) -> Self {
        let way = Arc::new(Way {
            http: http(),
            old: old.to_owned(),
            new: new.to_owned(),
            share: AtomicU32::new(0),
            requests: AtomicU64::new(0),
            at_new: AtomicU64::new(0),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let routes = Router::new().fallback(pass).with_state(way.clone());
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
        Self { url, way, server }
    }

    /// Leads so many per cent of the requests to the new backend from now on.
    pub fn set_share(&self, percent: u32) {
        self.way.share.store(percent, Ordering::SeqCst);
    }

    /// How many requests the old and the new backend got.
    pub fn counts(&self) -> (u64, u64) {
        let (all, new) = (self.way.requests.load(Ordering::SeqCst), self.way.at_new.load(Ordering::SeqCst));
        (all - new, new)
    }
}

impl Drop for Shift {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass(State(way): State<Arc<Way>>, request: Request) -> Response {
    let number = way.requests.fetch_add(1, Ordering::SeqCst);
    // Spread evenly: of any hundred requests in a row as many as the share says.
    let is_new = number * 61 % 100 < u64::from(way.share.load(Ordering::SeqCst));
    way.at_new.fetch_add(u64::from(is_new), Ordering::SeqCst);
    let backend = if is_new { &way.new } else { &way.old };
    forward(&way.http, backend, request)
        .await
        .unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, error.to_string()).into_response())
}

/// Passes a request on, and its answer back.
pub(crate) async fn forward(
    http: &reqwest::Client,
    backend: &str,
    request: Request,
) -> reqwest::Result<Response> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let body = to_bytes(body, 32 << 20).await.expect("a whole request");
    let mut passed = http.request(parts.method, format!("{backend}{path}")).body(body);
    for name in [header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT] {
        if let Some(value) = parts.headers.get(&name) {
            passed = passed.header(name, value);
        }
    }
    let answer = passed.send().await?;
    let mut reply = Response::builder().status(answer.status());
    if let Some(kind) = answer.headers().get(header::CONTENT_TYPE) {
        reply = reply.header(header::CONTENT_TYPE, kind);
    }
    Ok(reply.body(Body::from(answer.bytes().await?)).expect("a response"))
}
