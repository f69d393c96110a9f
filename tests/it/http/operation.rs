//! Health, metrics and the try-out page.

use reqwest::Method;
use serde_json::json;

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    health_tells_how_everything_is,
    health_checks_answer,
    metrics_are_in_the_text_format,
    the_page_and_its_files_are_served_with_a_strict_policy,
    the_page_is_revalidated_by_its_tag,
    answers_are_not_sniffed_nor_cached_by_others,
);

async fn health_tells_how_everything_is(mix: Mix) {
    let health = mix.app().await.client().get("/health").await.expect(200).json;
    for (name, value) in
        [("status", "healthy"), ("database", "connected"), ("queue", "connected"), ("ai_service", "local")]
    {
        assert_eq!(health[name], value, "{health:#}");
    }
    assert!(health["uptime"].is_u64() && !text(&health["version"]).is_empty(), "{health:#}");
}

async fn health_checks_answer(mix: Mix) {
    let client = mix.app().await.client();
    client.get("/health/live").await.expect(200);
    client.get("/health/ready").await.expect(200);
}

async fn metrics_are_in_the_text_format(mix: Mix) {
    let learner = mix.learner().await;
    quiz(&learner, 1).await;
    let reply = learner.anonymous().get("/metrics").await.expect(200);
    assert!(reply.header("content-type").starts_with("text/plain; version=0.0.4"), "{reply}");
    let metrics = reply.text();
    for line in metrics.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').expect("a value");
        assert!(value.parse::<f64>().is_ok(), "{line}");
    }
    assert!(metrics.contains("smartstudy_http_request_seconds"), "{metrics}");
    assert!(metrics.contains("smartstudy_jobs_enqueued_total{kind=\"quiz.generate\"}"), "{metrics}");
    // Neither ids nor addresses make series of their own.
    assert!(!metrics.contains(learner.user_id()) && !metrics.contains("example.com"));
}

async fn the_page_and_its_files_are_served_with_a_strict_policy(mix: Mix) {
    let visitor = mix.app().await.client();
    let page = visitor.get("/").await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    let html = page.text();
    let mut files: Vec<String> = ["src=\"", "href=\""]
        .iter()
        .flat_map(|attribute| html.split(attribute).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .filter(|file| file.starts_with("/web/"))
        .map(str::to_owned)
        .collect();
    assert!(files.len() >= 3, "{files:?}");
    assert!(!html.contains("http://") && !html.contains("https://"), "the page needs the internet");
    files.push("/".into());
    while let Some(file) = files.pop() {
        let reply = visitor.get(&file).await.expect(200);
        let policy = reply.header("content-security-policy");
        assert!(
            policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{file}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        let kind = match file.rsplit_once('.').map(|(_, kind)| kind) {
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            Some("svg") => "image/svg+xml",
            _ => "text/html",
        };
        assert!(reply.header("content-type").starts_with(kind), "{file}");
        // Modules name their imports beside themselves.
        let script = reply.text();
        for import in script.split("from \"./").skip(1).filter_map(|rest| rest.split('"').next()) {
            let name = format!("/web/{import}");
            visitor.get(&name).await.expect(200);
        }
    }
}

async fn the_page_is_revalidated_by_its_tag(mix: Mix) {
    let visitor = mix.app().await.client();
    let page = visitor.get("/").await.expect(200);
    let request = visitor.request(Method::GET, "/").header("If-None-Match", page.header("etag"));
    assert!(visitor.send(request).await.expect(304).bytes.is_empty());
}

async fn answers_are_not_sniffed_nor_cached_by_others(mix: Mix) {
    let learner = mix.learner().await;
    for reply in [
        learner.get("/jobs").await,
        learner.get("/nothing").await,
        learner.post("/auth/login", &json!({})).await,
    ] {
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{reply}");
        let cache = reply.header("cache-control");
        assert!(cache.contains("private") || cache.contains("no-store"), "{reply}");
    }
}
