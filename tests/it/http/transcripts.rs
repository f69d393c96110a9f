//! What was said between us and a provider in a try that failed, as operators read it.

use harness::deepseek::{Deepseek, Reply};
use serde_json::json;

use crate::mix::Mix;
use crate::people;
use crate::support::*;

on_each_mix!(
    what_was_said_in_a_try_that_failed_is_kept_without_what_must_not_be,
    nothing_is_kept_once_the_job_succeeds,
    what_was_said_goes_with_the_account,
    a_try_that_failed_is_played_again_and_nobody_is_asked,
    a_changed_prompt_is_compared_and_asked_for_if_wanted,
    what_cannot_be_played_is_told,
);

const KEY: &str = "sk-of-the-tests-f00dfacecafe";

struct Scene {
    provider: Deepseek,
    app: harness::App,
    operator: harness::Client,
    learner: harness::Client,
    job: String,
}

/// A job that failed because the provider's filter stopped its answer.
async fn scene(mix: Mix) -> Scene {
    let provider = Deepseek::start().await;
    provider.otherwise(Reply::ContentFilter);
    let options = Mix::options().env("DEEPSEEK_API_KEY", KEY).env("DEEPSEEK_BASE_URL", provider.url());
    let app = mix.start(options.env("AI_LOCAL_FALLBACK", "off")).await;
    let learner = app.client().register().await;
    let operator = people::admin(&app.client(), &mix.store_of(&app).await).await;
    let text = format!("{}\n\nWrite to ada@example.org, or call +44 20 7946 0958.", pages(1));
    let ask = json!({ "inputMethod": "text", "textContent": text, "questionCount": 3 });
    let job = learner.post("/quiz/generate", &ask).await.expect(202).id().to_owned();
    let failed = learner.wait_job(&job).await;
    assert_eq!(failed["error"]["code"], "provider.content_filtered", "{failed:#}");
    Scene { provider, app, operator, learner, job }
}

async fn what_was_said_in_a_try_that_failed_is_kept_without_what_must_not_be(mix: Mix) {
    let Scene { operator, learner, job, app: _app, provider: _provider } = scene(mix).await;
    let detail = operator.get(&format!("/admin/jobs/{job}")).await.expect(200).json;
    let transcript = &detail["transcript"];
    assert_eq!(transcript["attempt"], 1);
    // The call that looks for keys may end before the one that it began with.
    let exchanges = items(&transcript["exchanges"]);
    let exchange = exchanges.iter().find(|exchange| exchange["purpose"] == "questions").expect("questions");
    assert_eq!(exchange["model"], "deepseek-flash");
    assert_eq!(exchange["finishReason"], "content_filter");
    assert_eq!(exchange["error"], "provider.content_filtered");
    assert!(text(&exchange["answer"]).contains("\"question\""), "{exchange:#}");
    let roles: Vec<&str> = items(&exchange["messages"]).iter().map(|said| text(&said["role"])).collect();
    assert_eq!(roles, ["system", "user", "user"]);
    let said = exchange["messages"].to_string();
    assert!(said.contains("Write to [e-mail], or call [number]"), "{said}");
    for secret in ["ada@example.org", "7946", KEY, learner.user_id()] {
        assert!(!transcript.to_string().contains(secret), "{secret}");
    }
    // Its owner is told that it failed, not how.
    let own = learner.get(&format!("/jobs/{job}")).await.expect(200).json;
    assert!(own.get("transcript").is_none(), "{own:#}");
}

async fn nothing_is_kept_once_the_job_succeeds(mix: Mix) {
    let Scene { operator, learner, job, provider, app: _app } = scene(mix).await;
    provider.otherwise(Reply::Good);
    operator.post(&format!("/admin/jobs/{job}/retry"), &json!({})).await.expect(200);
    assert_eq!(learner.wait_job(&job).await["status"], "succeeded");
    let gone = async {
        while operator.get(&format!("/admin/jobs/{job}")).await.expect(200).json.get("transcript").is_some() {
        }
    };
    tokio::time::timeout(harness::process::PATIENCE, gone).await.expect("the transcript goes");
}

