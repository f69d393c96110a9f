//! What became of all the studying.

use std::{cmp::Reverse, collections::BTreeMap, time::Duration};

use shared::{
    domain::{Grouping, Timestamp},
    store::Scope,
};

use crate::{
    app::App,
    extract::{Caller, Period},
    routes::{Routes, routes},
};

mod dashboard;
mod page;
mod performance;
mod report;
mod study;
mod usage;

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(dashboard::dashboard))
        .routes(routes!(performance::quiz_performance))
        .routes(routes!(report::own))
        .routes(routes!(report::report))
        .routes(routes!(report::made))
        .routes(routes!(study::study_time))
        .routes(routes!(usage::ai_usage))
}

/// How far ahead of the present a session may lie to count in a range without an end.
const AHEAD: Duration = Duration::from_secs(366 * 24 * 3600);

/// What is the caller's of a period; of all time where it is open, but not before 1970 or in centuries to come.
fn scope(app: &App, caller: &Caller, period: &Period) -> Scope {
    let (first, last) = shared::domain::EVER;
    let ahead = app.ledger.clock.now() + AHEAD;
    let within = |at: Timestamp| at.clamp(first, last);
    Scope {
        user_id: caller.user.id,
        from: within(period.from.unwrap_or(first)),
        until: within(period.until.unwrap_or(ahead)),
    }
}

/// Groups in the order they are shown: stretches of time as they follow each other, others by their weight.
fn in_order<T>(
    groups: BTreeMap<String, T>,
    grouping: Grouping,
    weight: impl Fn(&T) -> u64,
) -> Vec<(String, T)> {
    let mut groups: Vec<_> = groups.into_iter().collect();
    if !grouping.is_calendar() {
        groups.sort_by_key(|(_, group)| Reverse(weight(group)));
    }
    groups
}
