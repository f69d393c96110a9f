//! Which jobs an operator looks at, as a query says it and as a store understands it.

use std::time::Duration;

use serde::Deserialize;
use shared::{
    domain::{JobId, JobStatus, Timestamp},
    store::JobFilter,
};

use super::words::encoded;
use crate::{
    app::App,
    problem::{Problem, Result},
};

/// Ages that can be chosen, each with what is read.
const AGES: &[(&str, &str)] = &[
    ("within-15m", "within 15 minutes"),
    ("within-1h", "within the hour"),
    ("within-24h", "within a day"),
    ("within-7d", "within 7 days"),
    ("over-15m", "over 15 minutes ago"),
    ("over-1h", "over an hour ago"),
    ("over-24h", "over a day ago"),
    ("over-7d", "over 7 days ago"),
];

/// A query, as a form sends it: what is empty is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ask {
    /// A state.
    pub status: String,
    /// A kind.
    pub kind: String,
    /// An account: its id or e-mail.
    pub user: String,
    /// An error code.
    pub error_code: String,
    /// One of [`AGES`].
    pub age: String,
    /// An instant from which on the jobs were made.
    pub from: String,
    /// An instant before which the jobs were made.
    pub until: String,
    /// The last job of the part before.
    pub cursor: String,
}

impl Ask {
    /// As a query, in one order and without what is empty, so that who asks the same asks in the same words.
    pub fn query(&self) -> String {
        let pairs = [
            ("status", &self.status),
            ("kind", &self.kind),
            ("user", &self.user),
            ("errorCode", &self.error_code),
            ("age", &self.age),
            ("from", &self.from),
            ("until", &self.until),
            ("cursor", &self.cursor),
        ];
        let asked = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        asked.map(|(name, value)| format!("{name}={}", encoded(value))).collect::<Vec<_>>().join("&")
    }

    /// A page about the same jobs.
    pub fn at(&self, page: &str) -> String {
        match self.query() {
            query if query.is_empty() => page.to_owned(),
            query => format!("{page}?{query}"),
        }
    }

    /// The same from the first part on, in another state.
    pub fn in_state(&self, status: &str) -> Self {
        Self { status: status.to_owned(), cursor: String::new(), ..self.clone() }
    }

    /// Spaces at the ends, which come with what is pasted, do not count.
    pub fn trimmed(self) -> Self {
        let trim = |text: String| text.trim().to_owned();
        Self { kind: trim(self.kind), user: trim(self.user), error_code: trim(self.error_code), ..self }
    }

    /// The state that is asked for.
    pub fn state(&self) -> Result<Option<JobStatus>> {
        let known = || JobStatus::ALL.into_iter().find(|status| status.as_str() == self.status);
        present(&self.status, known, "There is no such state.")
    }

    /// Where the part before ended.
    pub fn after(&self) -> Result<Option<JobId>> {
        present(&self.cursor, || self.cursor.parse().ok(), "This part of the list does not exist.")
    }

    /// As the store understands it now.
    pub async fn filter(&self, app: &App) -> Result<JobFilter> {
        let now = app.ledger.clock.now();
        let instant = |text: &str| {
            let read = || text.parse::<jiff::Timestamp>().ok().map(|at| Timestamp(at.as_millisecond()));
            present(text, read, "Write an instant as 2026-11-22T12:00:00Z.")
        };
        let age = present(&self.age, || age(&self.age), "There is no such age.")?;
        let from = age.and_then(|(within, age)| within.then(|| now - age));
        let until = age.and_then(|(within, age)| (!within).then(|| now - age));
        let user_id = match self.user.parse() {
            _ if self.user.is_empty() => None,
            Ok(id) => Some(id),
            Err(_) => {
                let user = app.ledger.store.user_by_email(&self.user).await?;
                Some(user.ok_or_else(|| misfit("There is no account with this id or e-mail."))?.id)
            }
        };
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        Ok(JobFilter {
            user_id,
            status: self.state()?,
            kind: some(&self.kind),
            error_code: some(&self.error_code),
            made_before: earliest(instant(&self.until)?, until),
            made_from: instant(&self.from)?.max(from),
        })
    }
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

fn present<T>(text: &str, read: impl FnOnce() -> Option<T>, wrong: &str) -> Result<Option<T>> {
    match text.is_empty() {
        true => Ok(None),
        false => read().map(Some).ok_or_else(|| misfit(wrong)),
    }
}

fn misfit(what: &str) -> Problem {
    Problem::bad_request("validation.failed", what)
}

/// Whether jobs are to be younger than a time, and the time.
fn age(name: &str) -> Option<(bool, Duration)> {
    AGES.iter().find(|(known, _)| *known == name)?;
    let (side, time) = name.split_once('-')?;
    Some((side == "within", shared::domain::duration(time).ok()?))
}

/// A choice of a form.
#[derive(Debug)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// Whether it is the one that holds.
    pub chosen: bool,
}

/// Choices of ages.
pub fn ages(chosen: &str) -> Vec<Choice> {
    choices(AGES.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())), chosen)
}

/// Choices of which one may hold.
pub fn choices(all: impl Iterator<Item = (String, String)>, chosen: &str) -> Vec<Choice> {
    all.map(|(value, label)| Choice { chosen: value == chosen, value, label }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_age_can_be_read() {
        for (name, _) in AGES {
            assert!(age(name).is_some(), "{name}");
        }
        assert_eq!(age("over-24h"), Some((false, Duration::from_secs(86_400))));
        assert_eq!(age("over-2h"), None);
    }

    #[test]
    fn a_query_says_what_is_asked_for_and_nothing_else() {
        let ask =
            Ask { kind: "quiz.generate".into(), user: "a&b".into(), cursor: "x".into(), ..Ask::default() };
        assert_eq!(ask.at("/jobs"), "/jobs?kind=quiz.generate&user=a%26b&cursor=x");
        assert_eq!(Ask::default().at("/jobs"), "/jobs");
        assert_eq!(ask.in_state("failed").query(), "status=failed&kind=quiz.generate&user=a%26b");
    }
}
