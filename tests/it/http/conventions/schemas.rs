//! What holds for whatever any route answers, read from the schemas of the document.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{assert_none, document, operations};
use crate::mix::Mix;

on_each_mix!(nothing_that_is_answered_is_null, whatever_is_stored_has_its_id_twice);

/// What a schema refers to.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("a schema"),
        None => schema,
    }
}

/// Calls `look` with a schema and all within it, each named schema once.
fn walk<'a>(
    document: &'a Value,
    schema: &'a Value,
    seen: &mut BTreeSet<&'a str>,
    look: &mut impl FnMut(&'a Value),
) {
    if schema["$ref"].as_str().is_some_and(|reference| !seen.insert(reference)) {
        return;
    }
    let schema = resolved(document, schema);
    look(schema);
    for several in ["allOf", "anyOf", "oneOf"] {
        schema[several].as_array().into_iter().flatten().for_each(|part| walk(document, part, seen, look));
    }
    schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .for_each(|(_, part)| walk(document, part, seen, look));
    for one in ["items", "additionalProperties"] {
        if schema[one].is_object() {
            walk(document, &schema[one], seen, look);
        }
    }
}

fn answers<'a>(document: &'a Value, mut look: impl FnMut(&str, &'a Value)) {
    let mut seen = BTreeSet::new();
    for operation in operations(document) {
        for response in operation.spec["responses"].as_object().expect("responses").values() {
            for content in response["content"].as_object().into_iter().flatten().map(|(_, content)| content) {
                walk(document, &content["schema"], &mut seen, &mut |schema| look(&operation.name(), schema));
            }
        }
    }
}

async fn nothing_that_is_answered_is_null(mix: Mix) {
    let document = document(mix).await;
    let mut wrong = Vec::new();
    answers(&document, |operation, schema| {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let is_null = |schema: &Value| {
                schema["type"] == "null"
                    || schema["type"].as_array().is_some_and(|types| types.contains(&json!("null")))
            };
            let several = ["oneOf", "anyOf"]
                .into_iter()
                .flat_map(|name| property[name].as_array().into_iter().flatten());
            if is_null(property) || several.into_iter().any(is_null) {
                wrong.push(format!("{name} in an answer of {operation}"));
            }
        }
    });
    assert_none(wrong);
}

async fn whatever_is_stored_has_its_id_twice(mix: Mix) {
    let document = document(mix).await;
    let (mut wrong, mut stored) = (Vec::new(), 0);
    answers(&document, |operation, schema| {
        let has = |name: &str| schema["properties"].get(name).is_some();
        if has("_id") && !has("id") {
            wrong.push(format!("an answer of {operation} has _id alone"));
        }
        stored += usize::from(has("_id") && has("id"));
    });
    assert!(stored >= 3, "{stored} stored resources");
    assert_none(wrong);
}
