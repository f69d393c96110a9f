//! Sums, means and streaks over what a student did.

use super::{Day, Timestamp, Zone};

/// All the time that the platform looks at: from 1970 to before 2200.
pub const EVER: (Timestamp, Timestamp) = (Timestamp(0), Timestamp(7_258_118_400_000));

/// Study sessions that count, summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StudyTotals {
    /// How many.
    pub sessions: u64,
    /// Their minutes.
    pub minutes: u64,
}

impl StudyTotals {
    /// Mean length in minutes, one decimal; 0 without sessions.
    pub fn average_length(self) -> f64 {
        tenths(self.minutes.saturating_mul(10), self.sessions)
    }
}

/// Submitted attempts, summed. Percentages are summed in millionths, so that the sum is the same in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScoreTotals {
    /// How many.
    pub attempts: u64,
    /// Those with a percentage.
    pub scored: u64,
    /// Sum of the percentages, in millionths of a per cent.
    pub millionths: u64,
}

impl ScoreTotals {
    /// Mean percentage, one decimal; 0 without attempts.
    pub fn average(self) -> f64 {
        tenths(self.millionths, self.scored.saturating_mul(100_000))
    }
}

/// `value / count` in tenths, halves rounded up; 0 where there is nothing to divide by.
fn tenths(value: u64, count: u64) -> f64 {
    let (value, count) = (u128::from(value), u128::from(count));
    (2 * value + count).checked_div(2 * count).map_or(0.0, |tenths| tenths as f64 / 10.0)
}

/// Days in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Streak {
    /// Days in a row up to today or yesterday.
    pub current: u32,
    /// The most days in a row there ever were.
    pub longest: u32,
}

/// The streaks of a student who was active on these days, which ascend, of which none is after `today`. A day that
/// a zone left out (as Samoa did 30 December 2011) breaks none.
pub fn streak(days: &[Day], today: Day, zone: &Zone) -> Streak {
    let mut streak = Streak::default();
    let mut last: Option<Day> = None;
    for day in days {
        let goes_on = last.is_some_and(|last| follows(*day, last, zone));
        streak.current = if goes_on { streak.current + 1 } else { 1 };
        streak.longest = streak.longest.max(streak.current);
        last = Some(*day);
    }
    if !last.is_some_and(|last| last == today || follows(today, last, zone)) {
        streak.current = 0;
    }
    streak
}

/// Whether a day comes right after an earlier one.
fn follows(day: Day, earlier: Day, zone: &Zone) -> bool {
    match day.since(earlier) {
        1 => true,
        2 => !zone.has(earlier.plus(1)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn streaks(days: &[&str], today: &str, zone: &str) -> (u32, u32) {
        let days: Vec<Day> = days.iter().map(|text| day(text)).collect();
        let streak = streak(&days, day(today), &zone.parse().unwrap());
        (streak.current, streak.longest)
    }

    #[test]
    fn a_streak_lasts_up_to_today_or_yesterday() {
        let days = ["2026-02-26", "2026-02-27", "2026-02-28", "2026-03-02"];
        assert_eq!(streaks(&days, "2026-03-02", "UTC"), (1, 3));
        assert_eq!(streaks(&days, "2026-03-03", "UTC"), (1, 3));
        assert_eq!(streaks(&days, "2026-03-04", "UTC"), (0, 3));
        assert_eq!(streaks(&days[..3], "2026-03-01", "UTC"), (3, 3));
        assert_eq!(streaks(&[], "2026-03-01", "UTC"), (0, 0));
    }

    #[test]
    fn a_day_that_never_was_breaks_no_streak() {
        let days = ["2011-12-28", "2011-12-29", "2011-12-31"];
        assert_eq!(streaks(&days, "2012-01-01", "Pacific/Apia"), (3, 3));
        assert_eq!(streaks(&days, "2012-01-01", "Pacific/Auckland"), (1, 2));
        // The last was yesterday, although two days ago by the calendar.
        assert_eq!(streaks(&days[..2], "2011-12-31", "Pacific/Apia"), (2, 2));
    }

    #[test]
    fn means_have_one_decimal_and_round_halves_up() {
        let totals = |minutes, sessions| StudyTotals { sessions, minutes }.average_length();
        assert_eq!([totals(0, 0), totals(50, 1), totals(100, 3), totals(1, 20)], [0.0, 50.0, 33.3, 0.1]);
        let mean = |percentages: &[u64]| {
            let (scored, millionths) = (percentages.len() as u64, percentages.iter().sum::<u64>() * 100_000);
            ScoreTotals { attempts: scored, scored, millionths }.average()
        };
        assert_eq!([mean(&[]), mean(&[1000, 1000]), mean(&[667, 333, 0])], [0.0, 100.0, 33.3]);
        assert_eq!(mean(&[1, 0]), 0.1);
    }

    /// Every zone there is, and again those with the oddest clocks.
    pub fn any_zone() -> impl Strategy<Value = Zone> {
        let odd = [
            "Pacific/Apia",
            "Pacific/Kwajalein",
            "Pacific/Kiritimati",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "Africa/Cairo",
            "America/Sao_Paulo",
            "Africa/Casablanca",
            "Africa/Monrovia",
            "Pacific/Chatham",
        ];
        let all: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        let named = |name: String| name.parse::<Zone>().ok();
        prop_oneof![proptest::sample::select(odd.map(str::to_owned).to_vec()), proptest::sample::select(all)]
            .prop_filter_map("a zone", named)
    }

    /// Walks back from a day, instant by instant, asking only what day an instant is.
    fn slow_run(active: &BTreeSet<Day>, last: Day, zone: &Zone) -> u32 {
        let (mut count, mut day) = (0, last);
        while active.contains(&day) {
            count += 1;
            day = zone.day(Timestamp(zone.start_of(day).0 - 1));
        }
        count
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn streaks_are_those_that_a_walk_from_day_to_day_finds(
            zone in any_zone(),
            start in 0..1_767_225_600_000_i64,
            steps in proptest::collection::vec(0..90_000_000_i64, 1..60),
            idle in 0..200_000_000_i64,
        ) {
            let mut at = Timestamp(start);
            let mut active = BTreeSet::new();
            for step in steps {
                at = Timestamp(at.0 + step);
                active.insert(zone.day(at));
            }
            let today = zone.day(Timestamp(at.0 + idle));
            let yesterday = zone.day(Timestamp(zone.start_of(today).0 - 1));
            let current = slow_run(&active, today, &zone).max(slow_run(&active, yesterday, &zone));
            let longest = active.iter().map(|day| slow_run(&active, *day, &zone)).max().unwrap_or(0);
            let days: Vec<Day> = active.into_iter().collect();
            prop_assert_eq!(streak(&days, today, &zone), Streak { current, longest });
        }
    }
}
