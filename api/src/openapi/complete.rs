//! What holds for all routes alike, and so is said here instead of at each of them: the answers that login, body, path
//! and store can give, the headers that go with them, and the list of codes of every problem.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::{
    AllOfBuilder, Content, Header, KnownFormat, ObjectBuilder, Ref, RefOr, Required, Response, Schema,
    SchemaFormat,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    schema::{SchemaType, Type},
};

use super::codes;
use crate::limits;

const PROBLEM: &str = "#/components/schemas/ProblemBody";
const PROBLEM_TYPE: &str = "application/problem+json";
/// As `Id` and `JobId` read them.
const ID: &str = "^[0-9a-fA-F]{24}$";
const JOB_ID: &str = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$";

/// Completes one operation.
pub fn complete(path: &str, method: &str, operation: &mut Operation) {
    let tag = operation.tags.as_deref().and_then(|tags| tags.first()).cloned().unwrap_or_default();
    if let Some(id) = &mut operation.operation_id {
        *id = format!("{tag}_{id}");
    }
    waiting(operation);
    logins(path, method, operation);
    input(path, operation);
    conditions(operation);
    if method == "post" && operation.security.is_some() && !path.starts_with("/auth/") {
        idempotency(operation);
    }
    if tag != "operation" {
        say(operation, 500, &["server.failed"]);
        say(operation, 503, &["store.unavailable"]);
    }
    limited(path, method, operation);
    negotiated(operation);
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            let status = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
            finish(path, status.unwrap_or_default(), response);
        }
    }
}

/// Who waits for a job is told why it failed: 422 where its input can be at fault, which the route says, else 503.
fn waiting(operation: &mut Operation) {
    if !operation.responses.responses.contains_key("202") {
        return;
    }
    let (theirs, ours): (Vec<&str>, Vec<&str>) = codes::of_jobs().partition(|code| {
        let ours = ["job.", "provider.", "store."].iter().any(|area| code.starts_with(area));
        !ours && *code != "pdf.internal"
    });
    say(operation, 503, &ours);
    if operation.responses.responses.contains_key("422") {
        say(operation, 422, &theirs);
    }
}

fn logins(path: &str, method: &str, operation: &mut Operation) {
    if operation.security.is_some() {
        let tokens = ["auth.required", "auth.token_invalid", "auth.token_expired", "auth.token_revoked"];
        say(operation, 401, &tokens);
        say(operation, 403, &["account.deactivated"]);
    }
    if method != "get" && (operation.security.is_some() || path.starts_with("/auth/")) {
        say(operation, 403, &["auth.cross_site"]);
    }
}

fn input(path: &str, operation: &mut Operation) {
    let parameters = operation.parameters.iter_mut().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    });
    let (mut has_id, mut has_query) = (false, false);
    for parameter in parameters {
        if let Some(RefOr::T(schema)) = &mut parameter.schema {
            untangle(schema);
        }
        has_query |= matches!(parameter.parameter_in, ParameterIn::Query);
        if matches!(parameter.parameter_in, ParameterIn::Path) {
            has_id = true;
            id_pattern(path, parameter);
        }
    }
    if has_id {
        say(operation, 400, &["id.invalid"]);
    }
    if has_query {
        say(operation, 400, &["validation.failed"]);
    }
    if operation.request_body.is_some() {
        say(operation, 400, &["validation.failed", "body.malformed", "body.unreadable"]);
        say(operation, 413, &["body.too_large"]);
        say(operation, 415, &["body.unsupported_type"]);
    }
}

/// What is said beside a schema that stands in place comes out as an object that the value must also be, which no text
/// or number is.
pub fn untangle(schema: &mut Schema) {
    match schema {
        Schema::AllOf(all) => {
            for item in &mut all.items {
                if let RefOr::T(Schema::Object(beside)) = item
                    && beside.properties.is_empty()
                    && beside.additional_properties.is_none()
                {
                    let is_object = matches!(beside.schema_type, SchemaType::Type(Type::Object));
                    beside.schema_type =
                        if is_object { SchemaType::AnyValue } else { beside.schema_type.clone() };
                }
            }
        }
        Schema::Object(object) => {
            for property in object.properties.values_mut() {
                if let RefOr::T(property) = property {
                    untangle(property);
                }
            }
        }
        _ => {}
    }
}

