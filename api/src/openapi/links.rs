//! Where to go on from an answer: every operation below a resource that the answer carries.

use serde_json::json;
use utoipa::openapi::{Content, RefOr, Response, Schema, link::LinkBuilder};

/// Of a schema: where in it the id is, and which paths begin with that id.
const WAYS: &[(&str, &str, &str)] = &[
    ("AttemptView", "attemptId", "/quiz/attempts/{attemptId}"),
    ("JobView", "id", "/jobs/{id}"),
    ("NoteView", "id", "/notes/{id}"),
    ("PlanView", "id", "/planner/plans/{id}"),
    ("QuizView", "id", "/quiz/attempts/{quizId}"),
    ("QuizView", "id", "/quiz/{id}"),
    ("ResultView", "quizId", "/quiz/attempts/{quizId}"),
    ("SessionView", "user/id", "/quiz/user/{userId}"),
    ("StudySessionView", "id", "/study-sessions/{id}"),
    ("UserView", "id", "/quiz/user/{userId}"),
    ("UserView", "id", "/users/{id}"),
];

/// Operation ids by path.
pub type Targets = Vec<(String, String)>;

/// Adds the links of one answer.
pub fn add(response: &mut Response, targets: &Targets) {
    let schemas = response.content.values().filter_map(|content| match content {
        RefOr::T(Content { schema: Some(schema), .. }) => named(schema),
        _ => None,
    });
    let found: Vec<String> = schemas.collect();
    for schema in found {
        for (_, id, base) in WAYS.iter().filter(|(name, ..)| *name == schema) {
            let below = targets.iter().filter(|(path, _)| leads_to(path, base));
            for (_, operation) in below {
                let parameter = base.rsplit_once('{').map_or("id", |(_, name)| name.trim_end_matches('}'));
                let value = json!(format!("$response.body#/{id}"));
                let link = LinkBuilder::new().operation_id(operation).parameter(parameter, value);
                response.links.entry(operation.clone()).or_insert_with(|| RefOr::T(link.build()));
            }
        }
    }
}

/// The name of a schema that stands alone: not in a list, which may be empty.
fn named(schema: &RefOr<Schema>) -> Option<String> {
    match schema {
        RefOr::Ref(reference) => reference.ref_location.rsplit('/').next().map(str::to_owned),
        RefOr::T(_) => None,
    }
}

/// Whether a path is this one or goes on below it without asking for another id.
fn leads_to(path: &str, base: &str) -> bool {
    path.strip_prefix(base)
        .is_some_and(|rest| rest.is_empty() || (rest.starts_with('/') && !rest.contains('{')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_leads_to_what_is_below_it() {
        assert!(leads_to("/quiz/{id}", "/quiz/{id}") && leads_to("/quiz/{id}/share", "/quiz/{id}"));
        assert!(!leads_to("/quiz/{idle}", "/quiz/{id}") && !leads_to("/quiz", "/quiz/{id}"));
        assert!(!leads_to("/plans/{id}/tasks/{taskId}", "/plans/{id}"));
    }
}
