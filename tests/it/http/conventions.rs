//! What holds for every route alike, tried on every operation of the document: whoever adds a route has these cases
//! without doing anything for them.

mod schemas;

use std::collections::{BTreeMap, BTreeSet};

use harness::Client;
use harness::client::Reply;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::mix::{Mix, ORIGIN};
use crate::people;
use crate::support::*;

on_each_mix!(
    every_path_works_with_a_slash_at_the_end,
    every_path_names_its_methods_when_another_comes,
    every_readable_path_answers_head,
    every_path_lets_allowed_origins_ask,
    every_error_can_be_read_by_allowed_origins_and_by_no_other,
    every_json_body_must_be_json_of_one_megabyte_at_most,
    every_malformed_id_is_told_from_an_unknown_one,
    every_key_belongs_to_one_request,
    every_list_has_parts_and_a_length,
    every_type_that_is_not_offered_is_406,
    every_wait_is_acknowledged,
    every_single_resource_has_a_version,
);

/// What would end the login or the account of whoever tries it.
const FATAL: [&str; 3] = ["POST /auth/logout", "DELETE /users/me", "POST /users/me/erase"];

/// An operation of the document.
struct Operation<'a> {
    path: &'a str,
    method: Method,
    spec: &'a Value,
}

impl Operation<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The path with ids that nothing has.
    fn place(&self) -> String {
        self.with("0123456789abcdef01234567", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    }

    /// The path with these ids.
    fn with(&self, id: &str, job: &str) -> String {
        let id = if self.path.contains("/jobs/") || self.path.contains("/reports/") { job } else { id };
        let fill = |part: &str| match part.split_once('{').zip(part.split_once('}')) {
            Some(((before, _), (_, after))) => format!("{before}{id}{after}"),
            None => part.to_owned(),
        };
        self.path.split('/').map(fill).collect::<Vec<_>>().join("/")
    }

    fn takes(&self, kind: &str) -> bool {
        self.spec["requestBody"]["content"].get(kind).is_some()
    }

    fn may_answer(&self, status: u16) -> bool {
        self.spec["responses"].get(status.to_string()).is_some()
    }

    fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let parameters = self.spec["parameters"].as_array().into_iter().flatten();
        parameters.map(|parameter| (text(&parameter["in"]), text(&parameter["name"])))
    }

    fn asks_for(&self, query: &str) -> bool {
        self.parameters().any(|parameter| parameter == ("query", query))
    }
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, spec) in item.as_object().expect("operations") {
            let method = method.to_uppercase().parse().expect("a method");
            all.push(Operation { path, method, spec });
        }
    }
    assert!(all.len() > 40, "{} operations", all.len());
    all
}

async fn document(mix: Mix) -> Value {
    mix.app().await.client().get("/openapi.json").await.expect(200).json
}

/// Somebody who may call everything.
async fn operator(mix: Mix) -> Client {
    people::admin(&mix.app().await.client(), &mix.store().await).await
}

fn code(reply: &Reply) -> &str {
    reply.json["code"].as_str().unwrap_or_default()
}

