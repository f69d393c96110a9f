//! Everybody's jobs by shell, while the server runs.

use harness::{App, Client};
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::people;
use crate::support::*;

on_each_mix!(
    jobs_are_the_same_by_shell_and_over_http,
    jobs_are_changed_by_the_same_rules,
    many_jobs_are_counted_and_retried,
    a_queue_is_paused_and_goes_on,
    an_admin_made_by_shell_is_told_as_json,
);

/// What `smartstudy-worker jobs` prints as JSON.
async fn jobs(app: &App, arguments: &[&str]) -> Value {
    let output = app.worker_command(&[&["jobs", "--json"], arguments].concat()).await;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Why `smartstudy-worker jobs` fails.
async fn failing(app: &App, arguments: &[&str]) -> String {
    let output = app.worker_command(&[&["jobs"], arguments].concat()).await;
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
    error
}

async fn failed(client: &Client) -> String {
    let job = client.upload("/quiz/generate-from-pdf", &[], fixture("damaged.pdf")).await.expect(202);
    assert_eq!(client.wait_job(job.id()).await["status"], "failed");
    job.id().to_owned()
}

async fn jobs_are_the_same_by_shell_and_over_http(mix: Mix) {
    let (app, learner) = (mix.app().await, mix.learner().await);
    let operator = people::admin(&app.client(), &mix.store().await).await;
    let (broken, waiting) = (failed(&learner).await, scheduled(&learner).await);
    let (user, email) = (learner.user_id(), text(&learner.session()["user"]["email"]));
    for (arguments, query) in [
        (&["--user", user][..], ""),
        (&["--user", email, "--status", "failed"], "&status=failed"),
        (&["--user", user, "--kind", "quiz.generate", "--limit", "1"], "&kind=quiz.generate&limit=1"),
        (&["--user", user, "--error-code", "pdf.damaged"], "&errorCode=pdf.damaged"),
        (&["--user", user, "--older-than", "1d"], "&olderThan=1d"),
    ] {
        let over_http = operator.get(&format!("/admin/jobs?userId={user}{query}")).await.expect(200);
        let by_shell = jobs(app, &[&["list"], arguments].concat()).await;
        assert_eq!(by_shell, over_http.json, "{query}");
    }
    for id in [broken.as_str(), text(&waiting["id"])] {
        let over_http = operator.get(&format!("/admin/jobs/{id}")).await.expect(200);
        assert_eq!(jobs(app, &["show", id]).await, over_http.json);
    }
    let output = app.worker_command(&["jobs", "list", "--user", user]).await;
    let table = String::from_utf8(output.stdout).unwrap();
    let line = table.lines().find(|line| line.starts_with(&broken)).expect("a line of the job");
    assert!(line.contains("failed") && line.ends_with("pdf.damaged"), "{table}");
    assert!(table.ends_with("2 of 2\n"), "{table}");
}

async fn jobs_are_changed_by_the_same_rules(mix: Mix) {
    let (app, learner) = (mix.app().await, mix.learner().await);
    let waiting = scheduled(&learner).await;
    let id = text(&waiting["id"]);
    assert!(failing(app, &["discard", id]).await.contains("only a failed job can be discarded"));
    let cancelled = jobs(app, &["cancel", id]).await;
    assert_eq!((&cancelled["id"], &cancelled["status"]), (&json!(id), &json!("cancelled")));
    assert!(failing(app, &["cancel", id]).await.contains("only an unfinished job can be cancelled"));
    let retried = jobs(app, &["retry", id]).await;
    assert_eq!((&retried["status"], &retried["retries"]), (&json!("queued"), &json!(1)));
    assert_eq!(learner.wait_job(id).await["status"], "succeeded");
    assert!(failing(app, &["retry", id]).await.contains("can be retried"));
    let broken = failed(&learner).await;
    let output = app.worker_command(&["jobs", "discard", &broken]).await;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{broken} is discarded now\n"));
    let nobodys = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    for action in ["show", "retry", "cancel", "discard"] {
        assert!(failing(app, &[action, nobodys]).await.contains("there is no such job"), "{action}");
    }
    assert!(failing(app, &["list", "--user", "nobody@example.com"]).await.contains("no account"));
}

async fn many_jobs_are_counted_and_retried(mix: Mix) {
    let (app, learner) = (mix.app().await, mix.learner().await);
    let broken = [failed(&learner).await, failed(&learner).await];
    let which = ["retry", "--all", "--user", learner.user_id(), "--error-code", "pdf.damaged"];
    let counted = jobs(app, &[&which[..], &["--dry-run"]].concat()).await;
    assert_eq!(counted, json!({ "matched": 2, "retried": 0 }));
    assert_eq!(jobs(app, &which).await, json!({ "matched": 2, "retried": 2 }));
    for id in broken {
        let job = learner.wait_job(&id).await;
        assert_eq!((&job["status"], &job["attempt"]), (&json!("failed"), &json!(1)), "{job:#}");
        assert_eq!(jobs(app, &["show", &id]).await["retries"], 1);
    }
}

async fn a_queue_is_paused_and_goes_on(mix: Mix) {
    let app = mix.start(Mix::options()).await;
    let operator = people::admin(&app.client(), &mix.store_of(&app).await).await;
    let queue = "report.render";
    let paused = jobs(&app, &["pause", queue]).await;
    assert_eq!((&paused["name"], &paused["paused"]), (&json!(queue), &json!(true)));
    let over_http = operator.send(operator.request(Method::GET, "/admin/queues")).await.expect(200).json;
    let of =
        |queues: &Value| items(queues).iter().find(|one| one["name"] == queue).expect("the queue").clone();
    assert_eq!(of(&over_http)["paused"], true);
    assert_eq!(of(&jobs(&app, &["queues"]).await)["paused"], true);
    let output = app.worker_command(&["jobs", "resume", queue]).await;
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "report.render goes on\n");
    let output = app.worker_command(&["jobs", "queues"]).await;
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.starts_with("queue") && !table.contains("paused"), "{table}");
    assert!(failing(&app, &["pause", "tea"]).await.contains("there is no queue tea"));
}

async fn an_admin_made_by_shell_is_told_as_json(mix: Mix) {
    let (app, learner) = (mix.app().await, mix.learner().await);
    let email = text(&learner.session()["user"]["email"]);
    let output = app.command(&["user", "promote", email, "--json"]).await;
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told, json!({ "id": learner.user_id(), "email": email, "role": "admin" }));
}
