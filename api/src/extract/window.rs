use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderName, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    domain::{Id, JobId},
    store::Window,
};
use utoipa::IntoParams;

use super::Query;
use crate::problem::{Problem, Result};

/// Which part of a list to send.
#[derive(Debug, Clone, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct Ask {
    /// Items to send, 1–100.
    #[garde(inner(range(min = 1, max = 100)))]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u32>,
    /// Where the `next` link of the part before goes on.
    #[garde(inner(length(min = 1, max = 64)))]
    cursor: Option<String>,
    /// Number of the part, from 1, instead of a cursor.
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    #[param(minimum = 1)]
    page: Option<u64>,
    /// `createdAt` or `-createdAt` (the default, newest first).
    #[garde(skip)]
    sort: Option<String>,
}

/// The part of a list that is asked for.
#[derive(Debug, Clone)]
pub struct List {
    /// For the store.
    pub window: Window,
    uri: axum::http::Uri,
}

impl IntoParams for List {
    fn into_params(
        parameter_in: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
    ) -> Vec<utoipa::openapi::path::Parameter> {
        Ask::into_params(parameter_in)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for List {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Query(ask) = Query::<Ask>::from_request_parts(parts, state).await?;
        let descending = match ask.sort.as_deref() {
            None | Some("-createdAt") => true,
            Some("createdAt") => false,
            Some(_) => return Err(Problem::field("sort", "sort must be createdAt or -createdAt")),
        };
        let is_id = |text: &String| text.parse::<Id>().is_ok() || text.parse::<JobId>().is_ok();
        if ask.cursor.as_ref().is_some_and(|cursor| !is_id(cursor)) {
            return Err(Problem::field("cursor", "cursor must be taken from a next link"));
        }
        let limit = ask.limit.unwrap_or(20);
        let skip = ask.page.filter(|_| ask.cursor.is_none()).map_or(0, |page| (page - 1) * u64::from(limit));
        let uri = match parts.extensions.get::<OriginalUri>() {
            Some(OriginalUri(uri)) => uri.clone(),
            None => parts.uri.clone(),
        };
        Ok(Self { window: Window { limit, skip, after: ask.cursor, descending }, uri })
    }
}

/// A part of a list: a bare array, with its total length and the address of the next part in headers.
pub fn listed<T: Serialize>(list: &List, items: &[T], total: u64, last_id: Option<String>) -> Response {
    let mut response = axum::Json(items).into_response();
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("x-total-count"), total.into());
    let full = items.len() as u64 == u64::from(list.window.limit);
    let ends = list.window.after.is_none() && list.window.skip + items.len() as u64 >= total;
    if let Some(id) = last_id.filter(|_| full && !ends)
        && let Ok(link) = HeaderValue::from_str(&format!("<{}>; rel=\"next\"", next(&list.uri, &id)))
    {
        headers.insert(header::LINK, link);
    }
    response
}

fn next(uri: &axum::http::Uri, cursor: &str) -> String {
    let kept = uri.query().unwrap_or_default().split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !name.is_empty() && name != "cursor" && name != "page"
    });
    let query: Vec<String> = kept.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    format!("{}?{}", uri.path(), query.join("&"))
}
