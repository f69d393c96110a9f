//! What the use of the provider comes to, and who may use it.

use harness::deepseek::{Deepseek, Kind, Reply};
use harness::{App, AppOptions, Client};
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

/// Tokens that cover one call for ten questions and its check.
const BUDGET: u64 = 9_000;

on_each_mix!(
    each_call_is_counted_with_its_cost,
    what_failed_calls_used_is_counted_too,
    a_used_up_budget_leaves_the_rest_to_the_local_generator,
    without_consent_no_text_goes_out,
    a_range_is_shown_and_a_bad_one_refused,
);

async fn start(mix: Mix, options: AppOptions) -> (Deepseek, App, Client) {
    let provider = Deepseek::start().await;
    let options = options.env("DEEPSEEK_API_KEY", "sk-test").env("DEEPSEEK_BASE_URL", provider.url());
    let app = mix.start(options).await;
    let learner = app.client().register().await;
    (provider, app, learner)
}

async fn usage(client: &Client) -> Value {
    client.get("/analytics/ai-usage").await.expect(200).json
}

fn nothing() -> Value {
    json!({
        "calls": 0, "promptTokens": 0, "completionTokens": 0, "cachedTokens": 0,
        "cost": { "amount": 0.0, "currency": "CNY" },
    })
}

async fn made(client: &Client, count: u32) -> (Value, Value) {
    made_of(client, &ask(count)).await
}

async fn made_of(client: &Client, ask: &Value) -> (Value, Value) {
    let job = client.post("/quiz/generate", ask).await.expect(202);
    let job = client.wait_job(job.id()).await;
    assert_eq!(job["status"], "succeeded", "{job:#}");
    let quiz = client.get(text(&job["result"]["url"])).await.expect(200).json;
    (job, quiz)
}

async fn each_call_is_counted_with_its_cost(mix: Mix) {
    // Peak prices are the same here, or the test would depend on the time of day.
    let options = Mix::options().env("DEEPSEEK_PEAK_FACTOR", 1).env("DEEPSEEK_PRICES", "0.5,2,8");
    let (provider, _app, learner) = start(mix, options).await;
    let before = usage(&learner).await;
    assert_eq!((&before["totals"], &before["days"]), (&nothing(), &json!([])), "{before:#}");
    assert_eq!((&before["budget"]["limit"], &before["budget"]["used"]), (&json!(5_000_000), &json!(0)));
    let resets = text(&before["budget"]["resetsAt"]);
    assert!(resets.ends_with("T00:00:00.000Z"), "{resets}");

    let (first, _) = made(&learner, 18).await;
    // Of another text, so that nothing is asked twice that would be counted and not made.
    let other = json!({ "inputMethod": "text", "textContent": lecture_pages()[1], "questionCount": 3 });
    let (second, _) = made_of(&learner, &other).await;
    let after = usage(&learner).await;
    let sum = |name: &str| {
        first["usage"][name].as_u64().expect("tokens") + second["usage"][name].as_u64().expect("tokens")
    };
    let totals = &after["totals"];
    assert_eq!(totals["calls"], json!(provider.count()), "{after:#}");
    for name in ["promptTokens", "completionTokens", "cachedTokens"] {
        assert_eq!(totals[name], json!(sum(name)), "{name}: {after:#}");
    }
    let (prompt, completion, cached) = (sum("promptTokens"), sum("completionTokens"), sum("cachedTokens"));
    let millionths = cached as f64 * 0.5 + (prompt - cached) as f64 * 2.0 + completion as f64 * 8.0;
    let amount = |value: &Value| value["cost"]["amount"].as_f64().expect("an amount");
    assert!(cached > 0 && (amount(totals) - millionths / 1e6).abs() < 1e-9, "{after:#}");
    let jobs = amount(&first["usage"]) + amount(&second["usage"]);
    assert!((jobs - amount(totals)).abs() < 1e-9, "{first:#} {second:#}");
    assert_eq!(after["budget"]["used"], json!(prompt + completion));
    let mut days = after["totals"].clone();
    days["date"] = after["days"][0]["date"].clone();
    // A test that runs across midnight has two.
    if items(&after["days"]).len() == 1 {
        assert_eq!(after["days"], json!([days]));
        let date = text(&days["date"]);
        let range = format!("/analytics/ai-usage?from={date}&to={date}&tz=Pacific/Kiritimati");
        assert_eq!(learner.get(&range).await.expect(200).json["days"], json!([days]));
    }
    let other = learner.register().await;
    assert_eq!(usage(&other).await["totals"], nothing());
}

