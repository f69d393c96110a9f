//! What callers ask of the form of answers, kept for all routes alike by what the OpenAPI document says of each: 406
//! where no offered type fits (`Accept`), and the word that a wait was kept (`Prefer: wait=N`).

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use utoipa::openapi::{
    RefOr,
    path::{Operation, ParameterIn},
};

use crate::{
    extract::{Accept, Wait},
    openapi::{complete_operation, operations},
    problem::Problem,
    routes::Describe,
};

const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What the routes offer.
#[derive(Clone)]
pub struct Offers(Arc<HashMap<String, PathOffers>>);

/// What the methods of a path offer, read from their descriptions when the first request comes.
#[derive(Default)]
struct PathOffers {
    described: Vec<Describe>,
    read: OnceLock<HashMap<String, Offer>>,
}

/// What a route offers.
struct Offer {
    /// Media types of its successes; none where there is nothing to read.
    types: BTreeSet<String>,
    /// Whether it waits for who prefers to.
    waits: bool,
}

impl Offers {
    /// Those of paths and what describes their methods.
    pub fn of(described: Vec<(String, Describe)>) -> Self {
        let mut paths: HashMap<String, PathOffers> = HashMap::new();
        for (path, describe) in described {
            paths.entry(path).or_default().described.push(describe);
        }
        Self(Arc::new(paths))
    }

    fn find(&self, request: &Request) -> Option<&Offer> {
        let path = request.extensions().get::<MatchedPath>()?;
        let offers = self.0.get(path.as_str())?;
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        offers.read.get_or_init(|| read(&offers.described)).get(method.as_str())
    }
}

fn read(described: &[Describe]) -> HashMap<String, Offer> {
    let mut offers = HashMap::new();
    for describe in described {
        let (_, mut paths, _) = describe();
        for (path, item) in &mut paths.paths {
            for (method, operation) in operations(item) {
                complete_operation(path, method, operation);
                offers.insert(method.to_uppercase(), Offer::of(operation));
            }
        }
    }
    offers
}

impl Offer {
    fn of(operation: &Operation) -> Self {
        let successes = operation.responses.responses.iter().filter(|(status, _)| status.starts_with('2'));
        let types = successes.flat_map(|(_, response)| match response {
            RefOr::T(response) => response.content.keys().cloned().collect(),
            RefOr::Ref(_) => Vec::new(),
        });
        let waits = operation.parameters.iter().flatten().any(|parameter| {
            matches!(parameter, RefOr::T(parameter)
                if matches!(parameter.parameter_in, ParameterIn::Header) && parameter.name == "Prefer")
        });
        Self { types: types.collect(), waits }
    }
}

/// Refuses what no route could answer as asked, and acknowledges waits.
pub async fn negotiated(
    State(offers): State<Offers>,
    accept: Accept,
    wait: Wait,
    request: Request,
    next: Next,
) -> Response {
    let Some(offer) = offers.find(&request) else { return next.run(request).await };
    if !offer.types.is_empty() && !offer.types.iter().any(|kind| accept.takes(kind)) {
        let offered: Vec<&str> = offer.types.iter().map(String::as_str).collect();
        let detail = format!("This can be had as {} and nothing else.", offered.join(", "));
        return Problem::new(StatusCode::NOT_ACCEPTABLE, "accept.not_offered", detail).into_response();
    }
    let waits = offer.waits;
    let mut response = next.run(request).await;
    let seconds = wait.0.as_secs();
    if waits
        && seconds > 0
        && response.status().is_success()
        && let Ok(applied) = HeaderValue::try_from(format!("wait={seconds}"))
    {
        response.headers_mut().insert(APPLIED, applied);
    }
    response
}
