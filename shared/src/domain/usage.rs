//! What calls to an outside provider use and cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Day, Id, Timestamp};

/// Beijing is ahead of UTC by this many seconds, all year round.
const BEIJING: i64 = 8 * 3600;
/// Hours of a weekday in Beijing that count as peak.
const PEAK: [std::ops::Range<i64>; 2] = [9..12, 14..18];
/// Sums of money are kept in whole billionths of their currency, so that they add up exactly.
const NANOS: f64 = 1e9;

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cost {
    /// In units of the currency.
    pub amount: f64,
    /// ISO 4217 code.
    pub currency: String,
}

impl Cost {
    /// An amount given in billionths.
    pub fn from_nanos(nanos: i64, currency: &str) -> Self {
        Self { amount: nanos as f64 / NANOS, currency: currency.to_owned() }
    }

    /// The amount in billionths.
    pub fn nanos(&self) -> i64 {
        (self.amount * NANOS).round() as i64
    }
}

/// What calls to a provider used.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Tokens sent, cached ones included.
    pub prompt_tokens: u64,
    /// Tokens received.
    pub completion_tokens: u64,
    /// Tokens sent that the provider had cached.
    pub cached_tokens: u64,
    /// What they cost, where a price is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

impl Usage {
    /// Adds another call. Costs add up within one currency; one in another is left out.
    pub fn add(&mut self, call: &Self) {
        self.prompt_tokens = self.prompt_tokens.saturating_add(call.prompt_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(call.completion_tokens);
        self.cached_tokens = self.cached_tokens.saturating_add(call.cached_tokens);
        match (&mut self.cost, &call.cost) {
            (Some(sum), Some(cost)) if sum.currency == cost.currency => {
                *sum = Cost::from_nanos(sum.nanos().saturating_add(cost.nanos()), &cost.currency);
            }
            (sum @ None, Some(cost)) => *sum = Some(cost.clone()),
            _ => {}
        }
    }

    /// Tokens in both directions.
    pub fn tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }
}

/// Prices of a model, for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// Sent, where the provider had them cached.
    pub cached: f64,
    /// Sent, where it had not.
    pub fresh: f64,
    /// Received.
    pub completion: f64,
}

impl Prices {
    /// The list prices of DeepSeek's models, in CNY.
    pub fn of_model(name: &str) -> Option<Self> {
        match name {
            "deepseek-flash" => Some(Self { cached: 0.02, fresh: 1.0, completion: 4.0 }),
            "deepseek-v4-pro" => Some(Self { cached: 0.15, fresh: 4.5, completion: 13.5 }),
            _ => None,
        }
    }
}

/// What the provider charges.
#[derive(Debug, Clone, PartialEq)]
pub struct Tariff {
    /// Off-peak prices of the model in use, where known.
    pub prices: Option<Prices>,
    /// By how much prices are multiplied from 9 to 12 and from 14 to 18 o'clock on weekdays in Beijing.
    pub peak_factor: f64,
    /// ISO 4217 code.
    pub currency: String,
}

impl Tariff {
    /// What a call at this time costs; nothing is known where no price is.
    pub fn cost(&self, used: &Usage, at: Timestamp) -> Option<Cost> {
        let prices = self.prices?;
        let cached = used.cached_tokens.min(used.prompt_tokens);
        let millionths = cached as f64 * prices.cached
            + (used.prompt_tokens - cached) as f64 * prices.fresh
            + used.completion_tokens as f64 * prices.completion;
        let factor = if is_peak(at) { self.peak_factor } else { 1.0 };
        Some(Cost::from_nanos((millionths * factor * NANOS / 1e6).round() as i64, &self.currency))
    }
}

impl Tariff {
    /// When prices fall, if they are high at this time.
    pub fn cheaper_from(&self, at: Timestamp) -> Option<Timestamp> {
        if self.peak_factor <= 1.0 || self.prices.is_none() || !is_peak(at) {
            return None;
        }
        let day = (at.seconds() + BEIJING).div_euclid(24 * 3600) * 24 * 3600 - BEIJING;
        let ends = PEAK.iter().map(|hours| Timestamp((day + hours.end * 3600) * 1000));
        ends.into_iter().find(|end| *end > at)
    }

    /// What a sum of low prices would have been at high ones, above itself.
    pub fn saved(&self, cost: &Cost) -> Cost {
        let nanos = cost.nanos() as f64 * (self.peak_factor - 1.0);
        Cost::from_nanos(nanos.round() as i64, &cost.currency)
    }
}

fn is_peak(at: Timestamp) -> bool {
    let local = at.seconds() + BEIJING;
    // 1 January 1970 was a Thursday.
    let weekday = (local.div_euclid(24 * 3600) + 3).rem_euclid(7);
    let hour = local.rem_euclid(24 * 3600) / 3600;
    weekday < 5 && PEAK.iter().any(|hours| hours.contains(&hour))
}