/// Says of an id in the path what an id looks like, unless the route says something itself. Other names in the path
/// are opaque.
fn id_pattern(path: &str, parameter: &mut Parameter) {
    let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema else { return };
    let is_text = matches!(&schema.schema_type, SchemaType::Type(Type::String));
    let opaque = ["taskId", "questionId"].contains(&parameter.name.as_str());
    let is_id = parameter.name == "id" || parameter.name.ends_with("Id");
    if !is_text || !is_id || opaque || schema.pattern.is_some() {
        return;
    }
    let is_job = path.starts_with("/jobs/") || path.starts_with("/admin/jobs/");
    let (pattern, example) =
        if is_job { (JOB_ID, "01JDGKT5V0ZX3N8Q6Y2W4R7M1P") } else { (ID, "6745c1f0a1b2c3d4e5f60718") };
    schema.pattern = Some(pattern.to_owned());
    schema.examples = vec![json!(example)];
}

/// Names the request headers behind the answers 202, 304 and 412.
fn conditions(operation: &mut Operation) {
    for (status, name, description) in [
        ("202", "Prefer", "`wait=N` waits up to N seconds, at most 120, for what the job makes"),
        ("304", "If-None-Match", "The `ETag` of the version that the caller has"),
        ("412", "If-Match", "The `ETag` of the version that is to be changed"),
    ] {
        if operation.responses.responses.contains_key(status) {
            header(operation, name, description, ObjectBuilder::new().schema_type(Type::String));
        }
    }
    if let Some(RefOr::T(response)) = operation.responses.responses.get_mut("202") {
        announce(response, "Location", "The job: `/jobs/{id}`", Type::String);
        announce(response, "Retry-After", "Seconds after which to ask again", Type::Integer);
    }
}

fn idempotency(operation: &mut Operation) {
    let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    let key = key.pattern(Some("^[!-~]+$"));
    header(
        operation,
        "Idempotency-Key",
        "Repeated requests with the same key get the first one's answer",
        key,
    );
    say(operation, 400, &["idempotency.invalid_key"]);
    say(operation, 409, &["idempotency.running"]);
    say(operation, 422, &["idempotency.mismatch"]);
}

fn header(operation: &mut Operation, name: &str, description: &str, schema: ObjectBuilder) {
    let parameters = operation.parameters.get_or_insert_default();
    let same = |parameter: &RefOr<Parameter>| {
        matches!(parameter, RefOr::T(parameter)
            if matches!(parameter.parameter_in, ParameterIn::Header) && parameter.name.eq_ignore_ascii_case(name))
    };
    if parameters.iter().any(same) {
        return;
    }
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(schema));
    parameters.push(RefOr::T(parameter.build()));
}

/// Whoever accepts nothing that is offered is told so; whoever waited, too.
fn negotiated(operation: &mut Operation) {
    let is_success = |status: &str| status.starts_with('2');
    let reads =
        |response: &RefOr<Response>| matches!(response, RefOr::T(response) if !response.content.is_empty());
    let offers =
        operation.responses.responses.iter().any(|(status, answer)| is_success(status) && reads(answer));
    if offers {
        say(operation, 406, &["accept.not_offered"]);
    }
    let waits = operation.parameters.iter().flatten().any(|parameter| {
        matches!(parameter, RefOr::T(parameter)
            if matches!(parameter.parameter_in, ParameterIn::Header) && parameter.name == "Prefer")
    });
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && waits
            && is_success(status)
        {
            announce(response, "Preference-Applied", "`wait=N`, if a wait was asked for", Type::String);
        }
    }
}

