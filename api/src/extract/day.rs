use jiff::{Span, civil::Date, tz::TimeZone};
use shared::domain::Timestamp;

use crate::problem::{Problem, Result};

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
pub fn instant(text: &str, edge: Edge, zone: Option<&str>) -> Result<Timestamp> {
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp(instant.as_millisecond()));
    }
    let field = match edge {
        Edge::From => "from",
        Edge::To => "to",
    };
    let bad =
        || Problem::field(field, format!("{text:?} is neither a day (2026-11-22) nor an RFC 3339 instant"));
    let zone = match zone {
        Some(name) => TimeZone::get(name)
            .map_err(|_| Problem::field("tz", format!("tz {name:?} is not an IANA time zone")))?,
        None => TimeZone::UTC,
    };
    let day: Date = text.parse().map_err(|_| bad())?;
    let day = match edge {
        Edge::From => day,
        Edge::To => day.checked_add(Span::new().days(1)).map_err(|_| bad())?,
    };
    let start = day.to_zoned(zone).map_err(|_| bad())?;
    Ok(Timestamp(start.timestamp().as_millisecond()))
}
