//! The providers of questions, who may use them, and what they cost.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::Reader;
use crate::domain::{Prices, Tariff};

/// Longest silence of a provider.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest call; DeepSeek itself closes a request after about ten minutes.
const DEADLINE: Duration = Duration::from_secs(11 * 60);

/// Whether a student must agree before a text goes to an outside provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// The operator's terms cover it.
    Assumed,
    /// Only the texts of students whose `aiConsent` is true go out.
    Required,
}

/// How much DeepSeek thinks before it answers, by its own names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// A little.
    Low,
    /// As much as it does by itself.
    High,
    /// As much as it can.
    Max,
}

/// A provider that speaks the protocol of chat completions.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `…_API_KEY`; not every endpoint wants one.
    pub api_key: Option<SecretString>,
    /// `…_BASE_URL`.
    pub base_url: String,
    /// `…_MODEL`.
    pub model: String,
    /// `…_TIMEOUT`: longest silence, without a byte of content.
    pub idle_timeout: Duration,
    /// `…_DEADLINE`: longest time from a call's beginning to its answer's end.
    pub deadline: Duration,
    /// `…_CONCURRENCY`: most calls at once, over all workers.
    pub concurrency: usize,
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        let key = |endpoint: &Self| endpoint.api_key.as_ref().map(|key| key.expose_secret().to_owned());
        let rest = |endpoint: &Self| (endpoint.idle_timeout, endpoint.deadline, endpoint.concurrency);
        key(self) == key(other)
            && self.base_url == other.base_url
            && self.model == other.model
            && rest(self) == rest(other)
    }
}

/// Who may use the providers, and what they cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Ai {
    /// `AI_CONSENT`.
    pub consent: Consent,
    /// `AI_KEY_CHECK`: whether a second call must find the key of each choice from the quote alone.
    pub key_check: bool,
    /// `DEEPSEEK_PLAN_THINKING`: how much DeepSeek thinks before it words a plan. Questions are written without
    /// thinking: there are many of them, and each is proven and checked.
    pub plan_effort: Option<Effort>,
    /// `AI_LOCAL_FALLBACK`: whether the local generator makes what the providers cannot.
    pub local_fallback: bool,
    /// `AI_DAILY_TOKENS`: tokens of one user in a UTC day after which nothing more goes out that day.
    pub daily_tokens: u64,
    /// `DEEPSEEK_PRICES`, `DEEPSEEK_PEAK_FACTOR`, `DEEPSEEK_CURRENCY`.
    pub tariff: Tariff,
}

pub(super) fn ai(reader: &mut Reader<'_>, model: &str) -> Ai {
    let consents = [("assumed", Consent::Assumed), ("required", Consent::Required)];
    let efforts =
        [("off", None), ("low", Some(Effort::Low)), ("high", Some(Effort::High)), ("max", Some(Effort::Max))];
    Ai {
        consent: reader.choice("AI_CONSENT", "assumed", &consents).unwrap_or(Consent::Required),
        plan_effort: reader.choice("DEEPSEEK_PLAN_THINKING", "low", &efforts).flatten(),
        key_check: reader.switch("AI_KEY_CHECK", true),
        local_fallback: reader.switch("AI_LOCAL_FALLBACK", true),
        daily_tokens: reader.number("AI_DAILY_TOKENS", 5_000_000),
        tariff: tariff(reader, model),
    }
}

pub(super) fn deepseek(reader: &mut Reader<'_>, model: String) -> Option<Endpoint> {
    let base_url = reader.text_or("DEEPSEEK_BASE_URL", "https://api.deepseek.com");
    let endpoint = Endpoint {
        idle_timeout: reader.duration("DEEPSEEK_TIMEOUT", IDLE_TIMEOUT),
        deadline: reader.duration("DEEPSEEK_DEADLINE", DEADLINE),
        concurrency: concurrency(reader, "DEEPSEEK_CONCURRENCY", calls_at_once(&model)),
        api_key: Some(reader.secret("DEEPSEEK_API_KEY")?),
        base_url,
        model,
    };
    Some(endpoint)
}

pub(super) fn ollama(reader: &mut Reader<'_>) -> Option<Endpoint> {
    let model = reader.text("OLLAMA_MODEL");
    let endpoint = Endpoint {
        idle_timeout: reader.duration("OLLAMA_TIMEOUT", 2 * IDLE_TIMEOUT),
        deadline: reader.duration("OLLAMA_DEADLINE", DEADLINE),
        concurrency: concurrency(reader, "OLLAMA_CONCURRENCY", 2),
        api_key: reader.secret("OLLAMA_API_KEY"),
        base_url: reader.text("OLLAMA_BASE_URL")?,
        model: model.unwrap_or_default(),
    };
    if endpoint.model.is_empty() {
        reader.mistake("OLLAMA_BASE_URL is set but OLLAMA_MODEL is not: name the model to ask".into());
    }
    Some(endpoint)
}

fn concurrency(reader: &mut Reader<'_>, name: &str, default: usize) -> usize {
    let most = reader.number(name, default);
    if most == 0 {
        reader.mistake(format!("{name} must be at least 1"));
    }
    most
}

/// Calls that DeepSeek lets one account make at once; less of a model it does not list.
fn calls_at_once(model: &str) -> usize {
    match model {
        "deepseek-flash" => 2500,
        "deepseek-v4-pro" => 500,
        _ => 100,
    }
}

fn tariff(reader: &mut Reader<'_>, model: &str) -> Tariff {
    let peak_factor = reader.number("DEEPSEEK_PEAK_FACTOR", 2.0);
    if !is_price(peak_factor) {
        reader.mistake(format!("DEEPSEEK_PEAK_FACTOR is {peak_factor}; use a number such as 2"));
    }
    let currency = reader.text_or("DEEPSEEK_CURRENCY", "CNY");
    if currency.len() != 3 || !currency.chars().all(|letter| letter.is_ascii_uppercase()) {
        reader.mistake(format!("DEEPSEEK_CURRENCY is {currency:?}; use a code such as CNY"));
    }
    Tariff { prices: prices(reader).or_else(|| Prices::of_model(model)), peak_factor, currency }
}

fn prices(reader: &mut Reader<'_>) -> Option<Prices> {
    let listed = reader.list("DEEPSEEK_PRICES");
    if listed.is_empty() {
        return None;
    }
    let numbers: Option<Vec<f64>> =
        listed.iter().map(|price| price.parse().ok().filter(|price| is_price(*price))).collect();
    if let Some(&[cached, fresh, completion]) = numbers.as_deref() {
        return Some(Prices { cached, fresh, completion });
    }
    reader.mistake(
        "DEEPSEEK_PRICES needs three prices for a million tokens: cached, fresh, completion, such as 0.02,1,4"
            .into(),
    );
    None
}

fn is_price(number: f64) -> bool {
    (0.0..=1e6).contains(&number)
}
