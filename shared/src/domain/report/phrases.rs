//! A report in words and on axes, the same on a page and on paper.

use super::{QuizScores, StudyTime, Trend};
use crate::domain::{Day, Grouping};

/// Minutes in words, such as `2 h 5 min`.
pub fn duration(minutes: u64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// A day in words, such as `22 November 2026`.
pub fn date(day: Day) -> String {
    day.0.strftime("%-d %B %Y").to_string()
}

/// The short name of a bar that stands for a day, a week or a month, such as `22 Nov` or `Nov 2026`.
pub fn bar_name(key: &str, group_by: Grouping) -> String {
    let (day, format) = match group_by {
        Grouping::Month => (format!("{key}-01"), "%b %Y"),
        _ => (key.to_owned(), "%-d %b"),
    };
    day.parse::<Day>().map_or_else(|_| key.to_owned(), |day| day.0.strftime(format).to_string())
}

impl StudyTime {
    /// How it compares with the period before.
    pub fn comparison(&self) -> String {
        match self.change {
            0 if self.minutes == 0 => "none in the period before either".to_owned(),
            0 => "as much as in the period before".to_owned(),
            more @ 1.. => format!("{} more than in the period before", duration(more.unsigned_abs())),
            less => format!("{} less than in the period before", duration(less.unsigned_abs())),
        }
    }
}

impl QuizScores {
    /// How it compares with the period before.
    pub fn comparison(&self) -> String {
        match self.trend {
            Trend::Unknown if self.completed == 0 => "no quizzes in this period".to_owned(),
            Trend::Unknown => "no quizzes in the period before".to_owned(),
            Trend::Improving => format!("up from {}%", self.previous_average_score),
            Trend::Steady => format!("steady, after {}%", self.previous_average_score),
            Trend::Declining => format!("down from {}%", self.previous_average_score),
        }
    }
}

/// The lines of an axis from 0 up to at least `max`, a handful at round numbers.
pub fn axis(max: u64) -> Vec<u64> {
    let max = max.max(1);
    let steps = [1, 2, 5, 10, 15, 30, 60, 120, 240, 300, 600, 1200, 3000, 6000, 12_000, 30_000, 60_000];
    let step = steps.into_iter().find(|step| max.div_ceil(*step) <= 4).unwrap_or_else(|| max.div_ceil(4));
    (0..=max.div_ceil(step)).map(|line| line * step).collect()
}

/// Which of so many bars have their name beneath, so that at most `most` do.
pub fn named(bars: usize, most: usize) -> impl Iterator<Item = usize> {
    (0..bars).step_by(bars.div_ceil(most.max(1)).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_few_lines_at_round_numbers() {
        assert_eq!(axis(0), [0, 1]);
        assert_eq!(axis(4), [0, 1, 2, 3, 4]);
        assert_eq!(axis(100), [0, 30, 60, 90, 120]);
        assert_eq!(axis(1000), [0, 300, 600, 900, 1200]);
        for max in 0..5000 {
            let lines = axis(max);
            assert!((2..=5).contains(&lines.len()) && lines.last() >= Some(&max), "{max}: {lines:?}");
        }
        assert!(axis(u64::MAX / 2).len() <= 5);
    }

    #[test]
    fn words_are_short() {
        assert_eq!(
            [duration(0), duration(59), duration(60), duration(125)],
            ["0 min", "59 min", "1 h", "2 h 5 min"]
        );
        assert_eq!(date("2026-11-02".parse().unwrap()), "2 November 2026");
        assert_eq!(bar_name("2026-11-02", Grouping::Week), "2 Nov");
        assert_eq!(bar_name("2026-11", Grouping::Month), "Nov 2026");
        assert_eq!(named(30, 8).collect::<Vec<_>>(), [0, 4, 8, 12, 16, 20, 24, 28]);
        assert_eq!(named(0, 8).count(), 0);
    }
}
