//! Sums of attempts and of study time, and how they are grouped.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Day, StudyTotals, Timestamp};

/// By what attempts or sessions are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Grouping {
    /// Calendar days, such as `2026-11-22`.
    #[default]
    Day,
    /// Weeks, each by its Monday.
    Week,
    /// Months, such as `2026-11`.
    Month,
    /// Topics; empty where unknown.
    Topic,
    /// `easy`, `medium` or `hard`; empty where there is none.
    Difficulty,
}

impl Grouping {
    /// Whether its groups are stretches of time.
    pub fn is_calendar(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }

    /// The group that something named so by the store, of the calendar by its day, goes into.
    pub fn of(self, name: String) -> String {
        match (self, name.parse::<Day>()) {
            (Self::Week, Ok(day)) => day.week().to_string(),
            (Self::Month, Ok(day)) => day.0.strftime("%Y-%m").to_string(),
            _ => name,
        }
    }
}

/// What can be added up.
pub trait Sum {
    /// Adds what is summed in another.
    fn add(&mut self, other: &Self);
}

/// Sums up groups that go under one name, in the order of the names.
pub fn grouped<T: Sum>(parts: impl IntoIterator<Item = (String, T)>) -> BTreeMap<String, T> {
    let mut groups = BTreeMap::<String, T>::new();
    for (key, part) in parts {
        match groups.get_mut(&key) {
            Some(group) => group.add(&part),
            None => {
                groups.insert(key, part);
            }
        }
    }
    groups
}

/// One attempt among others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// When it was submitted.
    pub at: Timestamp,
    /// Its id, which tells apart what was submitted in the same millisecond.
    pub id: String,
    /// 0–100.
    pub percentage: f64,
}

impl Outcome {
    fn place(&self) -> (Timestamp, &str) {
        (self.at, &self.id)
    }
}

/// What some attempts, at least one, came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// How many there are.
    pub attempts: u64,
    /// The sum of their percentages in millionths, in which it is exact in any order.
    pub millionths: i64,
    /// The best percentage.
    pub best: f64,
    /// The worst percentage.
    pub worst: f64,
    /// The first of them.
    pub first: Outcome,
    /// The last of them.
    pub last: Outcome,
}

impl Tally {
    /// The sum of some, if there are any.
    pub fn total<'a>(tallies: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        tallies.into_iter().fold(None, |total: Option<Self>, tally| match total {
            Some(mut total) => {
                total.add(tally);
                Some(total)
            }
            None => Some(tally.clone()),
        })
    }

    /// Their mean percentage, one decimal.
    pub fn average(&self) -> f64 {
        one_decimal(self.millionths as f64 / self.attempts.max(1) as f64 / 1e6)
    }

    /// By how many percentage points the last is above the first, one decimal.
    pub fn improvement(&self) -> f64 {
        one_decimal(self.last.percentage - self.first.percentage)
    }
}

impl Sum for Tally {
    fn add(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.millionths += other.millionths;
        self.best = self.best.max(other.best);
        self.worst = self.worst.min(other.worst);
        if other.first.place() < self.first.place() {
            self.first = other.first.clone();
        }
        if other.last.place() > self.last.place() {
            self.last = other.last.clone();
        }
    }
}

impl Sum for StudyTotals {
    fn add(&mut self, other: &Self) {
        self.sessions += other.sessions;
        self.minutes += other.minutes;
    }
}

/// Rounded to one decimal, halves away from zero.
pub fn one_decimal(number: f64) -> f64 {
    // Not -0.0, which JSON would show.
    (number * 10.0).round() / 10.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(at: i64, id: &str, percentage: f64) -> Tally {
        let outcome = Outcome { at: Timestamp(at), id: id.to_owned(), percentage };
        let millionths = (percentage * 1e6).round() as i64;
        Tally {
            attempts: 1,
            millionths,
            best: percentage,
            worst: percentage,
            first: outcome.clone(),
            last: outcome,
        }
    }

    #[test]
    fn sums_are_the_same_in_any_order() {
        let all =
            [one(5, "c", 40.0), one(5, "a", 100.0), one(1, "z", 0.0), one(9, "b", 66.7), one(9, "d", 33.3)];
        let sum = |order: &[usize]| {
            let parts = order.iter().map(|&place| ("all".to_owned(), all[place].clone()));
            grouped(parts).remove("all").unwrap()
        };
        let all_of_them = sum(&[0, 1, 2, 3, 4]);
        assert_eq!(sum(&[4, 2, 0, 3, 1]), all_of_them);
        assert_eq!((all_of_them.first.id.as_str(), all_of_them.last.id.as_str()), ("z", "d"));
        assert_eq!((all_of_them.average(), all_of_them.improvement()), (48.0, 33.3));
        assert_eq!((all_of_them.attempts, all_of_them.best, all_of_them.worst), (5, 100.0, 0.0));
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        for (number, rounded) in
            [(72.25, 72.3), (-72.25, -72.3), (10.05, 10.1), (0.04, 0.0), (-0.04, 0.0), (33.349, 33.3)]
        {
            assert_eq!(one_decimal(number), rounded, "{number}");
        }
        assert!(one_decimal(-0.04).is_sign_positive());
    }

    #[test]
    fn days_belong_to_weeks_and_months() {
        let of = |grouping: Grouping, name: &str| grouping.of(name.to_owned());
        assert_eq!(of(Grouping::Day, "2026-11-22"), "2026-11-22");
        assert_eq!(of(Grouping::Week, "2026-11-22"), "2026-11-16");
        assert_eq!(of(Grouping::Month, "2026-11-22"), "2026-11");
        assert_eq!(of(Grouping::Topic, "2026-11-22"), "2026-11-22");
    }
}