/// One call to a provider, to be counted once.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderCall {
    /// Names the call: counting it again under this name changes nothing.
    pub key: String,
    /// Whose text it was about.
    pub user_id: Id,
    /// The UTC day it ended on.
    pub day: Day,
    /// What it used.
    pub usage: Usage,
}

/// What a user's calls of one UTC day used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DayUsage {
    /// The day.
    pub day: Day,
    /// How many calls there were.
    pub calls: u64,
    /// Tokens sent, cached ones included.
    pub prompt_tokens: u64,
    /// Tokens received.
    pub completion_tokens: u64,
    /// Tokens sent that the provider had cached.
    pub cached_tokens: u64,
    /// What they cost by currency, in billionths.
    pub costs: BTreeMap<String, i64>,
}

impl DayUsage {
    /// A day without a call.
    pub fn new(day: Day) -> Self {
        let costs = BTreeMap::new();
        Self { day, calls: 0, prompt_tokens: 0, completion_tokens: 0, cached_tokens: 0, costs }
    }

    /// Adds a call.
    pub fn count(&mut self, usage: &Usage) {
        self.calls += 1;
        self.prompt_tokens += usage.prompt_tokens;
        self.completion_tokens += usage.completion_tokens;
        self.cached_tokens += usage.cached_tokens;
        if let Some(cost) = &usage.cost {
            *self.costs.entry(cost.currency.clone()).or_default() += cost.nanos();
        }
    }

    /// Tokens in both directions, which is what a budget counts.
    pub fn tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }

    /// What the day cost in a currency.
    pub fn cost(&self, currency: &str) -> Cost {
        Cost::from_nanos(self.costs.get(currency).copied().unwrap_or_default(), currency)
    }

    /// Adds another day.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.prompt_tokens += other.prompt_tokens;
        self.completion_tokens += other.completion_tokens;
        self.cached_tokens += other.cached_tokens;
        for (currency, nanos) in &other.costs {
            *self.costs.entry(currency.clone()).or_default() += nanos;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn used(prompt: u64, completion: u64, cached: u64) -> Usage {
        Usage { prompt_tokens: prompt, completion_tokens: completion, cached_tokens: cached, cost: None }
    }

    fn tariff(model: &str) -> Tariff {
        Tariff { prices: Prices::of_model(model), peak_factor: 2.0, currency: "CNY".to_owned() }
    }

    #[test]
    fn a_call_costs_what_the_list_says() {
        let quiet = at("2026-11-22T12:00:00Z");
        let million = used(1_000_000, 1_000_000, 500_000);
        let cost = |model: &str, at| tariff(model).cost(&million, at).unwrap().amount;
        assert_eq!(cost("deepseek-flash", quiet), 0.01 + 0.5 + 4.0);
        assert_eq!(cost("deepseek-v4-pro", quiet), 0.075 + 2.25 + 13.5);
        assert_eq!(tariff("another").cost(&million, quiet), None);
        let one = tariff("deepseek-flash").cost(&used(1, 0, 1), quiet).unwrap();
        assert_eq!(one, Cost { amount: 0.000_000_02, currency: "CNY".to_owned() });
    }

    #[test]
    fn peak_hours_are_those_of_weekdays_in_beijing() {
        for (instant, peak) in [
            ("2026-11-23T01:00:00Z", true),  // Monday 9:00 there
            ("2026-11-23T00:59:59Z", false), // 8:59
            ("2026-11-23T04:00:00Z", false), // 12:00
            ("2026-11-23T06:00:00Z", true),  // 14:00
            ("2026-11-23T09:59:59Z", true),  // 17:59
            ("2026-11-23T10:00:00Z", false), // 18:00
            ("2026-11-27T08:00:00Z", true),  // Friday 16:00
            ("2026-11-28T02:00:00Z", false), // Saturday 10:00
            ("2026-11-22T02:00:00Z", false), // Sunday 10:00
        ] {
            assert_eq!(is_peak(at(instant)), peak, "{instant}");
        }
        let call = used(1_000_000, 0, 0);
        let cost = tariff("deepseek-flash").cost(&call, at("2026-11-23T01:00:00Z")).unwrap();
        assert_eq!(cost.amount, 2.0);
    }

    #[test]
    fn small_costs_add_up_exactly() {
        let call = Usage { cost: Some(Cost::from_nanos(20, "CNY")), ..used(2, 3, 1) };
        let mut sum = Usage::default();
        (0..1000).for_each(|_| sum.add(&call));
        assert_eq!(sum.cost, Some(Cost { amount: 0.000_02, currency: "CNY".to_owned() }));
        assert_eq!((sum.tokens(), sum.cached_tokens), (5000, 1000));
        sum.add(&Usage { cost: Some(Cost::from_nanos(7, "USD")), ..Usage::default() });
        assert_eq!(sum.cost.unwrap().nanos(), 20_000);
    }
}
