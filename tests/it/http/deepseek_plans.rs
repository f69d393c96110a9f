//! Study plans worded by DeepSeek, here a scripted one.

use harness::Client;
use harness::deepseek::{Deepseek, Reply};
use serde_json::{Value, json};

use crate::deepseek::{KEY, start};
use crate::mix::Mix;
use crate::plan_support::{morning, plan_ask, work};
use crate::support::*;

on_each_mix!(
    a_plan_is_worded_by_the_provider,
    a_useless_answer_is_not_asked_for_again_and_the_plan_comes_all_the_same,
    a_provider_that_is_away_is_tried_again_and_then_done_without,
    a_subject_the_provider_forgot_is_worded_plainly,
    the_provider_learns_what_is_to_be_planned_and_nothing_else,
    the_provider_thinks_as_much_as_the_operator_says,
    without_consent_nothing_goes_out_and_the_plan_comes_all_the_same,
);

async fn generate(learner: &Client) -> Value {
    let (zone, today) = morning();
    let ask = plan_ask(today, 30);
    let zone = zone.replace('+', "%2B");
    let job = learner.post(&format!("/planner/generate?tz={zone}"), &ask).await.expect(202);
    learner.wait_job(job.id()).await
}

async fn made(learner: &Client, job: &Value) -> Value {
    assert_eq!(job["status"], "succeeded", "{job:#}");
    learner.get(text(&job["result"]["url"])).await.expect(200).json
}

fn provider(plan: &Value) -> &str {
    text(&plan["generation"]["provider"])
}

async fn a_plan_is_worded_by_the_provider(mix: Mix) {
    let (provider, _app, learner) = start(mix).await;
    let job = generate(&learner).await;
    let plan = made(&learner, &job).await;
    assert_eq!((&plan["title"], &job["notices"]), (&json!("A scripted plan"), &json!([])));
    let model = &provider.requests()[0].body["model"];
    let generation =
        json!({ "provider": "deepseek", "model": model, "method": "ai", "promptVersion": "plan.v1" });
    assert_eq!(plan["generation"], generation);
    for task in work(&plan) {
        let begins = format!("Scripted {} ", text(&task["type"]));
        assert!(text(&task["title"]).starts_with(&begins), "{task:#}");
        assert!(text(&task["description"]).starts_with(text(&task["subject"])), "{task:#}");
    }
    for name in ["promptTokens", "completionTokens"] {
        assert!(job["usage"][name].as_u64().is_some_and(|tokens| tokens > 0), "{job:#}");
    }
    let usage = learner.get("/analytics/ai-usage").await.expect(200).json;
    assert_eq!((&usage["totals"]["calls"], provider.count()), (&json!(1), 1));
}

async fn a_useless_answer_is_not_asked_for_again_and_the_plan_comes_all_the_same(mix: Mix) {
    let (provider, _app, learner) = start(mix).await;
    let replies = [
        Reply::Blank,
        Reply::Malformed,
        Reply::ContentFilter,
        Reply::Truncated(0),
        Reply::Text("I would rather not.".into()),
        Reply::Text(
            json!({ "subjects": [{ "name": "Alchemy", "units": [{ "type": "study", "title": "Gold" }] }] })
                .to_string(),
        ),
        Reply::Status(401, None),
    ];
    for (number, reply) in replies.into_iter().enumerate() {
        provider.push(reply.clone());
        let job = generate(&learner).await;
        let plan = made(&learner, &job).await;
        assert_eq!((self::provider(&plan), &job["attempt"]), ("local", &json!(1)), "{reply:?}");
        assert_eq!(items(&job["notices"]).len(), 1, "{reply:?}: {job:#}");
        assert!(work(&plan).iter().any(|task| text(&task["title"]).starts_with("Biology: new material")));
        assert_eq!(provider.count(), number + 1, "{reply:?}");
    }
}

