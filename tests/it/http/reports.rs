//! Reports on a period of studying, in each of their forms.

use harness::Client;
use harness::client::Reply;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    clock::Clock,
    domain::{Day, Zone},
};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_report_compares_with_the_period_before,
    the_report_on_nothing_says_so,
    a_page_shows_it_and_escapes_everything,
    a_pdf_is_made_by_a_worker_for_its_owner_alone,
    who_waits_for_a_pdf_gets_it,
    what_cannot_be_understood_is_refused,
);

fn today() -> Day {
    Zone::UTC.day(Clock::System.now())
}

async fn session(client: &Client, days_ago: i64, minutes: u32) {
    let start = format!("{}T09:00:00Z", today().plus(-days_ago));
    let session = json!({ "startTime": start, "durationMinutes": minutes, "subject": "Biology" });
    client.post("/study-sessions", &session).await.expect(201);
}

async fn quiz_on(client: &Client, topic: &str) -> Value {
    let mut ask = ask(4);
    ask["topic"] = json!(topic);
    post_and_wait(client, "/quiz/generate", &ask).await.expect(201).json
}

async fn submit(client: &Client, quiz: &Value, right: bool) {
    let id = text(&quiz["id"]);
    let answers = if right { right_answers(&with_answers(client, id).await) } else { json!({}) };
    client.post("/quiz/submit", &json!({ "quizId": id, "answers": answers })).await.expect(200);
}

async fn accepting(client: &Client, path: &str, accept: &str) -> Reply {
    client.send(client.request(Method::GET, path).header("Accept", accept)).await
}

fn kinds(report: &Value) -> Vec<&str> {
    items(&report["recommendations"]).iter().map(|advice| text(&advice["kind"])).collect()
}

async fn a_report_compares_with_the_period_before(mix: Mix) {
    let learner = mix.learner().await;
    for (days_ago, minutes) in [(1, 40), (2, 30), (6, 20), (7, 100), (13, 60), (14, 500)] {
        session(&learner, days_ago, minutes).await;
    }
    let (weak, strong) = (quiz_on(&learner, "Weak").await, quiz_on(&learner, "Strong").await);
    quiz_on(&learner, "Never tried").await;
    for _ in 0..2 {
        submit(&learner, &weak, false).await;
        submit(&learner, &strong, true).await;
    }
    let from = today().plus(-6);
    let report = learner.get(&format!("/users/me/report?from={from}&tz=UTC")).await.expect(200).json;
    assert_eq!((&report["from"], &report["to"]), (&json!(from), &json!(today())));
    assert_eq!(report["studyTime"], json!({ "minutes": 90, "previousMinutes": 160, "change": -70 }));
    let quizzes = &report["quizzes"];
    assert_eq!((&quizzes["completed"], &quizzes["averageScore"]), (&json!(4), &json!(50.0)));
    assert_eq!((&quizzes["previousAverageScore"], &quizzes["trend"]), (&json!(0.0), &json!("unknown")));
    let topic =
        |topic: &str, average: f64| json!([{ "topic": topic, "averageScore": average, "attempts": 2 }]);
    assert_eq!(report["strengths"], topic("Strong", 100.0));
    assert_eq!(report["weaknesses"], topic("Weak", 0.0));
    assert_eq!(kinds(&report), ["weak_topic", "less_study", "untouched_topic"], "{report:#}");
    assert_eq!(
        report["recommendations"][0],
        json!({
            "kind": "weak_topic",
            "evidence": { "topic": "Weak", "averageScore": 0.0, "attempts": 2 },
            "text": "Go over “Weak” again: your 2 attempts at it average 0%.",
        })
    );
    assert_eq!(report["recommendations"][2]["evidence"], json!({ "topic": "Never tried", "quizzes": 1 }));
    assert_eq!(report.get("charts"), None);

    let with_charts = learner.get(&format!("/analytics/report?from={from}&tz=UTC")).await.expect(200);
    assert_eq!(with_charts.header("vary"), "Accept");
    let charts = with_charts.json["charts"].clone();
    let mut plain = with_charts.json;
    plain.as_object_mut().unwrap().remove("charts");
    assert_eq!(plain, report);
    let minutes: Vec<_> = items(&charts["studyTime"]).iter().map(|bar| bar["minutes"].clone()).collect();
    assert_eq!(
        (minutes, &charts["byHour"][9]),
        (vec![json!(20), json!(0), json!(0), json!(0), json!(30), json!(40), json!(0)], &json!(90))
    );
    assert_eq!((items(&charts["topics"]).len(), &charts["groupBy"]), (2, &json!("day")));
    // A period that is over says nothing about the present.
    let over = learner
        .get(&format!("/users/me/report?from={}&to={}&tz=UTC", today().plus(-20), today().plus(-14)))
        .await
        .expect(200)
        .json;
    assert_eq!((&over["studyTime"]["minutes"], kinds(&over)), (&json!(500), vec![]), "{over:#}");
}

