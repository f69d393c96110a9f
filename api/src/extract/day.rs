use axum::{extract::FromRequestParts, http::request::Parts};
use serde::Deserialize;
use shared::domain::{Day, Timestamp, Zone};

use super::Caller;
use crate::{
    app::App,
    problem::{Problem, Result},
};

/// Which end of a range a `from` or `to` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// The beginning of the day.
    From,
    /// The end of the day, which is inclusive.
    To,
}

/// The instant a query names: an RFC 3339 instant as it stands, or a day in the zone, of which a range
/// begins at its start and ends before the next one.
pub fn instant(text: &str, edge: Edge, zone: &Zone) -> Result<Timestamp> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(instant.as_millisecond()));
    }
    let field = match edge {
        Edge::From => "from",
        Edge::To => "to",
    };
    let day: Day = text.parse().map_err(|_| {
        Problem::field(field, format!("{text:?} is neither a day (2026-11-22) nor an RFC 3339 instant"))
    })?;
    Ok(match edge {
        Edge::From => zone.start_of(day),
        Edge::To => zone.start_of(day.plus(1)),
    })
}

/// The time zone of a request: that of its `tz=`, else the caller's.
#[derive(Debug, Clone)]
pub struct InZone(pub Zone);

impl FromRequestParts<App> for InZone {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        #[derive(Deserialize)]
        struct Ask {
            tz: Option<String>,
        }
        let caller = Caller::from_request_parts(parts, app).await?;
        let asked = axum::extract::Query::<Ask>::try_from_uri(&parts.uri).ok().and_then(|query| query.0.tz);
        match asked {
            Some(name) => name.parse().map(Self).map_err(|error| Problem::field("tz", format!("tz {error}"))),
            None => Ok(Self(caller.user.preferences.time_zone)),
        }
    }
}
