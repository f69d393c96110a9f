//! What callers ask of the form of answers, kept for all routes alike by what the OpenAPI document says of each: 406
//! where no offered type fits (`Accept`), and the word that a wait was kept (`Prefer: wait=N`).

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use utoipa::openapi::{OpenApi, RefOr, path::ParameterIn};

use crate::{
    extract::{Accept, Wait},
    openapi::operations,
    problem::Problem,
};

const APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// What the routes offer.
#[derive(Debug, Clone, Default)]
pub struct Offers(Arc<HashMap<String, HashMap<String, Offer>>>);

/// What a route offers.
#[derive(Debug, Default)]
struct Offer {
    /// Media types of its successes; none where there is nothing to read.
    types: BTreeSet<String>,
    /// Whether it waits for who prefers to.
    waits: bool,
}

impl Offers {
    /// What a document says.
    pub fn of(mut document: OpenApi) -> Self {
        let mut offers: HashMap<String, HashMap<String, Offer>> = HashMap::new();
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                let mut offer = Offer::default();
                for (status, response) in &operation.responses.responses {
                    if let RefOr::T(response) = response
                        && status.starts_with('2')
                    {
                        offer.types.extend(response.content.keys().cloned());
                    }
                }
                offer.waits = operation.parameters.iter().flatten().any(|parameter| {
                    matches!(parameter, RefOr::T(parameter)
                        if matches!(parameter.parameter_in, ParameterIn::Header) && parameter.name == "Prefer")
                });
                offers.entry(path.clone()).or_default().insert(method.to_uppercase(), offer);
            }
        }
        Self(Arc::new(offers))
    }

    fn find(&self, request: &Request) -> Option<&Offer> {
        let path = request.extensions().get::<MatchedPath>()?;
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        self.0.get(path.as_str())?.get(method.as_str())
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
