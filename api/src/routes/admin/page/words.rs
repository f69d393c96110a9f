//! How the page says numbers, times and states.

use std::{fmt, time::Duration};

use askama::filters::HtmlSafe;
use shared::domain::{JobStatus, Timestamp};

/// An instant as an element: how long ago it is, or how soon, with the exact time beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    at: Timestamp,
    said: String,
}

impl Moment {
    /// As seen now.
    pub fn new(at: Timestamp, now: Timestamp) -> Self {
        let said = match at <= now {
            true => format!("{} ago", span(now.since(at))),
            false => format!("in {}", span(at.since(now))),
        };
        Self { at, said }
    }
}

/// What is written holds nothing that a caller chose.
impl HtmlSafe for Moment {}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = exact(self.at);
        write!(f, "<time datetime=\"{}\" title=\"{exact}\">{}</time>", self.at, self.said)
    }
}

/// An instant in full.
pub fn exact(at: Timestamp) -> String {
    at.to_string().replace('T', " ").replace('Z', " UTC")
}

/// A length of time, in its largest unit, and the next one where that says something.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{}.{} s", seconds, time.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..36_000 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        36_000..86_400 => format!("{} h", seconds / 3600),
        86_400..864_000 => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A number with its thousands apart.
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut said = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            said.push(',');
        }
        said.push(digit);
    }
    said
}

/// A number of jobs.
pub fn jobs(count: u64) -> String {
    match count {
        1 => "1 job".to_owned(),
        _ => format!("{} jobs", number(count)),
    }
}

/// A size.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KB", bytes / 1024),
        _ => format!("{:.1} MB", bytes as f64 / 1_048_576.0),
    }
}

/// At most so many characters of a text.
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A state as a person calls it.
pub fn state(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Queued => "waiting",
        other => other.as_str(),
    }
}

/// A text as a part of a query.
pub fn encoded(text: &str) -> String {
    let mut said = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => said.push(byte.into()),
            _ => said.push_str(&format!("%{byte:02X}")),
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_said_in_fitting_units() {
        for (seconds, said) in [
            (0.25, "0.2 s"),
            (9.99, "9.9 s"),
            (59.0, "59 s"),
            (61.0, "1 min"),
            (3700.0, "1 h 1 min"),
            (40_000.0, "11 h"),
            (90_000.0, "1 d 1 h"),
            (900_000.0, "10 d"),
        ] {
            assert_eq!(span(Duration::from_secs_f64(seconds)), said);
        }
    }

    #[test]
    fn thousands_are_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_moment_is_an_element_with_the_exact_time() {
        let at = Timestamp(1_800_000_000_000);
        let said = Moment::new(at, at + Duration::from_secs(65)).to_string();
        assert_eq!(
            said,
            "<time datetime=\"2027-01-15T08:00:00.000Z\" title=\"2027-01-15 08:00:00.000 UTC\">1 min ago</time>"
        );
        assert!(Moment::new(at + Duration::from_secs(30), at).to_string().contains(">in 30 s<"));
    }

    #[test]
    fn texts_are_shortened_between_characters_and_encoded_byte_by_byte() {
        assert_eq!(shortened("naïveté", 3), "naï…");
        assert_eq!(shortened("ab", 2), "ab");
        assert_eq!(encoded("a b&ü"), "a%20b%26%C3%BC");
    }
}
