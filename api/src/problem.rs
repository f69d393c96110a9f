//! Errors as callers see them: problem details (RFC 9457) with the old backend's members beside them.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use shared::{
    domain::{JobError, Refusal, sentence},
    jobs::LedgerError,
    store::StoreError,
};
use utoipa::ToSchema;

/// Seconds after which a caller may try again when something of ours is down.
const RETRY_AFTER_SECONDS: u32 = 2;

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Path of the field in the request.
    pub field: String,
    /// What to change.
    pub message: String,
}

/// An error on its way to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<u32>,
}

/// What handlers return.
pub type Result<T> = std::result::Result<T, Problem>;

/// A problem as it is sent.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemBody {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Name of the status.
    title: String,
    /// HTTP status.
    status: u16,
    /// What happened and what to do.
    detail: String,
    /// Path of the request.
    instance: String,
    /// Stable code, such as `quiz.not_found`.
    code: String,
    /// The same as `status`.
    status_code: u16,
    /// The same as `detail`, or the list of field messages.
    message: Message,
    /// The same as `title`.
    error: String,
    /// What is wrong with which field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProblemMessage)]
#[serde(untagged)]
enum Message {
    One(String),
    Fields(Vec<String>),
}

impl Problem {
    /// A problem of this status, with a stable code and what the caller should do.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code: code.into(), detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// 400.
    pub fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 401.
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 404.
    pub fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 503, to be tried again.
    pub fn unavailable(code: &'static str, detail: impl Into<String>) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        Self { retry_after: Some(RETRY_AFTER_SECONDS), ..problem }
    }

    /// 409.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 429: the limit of this name is used up for so many seconds.
    pub fn too_many(limit: &str, seconds: u64) -> Self {
        let detail = format!("Too many requests ({limit}). Try again in {seconds} s.");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate.limited", detail);
        Self { retry_after: Some(seconds.max(1).try_into().unwrap_or(u32::MAX)), ..problem }
    }

    /// 400 with what is wrong with which field.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; ");
        Self { errors, ..Self::bad_request("validation.failed", detail) }
    }

    /// 400 about one field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// A failed job as the answer to a request that waited for it: 422 if its input is at fault, else 503.
    pub fn of_job(error: &JobError) -> Self {
        let provider =
            error.retryable || error.code.starts_with("provider.") || error.code.starts_with("job.");
        let status =
            if provider { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::UNPROCESSABLE_ENTITY };
        Self {
            status,
            code: error.code.clone().into(),
            detail: error.message.clone(),
            errors: Vec::new(),
            retry_after: provider.then_some(RETRY_AFTER_SECONDS),
        }
    }

    /// Its HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Its stable code.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What happened and what to do.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The problem a bare status of the framework stands for; none for one that is no error.
    pub fn of_status(status: StatusCode) -> Option<Self> {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => ("route.not_found", "There is nothing at this path."),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("route.method_not_allowed", "This path does not allow the method.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => ("body.too_large", "The request is too large."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                ("body.unsupported_type", "The request's Content-Type is not accepted.")
            }
            status if status.is_client_error() => ("request.refused", "The request cannot be understood."),
            status if status.is_server_error() => {
                ("server.failed", "Something failed on our side. Try again later.")
            }
            _ => return None,
        };
        Some(Self::new(status, code, detail))
    }

    /// The whole response, for a request of this path.
    pub fn render(self, instance: &str) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error").to_owned();
        let message = match self.errors.as_slice() {
            [] => Message::One(self.detail.clone()),
            errors => Message::Fields(errors.iter().map(|error| error.message.clone()).collect()),
        };
        let body = ProblemBody {
            kind: "about:blank",
            title: title.clone(),
            status: self.status.as_u16(),
            detail: self.detail,
            instance: instance.to_owned(),
            code: self.code.into_owned(),
            status_code: self.status.as_u16(),
            message,
            error: title,
            errors: self.errors,
        };
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, Body::from(json)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The frame around all routes renders it, because it knows the path.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => {
                tracing::error!(%error, "the store is away");
                let detail = "The database does not answer. Try again in a moment.";
                let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "store.unavailable", detail);
                Self { retry_after: Some(RETRY_AFTER_SECONDS), ..problem }
            }
            StoreError::Taken("email") => Self::bad_request("user.email_taken", "Email already registered"),
            StoreError::Taken(_) => Self::conflict("user.username_taken", "Username already taken"),
            StoreError::Corrupt(_) | StoreError::Internal(_) => {
                tracing::error!(%error, "the store failed");
                Self::internal()
            }
        }
    }
}

impl Problem {
    /// 500; what happened is in the log.
    pub fn internal() -> Self {
        let detail = "Something failed on our side. Try again later.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server.failed", detail)
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::NotFound => Self::not_found("job.not_found", "There is no such job."),
            LedgerError::Refused(refusal) => {
                let code = match refusal {
                    Refusal::NotCancellable => "job.not_cancellable",
                    Refusal::NotRetryable => "job.not_retryable",
                    Refusal::RetryLimit => "job.retry_limit",
                    Refusal::NotDiscardable => "job.not_discardable",
                    Refusal::NotClaimable | Refusal::LeaseLost | Refusal::Paused | Refusal::Held => {
                        "job.busy"
                    }
                };
                Self::conflict(code, sentence(&refusal.to_string()))
            }
            LedgerError::Store(error) => error.into(),
        }
    }
}
