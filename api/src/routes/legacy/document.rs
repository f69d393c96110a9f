use utoipa::{
    ToSchema,
    openapi::{OpenApi, Ref, RefOr, schema::OneOfBuilder, security::SecurityRequirement, tag::TagBuilder},
};

use super::generate::OldQuiz;

/// Routes that the old frontend shares with the API, which it may call without a login.
const SHARED: [(&str, &str); 5] = [
    ("post", "/quiz/generate"),
    ("post", "/quiz/generate-from-pdf"),
    ("get", "/quiz/{id}"),
    ("post", "/quiz/submit"),
    ("post", "/quiz/{id}/submit"),
];

/// Says in the document what [`super::serve`] makes of routes that the API has anyway.
pub fn describe(document: &mut OpenApi) {
    let tag = TagBuilder::new().name("old-frontend");
    let tag = tag.description(Some("What the old frontend calls; deprecated")).build();
    document.tags.get_or_insert_default().push(tag);
    let either = OneOfBuilder::new()
        .item(Ref::from_schema_name("QuizView"))
        .item(Ref::from_schema_name(OldQuiz::name()))
        .description(Some("The old shape, unless the caller is logged in and sends `Prefer`"));
    let either: RefOr<_> = either.into();
    for (method, path) in SHARED {
        let Some(item) = document.paths.paths.get_mut(path) else { continue };
        let operation = if method == "get" { item.get.as_mut() } else { item.post.as_mut() };
        let Some(operation) = operation else { continue };
        operation.security.get_or_insert_default().push(SecurityRequirement::default());
        let created = operation.responses.responses.get_mut("201");
        if let Some(RefOr::T(created)) = created.filter(|_| path.starts_with("/quiz/generate")) {
            for content in created.content.values_mut() {
                if let RefOr::T(content) = content {
                    content.schema = Some(either.clone());
                }
            }
        }
    }
}
