//! Every list, search and analytics endpoint over a MongoDB as large as the platform hopes to become.
//!
//! `SCALE_USERS` (1,000), `SCALE_ATTEMPTS` (1,000,000) and `SCALE_NOTES` (100,000) set the size, `SCALE_ROUNDS` (200)
//! how often each endpoint is asked, each time by another of twenty students.

use std::time::{Duration, Instant};

use harness::{App, AppOptions, Client, Mongod, RedisServer, client::PASSWORD};
use reqwest::Method;

mod copies;
mod seed;

use seed::{Sizes, Student};

/// What the contract allows the slowest request in a hundred.
const P99_MAX: Duration = Duration::from_millis(50);
/// Students who ask in turn.
const STUDENTS: usize = 20;

/// What is asked: a name, a method, a path with `{…}` for what differs between students, and a body.
const ENDPOINTS: &[(&str, &str, Option<&str>)] = &[
    ("GET", "/users/me", None),
    ("GET", "/users/me/stats", None),
    ("GET", "/users/me/report", None),
    ("GET", "/quiz?limit=100", None),
    ("GET", "/quiz?topic={topic}", None),
    ("GET", "/quiz?q=cell&limit=100", None),
    ("GET", "/quiz/{quiz}", None),
    ("GET", "/quiz/{quiz}/statistics", None),
    ("GET", "/quiz/attempts/{quiz}?limit=100", None),
    ("GET", "/quiz/user/{user}/history?limit=100", None),
    ("GET", "/quiz/user/{user}/history?topic={topic}&limit=100", None),
    ("GET", "/quiz/user/{user}/history?from={month}&minScore=50&limit=100", None),
    ("GET", "/quiz/user/{user}/history?page=9&limit=100", None),
    ("GET", "/notes?limit=100", None),
    ("GET", "/notes?sort=title&limit=100", None),
    ("GET", "/notes?tag=exam&category=Biology", None),
    ("GET", "/notes?search={rare}&limit=100", None),
    ("GET", "/notes?search={common}&limit=100", None),
    ("GET", "/notes?search={common}%20{rare}%20{topic}&limit=100", None),
    ("POST", "/notes/search", Some(r#"{"query":"{common}"}"#)),
    ("GET", "/notes/tags", None),
    ("GET", "/notes/categories", None),
    ("GET", "/notes/trash", None),
    ("GET", "/study-sessions?limit=100", None),
    ("GET", "/study-sessions?from={month}&subject=Biology&limit=100", None),
    ("GET", "/study-sessions/stats", None),
    ("GET", "/planner/plans", None),
    ("GET", "/planner/plans/{plan}", None),
    ("GET", "/analytics/dashboard", None),
    ("GET", "/analytics/quiz-performance", None),
    ("GET", "/analytics/quiz-performance?groupBy=day&from={year}", None),
    ("GET", "/analytics/quiz-performance?groupBy=week&from={year}&tz=Europe/Berlin", None),
    ("GET", "/analytics/quiz-performance?groupBy=month&from={year}", None),
    ("GET", "/analytics/quiz-performance?groupBy=topic&from={year}", None),
    ("GET", "/analytics/quiz-performance?groupBy=difficulty&from={year}", None),
    ("GET", "/analytics/study-time?groupBy=day&from={year}&tz=America/New_York", None),
    ("GET", "/analytics/study-time?groupBy=month&from={year}", None),
    ("GET", "/analytics/report", None),
    ("GET", "/analytics/ai-usage", None),
    ("GET", "/review/due", None),
    ("GET", "/jobs?limit=100", None),
    ("GET", "/jobs?status=failed&limit=100", None),
    ("GET", "/admin/jobs?limit=100", None),
    ("GET", "/admin/jobs?status=failed&limit=100", None),
    ("GET", "/admin/jobs?kind=quiz.generate&errorCode=provider.unavailable&limit=100", None),
    ("GET", "/admin/jobs?userId={user}&limit=100", None),
    ("GET", "/admin/queues", None),
];

/// Seeds, asks and prints a line an endpoint.
pub async fn scale() {
    let sizes = Sizes::from_env();
    let rounds = super::setting("SCALE_ROUNDS", 200);
    let (mongod, redis) = (Mongod::start_with_cache_gb(4.0).await, RedisServer::start().await);
    let app = App::production_with(&mongod, &redis, 1, AppOptions::new().env("RATE_LIMITS", "off")).await;

    let started = Instant::now();
    let students = seed::fill(&app, &mongod, sizes, STUDENTS).await;
    println!(
        "seeded {} attempts, {} notes, {} users in {:.0} s",
        sizes.attempts,
        sizes.notes,
        sizes.users,
        started.elapsed().as_secs_f64()
    );
    let mut clients = Vec::new();
    for student in &students {
        clients.push(app.client().login(&student.email, PASSWORD).await);
    }
    let operator = app.client().login(seed::OPERATOR, PASSWORD).await;
    let mut slow = 0;
    for (method, path, body) in ENDPOINTS {
        let mut took = Vec::with_capacity(rounds);
        for round in 0..rounds + students.len() {
            let student = &students[round % students.len()];
            let client =
                if path.starts_with("/admin/") { &operator } else { &clients[round % students.len()] };
            let lasted =
                ask(client, method, &student.fill_in(path), body.map(|body| student.fill_in(body))).await;
            // Each student's first request finds nothing of theirs in memory; it counts all the same, but once.
            took.push(lasted);
        }
        took.sort();
        let at = |share: f64| super::millis(took[((took.len() - 1) as f64 * share) as usize]);
        let over = took[((took.len() - 1) as f64 * 0.99) as usize] > P99_MAX;
        slow += usize::from(over);
        println!(
            "{} p50 {:6.2} ms, p99 {:6.2} ms, max {:6.2} ms  {method} {path}",
            if over { "OVER" } else { "    " },
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
    println!("{} endpoints, {slow} with a p99 over {} ms", ENDPOINTS.len(), P99_MAX.as_millis());
}

async fn ask(client: &Client, method: &str, path: &str, body: Option<String>) -> Duration {
    let mut request = client.request(method.parse::<Method>().unwrap(), path);
    if let Some(body) = body {
        request = request.header("Content-Type", "application/json").body(body);
    }
    let started = Instant::now();
    let reply = client.send(request).await;
    let took = started.elapsed();
    assert_eq!(reply.status, 200, "{path}: {reply}");
    took
}

impl Student {
    fn fill_in(&self, template: &str) -> String {
        let values = [
            ("{user}", self.id.as_str()),
            ("{quiz}", &self.quiz),
            ("{plan}", &self.plan),
            ("{topic}", seed::TOPICS[0]),
            ("{common}", "cell"),
            ("{rare}", &self.rare),
            ("{month}", &self.month),
            ("{year}", &self.year),
        ];
        values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
    }
}
