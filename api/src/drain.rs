//! Reads what a refused request goes on sending, up to a size, so that its sender gets to read why: a
//! connection closed under a sender loses the answer.

use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::Request,
    http::header,
    middleware::Next,
    response::Response,
};
use futures::{
    Stream, StreamExt,
    stream::{self, Fuse},
};

/// Most bytes that are read for nothing; a sender of more may lose the answer.
const BYTES_MAX: usize = 64 << 20;
/// How long they may take.
const WITHIN: Duration = Duration::from_secs(20);

/// A body that stays at hand after the handler dropped it.
#[derive(Debug, Clone)]
struct Shared(Arc<Mutex<Sent>>);

#[derive(Debug)]
struct Sent {
    stream: Fuse<BodyDataStream>,
    /// Whether the handler asked for any of it.
    wanted: bool,
}

impl Shared {
    fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, axum::Error>>> {
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sent.wanted = true;
        sent.stream.poll_next_unpin(context)
    }

    fn stream(self) -> impl Stream<Item = Result<Bytes, axum::Error>> {
        stream::poll_fn(move |context| self.poll_next(context))
    }

    fn is_wanted(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wanted
    }
}

/// Answers a request; one that is refused only after it was read.
pub async fn refused(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Who asks before sending does not begin when refused at once.
    let asks = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let sent = Shared(Arc::new(Mutex::new(Sent { stream: body.into_data_stream().fuse(), wanted: false })));
    let body = Body::from_stream(sent.clone().stream());
    let response = next.run(Request::from_parts(parts, body)).await;
    if response.status().is_client_error() && (!asks || sent.is_wanted()) {
        let _ = tokio::time::timeout(WITHIN, read(sent.stream())).await;
    }
    response
}

async fn read(rest: impl Stream<Item = Result<Bytes, axum::Error>>) {
    let mut rest = std::pin::pin!(rest);
    let mut bytes = 0;
    while let Some(Ok(chunk)) = rest.next().await
        && bytes < BYTES_MAX
    {
        bytes += chunk.len();
    }
}
