//! The recorded requests of the old frontend, replayed in the order of a session.

use std::collections::BTreeMap;
use std::path::Path;

use harness::Client;
use harness::client::Reply;
use reqwest::Method;
use serde_json::{Map, Value};

use crate::mix::{Mix, ORIGIN};
use crate::support::*;

on_each_mix!(every_call_of_the_old_frontend_gives_the_fields_that_it_reads);

const FILES: [&str; 6] =
    ["1-quizzes.json", "2-account.json", "3-study.json", "4-plans.json", "5-tasks.json", "6-errors.json"];
const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

async fn every_call_of_the_old_frontend_gives_the_fields_that_it_reads(mix: Mix) {
    let client = super::app(mix).await.client();
    let email = format!("old-{}-{}@example.com", std::process::id(), harness::unique());
    let mut kept = BTreeMap::from([("email".to_owned(), Value::String(email))]);
    let mut steps = 0;
    for file in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/legacy").join(file);
        let recorded = std::fs::read(path).expect("a fixture");
        for step in items(&serde_json::from_slice(&recorded).expect("JSON")) {
            replay(&client, step, &mut kept).await;
            steps += 1;
        }
    }
    assert!(steps > 40, "{steps} steps");
}

async fn replay(client: &Client, step: &Value, kept: &mut BTreeMap<String, Value>) {
    let name = text(&step["name"]);
    let call = filled(&step["call"], kept);
    let (method, path) = text(&call).split_once(' ').expect("METHOD /path");
    let client = match step["login"] == true {
        true => client.with_token(text(&kept["token"])),
        false => client.anonymous(),
    };
    let request = client.request(method.parse::<Method>().expect("a method"), path);
    let request = request.header("Content-Type", "application/json").header("Origin", ORIGIN);
    let request = match (step.get("form"), step.get("body")) {
        (Some(form), _) => request.body(form_bytes(form)),
        (None, Some(body)) => request.body(with_texts(filled(body, kept), step).to_string()),
        (None, None) => request,
    };
    let reply = client.send(request).await;
    assert_eq!(u64::from(reply.status), step["status"].as_u64().expect("a status"), "{name}: {reply}");
    assert_eq!(reply.header("access-control-allow-origin"), ORIGIN, "{name}: {reply}");
    assert!(reply.header("content-type").ends_with("json"), "{name}: {reply}");
    fits(&reply.json, &filled(&step["reads"], kept), &Value::Null)
        .unwrap_or_else(|why| panic!("{name}: {why}: {reply}"));
    no_nulls(&reply, &reply.json);
    for (name, pointer) in step["keep"].as_object().into_iter().flatten() {
        let value = reply.json.pointer(text(pointer)).unwrap_or_else(|| panic!("no {pointer}: {reply}"));
        kept.insert(name.clone(), value.clone());
    }
}

/// The value with what is kept in place of `{name}`: as it is where it is all of a text, else within it.
fn filled(value: &Value, kept: &BTreeMap<String, Value>) -> Value {
    let within = |template: &str| {
        kept.iter().fold(template.to_owned(), |filled, (name, value)| match value {
            Value::String(text) => filled.replace(&format!("{{{name}}}"), text),
            _ => filled,
        })
    };
    match value {
        Value::String(template) => {
            let name = template.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
            match name.and_then(|name| kept.get(name)) {
                Some(value) => value.clone(),
                None => Value::String(within(template)),
            }
        }
        Value::Array(values) => values.iter().map(|value| filled(value, kept)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (within(name), filled(value, kept)))
            .collect::<Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// A body with as many pages of the lecture as the step says.
fn with_texts(mut body: Value, step: &Value) -> Value {
    for (name, count) in step["text"].as_object().into_iter().flatten() {
        let count = count.as_u64().expect("a number of pages") as usize;
        body[name] = Value::String(pages(count));
    }
    body
}

/// A form with a PDF, as a browser writes it.
fn form_bytes(fields: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields.as_object().expect("fields") {
        let part = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{}\r\n",
            text(value)
        );
        bytes.extend(part.into_bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"lecture.pdf\"\r\n\
         Content-Type: application/pdf\r\n\r\n"
    );
    bytes.extend(head.into_bytes());
    bytes.extend(fixture("lecture.pdf").bytes);
    bytes.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
    bytes
}

/// Whether a value is what the frontend reads; `around` is the object in which it stands.
fn fits(value: &Value, wanted: &Value, around: &Value) -> Result<(), String> {
    let fine = match wanted {
        Value::Object(members) => {
            for (name, wanted) in members {
                let found = value.get(name).ok_or_else(|| format!("{name} is missing in {value}"))?;
                fits(found, wanted, value).map_err(|why| format!("{name}: {why}"))?;
            }
            true
        }
        Value::Array(wanted) => {
            let found = value.as_array().filter(|found| !found.is_empty());
            for found in found.ok_or_else(|| format!("{value} is no list with items"))? {
                fits(found, &wanted[0], around)?;
            }
            true
        }
        Value::String(name) if name.starts_with('$') => is(value, name, around),
        exact => value == exact,
    };
    if fine { Ok(()) } else { Err(format!("{value} is not {wanted}")) }
}

fn is(value: &Value, name: &str, around: &Value) -> bool {
    let string = value.as_str();
    match name {
        "$id" => string.is_some_and(|id| id.len() == 24 && id.chars().all(|c| c.is_ascii_hexdigit())),
        "$text" => string.is_some_and(|text| !text.is_empty()),
        "$string" => value.is_string(),
        "$option" => items(&around["options"]).contains(value),
        "$number" => value.is_number(),
        "$whole" => value.is_u64(),
        "$percent" => value.as_f64().is_some_and(|percent| (0.0..=100.0).contains(&percent)),
        "$flag" => value.is_boolean(),
        "$instant" => {
            assert_instant(value);
            true
        }
        "$any" => true,
        other => panic!("{other} is no type"),
    }
}

fn no_nulls(reply: &Reply, value: &Value) {
    match value {
        Value::Null => panic!("null is sent: {reply}"),
        Value::Array(values) => values.iter().for_each(|value| no_nulls(reply, value)),
        Value::Object(members) => members.values().for_each(|value| no_nulls(reply, value)),
        _ => {}
    }
}
