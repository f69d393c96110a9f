use axum::{
    extract::{FromRequestParts, OriginalUri},
    http::{HeaderName, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    domain::{Id, JobId},
    store::{Listing, Window},
};
use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder,
        path::{Parameter, ParameterIn},
        schema::Type,
    },
};

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
    #[garde(inner(length(min = 1, max = 2048)))]
    #[param(min_length = 1, max_length = 2048)]
    cursor: Option<String>,
    /// Number of the part, from 1, instead of a cursor.
    #[garde(inner(range(min = 1, max = 1_000_000)))]
    #[param(minimum = 1, maximum = 1_000_000)]
    page: Option<u64>,
    /// What to sort by; descending with a minus.
    #[garde(skip)]
    sort: Option<String>,
}

/// What a kind of list may be sorted by.
pub trait SortKey: Copy + Send + Sync + 'static {
    /// Each key with its name; the first is the default.
    const KEYS: &'static [(&'static str, Self)];

    /// Whether a text is a cursor of a list in this order: an id, unless the key has cursors of its own.
    fn reads(self, cursor: &str) -> bool {
        cursor.parse::<Id>().is_ok() || cursor.parse::<JobId>().is_ok()
    }
}

/// Lists that are sorted by when things were made, and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct ByCreation;

impl SortKey for ByCreation {
    const KEYS: &'static [(&'static str, Self)] = &[("createdAt", Self)];
}

/// The part of a list that is asked for.
#[derive(Debug, Clone)]
pub struct List<K = ByCreation> {
    /// For the store.
    pub window: Window,
    /// What to sort by.
    pub key: K,
    /// Whether somebody asked for the order.
    pub is_sorted: bool,
    uri: axum::http::Uri,
}

impl<K: SortKey> IntoParams for List<K> {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut params = Ask::into_params(parameter_in);
        let names = K::KEYS.iter().flat_map(|(name, _)| [format!("-{name}"), (*name).to_owned()]);
        let names: Vec<String> = names.collect();
        for param in params.iter_mut().filter(|param| param.name == "sort") {
            let default = names.first().cloned().map(Into::into);
            let schema = ObjectBuilder::new().schema_type(Type::String).default(default);
            param.schema = Some(schema.enum_values(Some(names.clone())).into());
        }
        params
    }
}

impl<S: Send + Sync, K: SortKey> FromRequestParts<S> for List<K> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Query(ask) = Query::<Ask>::from_request_parts(parts, state).await?;
        let first = K::KEYS.first().map_or("", |(name, _)| name);
        let (descending, name) = match ask.sort.as_deref() {
            None => (true, first),
            Some(sort) => sort.strip_prefix('-').map_or((false, sort), |name| (true, name)),
        };
        let Some((_, key)) = K::KEYS.iter().find(|(known, _)| *known == name) else {
            let names: Vec<String> = K::KEYS.iter().map(|(name, _)| format!("{name} or -{name}")).collect();
            return Err(Problem::field("sort", format!("sort must be {}", names.join(", "))));
        };
        if ask.cursor.as_ref().is_some_and(|cursor| !key.reads(cursor)) {
            return Err(foreign_cursor());
        }
        let limit = ask.limit.unwrap_or(20);
        let skip = ask.page.filter(|_| ask.cursor.is_none()).map_or(0, |page| (page - 1) * u64::from(limit));
        let uri = match parts.extensions.get::<OriginalUri>() {
            Some(OriginalUri(uri)) => uri.clone(),
            None => parts.uri.clone(),
        };
        Ok(Self {
            window: Window { limit, skip, after: ask.cursor, descending },
            key: *key,
            is_sorted: ask.sort.is_some(),
            uri,
        })
    }
}

/// 400: the cursor is of another list, or none.
pub fn foreign_cursor() -> Problem {
    Problem::field("cursor", "cursor must be taken from a next link of the same list")
}

impl<K> List<K> {
    /// The part of a list without a lasting order, whose cursors say how many items came before.
    pub fn by_place(mut self) -> Result<Self> {
        if let Some(cursor) = self.window.after.take() {
            self.window.skip = cursor.parse::<u32>().map_err(|_| foreign_cursor())?.into();
        }
        Ok(self)
    }

    /// The cursor of what follows in a list without a lasting order.
    pub fn next_place(&self) -> String {
        (self.window.skip + u64::from(self.window.limit)).to_string()
    }

    /// The part of the list that was found, each item as its view shows it: a bare array, with the length of the
    /// whole and the address of the next part in headers.
    pub fn answer<T, V: Serialize>(
        &self,
        found: Listing<T>,
        cursor: impl FnOnce(&T) -> String,
        view: impl FnMut(T) -> V,
    ) -> Response {
        let next = found.next(cursor);
        let items: Vec<V> = found.items.into_iter().map(view).collect();
        let mut response = axum::Json(items).into_response();
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("x-total-count"), found.total.into());
        if let Some(cursor) = next
            && let Ok(link) =
                HeaderValue::from_str(&format!("<{}>; rel=\"next\"", next_part(&self.uri, &cursor)))
        {
            headers.insert(header::LINK, link);
        }
        response
    }
}

fn next_part(uri: &axum::http::Uri, cursor: &str) -> String {
    let kept = uri.query().unwrap_or_default().split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !name.is_empty() && name != "cursor" && name != "page"
    });
    let query: Vec<String> = kept.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    format!("{}?{}", uri.path(), query.join("&"))
}