async fn a_provider_that_is_away_is_tried_again_and_then_done_without(mix: Mix) {
    let (provider, _app, learner) = start(mix).await;
    provider.push(Reply::Status(503, Some("0".into())));
    provider.push(Reply::CutMidStream(0));
    let job = generate(&learner).await;
    assert_eq!((self::provider(&made(&learner, &job).await), &job["attempt"]), ("deepseek", &json!(3)));
    for _ in 0..3 {
        provider.push(Reply::Status(503, Some("0".into())));
    }
    let job = generate(&learner).await;
    assert_eq!((self::provider(&made(&learner, &job).await), &job["attempt"]), ("local", &json!(3)));
    assert_eq!((items(&job["notices"]).len(), provider.count()), (1, 6));
}

async fn a_subject_the_provider_forgot_is_worded_plainly(mix: Mix) {
    let (provider, _app, learner) = start(mix).await;
    let unit =
        json!({ "type": "study", "title": "Cells", "topic": "Cells", "description": "Draw one.", "day": 1 });
    let answer =
        json!({ "title": "", "subjects": [{ "name": "BIOLOGY", "units": [unit, 7, { "type": "study" }] }] });
    provider.push(Reply::Text(format!("```json\n{answer}\n```")));
    let job = generate(&learner).await;
    let plan = made(&learner, &job).await;
    assert_eq!(self::provider(&plan), "deepseek");
    assert!(text(&plan["title"]).contains("Mathematics"), "{}", plan["title"]);
    for task in work(&plan) {
        let own = task["subject"] == "Biology" && task["type"] == "study";
        assert_eq!(text(&task["title"]).starts_with("Cells"), own, "{task:#}");
    }
    let notice = text(&job["notices"][0]);
    assert!(notice.contains("Mathematics, History") && !notice.contains("Biology"), "{notice}");
}

async fn the_provider_learns_what_is_to_be_planned_and_nothing_else(mix: Mix) {
    let (provider, _app, learner) = start(mix).await;
    generate(&learner).await;
    let request = &provider.requests()[0];
    let messages = request.messages();
    assert_eq!(messages.len(), 2);
    let form: Value = serde_json::from_str(messages[1]).unwrap();
    let names: Vec<_> = items(&form["subjects"]).iter().map(|subject| text(&subject["name"])).collect();
    assert_eq!(names, ["Mathematics", "Biology", "History"]);
    assert_eq!(form["goals"], "Pass with a good mark; understand integrals.");
    assert!(!request.body.to_string().contains("example.com"), "the provider learns the e-mail");
    assert_eq!(request.body["user_id"], learner.user_id());
}

async fn the_provider_thinks_as_much_as_the_operator_says(mix: Mix) {
    for (variable, effort) in [(None, json!("low")), (Some("max"), json!("max")), (Some("off"), Value::Null)]
    {
        let provider = Deepseek::start().await;
        let mut options =
            Mix::options().env("DEEPSEEK_API_KEY", KEY).env("DEEPSEEK_BASE_URL", provider.url());
        if let Some(variable) = variable {
            options = options.env("DEEPSEEK_PLAN_THINKING", variable);
        }
        let app = mix.start(options).await;
        let learner = app.client().register().await;
        let job = generate(&learner).await;
        assert_eq!(made(&learner, &job).await["title"], "A scripted plan");
        let body = &provider.requests()[0].body;
        assert_eq!(body["reasoning_effort"], effort);
        assert_eq!(body["thinking"]["type"], if effort.is_null() { "disabled" } else { "enabled" });
    }
}

async fn without_consent_nothing_goes_out_and_the_plan_comes_all_the_same(mix: Mix) {
    let provider = Deepseek::start().await;
    let options = Mix::options().env("DEEPSEEK_API_KEY", KEY).env("DEEPSEEK_BASE_URL", provider.url());
    let app = mix.start(options.env("AI_CONSENT", "required")).await;
    let learner = app.client().register().await;
    let job = generate(&learner).await;
    assert_eq!((self::provider(&made(&learner, &job).await), provider.count()), ("local", 0));
    assert!(text(&job["notices"][0]).contains("aiConsent"), "{job:#}");
    learner.put("/users/me", &json!({ "preferences": { "aiConsent": true } })).await.expect(200);
    let job = generate(&learner).await;
    assert_eq!((self::provider(&made(&learner, &job).await), provider.count()), ("deepseek", 1));
}
