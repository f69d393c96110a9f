//! Who may use the outside provider, and what it costs.

use super::Reader;
use crate::domain::{Prices, Tariff};

/// Whether a student must agree before a text goes to an outside provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// The operator's terms cover it.
    Assumed,
    /// Only the texts of students whose `aiConsent` is true go out.
    Required,
}

/// Who may use the outside provider, and what it costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Ai {
    /// `AI_CONSENT`.
    pub consent: Consent,
    /// `AI_DAILY_TOKENS`: tokens of one user in a UTC day after which nothing more goes out that day.
    pub daily_tokens: u64,
    /// `DEEPSEEK_PRICES`, `DEEPSEEK_PEAK_FACTOR`, `DEEPSEEK_CURRENCY`.
    pub tariff: Tariff,
}

pub(super) fn ai(reader: &mut Reader<'_>, model: &str) -> Ai {
    let consent = match reader.text(&["AI_CONSENT"]).as_deref() {
        None | Some("assumed") => Consent::Assumed,
        Some("required") => Consent::Required,
        Some(other) => {
            reader.mistake(format!("AI_CONSENT is {other:?}; use assumed or required"));
            Consent::Required
        }
    };
    Ai {
        consent,
        daily_tokens: reader.number(&["AI_DAILY_TOKENS"], 5_000_000),
        tariff: tariff(reader, model),
    }
}

fn tariff(reader: &mut Reader<'_>, model: &str) -> Tariff {
    let peak_factor = reader.number(&["DEEPSEEK_PEAK_FACTOR"], 2.0);
    if !is_price(peak_factor) {
        reader.mistake(format!("DEEPSEEK_PEAK_FACTOR is {peak_factor}; use a number such as 2"));
    }
    let currency = reader.text(&["DEEPSEEK_CURRENCY"]).unwrap_or_else(|| "CNY".into());
    if currency.len() != 3 || !currency.chars().all(|letter| letter.is_ascii_uppercase()) {
        reader.mistake(format!("DEEPSEEK_CURRENCY is {currency:?}; use a code such as CNY"));
    }
    Tariff { prices: prices(reader).or_else(|| Prices::of_model(model)), peak_factor, currency }
}

fn prices(reader: &mut Reader<'_>) -> Option<Prices> {
    let listed = reader.list(&["DEEPSEEK_PRICES"]);
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
