//! The OpenAPI document and the page that shows it.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    the_document_is_the_accepted_one,
    the_document_is_openapi_3_1,
    every_reference_of_the_document_resolves,
    every_operation_is_described,
    every_operation_says_what_can_go_wrong,
    every_problem_lists_its_codes,
    every_body_and_every_answer_has_an_example,
    every_link_leads_to_an_operation,
    schemas_have_names_of_their_own,
    the_document_says_which_operations_need_a_login,
    the_documents_paths_exist,
    the_docs_are_served_without_the_internet,
);

async fn document(mix: Mix) -> Value {
    mix.app().await.client().get("/openapi.json").await.expect(200).json
}

fn operations(document: &Value) -> Vec<(String, Method, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = |(path, item)| {
        let item: &Value = item;
        let path: &String = path;
        let each = item.as_object().expect("operations").iter();
        each.map(move |(method, operation)| {
            (path.clone(), method.to_uppercase().parse::<Method>().expect("a method"), operation)
        })
    };
    paths.iter().flat_map(methods).collect()
}

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

/// Where two documents differ first, in each place by which they differ.
fn differences(one: &Value, other: &Value, at: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let names: BTreeSet<_> = one.keys().chain(other.keys()).collect();
            for name in names {
                let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
                match (one.get(name), other.get(name)) {
                    (Some(one), Some(other)) => differences(one, other, &at, found),
                    (Some(_), None) => found.push(format!("{at} is gone")),
                    _ => found.push(format!("{at} is new")),
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (number, (one, other)) in one.iter().zip(other).enumerate() {
                differences(one, other, &format!("{at}/{number}"), found);
            }
        }
        _ if one != other => found.push(format!("{at} changed")),
        _ => {}
    }
}

/// Clients are built from the document, so a change of it is made knowingly.
async fn the_document_is_the_accepted_one(mix: Mix) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/openapi.json");
    let accepted = std::fs::read_to_string(file).expect("tests/snapshots/openapi.json");
    let accepted = serde_json::from_str(&accepted).expect("JSON");
    let mut found = Vec::new();
    differences(&accepted, &document(mix).await, "", &mut found);
    assert!(
        found.is_empty(),
        "The document is not the accepted one any more. If it should be so, accept it from the root of the checkout:\n\
         cargo run -- openapi > tests/snapshots/openapi.json\n{} differences: {:#?}",
        found.len(),
        &found[..found.len().min(20)]
    );
}

async fn the_document_is_openapi_3_1(mix: Mix) {
    let document = document(mix).await;
    assert!(text(&document["openapi"]).starts_with("3.1."), "{}", document["openapi"]);
    for name in ["title", "version"] {
        assert!(!text(&document["info"][name]).is_empty());
    }
    let tags: BTreeSet<_> = items(&document["tags"]).iter().map(|tag| text(&tag["name"])).collect();
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        assert!(ids.insert(format!("{method} {}", operation["operationId"])), "{path}");
        assert!(items(&operation["tags"]).iter().all(|tag| tags.contains(text(tag))), "{path}");
    }
}

async fn every_reference_of_the_document_resolves(mix: Mix) {
    let document = document(mix).await;
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a reference into the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

async fn every_operation_is_described(mix: Mix) {
    let document = document(mix).await;
    for (path, method, operation) in operations(&document) {
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.keys().any(|status| status.starts_with('2')), "{method} {path}");
        assert!(responses.values().all(|response| response["description"].is_string()), "{method} {path}");
        assert!(operation["summary"].is_string() || operation["description"].is_string(), "{method} {path}");
        let declared: Vec<_> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| text(&parameter["name"]).to_owned())
            .collect();
        let named: Vec<_> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(str::to_owned)
            .collect();
        assert_eq!(declared, named, "{method} {path}");
    }
}

