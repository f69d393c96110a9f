use std::{convert::Infallible, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::problem::{Problem, Result};

/// Longest a request may wait for a job, in seconds.
const WAIT_MAX: u64 = 120;

/// The version of a representation, as sent in `ETag`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(String);

impl Tag {
    /// A tag that is the same exactly for the same JSON.
    pub fn of(value: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_vec(value).map_err(|_| Problem::internal())?;
        Ok(Self(format!("\"{}\"", hex::encode(&Sha256::digest(json)[..16]))))
    }

    /// As the value of `ETag`.
    pub fn header(&self) -> Result<HeaderValue> {
        HeaderValue::from_str(&self.0).map_err(|_| Problem::internal())
    }
}

/// What a request says about the version it knows.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    if_none_match: Option<String>,
    if_match: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Conditions {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Self { if_none_match: text(header::IF_NONE_MATCH), if_match: text(header::IF_MATCH) })
    }
}

fn lists(header: &str, tag: &Tag) -> bool {
    header.split(',').map(str::trim).any(|item| item == "*" || item.trim_start_matches("W/") == tag.0)
}

impl Conditions {
    /// Whether the caller has this version already.
    pub fn knows(&self, tag: &Tag) -> bool {
        self.if_none_match.as_deref().is_some_and(|header| lists(header, tag))
    }

    /// Whether a change depends on the version.
    pub fn guard(&self) -> bool {
        self.if_match.is_some()
    }

    /// The value with its `ETag`, or 304 if the caller has this version already.
    pub fn answer(&self, value: &impl Serialize) -> Result<Response> {
        self.tagged(&Tag::of(value)?, || axum::Json(value).into_response())
    }

    /// A representation with its tag, or 304 if the caller has this version already.
    pub fn tagged(&self, tag: &Tag, representation: impl FnOnce() -> Response) -> Result<Response> {
        let mut response =
            if self.knows(tag) { StatusCode::NOT_MODIFIED.into_response() } else { representation() };
        response.headers_mut().insert(header::ETAG, tag.header()?);
        Ok(response)
    }

    /// Refuses a change if the caller knows another version than the present one, which has a tag in each of
    /// its representations.
    pub fn check(&self, present: &[Tag]) -> Result<()> {
        if self.if_match.as_deref().is_none_or(|header| present.iter().any(|tag| lists(header, tag))) {
            return Ok(());
        }
        Err(failed())
    }

    /// Refuses a change that depends on a version if there is another one by now.
    pub fn unless(&self, changed: bool) -> Result<()> {
        if changed && self.if_match.is_some() { Err(failed()) } else { Ok(()) }
    }
}

fn failed() -> Problem {
    let detail = "It has changed since you read it. Read it again and repeat the change.";
    Problem::new(StatusCode::PRECONDITION_FAILED, "precondition.failed", detail)
}

/// `Prefer: wait=N` (RFC 7240): how long the caller would wait; zero when it does not say.
#[derive(Debug, Clone, Copy)]
pub struct Wait(pub Duration);

impl<S: Send + Sync> FromRequestParts<S> for Wait {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        Ok(Self(Duration::from_secs(wait_seconds(&parts.headers).unwrap_or(0).min(WAIT_MAX))))
    }
}

fn wait_seconds(headers: &HeaderMap) -> Option<u64> {
    let values = headers.get_all(HeaderName::from_static("prefer")).into_iter();
    values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split([',', ';'])).find_map(
        |preference| {
            let (name, value) = preference.split_once('=')?;
            name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().trim_matches('"').parse().ok())?
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_how_long_to_wait() {
        let wait = |value: &'static str| {
            wait_seconds(&HeaderMap::from_iter([(
                HeaderName::from_static("prefer"),
                HeaderValue::from_static(value),
            )]))
        };
        assert_eq!(wait("wait=10"), Some(10));
        assert_eq!(wait("respond-async, Wait=\"5\""), Some(5));
        assert_eq!(wait("return=minimal"), None);
    }

    #[test]
    fn a_tag_is_known_alone_in_a_list_and_as_a_star() {
        let tag = Tag::of(&1).unwrap();
        let knows = |header: String| Conditions { if_none_match: Some(header), if_match: None }.knows(&tag);
        assert!(knows(tag.0.clone()) && knows(format!("\"x\", W/{}", tag.0)) && knows("*".into()));
        assert!(!knows("\"x\"".into()));
    }
}
