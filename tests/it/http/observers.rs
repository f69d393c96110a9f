//! Traces and errors, at those who are told of them.

use std::collections::BTreeSet;

use harness::collector::Posted;
use harness::deepseek::{Deepseek, Reply};
use harness::{App, AppOptions, Client, Collector};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use prost::Message;
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::domain::{Job, JobPriority, NewJob, When};
use shared::jobs::{JobKind, noop::Noop};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_trace_goes_from_the_request_over_all_tries_of_the_job_to_the_provider,
    what_is_not_sampled_leaves_no_trace,
    errors_and_crashes_are_told_once_and_nothing_of_anybody,
    whoever_is_away_disturbs_nothing,
);

/// The trace and the span of a caller.
const CALLER: (&str, &str) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
/// What spans may tell.
const TOLD: &[&str] = &[
    "request",
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "error.type",
    "trace",
    "job",
    "kind",
    "attempt",
    "outcome",
    "gen_ai.operation.name",
    "gen_ai.request.model",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "purpose",
];

/// A span, and the process that it is of.
struct Told {
    service: String,
    span: Span,
}

impl Told {
    fn of(posted: &[Posted]) -> Vec<Self> {
        let mut told = Vec::new();
        for posted in posted {
            assert_eq!(posted.path, "/v1/traces");
            let request = ExportTraceServiceRequest::decode(posted.body.clone()).expect("OTLP");
            for of_process in request.resource_spans {
                let resource = of_process.resource.expect("a process");
                let service = attribute(&resource.attributes, "service.name").expect("a name").to_string();
                let spans = of_process.scope_spans.into_iter().flat_map(|scope| scope.spans);
                told.extend(spans.map(|span| Self { service: service.clone(), span }));
            }
        }
        told
    }

    fn get(&self, name: &str) -> Value {
        attribute(&self.span.attributes, name).unwrap_or(Value::Null)
    }

    fn is_below(&self, parent: &Self) -> bool {
        (&self.span.trace_id, &self.span.parent_span_id) == (&parent.span.trace_id, &parent.span.span_id)
    }
}

fn attribute(attributes: &[KeyValue], name: &str) -> Option<Value> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => Some(json!(text)),
        Any::IntValue(number) => Some(json!(number)),
        other => panic!("{name} is {other:?}"),
    }
}

fn named<'t>(told: &'t [Told], name: &str) -> Vec<&'t Told> {
    let mut found: Vec<&Told> = told.iter().filter(|told| told.span.name == name).collect();
    found.sort_by_key(|told| told.span.start_time_unix_nano);
    found
}

/// Ends all processes as an operator would.
async fn close(app: &App) {
    for process in app.processes() {
        assert!(process.close().await.success());
    }
}

async fn traced(mix: Mix, collector: &Collector, provider: &Deepseek, sampled: &str) -> App {
    let options = Mix::options()
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url())
        .env("TRACES_SAMPLED", sampled)
        .env("AI_LOCAL_FALLBACK", "off");
    mix.start(options.env("DEEPSEEK_API_KEY", "sk-1").env("DEEPSEEK_BASE_URL", provider.url())).await
}

async fn ask_within_trace(learner: &Client) -> String {
    let request = learner.request(Method::POST, "/quiz/generate?secret=in-the-query").json(&ask(2));
    let traceparent = format!("00-{}-{}-01", CALLER.0, CALLER.1);
    learner.send(request.header("traceparent", traceparent)).await.expect(202).id().to_owned()
}

async fn trace_of(mix: Mix, app: &App, job: &str) -> Option<String> {
    mix.store_of(app).await.job(job.parse().unwrap()).await.unwrap().expect("the job").trace
}