/// The codes that an operation lists for a status.
fn codes(operation: &Value, status: u16) -> BTreeSet<&str> {
    let problem = &operation["responses"][status.to_string()]["content"]["application/problem+json"];
    let listed = problem.pointer("/schema/allOf/1/properties/code/enum").and_then(Value::as_array);
    listed.into_iter().flatten().map(text).collect()
}

async fn every_operation_says_what_can_go_wrong(mix: Mix) {
    for (path, method, operation) in operations(&document(mix).await) {
        let tags = items(&operation["tags"]);
        let mut wanted: Vec<(u16, &[&str])> = Vec::new();
        if !tags.contains(&"operation".into()) {
            wanted.extend([(500, &["server.failed"][..]), (503, &["store.unavailable"])]);
        }
        if !operation["security"].is_null() {
            wanted.push((
                401,
                &["auth.required", "auth.token_invalid", "auth.token_expired", "auth.token_revoked"],
            ));
            wanted.push((403, &["account.deactivated"]));
            if method != Method::GET {
                wanted.push((403, &["auth.cross_site"]));
            }
        }
        if !operation["requestBody"].is_null() {
            wanted.push((400, &["validation.failed", "body.malformed"]));
            wanted.extend([(413, &["body.too_large"][..]), (415, &["body.unsupported_type"])]);
        }
        if path.contains('{') {
            wanted.push((400, &["id.invalid"]));
        }
        for (status, expected) in wanted {
            let listed = codes(operation, status);
            assert!(
                expected.iter().all(|code| listed.contains(code)),
                "{method} {path} {status}: {listed:?}"
            );
        }
        if path.contains("Id}") || path.contains("{id}") {
            let missing = codes(operation, 404).iter().any(|code| code.ends_with(".not_found"));
            assert!(missing, "{method} {path} does not say 404");
        }
    }
}

async fn every_problem_lists_its_codes(mix: Mix) {
    let document = document(mix).await;
    let known: BTreeSet<_> =
        items(&document["components"]["schemas"]["ProblemBody"]["properties"]["code"]["enum"])
            .iter()
            .map(text)
            .collect();
    for (path, method, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let status: u16 = status.parse().expect("a status");
            let content = response["content"].as_object().cloned().unwrap_or_default();
            if status < 400 || !content.contains_key("application/problem+json") {
                assert!(
                    status < 400 || path.starts_with("/health"),
                    "{method} {path} {status} is no problem"
                );
                continue;
            }
            let listed = codes(operation, status);
            assert!(!listed.is_empty() && listed.is_subset(&known), "{method} {path} {status}: {listed:?}");
            let example = &content["application/problem+json"]["example"];
            assert!(
                listed.contains(text(&example["code"])) && example["status"] == status,
                "{method} {path}"
            );
        }
    }
}

async fn every_body_and_every_answer_has_an_example(mix: Mix) {
    let mut missing = Vec::new();
    for (path, method, operation) in operations(&document(mix).await) {
        let body = &operation["requestBody"]["content"]["application/json"];
        if !body.is_null() && body["example"].is_null() {
            missing.push(format!("the body of {method} {path}"));
        }
        let good =
            operation["responses"].as_object().unwrap().iter().filter(|(status, _)| status.starts_with('2'));
        let json: Vec<_> = good
            .map(|(_, response)| &response["content"]["application/json"])
            .filter(|json| !json.is_null())
            .collect();
        if !json.is_empty() && json.iter().all(|content| content["example"].is_null()) {
            missing.push(format!("an answer of {method} {path}"));
        }
    }
    assert!(missing.is_empty(), "run `python3 tests/openapi/examples.py`; no example of: {missing:#?}");
}

async fn every_link_leads_to_an_operation(mix: Mix) {
    let document = document(mix).await;
    let operations = operations(&document);
    let ids: BTreeSet<_> = operations.iter().map(|(.., operation)| text(&operation["operationId"])).collect();
    let mut count = 0;
    for (path, method, operation) in &operations {
        for response in operation["responses"].as_object().unwrap().values() {
            for link in response["links"].as_object().into_iter().flat_map(|links| links.values()) {
                count += 1;
                assert!(ids.contains(text(&link["operationId"])), "{method} {path}: {link}");
            }
        }
    }
    assert!(count > 20, "{count} links");
}

