use axum::{
    body::{Body, to_bytes},
    http::header,
    response::Response,
};
use serde_json::Value;

use crate::problem::Problem;

/// Largest answer that is filled, in bytes; the API sends none that is larger.
const ANSWER_MAX: usize = 64 << 20;

/// What an answer of a route has in it that must not lack fields.
enum Within {
    /// The thing itself, or each of a list.
    Itself,
    /// Each of a list in it.
    Each(&'static str),
}

/// The fields that the old frontend always finds, empty where the API leaves them out.
fn fields(route: &str) -> Option<(Within, &'static [&'static str])> {
    match route {
        "/study-sessions" | "/study-sessions/{id}" | "/study-sessions/{id}/finish" => {
            Some((Within::Itself, &["subject", "topic"]))
        }
        "/quiz/{id}" | "/quiz/attempt" => Some((Within::Each("questions"), &["explanation"])),
        "/quiz/submit" | "/quiz/{id}/submit" | "/quiz/attempts/{quizId}" => {
            Some((Within::Each("questionResults"), &["explanation"]))
        }
        _ => None,
    }
}

/// An answer with every field that the old frontend looks for.
pub async fn filled(route: &str, response: Response) -> Response {
    let json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let Some((within, names)) = fields(route).filter(|_| json && response.status().is_success()) else {
        return response;
    };
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, ANSWER_MAX).await else { return broken() };
    let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else { return broken() };
    each(&mut value, |thing| match within {
        Within::Itself => fill(thing, names),
        Within::Each(list) => {
            if let Some(list) = thing.get_mut(list) {
                each(list, |item| fill(item, names));
            }
        }
    });
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(value.to_string()))
}

fn broken() -> Response {
    axum::response::IntoResponse::into_response(Problem::internal())
}

/// Does something to a value, or to each of a list.
fn each(value: &mut Value, mut change: impl FnMut(&mut Value)) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(change),
        value => change(value),
    }
}

/// Messages and the like, which are no things, are left alone: things have ids.
fn fill(value: &mut Value, names: &[&str]) {
    let Some(members) = value.as_object_mut() else { return };
    if members.contains_key("id") || members.contains_key("questionId") {
        for name in names {
            members.entry(*name).or_insert_with(|| Value::String(String::new()));
        }
    }
}
