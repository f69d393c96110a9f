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
    let exchange = &items(&transcript["exchanges"])[0];
    assert_eq!((&exchange["purpose"], &exchange["model"]), (&json!("questions"), &json!("deepseek-flash")));
    assert_eq!(exchange["finishReason"], "content_filter");
    assert_eq!(exchange["error"], "provider.content_filtered");
    assert!(text(&exchange["answer"]).contains("\"question\""), "{exchange:#}");
    let roles: Vec<&str> = items(&exchange["messages"]).iter().map(|said| text(&said["role"])).collect();
    assert_eq!(roles, ["system", "user", "user"]);
    let said = exchange["messages"].to_string();
    assert!(said.contains("Write to [e-mail], or call [number]"), "{said}");
    for secret in ["ada@example.org", "7946", KEY, &learner.user_id()] {
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
        while operator.get(&format!("/admin/jobs/{job}")).await.expect(200).json.get("transcript").is_some() {}
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
