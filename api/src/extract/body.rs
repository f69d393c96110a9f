use axum::{
    extract::{
        FromRequest, FromRequestParts, Request,
        rejection::{BytesRejection, JsonRejection, PathRejection},
    },
    http::{StatusCode, request::Parts},
};
use garde::Validate;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::strict::{self, Misfit};
use crate::problem::{FieldError, Problem};

/// A JSON body, or a JSON answer. As a body it is validated.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Validate<Context: Default>> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let syntax = axum::Json::<Box<RawValue>>::from_request(request, state).await;
        let axum::Json(json) = syntax.map_err(|rejection| json_problem(&rejection))?;
        let value = strict::read::<T>(json.get()).map_err(misfit_problem)?;
        check(&value)?;
        Ok(Self(value))
    }
}

impl<T: Serialize> axum::response::IntoResponse for Json<T> {
    fn into_response(self) -> axum::response::Response {
        axum::Json(self.0).into_response()
    }
}

/// Validates a value that was not read by [`Json`].
pub trait Validated: Sized {
    /// The value, if it keeps all its rules.
    fn validated(self) -> Result<Self, Problem>;
}

impl<T: Validate<Context: Default>> Validated for T {
    fn validated(self) -> Result<Self, Problem> {
        check(&self)?;
        Ok(self)
    }
}

fn check<T: Validate<Context: Default>>(value: &T) -> Result<(), Problem> {
    value.validate().map_err(|report| {
        let errors = report.iter().map(|(path, error)| {
            let field = camel_case(&path.to_string());
            FieldError { message: format!("{field} {}", error.message()), field }
        });
        Problem::fields(errors.collect())
    })
}

/// Fields are named as in JSON.
fn camel_case(path: &str) -> String {
    let mut words = path.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut chars = word.chars();
        name + &chars.next().map_or_else(String::new, |initial| initial.to_uppercase().to_string())
            + chars.as_str()
    })
}

fn misfit_problem(misfit: Misfit) -> Problem {
    let Misfit { field, why } = misfit;
    if let Some(name) = why.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let field = field.map_or_else(|| name.to_owned(), |around| format!("{around}.{name}"));
        return Problem::field(&field, format!("{field} is missing"));
    }
    let field = field.unwrap_or_else(|| "body".to_owned());
    // It takes a value for the name of a variant before it looks at its type.
    let why = if why == "expected value" { "it must be a text" } else { &why };
    Problem::field(&field, format!("{field} has the wrong type: {why}"))
}

fn json_problem(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::JsonDataError(_) | JsonRejection::JsonSyntaxError(_) => {
            let detail = format!("The body is not valid JSON. {}", rejection.body_text());
            Problem::bad_request("body.malformed", detail)
        }
        JsonRejection::MissingJsonContentType(_) => Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "body.unsupported_type",
            "Send the body as application/json.",
        ),
        JsonRejection::BytesRejection(rejection) => body_problem(rejection),
        other => Problem::of_status(other.status()).unwrap_or_else(Problem::internal),
    }
}

/// A body that is too large or breaks off.
pub fn body_problem(rejection: &BytesRejection) -> Problem {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE),
        _ => None,
    }
    .unwrap_or_else(|| Problem::bad_request("body.unreadable", "The body could not be read."))
}

/// What the framework says of a form or query that does not fit, with the name of the field.
pub fn data_problem(text: &str) -> Problem {
    let (field, why) = data_error(text);
    Problem::field(&field, format!("{field} {why}"))
}

/// The framework words it as `…: FIELD: what is wrong at line 1 column 9`, or names no field.
fn data_error(text: &str) -> (String, String) {
    let text = text.split_once(": ").map_or(text, |(_, rest)| rest);
    let text = text.rsplit_once(" at line ").map_or(text, |(head, _)| head);
    if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return (name.to_owned(), "is missing".to_owned());
    }
    match text.split_once(": ") {
        Some((field, why)) if !field.contains(' ') => {
            (field.to_owned(), format!("has the wrong type: {why}"))
        }
        _ => ("body".to_owned(), format!("has the wrong type: {text}")),
    }
}

/// Parts of the path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => {
                Err(Problem::bad_request("id.invalid", "The id in the path is not valid."))
            }
            Err(_) => Err(Problem::internal()),
        }
    }
}

/// The query, validated. A field that is a list takes every value of a repeated name.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Validate<Context: Default>> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum_extra::extract::Query::<T>::from_request_parts(parts, state).await;
        let axum_extra::extract::Query(value) =
            query.map_err(|rejection| data_problem(&rejection.body_text()))?;
        check(&value)?;
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use super::{camel_case, data_error};

    #[test]
    fn fields_are_named_as_in_json() {
        assert_eq!(camel_case("question_types[0]"), "questionTypes[0]");
        assert_eq!(camel_case("name"), "name");
    }

    #[test]
    fn a_wrong_type_names_its_field() {
        let text = "Failed to deserialize the JSON body into the target type: name: invalid type: integer `1`, expected a string at line 1 column 9";
        assert_eq!(data_error(text).0, "name");
        let text = "Failed to deserialize the JSON body into the target type: missing field `email` at line 1 column 2";
        assert_eq!(data_error(text), ("email".to_owned(), "is missing".to_owned()));
    }
}
