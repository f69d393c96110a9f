//! Examples of requests and answers: real ones, recorded by `python3 tests/openapi/examples.py`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use utoipa::openapi::{Content, RefOr, path::Operation};

const RECORDED: &str = include_str!("examples.json");

/// Examples by `METHOD /path`.
#[derive(Debug, Default, Deserialize)]
pub struct Examples(BTreeMap<String, Example>);

/// A request that worked, and what it was answered.
#[derive(Debug, Deserialize)]
struct Example {
    request: Option<Value>,
    status: u16,
    response: Value,
}

/// All that were recorded.
pub fn all() -> Examples {
    serde_json::from_str(RECORDED).unwrap_or_default()
}

impl Examples {
    /// Adds those of an operation.
    pub fn add(&self, path: &str, method: &str, operation: &mut Operation) {
        let Some(example) = self.0.get(&format!("{} {path}", method.to_uppercase())) else { return };
        if let Some(RefOr::T(body)) = &mut operation.request_body
            && let Some(RefOr::T(content)) = body.content.get_mut("application/json")
        {
            content.example = example.request.clone();
        }
        let response = operation.responses.responses.get_mut(&example.status.to_string());
        if let Some(RefOr::T(response)) = response
            && let Some(RefOr::T(Content { example: shown, .. })) =
                response.content.get_mut("application/json")
        {
            *shown = Some(example.response.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_examples_can_be_read() {
        let examples: Examples = serde_json::from_str(RECORDED).unwrap();
        assert!(!examples.0.is_empty());
    }
}
