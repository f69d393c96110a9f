//! Time zones and calendar days. One time-zone database answers for every store, so that a day begins at the same
//! instant whichever engine counts it.

use std::{fmt, str::FromStr};

use jiff::{Span, civil::Date, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type},
};

use super::Timestamp;

/// An IANA time zone, such as `Europe/Berlin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// No time zone has this name.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not an IANA time zone")]
pub struct UnknownZone(String);

/// No calendar has this day.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a day such as 2026-11-22")]
pub struct InvalidDay(String);

/// A calendar day, written as `2026-11-22`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(pub Date);

/// A stretch of time over which a zone keeps one offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
    /// Seconds that local time is ahead of UTC.
    pub offset: i32,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The day that an instant falls on.
    pub fn day(&self, at: Timestamp) -> Day {
        Day(self.civil(at).date())
    }

    /// The hour of the day, 0–23, that an instant falls in.
    pub fn hour(&self, at: Timestamp) -> usize {
        self.civil(at).hour().unsigned_abs().into()
    }

    fn civil(&self, at: Timestamp) -> jiff::civil::DateTime {
        self.0.to_datetime(instant(at))
    }

    /// The first instant of a day; where a clock change skips midnight, the first one after it.
    pub fn start_of(&self, day: Day) -> Timestamp {
        let start = day.0.to_zoned(self.0.clone()).map(|start| start.timestamp());
        Timestamp(start.unwrap_or(jiff::Timestamp::MAX).as_millisecond())
    }

    /// Whether the zone has this day; one that moves across the date line leaves one out.
    pub fn has(&self, day: Day) -> bool {
        self.start_of(day) < self.start_of(day.plus(1))
    }

    /// The instant at which clocks show so many minutes after midnight on a day. Where a clock change skips that time
    /// it is the one as long after the change, where it repeats it the first one.
    pub fn at(&self, day: Day, minutes: u32) -> Timestamp {
        let time = day.0.at(0, 0, 0, 0).saturating_add(Span::new().minutes(minutes.min(24 * 60)));
        let at = time.to_zoned(self.0.clone()).map(|at| at.timestamp());
        Timestamp(at.unwrap_or(jiff::Timestamp::MAX).as_millisecond())
    }

    /// The stretches of equal offset that cover `from` to `until`, in order and without gaps.
    pub fn shifts(&self, from: Timestamp, until: Timestamp) -> Vec<Shift> {
        let mut shifts = Vec::new();
        let mut start = from;
        // Jiff finds the transition strictly after an instant.
        let mut transitions = self.0.following(instant(from));
        while start < until {
            let next = transitions.next().map(|change| Timestamp(change.timestamp().as_millisecond()));
            let end = next.unwrap_or(until).min(until);
            let offset = self.0.to_offset(instant(start)).seconds();
            if end > start {
                shifts.push(Shift { from: start, until: end, offset });
            }
            start = end;
        }
        shifts
    }
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    let last = if at.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_millisecond(at.0).unwrap_or(last)
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        TimeZone::get(name).map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for Zone {
    fn schema() -> RefOr<Schema> {
        let description = Some("IANA time zone");
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(description)
            .examples(["Europe/Berlin"])
            .into()
    }
}

impl ToSchema for Zone {
    fn name() -> std::borrow::Cow<'static, str> {
        "Zone".into()
    }
}

impl Day {
    /// The day so many days later, or earlier where negative; the calendar's last or first day at its ends.
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.saturating_add(Span::new().days(days.clamp(-4_000_000, 4_000_000))))
    }

    /// The day so many days after 1 January 1970.
    pub fn number(days: i64) -> Self {
        Self(jiff::civil::date(1970, 1, 1)).plus(days)
    }

    /// How many days later this is than `earlier`; negative where it is the earlier one.
    pub fn since(self, earlier: Self) -> i64 {
        i64::from((self.0 - earlier.0).get_days())
    }

    /// The Monday of its week.
    pub fn week(self) -> Self {
        self.plus(-i64::from(self.0.weekday().to_monday_zero_offset()))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Day {
    type Err = InvalidDay;

    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        // The form alone: it also reads dates with a time, which would then be lost.
        let day = text.parse().map(Self).ok().filter(|day: &Self| day.to_string() == text);
        day.ok_or_else(|| InvalidDay(text.to_owned()))
    }
}

/// Text, in JSON and BSON alike.
impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .examples(["2026-11-22"])
            .into()
    }
}

impl ToSchema for Day {
    fn name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn shifts_follow_the_clock_changes() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        let shifts = berlin.shifts(at("2026-03-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
        let offsets: Vec<_> = shifts.iter().map(|shift| shift.offset).collect();
        assert_eq!(offsets, [3600, 7200, 3600]);
        assert_eq!(shifts[1].from, at("2026-03-29T01:00:00Z"));
        assert!(shifts.windows(2).all(|pair| pair[0].until == pair[1].from));
        assert_eq!(Zone::UTC.shifts(at("2026-03-01T00:00:00Z"), at("2026-12-01T00:00:00Z")).len(), 1);
        assert!(berlin.shifts(at("2026-03-01T00:00:00Z"), at("2026-03-01T00:00:00Z")).is_empty());
    }

    #[test]
    fn a_day_begins_when_its_zone_says() {
        let cairo: Zone = "Africa/Cairo".parse().unwrap();
        // Midnight of 26 April 2024 was skipped there.
        assert_eq!(cairo.start_of(day("2024-04-26")), at("2024-04-25T22:00:00Z"));
        assert_eq!(cairo.day(at("2024-04-25T22:00:00Z")), day("2024-04-26"));
        assert_eq!(cairo.at(day("2024-04-26"), 9 * 60), at("2024-04-26T06:00:00Z"));
        assert_eq!(cairo.at(day("2024-04-25"), 9 * 60), at("2024-04-25T07:00:00Z"));
        assert_eq!(cairo.hour(at("2024-04-25T22:00:00Z")), 1);
        assert!("Mars/Olympus".parse::<Zone>().is_err() && "2026-02-30".parse::<Day>().is_err());
    }

    #[test]
    fn a_day_may_be_left_out() {
        let apia: Zone = "Pacific/Apia".parse().unwrap();
        let has = |text| apia.has(day(text));
        assert_eq!([has("2011-12-29"), has("2011-12-30"), has("2011-12-31")], [true, false, true]);
    }

    #[test]
    fn a_day_has_no_time() {
        for text in ["2026-11-22T10:00", "2026-11-22T10:00:00Z", "20261122", "2026-11-22 ", "", "2026-02-30"]
        {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_count_across_months_and_weeks_begin_on_monday() {
        assert_eq!(day("2026-11-30").plus(2), day("2026-12-02"));
        assert_eq!(day("2027-03-01").since(day("2026-03-01")), 365);
        assert_eq!([Day::number(0), Day::number(-1)], [day("1970-01-01"), day("1969-12-31")]);
        assert_eq!(day("2026-11-22").week(), day("2026-11-16"));
        assert_eq!(day("2026-11-16").week(), day("2026-11-16"));
    }
}