async fn the_report_on_nothing_says_so(mix: Mix) {
    let learner = mix.learner().await;
    let report = learner.get("/users/me/report").await.expect(200).json;
    assert_eq!(report["studyTime"], json!({ "minutes": 0, "previousMinutes": 0, "change": 0 }));
    assert_eq!((&report["strengths"], &report["weaknesses"]), (&json!([]), &json!([])));
    assert_eq!(kinds(&report), ["nothing_yet"]);
    let days: Day = text(&report["from"]).parse().unwrap();
    assert_eq!(text(&report["to"]).parse::<Day>().unwrap().since(days), 29);
}

async fn a_page_shows_it_and_escapes_everything(mix: Mix) {
    let learner = mix.learner().await;
    let nasty = "<script>alert(1)</script> & \"quotes\"";
    learner.put("/users/me", &json!({ "name": nasty })).await.expect(200);
    session(&learner, 1, 45).await;
    let quiz = quiz_on(&learner, nasty).await;
    submit(&learner, &quiz, false).await;
    submit(&learner, &quiz, false).await;
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let page = accepting(&learner, "/analytics/report", browser).await.expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "{page}");
    let html = page.text();
    assert!(html.contains("<svg") && html.contains("45 min") && html.contains("What to do next"), "{html}");
    assert!(!html.contains("<script") && html.contains("&#60;script&#62;alert(1)"), "{html}");
    for outside in ["http:", "https:", "src=", "url(", "@import"] {
        assert!(!html.contains(outside), "the page needs {outside}: {html}");
    }
}

fn assert_pdf(reply: &Reply) {
    assert_eq!(reply.header("content-type"), "application/pdf");
    assert!(
        reply.header("content-disposition").starts_with("attachment; filename=\"study-report-20"),
        "{reply}"
    );
    assert!(reply.bytes.starts_with(b"%PDF-") && reply.bytes.len() > 5_000, "{} bytes", reply.bytes.len());
}

async fn a_pdf_is_made_by_a_worker_for_its_owner_alone(mix: Mix) {
    let learner = mix.learner().await;
    session(&learner, 1, 45).await;
    let job = accepting(&learner, "/analytics/report", "application/pdf").await.expect(202);
    assert_eq!((&job.json["kind"], job.header("vary")), (&json!("report.render"), "Accept"));
    assert_eq!(job.header("location"), format!("/jobs/{}", job.id()));
    let job = learner.wait_job(job.id()).await;
    assert_eq!((&job["status"], &job["result"]["type"]), (&json!("succeeded"), &json!("report")), "{job:#}");
    let url = text(&job["result"]["url"]);
    let pdf = learner.get(url).await.expect(200);
    assert_pdf(&pdf);
    let request = learner.request(Method::GET, url).header("If-None-Match", pdf.header("etag"));
    assert!(learner.send(request).await.expect(304).bytes.is_empty());
    assert_problem(&learner.register().await.get(url).await, 404, "report.not_found");
    assert_problem(&learner.anonymous().get(url).await, 401, "auth.required");
    // A job of another kind has no report.
    let other = scheduled(&learner).await;
    let path = format!("/analytics/reports/{}", text(&other["id"]));
    assert_problem(&learner.get(&path).await, 404, "report.not_found");
    assert_problem(&learner.get("/analytics/reports/1").await, 400, "id.invalid");
}

async fn who_waits_for_a_pdf_gets_it(mix: Mix) {
    let learner = mix.learner().await;
    let request = learner.request(Method::GET, "/analytics/report?from=2026-01-01&to=2026-01-31");
    let request = request.header("Accept", "application/pdf, */*;q=0.1").header("Prefer", "wait=60");
    let reply = learner.send(request).await.expect(201);
    assert_pdf(&reply);
    assert!(reply.header("content-disposition").contains("2026-01-01-2026-01-31"), "{reply}");
    let again = learner.get(reply.header("location")).await.expect(200);
    assert_eq!(again.bytes, reply.bytes);
}

async fn what_cannot_be_understood_is_refused(mix: Mix) {
    let learner = mix.learner().await;
    for path in ["/users/me/report", "/analytics/report"] {
        for (query, field) in [
            ("from=2099-01-01", "from"),
            ("from=1990-01-01", "from"),
            ("from=2026-03-02&to=2026-03-01", "to"),
            ("to=tomorrow", "to"),
            ("tz=Nowhere", "tz"),
        ] {
            assert_fields(&learner.get(&format!("{path}?{query}")).await, &[field]);
        }
    }
    for accept in ["image/png", "text/plain, application/json;q=0", "text/html;q=0, application/xml"] {
        assert_problem(&accepting(&learner, "/analytics/report", accept).await, 406, "accept.not_offered");
    }
    let json =
        accepting(&learner, "/analytics/report", "application/pdf;q=0.2, application/json;q=0.3").await;
    assert_eq!(json.expect(200).header("content-type"), "application/json");
}
