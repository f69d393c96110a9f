//! The OpenAPI document, generated from the routes.

use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as OpenApiDocument, PathItem, RefOr,
        path::Operation,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

mod absent;
mod codes;
mod complete;
mod examples;
mod links;

pub use complete::complete as complete_operation;

use crate::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "SmartStudy",
        description = "Turn texts and PDFs into quizzes, take them, and follow what became of it.\n\n\
            Slow work is answered with 202 and a job: poll `GET /jobs/{id}`, subscribe to its events, or send \
            `Prefer: wait=N` to wait. An empty value in a query counts as none. Errors are problem details (RFC 9457) \
            with a stable `code`.\n\n\
            Answers tell in `RateLimit` and `RateLimit-Policy` how many requests are left; those beyond are 429."
    ),
    modifiers(&Security),
    tags(
        (name = "auth", description = "Accounts and logins"),
        (name = "users", description = "Profiles and what is stored about a user"),
        (name = "quizzes", description = "Making and reading quizzes"),
        (name = "attempts", description = "Taking quizzes"),
        (name = "review", description = "Repeating what was answered, when it is about to be forgotten"),
        (name = "notes", description = "Notes and searching them"),
        (name = "study-sessions", description = "Recording time spent studying"),
        (name = "planner", description = "Study plans"),
        (name = "analytics", description = "What became of all the studying"),
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

/// The whole document; in old frontend mode with what is served there besides.
pub fn document(legacy_compat: bool) -> OpenApiDocument {
    let mut document = routes::all(legacy_compat).document(Document::openapi());
    if legacy_compat {
        routes::describe_legacy(&mut document);
    }
    complete(document)
}

/// Adds what the routes do not say themselves: ids that are unique over all tags, what holds for all of them alike,
/// examples, and links from what one makes to what others take.
fn complete(mut document: OpenApiDocument) -> OpenApiDocument {
    let examples = examples::all();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            complete_operation(path, method, operation);
            examples.add(path, method, operation);
        }
    }
    let targets: links::Targets = document
        .paths
        .paths
        .iter_mut()
        .flat_map(|(path, item)| operations(item).map(|(_, operation)| (path.clone(), operation)))
        .filter_map(|(path, operation)| Some((path, operation.operation_id.clone()?)))
        .collect();
    let all = document.paths.paths.values_mut().flat_map(operations);
    for response in all.flat_map(|(_, operation)| operation.responses.responses.values_mut()) {
        if let RefOr::T(response) = response {
            links::add(response, &targets);
        }
    }
    let schemas = document.components.iter_mut().flat_map(|components| &mut components.schemas);
    for (name, schema) in schemas {
        if let RefOr::T(schema) = schema {
            complete::untangle(schema);
        }
        codes::list_in(name, schema);
    }
    absent::without_nulls(&mut document);
    document
}

/// The operations of a path, with their methods in lower case.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    let all = [("get", get), ("post", post), ("put", put), ("patch", patch), ("delete", delete)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}
