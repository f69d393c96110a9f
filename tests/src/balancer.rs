//! A load balancer as they are in front of replicas: each in turn, but for those that do not say that they are ready.
//! It tries nothing twice, so whatever fails behind it is seen.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::client::http;
use crate::shift::forward;

/// How often replicas are asked whether they are ready.
const CHECK_EVERY: Duration = Duration::from_millis(200);

/// The balancer; it ends with the value.
#[derive(Debug)]
pub struct Balancer {
    /// Where it listens, without a slash at the end.
    pub url: String,
    replicas: Arc<Replicas>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Debug)]
struct Replicas {
    http: reqwest::Client,
    all: Mutex<Vec<Replica>>,
    turn: AtomicUsize,
}

#[derive(Debug, Clone)]
struct Replica {
    url: String,
    ready: bool,
}

impl Balancer {
    /// In front of nothing yet.
    pub async fn start() -> Self {
        let replicas =
            Arc::new(Replicas { http: http(), all: Mutex::default(), turn: AtomicUsize::default() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let routes = Router::new().fallback(pass).with_state(replicas.clone());
        let serve = tokio::spawn(async move { axum::serve(listener, routes).await.expect("it serves") });
        let watch = tokio::spawn(watch(replicas.clone()));
        Self { url, replicas, tasks: [serve, watch] }
    }

    /// Leads requests to a replica as well, once it is ready.
    pub async fn add(&self, url: &str) {
        let ready = self.replicas.is_ready(url).await;
        self.replicas.all().push(Replica { url: url.to_owned(), ready });
    }

    /// Forgets a replica.
    pub fn remove(&self, url: &str) {
        self.replicas.all().retain(|replica| replica.url != url);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Replicas {
    fn all(&self) -> std::sync::MutexGuard<'_, Vec<Replica>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn is_ready(&self, url: &str) -> bool {
        let asked = self.http.get(format!("{url}/health/ready")).send().await;
        asked.is_ok_and(|answer| answer.status().is_success())
    }

    /// The next one that is ready.
    fn next(&self) -> Option<String> {
        let all = self.all();
        let ready: Vec<&Replica> = all.iter().filter(|replica| replica.ready).collect();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        ready.get(turn % ready.len().max(1)).map(|replica| replica.url.clone())
    }
}

async fn watch(replicas: Arc<Replicas>) {
    let mut ticks = tokio::time::interval(CHECK_EVERY);
    loop {
        ticks.tick().await;
        let urls: Vec<String> = replicas.all().iter().map(|replica| replica.url.clone()).collect();
        for url in urls {
            let ready = replicas.is_ready(&url).await;
            replicas.all().iter_mut().filter(|replica| replica.url == url).for_each(|one| one.ready = ready);
        }
    }
}

async fn pass(State(replicas): State<Arc<Replicas>>, request: Request) -> Response {
    let Some(url) = replicas.next() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "no replica is ready").into_response();
    };
    forward(&replicas.http, &url, request)
        .await
        .unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, error.to_string()).into_response())
}