/// An alias would be shown under the name of what it stands for, and two of them as the same.
async fn schemas_have_names_of_their_own(mix: Mix) {
    let document = document(mix).await;
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(!["BTreeMap", "HashMap", "Vec", "Option", "Value"].contains(&name.as_str()), "{name}");
    }
}

/// The path with ids that nothing has.
fn filled(path: &str) -> String {
    let job = path.contains("/jobs/");
    let id = if job { "01ARZ3NDEKTSV4RRFFQ69G5FAV" } else { "0123456789abcdef01234567" };
    let fill = |part: &str| if part.starts_with('{') { id.to_owned() } else { part.to_owned() };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

async fn the_document_says_which_operations_need_a_login(mix: Mix) {
    let document = document(mix).await;
    let schemes = document["components"]["securitySchemes"].as_object().expect("schemes");
    let visitor = mix.app().await.client();
    for (path, method, operation) in operations(&document) {
        let security = operation["security"].as_array().cloned().unwrap_or_default();
        for scheme in security.iter().flat_map(|scheme| scheme.as_object().unwrap().keys()) {
            assert!(schemes.contains_key(scheme), "{scheme}");
        }
        let reply = visitor.send(visitor.request(method.clone(), &filled(&path))).await;
        assert_eq!(reply.json["code"] == "auth.required", !security.is_empty(), "{method} {path}: {reply}");
        if !security.is_empty() {
            assert!(operation["responses"].get("401").is_some(), "{method} {path}");
        }
    }
}

async fn the_documents_paths_exist(mix: Mix) {
    let document = document(mix).await;
    let learner = mix.learner().await;
    let operations = operations(&document);
    assert!(operations.len() > 20);
    for (path, method, operation) in operations {
        // These would end the login, and with it the walk.
        let ends_it = ["/auth/logout", "/users/me/erase"].contains(&path.as_str())
            || (path == "/users/me" && method == Method::DELETE);
        if ends_it {
            continue;
        }
        let request =
            learner.request(method.clone(), &filled(&path)).header("Content-Type", "application/json");
        let reply = learner.send(request.body("{}")).await;
        assert!(
            !["route.not_found", "route.method_not_allowed"]
                .contains(&reply.json["code"].as_str().unwrap_or_default())
        );
        let documented = operation["responses"].get(reply.status.to_string()).is_some();
        assert!(documented, "{method} {path} answers {reply}");
    }
}

async fn the_docs_are_served_without_the_internet(mix: Mix) {
    let visitor = mix.app().await.client();
    let mut page = visitor.get("/docs").await;
    let mut place = "/docs".to_owned();
    for _ in 0..2 {
        if (300..400).contains(&page.status) {
            place = page.header("location").to_owned();
            page = visitor.get(&place).await;
        }
    }
    let page = page.expect(200);
    assert!(page.header("content-type").starts_with("text/html"), "{page}");
    let page_text = page.text();
    let files: Vec<_> = ["src=\"", "href=\""]
        .iter()
        .flat_map(|attribute| page_text.split(attribute).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(files.len() >= 3, "{page}");
    let base = place.rsplit_once('/').unwrap().0;
    for file in files {
        assert!(!file.contains("//"), "{file} is somewhere else");
        let path = if file.starts_with('/') {
            file.to_owned()
        } else {
            format!("{base}/{}", file.trim_start_matches("./"))
        };
        assert!(!visitor.get(&path).await.expect(200).bytes.is_empty());
    }
    let slash = visitor.get("/docs/").await;
    assert!(slash.status == 200 || slash.header("location") == place, "{slash}");
    let start = visitor.get("/docs/swagger-initializer.js").await.expect(200).text();
    assert!(start.contains("/openapi.json"), "{start}");
}