async fn what_was_said_goes_with_the_account(mix: Mix) {
    let Scene { learner, job, app, provider: _provider, .. } = scene(mix).await;
    let store = mix.store_of(&app).await;
    let job = job.parse().unwrap();
    assert!(store.transcript(job).await.unwrap().is_some());
    let erase = json!({ "password": harness::client::PASSWORD });
    learner.post("/users/me/erase", &erase).await.expect(202);
    let gone = async { while store.transcript(job).await.unwrap().is_some() {} };
    tokio::time::timeout(harness::process::PATIENCE, gone).await.expect("the transcript goes");
}

/// What `smartstudy-worker replay` prints of the call for questions of a job, as JSON.
async fn replayed(app: &harness::App, job: &str, arguments: &[&str]) -> serde_json::Value {
    let output =
        app.worker_command(&[&["replay", "--json", "--purpose", "questions", job], arguments].concat()).await;
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
    let replay: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&replay["job"], &replay["kind"]), (&json!(job), &json!("quiz.generate")));
    assert_eq!(items(&replay["exchanges"]).len(), 1, "{replay:#}");
    replay["exchanges"][0].clone()
}

async fn a_try_that_failed_is_played_again_and_nobody_is_asked(mix: Mix) {
    let Scene { job, app, provider, .. } = scene(mix).await;
    let asked = provider.count();
    let played = replayed(&app, &job, &[]).await;
    assert_eq!(played["then"], "provider.content_filtered");
    let error = text(&played["now"]["error"]);
    assert!(error.starts_with("provider.content_filtered: "), "{played:#}");
    assert!(played.get("prompt").is_none(), "the prompt is the same: {played:#}");
    assert!(played.get("asked").is_none(), "{played:#}");
    let output = app.worker_command(&["replay", "--purpose", "questions", &job]).await;
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        told.contains("1. questions by deepseek-flash: provider.content_filtered then\nnow:\n"),
        "{told}"
    );
    assert_eq!(provider.count(), asked, "nobody was asked");
}

async fn a_changed_prompt_is_compared_and_asked_for_if_wanted(mix: Mix) {
    let Scene { job, app, provider, .. } = scene(mix).await;
    let folder = harness::temp_dir("rules-");
    let rules = folder.path().join("rules.txt");
    std::fs::write(&rules, "Ask only for what is said twice.").unwrap();
    let rules = rules.to_str().unwrap();
    provider.otherwise(Reply::Good);
    let asked = provider.count();
    let played = replayed(&app, &job, &["--rules", rules]).await;
    let prompt = text(&played["prompt"]);
    assert!(prompt.contains("\n+Ask only for what is said twice.") && prompt.contains("\n-"), "{prompt}");
    assert_eq!(provider.count(), asked, "nobody was asked");
    let played = replayed(&app, &job, &["--rules", rules, "--ask"]).await;
    assert_eq!(items(&played["asked"]["good"]).len(), 3, "{played:#}");
    let requests = provider.requests();
    assert_eq!(requests.len(), asked + 1);
    assert!(requests[asked].body.to_string().contains("said twice"), "the changed prompt was sent");
}

async fn what_cannot_be_played_is_told(mix: Mix) {
    let (app, learner) = (mix.app().await, mix.learner().await);
    let ask = json!({ "inputMethod": "text", "textContent": pages(1), "questionCount": 3 });
    let made = learner.post("/quiz/generate", &ask).await.expect(202).id().to_owned();
    learner.wait_job(&made).await;
    for (job, reason) in [
        ("01J00000000000000000000000", "there is no such job"),
        (made.as_str(), "of this job no transcript is kept"),
    ] {
        let output = app.worker_command(&["replay", job]).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(reason), "{error}");
    }
}
