//! What is unknown is absent from an answer, never null (contract, introduction): says so of every schema that only
//! answers have. Requests may send null for what they leave out.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::{
    OpenApi, RefOr, Schema,
    path::Operation,
    schema::{AdditionalProperties, ArrayItems, SchemaType, Type},
};

use super::operations;

/// Takes null out of the schemas of answers.
pub fn without_nulls(document: &mut OpenApi) {
    let (mut asked, mut answered) = (BTreeSet::new(), BTreeSet::new());
    for (_, operation) in document.paths.paths.values_mut().flat_map(operations) {
        references(&operation.request_body, &mut asked);
        references(&operation.responses, &mut answered);
        in_place(operation);
    }
    let Some(components) = &mut document.components else { return };
    let within: BTreeMap<String, BTreeSet<String>> = components
        .schemas
        .iter()
        .map(|(name, schema)| {
            let mut names = BTreeSet::new();
            references(schema, &mut names);
            (name.clone(), names)
        })
        .collect();
    let (asked, answered) = (reached(asked, &within), reached(answered, &within));
    for (name, schema) in &mut components.schemas {
        if answered.contains(name) && !asked.contains(name) {
            strip(schema);
        }
    }
}

fn in_place(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        for content in response.content.values_mut() {
            if let RefOr::T(content) = content {
                content.schema.iter_mut().for_each(strip);
            }
        }
    }
}

/// The names of the schemas that something refers to.
fn references(of: &impl Serialize, names: &mut BTreeSet<String>) {
    fn look(value: &Value, names: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                let name = members.get("$ref").and_then(Value::as_str);
                names.extend(name.and_then(|name| name.rsplit('/').next()).map(str::to_owned));
                members.values().for_each(|value| look(value, names));
            }
            Value::Array(items) => items.iter().for_each(|value| look(value, names)),
            _ => {}
        }
    }
    if let Ok(value) = serde_json::to_value(of) {
        look(&value, names);
    }
}

fn reached(from: BTreeSet<String>, within: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let (mut all, mut next) = (BTreeSet::new(), Vec::from_iter(from));
    while let Some(name) = next.pop() {
        if all.insert(name.clone()) {
            next.extend(within.get(&name).into_iter().flatten().cloned());
        }
    }
    all
}

fn strip(schema: &mut RefOr<Schema>) {
    let RefOr::T(inner) = schema else { return };
    match inner {
        Schema::Object(object) => {
            without_null(&mut object.schema_type);
            object.properties.values_mut().for_each(strip);
            if let Some(AdditionalProperties::RefOr(values)) = object.additional_properties.as_deref_mut() {
                strip(values);
            }
        }
        Schema::Array(array) => {
            without_null(&mut array.schema_type);
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                strip(items);
            }
        }
        Schema::AllOf(all) => all.items.iter_mut().for_each(strip),
        Schema::AnyOf(any) => any.items.iter_mut().for_each(strip),
        Schema::OneOf(one) => {
            one.items.retain(|item| !is_null(item));
            one.items.iter_mut().for_each(strip);
            if let [only] = one.items.as_slice()
                && one.discriminator.is_none()
            {
                let mut only = only.clone();
                if let (RefOr::Ref(to), Some(said)) = (&mut only, one.description.take()) {
                    to.description = said;
                }
                *schema = only;
            }
        }
        _ => {}
    }
}

fn without_null(kind: &mut SchemaType) {
    if let SchemaType::Array(kinds) = kind {
        kinds.retain(|kind| *kind != Type::Null);
        if let [only] = kinds.as_slice() {
            *kind = SchemaType::Type(only.clone());
        }
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if matches!(object.schema_type, SchemaType::Type(Type::Null)))
}
