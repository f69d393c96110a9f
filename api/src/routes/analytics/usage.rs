//! What the caller's use of the outside provider came to.

use axum::extract::State;
use serde::Serialize;
use shared::domain::{Cost, Day, DayUsage, Timestamp, Zone};
use utoipa::ToSchema;

use crate::{
    app::App,
    extract::{Caller, Json, Period},
    problem::{ProblemBody, Result},
};

/// Days that are shown when no range is asked for, today included.
const DAYS: i64 = 30;

/// The use of the outside provider.
#[derive(Debug, Serialize, ToSchema)]
pub struct AiUsage {
    totals: UsageView,
    /// The days on which there were calls, in order.
    days: Vec<DayUsageView>,
    budget: Budget,
}

/// What calls used.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsageView {
    calls: u64,
    /// Tokens sent, cached ones included.
    prompt_tokens: u64,
    /// Tokens received.
    completion_tokens: u64,
    /// Tokens sent that the provider had cached.
    cached_tokens: u64,
    /// What they cost in the provider's currency; calls of a model whose price is not known add nothing.
    cost: Cost,
}

/// What the calls of one UTC day used.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayUsageView {
    date: Day,
    #[serde(flatten)]
    usage: UsageView,
}

/// How much of the provider the caller may use in a UTC day.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// Tokens of a day, sent and received; once they are used the local generator serves the caller.
    limit: u64,
    /// Tokens used today.
    used: u64,
    /// When the next day begins.
    resets_at: Timestamp,
}

/// What the caller's use of the AI service came to: tokens, cost, and what is left of today. It is counted by UTC
/// days, and the days of a range mean those; without a range the last 30 are shown.
#[utoipa::path(get, path = "/analytics/ai-usage", tag = "analytics", params(Period),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = AiUsage),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn ai_usage(State(app): State<App>, caller: Caller, period: Period) -> Result<Json<AiUsage>> {
    let today = Zone::UTC.day(app.ledger.clock.now());
    let last = period.until.map_or(today, |until| period.zone.day(Timestamp(until.0 - 1)));
    let first = period.from.map_or_else(|| last.plus(1 - DAYS), |from| period.zone.day(from));
    let store = &app.ledger.store;
    let (days, used) = tokio::try_join!(
        store.ai_usage(caller.user.id, first, last),
        store.ai_usage(caller.user.id, today, today)
    )?;
    let config = app.live.now();
    let currency = &config.ai.tariff.currency;
    let mut totals = DayUsage::new(first);
    days.iter().for_each(|day| totals.add(day));
    Ok(Json(AiUsage {
        totals: view(&totals, currency),
        days: days.iter().map(|day| DayUsageView { date: day.day, usage: view(day, currency) }).collect(),
        budget: Budget {
            limit: config.ai.daily_tokens,
            used: used.iter().map(DayUsage::tokens).sum(),
            resets_at: Zone::UTC.start_of(today.plus(1)),
        },
    }))
}

fn view(day: &DayUsage, currency: &str) -> UsageView {
    UsageView {
        calls: day.calls,
        prompt_tokens: day.prompt_tokens,
        completion_tokens: day.completion_tokens,
        cached_tokens: day.cached_tokens,
        cost: day.cost(currency),
    }
}
