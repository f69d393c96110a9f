//! docs/configuration.md, made of what is written by hand and of the tables in the code.

use std::{fmt::Write, time::Duration};

use shared::config::reference;

use crate::limits::{By, POLICIES};

const PAGE: &str = include_str!("reference.md");

/// The page.
pub fn page() -> String {
    PAGE.replace("{settings}", &reference::tables())
        .replace("{limits}", limits().trim_end())
        .replace("{retention}", &reference::retention())
}

fn limits() -> String {
    let mut table = String::from("| limit | requests | in | by | for |\n| --- | --- | --- | --- | --- |\n");
    for policy in POLICIES {
        let by = match policy.by {
            By::Address => "address",
            By::Caller => "account, else address",
        };
        let (requests, window) = (policy.quota.requests, in_words(policy.quota.window));
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| `{}` | {requests} | {window} | {by} | {} |", policy.name, policy.purpose);
    }
    table
}

fn in_words(window: Duration) -> String {
    match window.as_secs() / 60 {
        minutes if minutes % 60 == 0 => format!("{} h", minutes / 60),
        minutes => format!("{minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_in_docs_is_the_one_that_is_made() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
        let there = std::fs::read_to_string(path).unwrap();
        assert!(there == super::page(), "cargo run -- config reference > docs/configuration.md");
    }
}
