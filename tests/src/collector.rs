//! A server that keeps what is posted to it: a collector of traces, a server for errors.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Uri};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long what must come may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was posted.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Where to.
    pub path: String,
    /// With which headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
}

impl Posted {
    /// A header's value.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name} with {}", self.path));
        value.to_str().expect("a text")
    }
}

/// The server. It stops listening when dropped.
#[derive(Debug)]
pub struct Collector {
    address: String,
    posted: Arc<watch::Sender<Vec<Posted>>>,
    server: JoinHandle<io::Result<()>>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Collector {
    /// A server on a free port of the loopback, which takes whatever comes.
    pub async fn start() -> Self {
        let posted = Arc::new(watch::Sender::new(Vec::new()));
        let app = Router::new().fallback(keep).layer(DefaultBodyLimit::disable()).with_state(posted.clone());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound port").to_string();
        let server = tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, posted, server }
    }

    /// For `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// For `SENTRY_DSN`: project 42, with the key `public`.
    pub fn dsn(&self) -> String {
        format!("http://public@{}/42", self.address)
    }

    /// Everything that came so far.
    pub fn posted(&self) -> Vec<Posted> {
        self.posted.borrow().clone()
    }

    /// Everything that came, once so much did.
    pub async fn wait(&self, count: usize) -> Vec<Posted> {
        let mut posted = self.posted.subscribe();
        let come = timeout(PATIENCE, posted.wait_for(|posted| posted.len() >= count)).await;
        match come {
            Ok(posted) => posted.expect("a running server").clone(),
            Err(_) => panic!("{count} posts do not come; there are {:#?}", self.posted()),
        }
    }
}

async fn keep(
    State(posted): State<Arc<watch::Sender<Vec<Posted>>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) {
    posted.send_modify(|posted| posted.push(Posted { path: uri.path().to_owned(), headers, body }));
}
