//! Numbers as texts write them.

use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// Its value.
    pub value: f64,
    /// Digits after the decimal mark.
    pub decimals: usize,
    /// What separates its thousands.
    group: Option<char>,
    /// Its decimal mark.
    mark: char,
}

impl Number {
    /// Reads digits with separators; `comma` says that a comma marks decimals.
    pub fn parse(text: &str, comma: bool) -> Option<Self> {
        let (mark, thousands) = if comma { (',', '.') } else { ('.', ',') };
        if !text.starts_with(|c: char| c.is_ascii_digit()) || !text.ends_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let spaced = |c: char| matches!(c, ' ' | '\u{A0}' | '\u{202F}');
        let group = text.chars().find(|c| *c == thousands || spaced(*c));
        let (whole, fraction) =
            text.split_once(mark).map_or((text, None), |(whole, rest)| (whole, Some(rest)));
        if let Some(group) = group {
            let mut parts = whole.split(group);
            let head = parts.next().unwrap_or_default();
            let tails = parts.all(|part| part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit()));
            if head.len() > 3 || head.is_empty() || !tails || !whole.contains(group) {
                return None;
            }
        }
        let digits: String = whole.chars().filter(|c| Some(*c) != group).collect();
        let fraction = fraction.unwrap_or_default();
        if digits.len() + fraction.len() > 15
            || !digits.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
            || (digits.len() > 1 && digits.starts_with('0'))
        {
            return None;
        }
        let value = format!("{digits}.{fraction}0").parse().ok()?;
        Some(Self { value, decimals: fraction.len(), group, mark })
    }

    /// Whether it can be a year.
    pub fn is_year(&self) -> bool {
        self.decimals == 0 && self.group.is_none() && (1000.0..=2100.0).contains(&self.value)
    }

    /// How far off an answer may be: half of the last digit that was given, and none for a count.
    pub fn tolerance(&self) -> f64 {
        if self.decimals > 0 {
            return 0.5 * 10_f64.powi(-(self.decimals.min(15) as i32));
        }
        let mut step = 1.0;
        while self.value >= step * 10.0 && self.value % (step * 10.0) == 0.0 {
            step *= 10.0;
        }
        if step < 100.0 || self.is_year() { 0.0 } else { (step / 2.0).min(self.value / 100.0) }
    }

    /// Other numbers of the same make, near enough to be taken for it.
    pub fn neighbours(&self, percent: bool, rng: &mut impl Rng) -> Vec<String> {
        let mut values: Vec<f64> = if self.is_year() {
            let step = f64::from(rng.random_range(3..=9_u8));
            [-3.0, -2.0, -1.0, 1.0, 2.0, 3.0].map(|n| self.value + n * step).into()
        } else {
            [0.4, 0.5, 0.6, 0.75, 1.25, 1.5, 1.75, 2.5].map(|factor| self.rounded(self.value * factor)).into()
        };
        if self.value <= 12.0 && self.decimals == 0 {
            values = (1..=12).map(|n| self.value + f64::from(n) - 6.0).collect();
        }
        values.retain(|value| *value > 0.0 && *value != self.value && (!percent || *value < 100.0));
        values.shuffle(rng);
        values.into_iter().map(|value| self.write(value)).collect()
    }

    /// Rounds to as many digits as the number itself shows.
    fn rounded(&self, value: f64) -> f64 {
        if self.decimals > 0 {
            return value;
        }
        let mut step = 1.0;
        while self.value >= step * 100.0 && self.value % (step * 10.0) == 0.0 {
            step *= 10.0;
        }
        (value / step).round() * step
    }

    /// Writes a value the way this number is written.
    fn write(&self, value: f64) -> String {
        let plain = format!("{value:.*}", self.decimals);
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut text = String::new();
        for (position, digit) in whole.chars().enumerate() {
            if let Some(group) =
                self.group.filter(|_| position > 0 && (whole.len() - position).is_multiple_of(3))
            {
                text.push(group);
            }
            text.push(digit);
        }
        if !fraction.is_empty() {
            text.push(self.mark);
            text.push_str(fraction);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_conventions() {
        assert_eq!(Number::parse("1,234.5", false).map(|n| n.value), Some(1234.5));
        assert_eq!(Number::parse("1.234,5", true).map(|n| n.value), Some(1234.5));
        assert_eq!(Number::parse("300 000", false).map(|n| n.value), Some(300_000.0));
        assert_eq!(Number::parse("3,14", false), None);
        assert_eq!(Number::parse("20th", false), None);
        assert_eq!(Number::parse("1.2.3", false), None);
    }

    #[test]
    fn tolerates_only_what_was_rounded() {
        let tolerance = |text| Number::parse(text, false).map(|n| n.tolerance());
        assert_eq!(tolerance("206"), Some(0.0));
        assert_eq!(tolerance("1900"), Some(0.0));
        assert_eq!(tolerance("384,400"), Some(50.0));
        assert_eq!(tolerance("300,000"), Some(3000.0));
        assert_eq!(tolerance("3.5"), Some(0.05));
    }
}
