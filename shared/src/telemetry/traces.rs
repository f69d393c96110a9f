//! Traces: from a request over its job to the calls of providers. A span that names its `otel.kind` is part of them; what
//! libraries say of themselves is not.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use opentelemetry::{
    Context, Value,
    propagation::TextMapPropagator,
    trace::{Status, TraceContextExt, TracerProvider},
};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use tokio::runtime::Handle;
use tracing::{Span, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{Layer, filter::FilterFn};

use super::{AnyLayer, TelemetryError};
use crate::{config::Traces, http};

/// How long the collector may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// The name of the header, and of the field in it.
const TRACEPARENT: &str = "traceparent";

/// Holds the spans that are on their way.
pub(super) type Provider = SdkTracerProvider;

/// Sends spans out in batches, from a thread of its own. What it has no room for is dropped.
pub(super) fn start(traces: &Traces) -> Result<(AnyLayer, Provider), TelemetryError> {
    let courier = Courier { http: http::client()?, runtime: Handle::current(), away: AtomicBool::new(false) };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(courier)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(traces.endpoint.as_str())
        .with_timeout(ANSWER_WITHIN)
        .build()?;
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_service_name(traces.service.clone()).with_attribute(version);
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(traces.sampled))))
        .with_resource(resource.build())
        .with_batch_exporter(exporter)
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("smartstudy"))
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false);
    let is_of_traces =
        FilterFn::new(|metadata| metadata.is_span() && metadata.fields().field("otel.kind").is_some());
    Ok((layer.with_filter(is_of_traces.with_max_level_hint(LevelFilter::ERROR)).boxed(), provider))
}

/// Sends out what is left, for a time.
pub(super) async fn finish(provider: Provider, within: Duration) {
    let finish = move || provider.shutdown_with_timeout(within);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(finish).await {
        tracing::warn!(%error, "the last traces were not exported");
    }
}

/// Makes a span, which must have a field `trace`, part of the trace that a W3C `traceparent` names, else of its own
/// parent's or of a new one. Call it before anything else is done with the span.
pub fn follow(span: &Span, traceparent: Option<&str>) {
    if let Some(traceparent) = traceparent {
        let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
        if parent.span().span_context().is_valid() {
            // Where nothing is traced there is no parent to be set.
            span.set_parent(parent).ok();
        }
    }
    let context = span.context();
    let trace = context.span().span_context().trace_id();
    if trace != opentelemetry::TraceId::INVALID {
        span.record("trace", tracing::field::display(trace));
    }
}

/// Ends a span in its trace, although what goes on in the background may still be within it.
pub fn end(span: &Span) {
    span.context().span().end();
}

/// The W3C `traceparent` of the present span; none when it is not traced.
pub fn current() -> Option<String> {
    let context = Span::current().context();
    if !context.span().span_context().is_sampled() {
        return None;
    }
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&context, &mut carrier);
    carrier.remove(TRACEPARENT)
}

/// Notes in traces alone what is known of a span by now.
pub fn note(span: &Span, name: &'static str, value: impl Into<Value>) {
    span.set_attribute(name, value);
}

/// Marks a span as failed, with what kind of error.
pub fn failed(span: &Span, code: &str) {
    span.set_attribute("error.type", code.to_owned());
    span.set_status(Status::error(code.to_owned()));
}

/// Carries batches to the collector. The exporter's own thread drives no connections, so the runtime does.
#[derive(Debug)]
struct Courier {
    http: reqwest::Client,
    runtime: Handle,
    /// Whether the last batch did not arrive, so that it is told once.
    away: AtomicBool,
}

#[async_trait]
impl HttpClient for Courier {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (http, request) = (self.http.clone(), reqwest::Request::try_from(request)?);
        let answer = self.runtime.spawn(async move { carry(&http, request).await }).await?;
        let is_away = !answer.as_ref().is_ok_and(|answer| answer.status().is_success());
        if self.away.swap(is_away, Ordering::Relaxed) != is_away {
            match &answer {
                Ok(answer) if !is_away => {
                    tracing::info!(status = answer.status().as_u16(), "traces are exported again")
                }
                Ok(answer) => tracing::warn!(status = answer.status().as_u16(), "traces are refused"),
                Err(error) => tracing::warn!(%error, "traces cannot be exported"),
            }
        }
        Ok(answer?)
    }
}

async fn carry(http: &reqwest::Client, mut request: reqwest::Request) -> reqwest::Result<Response<Bytes>> {
    *request.timeout_mut() = Some(ANSWER_WITHIN);
    let answer = http.execute(request).await.map_err(reqwest::Error::without_url)?;
    let status = answer.status();
    let mut response = Response::new(answer.bytes().await.map_err(reqwest::Error::without_url)?);
    *response.status_mut() = status;
    Ok(response)
}