async fn a_trace_goes_from_the_request_over_all_tries_of_the_job_to_the_provider(mix: Mix) {
    let (collector, provider) = (Collector::start().await, Deepseek::start().await);
    let app = traced(mix, &collector, &provider, "1").await;
    let learner = app.client().register().await;
    provider.push(Reply::Status(400, None));
    let job = ask_within_trace(&learner).await;
    assert_eq!(learner.wait_job(&job).await["status"], "failed");
    learner.post(&format!("/jobs/{job}/retry"), &json!({})).await.expect(200);
    assert_eq!(learner.wait_job(&job).await["status"], "succeeded");
    assert!(!learner.get(&format!("/jobs/{job}")).await.text().contains(CALLER.0));
    let recorded = trace_of(mix, &app, &job).await.expect("a traced job");
    close(&app).await;

    let told = Told::of(&collector.posted());
    let requests = named(&told, "POST /quiz/generate");
    let [request] = requests[..] else { panic!("{} requests", requests.len()) };
    assert_eq!(hex::encode(&request.span.trace_id), CALLER.0);
    assert_eq!(hex::encode(&request.span.parent_span_id), CALLER.1);
    assert_eq!(request.span.kind(), SpanKind::Server);
    assert_eq!(request.get("http.route"), "/quiz/generate");
    assert_eq!(
        (request.get("http.request.method"), request.get("http.response.status_code")),
        (json!("POST"), json!(202))
    );
    assert_eq!(recorded, format!("00-{}-{}-01", CALLER.0, hex::encode(&request.span.span_id)));

    let tries = named(&told, "job quiz.generate");
    let [failed, succeeded] = tries[..] else { panic!("{} tries", tries.len()) };
    for attempt in [failed, succeeded] {
        assert!(attempt.is_below(request));
        assert_eq!(attempt.span.kind(), SpanKind::Consumer);
        assert_eq!((attempt.get("job"), attempt.get("kind")), (json!(job), json!("quiz.generate")));
    }
    assert_eq!((failed.get("attempt"), failed.get("outcome")), (json!(1), json!("failed")));
    assert_eq!(failed.get("error.type"), "provider.rejected");
    assert_eq!(failed.span.status.as_ref().unwrap().code(), StatusCode::Error);
    assert_eq!(succeeded.get("outcome"), "succeeded");
    assert!(told.iter().any(|stage| stage.span.name == "generating" && stage.is_below(succeeded)));

    let calls = named(&told, "chat deepseek-flash");
    assert_eq!(calls.len(), provider.count());
    assert!(calls[0].is_below(failed) && calls[0].get("error.type") == "provider.rejected");
    for call in &calls[1..] {
        assert!(call.is_below(succeeded));
        assert_eq!(call.span.kind(), SpanKind::Client);
        assert!(call.get("gen_ai.usage.input_tokens").as_i64() > Some(0));
    }
    let purposes: BTreeSet<String> = calls.iter().map(|call| call.get("purpose").to_string()).collect();
    assert_eq!(purposes, BTreeSet::from(["\"key_check\"".to_owned(), "\"questions\"".to_owned()]));

    let worker = if mix == Mix::Embedded { "smartstudy-api" } else { "smartstudy-worker" };
    assert_eq!(
        (request.service.as_str(), failed.service.as_str()),
        ("\"smartstudy-api\"", format!("\"{worker}\"").as_str())
    );
    for told in &told {
        let foreign = told
            .span
            .attributes
            .iter()
            .find(|attribute| !TOLD.contains(&attribute.key.as_str()) && attribute.key != "stage");
        assert_eq!(foreign, None, "of {}", told.span.name);
        assert!(told.span.events.is_empty(), "{} has events", told.span.name);
    }
    for posted in collector.posted() {
        let body = String::from_utf8_lossy(&posted.body).into_owned();
        assert!(!["example.com", "in-the-query", "A Learner"].iter().any(|private| body.contains(private)));
    }
}

async fn what_is_not_sampled_leaves_no_trace(mix: Mix) {
    let (collector, provider) = (Collector::start().await, Deepseek::start().await);
    let app = traced(mix, &collector, &provider, "0").await;
    let learner = app.client().register().await;
    let job = learner.post("/quiz/generate", &ask(2)).await.expect(202);
    assert_eq!(learner.wait_job(job.id()).await["status"], "succeeded");
    assert_eq!(trace_of(mix, &app, job.id()).await, None);
    // A caller that traces has its way.
    let asked = ask_within_trace(&learner).await;
    assert_eq!(learner.wait_job(&asked).await["status"], "succeeded");
    close(&app).await;
    let told = Told::of(&collector.posted());
    assert!(told.iter().all(|told| hex::encode(&told.span.trace_id) == CALLER.0));
    assert_eq!((named(&told, "POST /quiz/generate").len(), named(&told, "job quiz.generate").len()), (1, 1));
}