/// Panics with all that is wrong.
#[track_caller]
fn assert_none(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

async fn every_path_works_with_a_slash_at_the_end(mix: Mix) {
    let (document, operator) = (document(mix).await, operator(mix).await);
    let mut wrong = Vec::new();
    for operation in operations(&document) {
        if FATAL.contains(&operation.name().as_str()) {
            continue;
        }
        let place = format!("{}/", operation.place());
        let slashed = operator.send(operator.request(operation.method.clone(), &place)).await;
        if ["route.not_found", "route.method_not_allowed"].contains(&code(&slashed))
            || (300..400).contains(&slashed.status) && slashed.status != 304
        {
            wrong.push(format!("{}: {slashed}", operation.name()));
        }
    }
    assert_none(wrong);
}

async fn every_path_names_its_methods_when_another_comes(mix: Mix) {
    let (document, operator) = (document(mix).await, operator(mix).await);
    let mut allowed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for operation in operations(&document) {
        let methods = allowed.entry(operation.place()).or_default();
        methods.insert(operation.method.to_string());
        if operation.method == Method::GET {
            methods.insert("HEAD".to_owned());
        }
    }
    for (place, methods) in allowed {
        let other =
            ["DELETE", "PATCH", "PUT", "POST", "GET"].into_iter().find(|name| !methods.contains(*name));
        let reply = operator.send(operator.request(other.unwrap().parse().unwrap(), &place)).await;
        // Another route may have the path too, with a word where this one has an id.
        if reply.status == 405 {
            assert_problem(&reply, 405, "route.method_not_allowed");
            let named: BTreeSet<_> =
                reply.header("allow").split(',').map(str::trim).map(str::to_owned).collect();
            assert!(named.is_superset(&methods), "{place} allows {methods:?}: {reply}");
        } else {
            assert_ne!(code(&reply), "route.not_found", "{place}: {reply}");
        }
    }
}

async fn every_readable_path_answers_head(mix: Mix) {
    let (document, operator) = (document(mix).await, operator(mix).await);
    for operation in operations(&document).into_iter().filter(|operation| operation.method == Method::GET) {
        let place = operation.place();
        let read = operator.get(&place).await;
        let head = operator.send(operator.request(Method::HEAD, &place)).await;
        assert_eq!((head.status, head.bytes.len()), (read.status, 0), "{}", operation.name());
        assert_eq!(head.header("content-type"), read.header("content-type"), "{}", operation.name());
    }
}

async fn every_path_lets_allowed_origins_ask(mix: Mix) {
    let (document, visitor) = (document(mix).await, mix.app().await.client());
    for operation in operations(&document) {
        let ask = |origin: &str| {
            let request = visitor.request(Method::OPTIONS, &operation.place()).header("Origin", origin);
            let request = request.header("Access-Control-Request-Method", operation.method.as_str());
            let headers = "authorization,content-type,idempotency-key,if-match,if-none-match,last-event-id,prefer,\
                           traceparent,tracestate,x-request-id";
            visitor.send(request.header("Access-Control-Request-Headers", headers))
        };
        let reply = ask(ORIGIN).await.expect(200);
        let name = operation.name();
        assert_eq!(reply.header("access-control-allow-origin"), ORIGIN, "{name}");
        assert_eq!(reply.header("access-control-allow-credentials"), "true", "{name}");
        let methods = reply.header("access-control-allow-methods");
        assert!(methods.contains(operation.method.as_str()), "{name}: {methods}");
        let headers = reply.header("access-control-allow-headers");
        assert!(headers.contains("idempotency-key") && headers.contains("if-match"), "{name}: {headers}");
        assert_eq!(ask("https://evil.test").await.header("access-control-allow-origin"), "", "{name}");
    }
}

async fn every_error_can_be_read_by_allowed_origins_and_by_no_other(mix: Mix) {
    const EXPOSED: [&str; 8] = [
        "location",
        "link",
        "x-total-count",
        "etag",
        "retry-after",
        "ratelimit",
        "ratelimit-policy",
        "x-request-id",
    ];
    let (document, visitor) = (document(mix).await, mix.app().await.client());
    for operation in
        operations(&document).into_iter().filter(|operation| operation.spec["security"].is_array())
    {
        let ask = |origin: &str| {
            let request =
                visitor.request(operation.method.clone(), &operation.place()).header("Origin", origin);
            visitor.send(request)
        };
        let reply = ask(ORIGIN).await;
        assert!(reply.status >= 400, "{}: {reply}", operation.name());
        assert_eq!(reply.header("access-control-allow-origin"), ORIGIN, "{}", operation.name());
        let exposed = reply.header("access-control-expose-headers").to_lowercase();
        for header in EXPOSED {
            assert!(exposed.split(',').any(|name| name.trim() == header), "{header} of {}", operation.name());
        }
        assert_eq!(ask("https://evil.test").await.header("access-control-allow-origin"), "");
    }
}

async fn every_json_body_must_be_json_of_one_megabyte_at_most(mix: Mix) {
    let (document, operator) = (document(mix).await, operator(mix).await);
    let mut wrong = Vec::new();
    for operation in operations(&document).into_iter().filter(|operation| {
        operation.takes("application/json") && !FATAL.contains(&operation.name().as_str())
    }) {
        let send = async |kind: &str, body: String| {
            let request = operator.request(operation.method.clone(), &operation.place());
            operator.send(request.header("Content-Type", kind).body(body)).await
        };
        // What carries a document, a note or a plan may be larger.
        let is_large = operation.may_answer(202)
            || operation.path.contains("/notes")
            || operation.name() == "PUT /planner/plans/{id}";
        let large = "x".repeat(if is_large { 17 } else { 2 } << 20);
        let mut tried = vec![
            ("application/json", "{".to_owned(), 400, "body.malformed"),
            ("application/json", format!("{{\"padding\":\"{large}\"}}"), 413, "body.too_large"),
        ];
        let is_optional = operation.spec["requestBody"]["required"] != true;
        if !is_optional {
            tried.push(("application/xml", "<x/>".to_owned(), 415, "body.unsupported_type"));
            tried.push(("application/json", "[]".to_owned(), 400, "validation.failed"));
        }
        for (kind, body, status, expected) in tried {
            let size = body.len();
            let reply = send(kind, body).await;
            if (reply.status, code(&reply)) != (status, expected) {
                wrong.push(format!(
                    "{} with {size} bytes of {kind}, not {status} {expected}: {reply}",
                    operation.name()
                ));
            }
        }
    }
    assert_none(wrong);
}

async fn every_malformed_id_is_told_from_an_unknown_one(mix: Mix) {
    let (document, operator) = (document(mix).await, operator(mix).await);
    let mut wrong = Vec::new();
    for operation in operations(&document) {
        let parameters = || operation.parameters().filter(|(place, _)| *place == "path");
        let is_id = |name: &str| name == "id" || name.ends_with("Id");
        // Those of others are opaque.
        if parameters().count() != 1 || !parameters().all(|(_, name)| is_id(name)) {
            continue;
        }
        let takes_body = operation.takes("application/json");
        let send = async |place: &str| {
            let request = operator.request(operation.method.clone(), place);
            operator.send(if takes_body { request.json(&json!({})) } else { request }).await
        };
        let malformed = send(&operation.with("x", "x")).await;
        if (malformed.status, code(&malformed)) != (400, "id.invalid") {
            wrong.push(format!("{} with a malformed id: {malformed}", operation.name()));
        }
        let unknown = send(&operation.place()).await;
        let may_miss_fields = unknown.status == 400 && code(&unknown) == "validation.failed";
        let is_missing = unknown.status == 404 && code(&unknown).ends_with(".not_found");
        if !may_miss_fields && !is_missing {
            wrong.push(format!("{} with an unknown id: {unknown}", operation.name()));
        }
    }
    assert_none(wrong);
}

async fn every_key_belongs_to_one_request(mix: Mix) {
    let (document, operator) = (document(mix).await, operator(mix).await);
    let mut wrong = Vec::new();
    for operation in operations(&document) {
        let is_covered = operation.method == Method::POST && operation.spec["security"].is_array();
        if !is_covered || operation.path.starts_with("/auth/") || FATAL.contains(&operation.name().as_str()) {
            continue;
        }
        let key = format!("convention-{}", harness::unique());
        let send = async |key: &str, body: Value| {
            let request = operator.request(Method::POST, &operation.place()).header("Idempotency-Key", key);
            operator.send(request.json(&body)).await
        };
        let first = send(&key, json!({ "bad": 1 })).await;
        let again = send(&key, json!({ "bad": 1 })).await;
        let other = send(&key, json!({ "bad": 2 })).await;
        let invalid = send("", json!({ "bad": 3 })).await;
        if (again.status, &again.json) != (first.status, &first.json) {
            wrong.push(format!("{}: {first} is not replayed: {again}", operation.name()));
        }
        if (other.status, code(&other)) != (422, "idempotency.mismatch") {
            wrong.push(format!("{}: another body gets {other}", operation.name()));
        }
        if (invalid.status, code(&invalid)) != (400, "idempotency.invalid_key") {
            wrong.push(format!("{}: an empty key gets {invalid}", operation.name()));
        }
    }
    assert_none(wrong);
}

async fn every_list_has_parts_and_a_length(mix: Mix) {
    let (document, operator) = (document(mix).await, operator(mix).await);
    let (mut wrong, mut lists) = (Vec::new(), 0);
    for operation in operations(&document).into_iter().filter(|operation| operation.asks_for("limit")) {
        lists += 1;
        for header in ["X-Total-Count", "Link"] {
            if !operation.spec["responses"]["200"]["headers"][header].is_object() {
                wrong.push(format!("{} does not document {header}", operation.name()));
            }
        }
        for name in ["cursor", "page", "sort"] {
            if !operation.asks_for(name) {
                wrong.push(format!("{} has no {name}", operation.name()));
            }
        }
        if operation.path.contains('{') {
            continue;
        }
        let ask = async |query: &str| {
            let request = operator.request(operation.method.clone(), &format!("{}?{query}", operation.path));
            let search = operation.takes("application/json").then(|| json!({ "query": "cell" }));
            operator.send(request.json(&search)).await
        };
        for (query, field) in [
            ("limit=0", "limit"),
            ("limit=101", "limit"),
            ("limit=many", "limit"),
            ("page=0", "page"),
            ("cursor=garbage", "cursor"),
            ("sort=colour", "sort"),
        ] {
            let reply = ask(query).await;
            if reply.status != 400 || reply.json["errors"][0]["field"] != field {
                wrong.push(format!("{}?{query}: {reply}", operation.name()));
            }
        }
        let reply = ask("limit=1").await;
        let is_counted = reply.header("x-total-count").parse::<u64>().is_ok();
        if reply.status != 200 || !reply.json.is_array() || !is_counted {
            wrong.push(format!("{}?limit=1: {reply}", operation.name()));
        }
    }
    assert!(lists >= 5, "{lists} lists");
    assert_none(wrong);
}

async fn every_type_that_is_not_offered_is_406(mix: Mix) {
    let (document, operator) = (document(mix).await, operator(mix).await);
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for operation in operations(&document) {
        if FATAL.contains(&operation.name().as_str()) {
            continue;
        }
        let accept = |request: RequestBuilder, kinds: &'static str| request.header("Accept", kinds);
        let request = || operator.request(operation.method.clone(), &operation.place());
        let refused = operator.send(accept(request(), "application/x-nothing")).await;
        if operation.may_answer(406) {
            tried += 1;
            if (refused.status, code(&refused)) != (406, "accept.not_offered") {
                wrong.push(format!("{} offers application/x-nothing: {refused}", operation.name()));
            }
        }
        for kinds in ["*/*", "application/x-nothing, */*;q=0.1"] {
            let reply = operator.send(accept(request(), kinds)).await;
            if reply.status == 406 {
                wrong.push(format!("{} for {kinds}: {reply}", operation.name()));
            }
        }
    }
    assert!(tried > 30, "{tried} tried");
    assert_none(wrong);
}

async fn every_wait_is_acknowledged(mix: Mix) {
    let learner = mix.learner().await;
    let wait = |request: RequestBuilder, seconds: u32| request.header("Prefer", format!("wait={seconds}"));
    let made = learner.request(Method::POST, "/quiz/generate").json(&ask(1));
    let made = learner.send(wait(made, 100)).await.expect(201);
    assert_eq!(made.header("preference-applied"), "wait=100");
    let mut later = ask(1);
    later["notBefore"] = json!(FAR);
    let accepted = learner.send(wait(learner.request(Method::POST, "/quiz/generate").json(&later), 1)).await;
    assert_eq!(accepted.expect(202).header("preference-applied"), "wait=1");
    // More than the longest counts as the longest, and who asks for nothing is told nothing.
    let job = learner.post("/quiz/generate", &ask(1)).await.expect(202);
    assert_eq!(job.header("preference-applied"), "");
    let path = format!("/jobs/{}", job.id());
    let reply = learner.send(wait(learner.request(Method::GET, &path), 999)).await.expect(200);
    assert_eq!(
        (&reply.json["status"], reply.header("preference-applied")),
        (&json!("succeeded"), "wait=120")
    );
}

async fn every_single_resource_has_a_version(mix: Mix) {
    let document = document(mix).await;
    let mut wrong = Vec::new();
    for operation in operations(&document).into_iter().filter(|operation| operation.method == Method::GET) {
        let answer = &operation.spec["responses"]["200"];
        let tagged = answer["headers"]["ETag"].is_object();
        if tagged != operation.may_answer(304) {
            wrong.push(format!("{} documents an ETag without 304, or 304 without an ETag", operation.name()));
        }
    }
    assert_none(wrong);
}