async fn what_failed_calls_used_is_counted_too(mix: Mix) {
    let (provider, _app, learner) = start(mix, Mix::options()).await;
    provider.otherwise(Reply::ContentFilter);
    let (job, _) = made(&learner, 3).await;
    let totals = usage(&learner).await["totals"].clone();
    assert_eq!(totals["calls"], json!(provider.count()), "{totals}");
    assert!(totals["completionTokens"].as_u64() > Some(0), "{totals}");
    assert_eq!(totals["promptTokens"], job["usage"]["promptTokens"]);
}

async fn a_used_up_budget_leaves_the_rest_to_the_local_generator(mix: Mix) {
    let (provider, _app, learner) = start(mix, Mix::options().env("AI_DAILY_TOKENS", BUDGET)).await;
    // The budget covers the first call, and what is left of it does not cover the next one.
    let (job, quiz) = made(&learner, 18).await;
    assert_eq!(provider.count_of(Kind::Quiz), 1, "nothing goes out after the budget is used up");
    assert_eq!((items(&quiz["questions"]).len(), &quiz["generation"]["method"]), (18, &json!("ai")));
    let notices = items(&job["notices"]);
    let budget = usage(&learner).await["budget"].clone();
    assert!(text(&notices[0]).contains(text(&budget["resetsAt"])), "{job:#}");
    assert!(text(&notices[1]).starts_with("The AI service gave 10 of the questions"), "{job:#}");
    assert_eq!(budget["limit"], BUDGET);
    assert!(budget["used"].as_u64().is_some_and(|used| (1..=BUDGET).contains(&used)), "{budget}");

    let (job, quiz) = made(&learner, 10).await;
    assert_eq!((provider.count_of(Kind::Quiz), &quiz["generation"]["provider"]), (1, &json!("local")));
    assert_eq!(items(&job["notices"]).len(), 1, "{job:#}");
    assert_eq!(job.get("usage"), None, "{job:#}");
    // It is one student's budget, not everybody's.
    let other = learner.register().await;
    assert_eq!(made(&other, 3).await.1["generation"]["provider"], "deepseek");
}

async fn without_consent_no_text_goes_out(mix: Mix) {
    let (provider, _app, learner) = start(mix, Mix::options().env("AI_CONSENT", "required")).await;
    let (job, quiz) = made(&learner, 3).await;
    assert_eq!((provider.count(), &quiz["generation"]["provider"]), (0, &json!("local")));
    let notices = items(&job["notices"]);
    assert!(notices.len() == 1 && text(&notices[0]).contains("aiConsent"), "{job:#}");
    assert_eq!(usage(&learner).await["totals"], nothing());
}

async fn a_range_is_shown_and_a_bad_one_refused(mix: Mix) {
    let learner = mix.learner().await;
    for query in
        ["from=2026-01-01", "to=2026-01-01", "from=2026-01-01T00:00:00Z&to=2026-02-01", "tz=Asia/Tokyo"]
    {
        let reply = learner.get(&format!("/analytics/ai-usage?{query}")).await.expect(200).json;
        assert_eq!((&reply["totals"], &reply["days"]), (&nothing(), &json!([])), "{query}");
    }
    for (query, field) in [
        ("from=soon", "from"),
        ("to=2026-13-01", "to"),
        ("from=2026-01-02&to=2026-01-01", "to"),
        ("tz=Mars", "tz"),
    ] {
        let reply = learner.get(&format!("/analytics/ai-usage?{query}")).await;
        assert_fields(&reply, &[field]);
    }
    assert_problem(&learner.anonymous().get("/analytics/ai-usage").await, 401, "auth.required");
}
