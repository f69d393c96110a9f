//! The OpenAPI document, generated from the routes.

use axum::http::StatusCode;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as OpenApiDocument, RefOr,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "SmartStudy",
        description = "Turn texts and PDFs into quizzes, take them, and follow what became of it.\n\n\
            Slow work is answered with 202 and a job: poll `GET /jobs/{id}`, subscribe to its events, or send \
            `Prefer: wait=N` to wait. Errors are problem details (RFC 9457) with a stable `code`."
    ),
    modifiers(&Security),
    tags(
        (name = "analytics", description = "What became of all the studying"),
        (name = "auth", description = "Accounts and logins"),
        (name = "users", description = "Profiles and what is stored about a user"),
        (name = "quizzes", description = "Making and reading quizzes"),
        (name = "attempts", description = "Taking quizzes"),
        (name = "study-sessions", description = "Recording time spent studying"),
        (name = "jobs", description = "Work in the background"),
        (name = "admin", description = "For operators: all jobs, and the queues they wait in"),
        (name = "operation", description = "Health and metrics"),
    )
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        components
            .add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("jwt"))));
    }
}

/// What is not said at a route.
pub fn base() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The whole document.
pub fn document() -> OpenApiDocument {
    complete(crate::routes::all().split_for_parts().1)
}

/// Adds what OpenAPI demands and the routes do not say: ids that are unique over all tags, and a
/// description of every response.
pub fn complete(mut document: OpenApiDocument) -> OpenApiDocument {
    let items = document.paths.paths.values_mut();
    let operations = items
        .flat_map(|item| [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete]);
    for operation in operations.flatten() {
        let tag = operation.tags.as_deref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
        if let Some(id) = &mut operation.operation_id {
            *id = format!("{tag}_{id}");
        }
        for (status, response) in &mut operation.responses.responses {
            let RefOr::T(response) = response else { continue };
            if response.description.is_empty() {
                let status = status.parse().ok().and_then(|code: u16| StatusCode::from_u16(code).ok());
                let reason = status.and_then(|status| status.canonical_reason());
                response.description = reason.unwrap_or("Answer").to_owned();
            }
        }
    }
    document
}
