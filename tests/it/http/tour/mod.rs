//! A tour of the whole API: the same calls at any mix of backends, and what they answered in a form that does not
//! depend on when and where they ran.

use std::collections::HashMap;

use harness::client::Reply;
use harness::{App, Client};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::mix::Mix;
use crate::people;

mod stops;
mod study;

/// Headers that must agree, too.
const HEADERS: [&str; 6] = ["content-type", "location", "link", "x-total-count", "allow", "www-authenticate"];
/// Lists whose order is random by design.
const SHUFFLED: [&str; 3] = ["options", "left", "right"];
/// Members that are random or measured by design, or tell of the processes.
const UNSETTLED: [&str; 9] = [
    "accessToken",
    "refreshToken",
    "score",
    "worker",
    "uptime",
    "since",
    "token",
    "ratePerMinute",
    "workers",
];

/// Makes every stop of the tour at an app of this mix and tells what each call answered.
pub async fn tour(mix: Mix, app: &App) -> Vec<(String, Value)> {
    let operator = people::admin(&app.client(), &mix.store_of(app).await).await;
    let mut tour = Tour { client: app.client(), operator, told: Vec::new(), names: HashMap::new() };
    tour.all().await;
    tour.told
}

/// The words of a text but those of one letter, which may name a shuffled place.
fn in_order(text: String) -> String {
    let mut words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 1).collect();
    words.sort_unstable();
    words.join(" ")
}

/// One who makes the tour and keeps a diary.
pub struct Tour {
    /// The login in use.
    client: Client,
    operator: Client,
    told: Vec<(String, Value)>,
    names: HashMap<String, String>,
}

impl Tour {
    /// Sends a request and notes the answer, whatever it is.
    async fn call(&mut self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let request = self.client.request(method.clone(), path);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let reply = self.client.send(request).await;
        self.note(&format!("{method} {path}"), &reply);
        reply
    }

    async fn get(&mut self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    async fn post(&mut self, path: &str, body: Value) -> Reply {
        self.call(Method::POST, path, Some(&body)).await
    }

    async fn put(&mut self, path: &str, body: Value) -> Reply {
        self.call(Method::PUT, path, Some(&body)).await
    }

    async fn patch(&mut self, path: &str, body: Value) -> Reply {
        self.call(Method::PATCH, path, Some(&body)).await
    }

    async fn delete(&mut self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    /// Sends JSON, waits for the job and notes only what became of it: what a generator makes is random.
    async fn make(&mut self, path: &str, body: Value) -> Reply {
        let request = self.client.request(Method::POST, path).header("Prefer", "wait=100").json(&body);
        let reply = self.client.send(request).await;
        self.tell(&format!("POST {path}"), json!(reply.status));
        reply
    }

    /// Notes an answer; of a text the words, because what is shuffled can be anywhere in it.
    fn note(&mut self, call: &str, reply: &Reply) {
        let headers = HEADERS.iter().filter(|name| reply.headers.contains_key(**name));
        let headers: Map<String, Value> =
            headers.map(|name| ((*name).to_owned(), json!(reply.header(name)))).collect();
        let body = match &reply.json {
            Value::Null => json!(in_order(self.settled_text(&reply.text()))),
            json => json.clone(),
        };
        self.tell(call, json!({ "status": reply.status, "headers": headers, "body": body }));
    }

    fn tell(&mut self, call: &str, value: Value) {
        let (call, value) = (self.settled_text(call), self.settled(value));
        self.told.push((format!("{} {call}", self.told.len()), value));
    }

    /// The same value with every id, token and instant named by the order in which it first came.
    fn settled(&mut self, value: Value) -> Value {
        match value {
            Value::String(text) => json!(self.settled_text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.settled(item)).collect(),
            Value::Object(members) => {
                let settle = |(name, mut value): (String, Value)| {
                    if SHUFFLED.contains(&name.as_str())
                        && let Some(items) = value.as_array_mut()
                    {
                        items.sort_by_key(Value::to_string);
                    }
                    let value = match UNSETTLED.contains(&name.as_str()) && !value.is_null() {
                        true => json!("unsettled"),
                        false => self.settled(value),
                    };
                    (self.settled_text(&name), value)
                };
                Value::Object(members.into_iter().map(settle).collect())
            }
            other => other,
        }
    }

    fn settled_text(&mut self, text: &str) -> String {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == ':' || c == '.';
        let mut settled = String::new();
        let mut rest = text;
        while let Some(start) = rest.find(is_word) {
            let end = rest[start..].find(|c| !is_word(c)).map_or(rest.len(), |length| start + length);
            settled.push_str(&rest[..start]);
            settled.push_str(&self.name(&rest[start..end]));
            rest = &rest[end..];
        }
        settled + rest
    }

    fn name(&mut self, word: &str) -> String {
        let is_hex = |word: &str| word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let kind = match word.len() {
            24 if is_hex(word) => "id",
            26 if word.starts_with('0')
                && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) =>
            {
                "job"
            }
            32.. if word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) => {
                "token"
            }
            20.. if word.ends_with('Z') && word.as_bytes()[10] == b'T' => return "instant".to_owned(),
            _ if ["DTSTAMP:", "CREATED:", "LAST-MODIFIED:", "DTSTART:", "DTEND:"]
                .iter()
                .any(|name| word.starts_with(name)) =>
            {
                return "instant".to_owned();
            }
            _ if word.contains('-') => {
                return word.split('-').map(|part| self.name(part)).collect::<Vec<_>>().join("-");
            }
            _ => return word.to_owned(),
        };
        let next = self.names.len();
        self.names.entry(word.to_owned()).or_insert_with(|| format!("{kind}{next}")).clone()
    }
}
