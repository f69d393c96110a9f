//! The OpenAPI document, generated from the routes.

use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
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
        (name = "auth", description = "Accounts and logins"),
        (name = "quizzes", description = "Making and reading quizzes"),
        (name = "attempts", description = "Taking quizzes"),
        (name = "jobs", description = "Work in the background"),
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
pub fn document() -> utoipa::openapi::OpenApi {
    crate::routes::all().split_for_parts().1
}