/// What an envelope says of an error.
fn report(posted: &Posted) -> Value {
    assert_eq!(posted.path, "/api/42/envelope/");
    assert!(posted.header("x-sentry-auth").contains("sentry_key=public"));
    let text = String::from_utf8(posted.body.to_vec()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [head, item, report] = &lines[..] else { panic!("{text}") };
    assert_eq!((&head["event_id"], &item["type"]), (&report["event_id"], &json!("event")));
    assert_eq!((&report["level"], &report["environment"]), (&json!("error"), &json!("development")));
    assert!(text_of(report, "release").starts_with("smartstudy@"));
    report.clone()
}

fn text_of<'r>(report: &'r Value, name: &str) -> &'r str {
    text(&report[name])
}

async fn errors_and_crashes_are_told_once_and_nothing_of_anybody(mix: Mix) {
    let collector = Collector::start().await;
    let dir = harness::temp_dir("config-");
    let file = dir.path().join("smartstudy.toml");
    std::fs::write(&file, "").unwrap();
    let options = Mix::options().env("SENTRY_DSN", collector.dsn()).env("CONFIG_FILE", file.display());
    let app = mix.start(options.unset("ALLOWED_ORIGINS")).await;
    for process in app.processes() {
        let starts =
            |line: &str| ["listening on", "working"].iter().any(|told| line.contains(told)).then_some(());
        process.line(starts).await.expect("a process that starts");
    }
    std::fs::write(&file, "allowed_origins = [\"ada@example.com\"]\nocr_pages = 0\n").unwrap();
    app.processes().for_each(|process| process.signal(Signal::HUP));
    let processes = app.processes().count();
    let refused = collector.wait(processes).await;
    for report in refused.iter().map(report) {
        let said = "the configuration was not reloaded, the old one stays in force";
        assert_eq!(report["logentry"]["formatted"], said);
        assert!(text(&report["extra"]["mistakes"]).contains("OCR_PAGES must be at least 1"), "{report:#}");
    }
    let programs: BTreeSet<String> =
        refused.iter().map(|posted| report(posted)["tags"]["program"].to_string()).collect();
    let all = ["\"smartstudy-api\"", "\"smartstudy-worker\""].map(str::to_owned);
    assert_eq!(programs, all.into_iter().take(if mix == Mix::Embedded { 1 } else { 2 }).collect());

    let store = mix.store_of(&app).await;
    let new = NewJob {
        id: Clock::System.job_id(),
        kind: Noop::KIND,
        user_id: None,
        payload: json!({ "crash": "in the middle of \"Ada's diary\"" }),
        max_attempts: 1,
        priority: JobPriority::Interactive,
        when: When::default(),
    };
    let mut job = Job::new(new, Clock::System.now());
    store.insert_job(&mut job).await.unwrap();
    let told = collector.wait(processes + 1).await;
    close(&app).await;
    assert_eq!(collector.posted().len(), processes + 1, "{:#?}", collector.posted());
    let crash = report(&told[processes]);
    assert_eq!(crash["logentry"]["formatted"], "panicked");
    assert!(text(&crash["extra"]["place"]).starts_with("worker/src/jobs/mod.rs:"), "{crash:#}");
    let tags = &crash["tags"];
    assert_eq!(
        (&tags["job"], &tags["kind"], &tags["attempt"]),
        (&json!(job.id.to_string()), &json!("test.noop"), &json!("1"))
    );
    for posted in collector.posted() {
        let report = report(&posted);
        assert!(
            !["diary", "example.com", "127.0.0.1"].iter().any(|private| report.to_string().contains(private)),
            "{report:#}"
        );
        for personal in ["server_name", "user", "request", "breadcrumbs"] {
            assert_eq!(report[personal], Value::Null, "{report:#}");
        }
    }
}

async fn whoever_is_away_disturbs_nothing(mix: Mix) {
    let nobody = format!("127.0.0.1:{}", harness::free_port());
    let options = |options: AppOptions| {
        let options = options.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{nobody}"));
        // Batches go out at once, so that there are several.
        options.env("SENTRY_DSN", format!("http://public@{nobody}/42")).env("OTEL_BSP_SCHEDULE_DELAY", 1)
    };
    let app = mix.start(options(Mix::options())).await;
    let learner = app.client().register().await;
    let is_told = |line: &str| line.contains("traces cannot be exported").then_some(());
    app.api.line(is_told).await.expect("a warning");
    app.processes().for_each(|process| process.signal(Signal::HUP));
    let job = learner.post("/quiz/generate", &ask(2)).await.expect(202);
    assert_eq!(learner.wait_job(job.id()).await["status"], "succeeded");
    close(&app).await;
    let log = app.api.log().text();
    assert_eq!(log.matches("traces cannot be exported").count(), 1, "{log}");
}