/// Requests beyond a limit are refused; a success and the refusal tell what is left.
fn limited(path: &str, method: &str, operation: &mut Operation) {
    let policies: Vec<_> = limits::policies(&method.to_uppercase(), path).collect();
    if policies.is_empty() {
        return;
    }
    say(operation, 429, &["rate.limited"]);
    let quotas = policies.iter().map(|policy| {
        format!("{}: {} in {} s", policy.name, policy.quota.requests, policy.quota.window.as_secs())
    });
    let policy = format!(
        "The limits, each with its requests (q) and seconds (w): {}",
        quotas.collect::<Vec<_>>().join(", ")
    );
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && (status.starts_with('2') || status == "429")
        {
            let left = "For each limit what is left (r) and the seconds until it is whole (t)";
            announce(response, "RateLimit", left, Type::String);
            announce(response, "RateLimit-Policy", &policy, Type::String);
        }
    }
}

/// Adds these codes to the answers of this status.
fn say(operation: &mut Operation, status: u16, codes: &[&str]) {
    let response =
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| RefOr::T(problem()));
    let RefOr::T(response) = response else { return };
    let new = codes.iter().filter(|code| !codes::quoted(&response.description).any(|said| said == **code));
    let new: Vec<String> = new.map(|code| format!("`{code}`")).collect();
    if !new.is_empty() {
        let separator = if response.description.is_empty() { "" } else { ", " };
        response.description = format!("{}{separator}{}", response.description, new.join(", "));
    }
}

fn problem() -> Response {
    let content = Content::new(Some(Ref::new(PROBLEM)));
    utoipa::openapi::ResponseBuilder::new().content(PROBLEM_TYPE, content).build()
}

/// Gives every answer a description, and a problem its type, its codes and the headers that go with its status.
fn finish(path: &str, status: StatusCode, response: &mut Response) {
    if response.description.is_empty() {
        response.description = status.canonical_reason().unwrap_or("Answer").to_owned();
    }
    for (kind, content) in &mut response.content {
        let is_bytes =
            ["application/pdf", "application/zip"].contains(&kind.as_str()) || kind.starts_with("image/");
        if let RefOr::T(content) = content
            && is_bytes
        {
            let bytes = ObjectBuilder::new()
                .schema_type(Type::String)
                .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)));
            content.schema = Some(bytes.into());
        }
    }
    let is_problem = response.content.values().any(|content| {
        matches!(content, RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) if schema.ref_location == PROBLEM)
    });
    if !is_problem {
        return;
    }
    let codes: BTreeSet<String> = codes::quoted(&response.description).map(str::to_owned).collect();
    response.content.clear();
    let mut content = Content::new(Some(with_codes(&codes)));
    content.example = codes.first().map(|code| example(path, status, code));
    response.content.insert(PROBLEM_TYPE.to_owned(), RefOr::T(content));
    match status {
        StatusCode::UNAUTHORIZED => {
            announce(response, "WWW-Authenticate", "`Bearer`", Type::String);
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            announce(response, "Retry-After", "Seconds after which to try again", Type::Integer);
        }
        _ => {}
    }
}

/// A problem with one of these codes.
fn with_codes(codes: &BTreeSet<String>) -> RefOr<Schema> {
    let code = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes.iter().cloned()));
    let only = ObjectBuilder::new().schema_type(Type::Object).property("code", code);
    AllOfBuilder::new().item(Ref::new(PROBLEM)).item(only).into()
}

fn example(path: &str, status: StatusCode, code: &str) -> Value {
    let (title, detail) = (status.canonical_reason(), codes::meaning(code).unwrap_or_default());
    let mut example = json!({
        "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail, "instance": path,
        "code": code, "statusCode": status.as_u16(), "message": detail, "error": title,
    });
    if code == "validation.failed" {
        let message = "title must have at least 1 character";
        example["detail"] = json!(message);
        example["message"] = json!([message]);
        example["errors"] = json!([{ "field": "title", "message": message }]);
    }
    example
}

fn announce(response: &mut Response, name: &str, description: &str, kind: Type) {
    let header = || {
        let mut header = Header::new(ObjectBuilder::new().schema_type(kind));
        header.description = Some(description.to_owned());
        RefOr::T(header)
    };
    response.headers.entry(name.to_owned()).or_insert_with(header);
}
