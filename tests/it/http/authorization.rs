//! Who may call what: every route of the running server, called by everybody, must answer as its row in the table
//! says. A route without a row fails, and so does a row without a route.

mod table;
mod things;

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt};
use harness::client::{Reply, Upload};
use harness::{App, Client};
use reqwest::Method;
use serde_json::{Value, json};
use shared::store::Store;

use crate::legacy;
use crate::mix::Mix;
use crate::people::People;
use crate::support::fixture;
use table::{Access, Body, OLD_FRONTEND, Row, TABLE, UNDOCUMENTED};

on_each_mix!(
    every_route_has_one_row,
    every_route_of_the_old_frontend_has_one_row,
    everybody_is_answered_as_the_table_says,
    everybody_is_answered_as_the_old_frontend_expects,
);

/// Rows that run at a time.
const AT_ONCE: usize = 8;
/// One grey pixel.
const PICTURE: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\x00\x00\x00\x0aIDATx\x9cch\x00\x00\x00\x82\x00\x81w\xcdr\xb6\x00\x00\x00\x00IEND\xaeB`\x82";

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Actor {
    Anonymous,
    /// The owner, with a token that was good until a while ago.
    Expired,
    Deactivated,
    /// Somebody else.
    Other,
    Admin,
    Owner,
}

use Actor::{Admin, Anonymous, Deactivated, Expired, Other, Owner};

/// The owner comes last, so that whoever is refused before them must have changed nothing.
const ACTORS: [Actor; 6] = [Anonymous, Expired, Deactivated, Other, Admin, Owner];

/// What an actor must get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    /// What the route is for.
    Granted,
    /// This status with a code that ends like this.
    Refused(u16, &'static str),
}

use Cell::{Granted, Refused};

fn cell(access: Access, actor: Actor) -> Cell {
    match (access, actor) {
        (Access::Public, _) | (Access::Optional, Anonymous) => Granted,
        (_, Anonymous) => Refused(401, "auth.required"),
        (_, Expired) => Refused(401, "auth.token_expired"),
        (_, Deactivated) => Refused(403, "account.deactivated"),
        (Access::OwnerOnly, Other | Admin) => Refused(404, ".not_found"),
        (Access::AdminOnly, Other | Owner) => Refused(403, "auth.admin_required"),
        _ => Granted,
    }
}

/// The operation of a route in the document.
fn operation<'a>(document: &'a Value, route: &str) -> &'a Value {
    let (method, path) = route.split_once(' ').expect("METHOD /path");
    &document["paths"][path][method.to_lowercase()]
}

async fn every_route_has_one_row(mix: Mix) {
    check_rows(mix.app().await, &TABLE.iter().collect::<Vec<_>>()).await;
}

/// In this mode some routes are there besides, and some serve others besides.
async fn every_route_of_the_old_frontend_has_one_row(mix: Mix) {
    let others = TABLE.iter().filter(|row| OLD_FRONTEND.iter().all(|old| old.route != row.route));
    check_rows(legacy::app(mix).await, &OLD_FRONTEND.iter().chain(others).collect::<Vec<_>>()).await;
}

async fn check_rows(app: &App, table: &[&Row]) {
    let document = app.client().get("/openapi.json").await.expect(200).json;
    let paths = document["paths"].as_object().expect("paths");
    let routes: BTreeSet<String> = paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let rows: BTreeSet<String> = table.iter().map(|row| row.route.to_owned()).collect();
    assert_eq!(rows.len(), table.len(), "a route has two rows");
    let missing: Vec<_> = routes.difference(&rows).collect();
    assert!(missing.is_empty(), "routes without a row in tests/it/http/authorization/table.rs: {missing:#?}");
    let stale: Vec<_> = rows.difference(&routes).collect();
    assert!(stale.is_empty(), "rows without a route: {stale:#?}");
    for row in table {
        let open = matches!(row.access, Access::Public | Access::Optional);
        let security = operation(&document, row.route)["security"].as_array();
        let says_open = security.is_none_or(|ways| ways.contains(&json!({})));
        assert_eq!(says_open, open, "{}: `security` in the document and the row disagree", row.route);
    }
}

async fn everybody_is_answered_as_the_table_says(mix: Mix) {
    let calls = try_rows(mix.app().await, &mix.store().await, TABLE.iter().chain(UNDOCUMENTED)).await;
    if let Some(file) = std::env::var_os("SMARTSTUDY_RECORD") {
        std::fs::write(file, json!(calls).to_string()).expect("a file for the calls");
    }
}

async fn everybody_is_answered_as_the_old_frontend_expects(mix: Mix) {
    let app = legacy::app(mix).await;
    try_rows(app, &mix.store_of(app).await, OLD_FRONTEND).await;
}

/// Calls each route as everybody; returns the calls that examples are made of.
async fn try_rows(app: &App, store: &Store, rows: impl IntoIterator<Item = &Row>) -> Vec<Value> {
    let document = app.client().get("/openapi.json").await.expect(200).json;
    let tried: Vec<Tried> = stream::iter(rows)
        .map(|row| try_row(app.client(), store, row, &document))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let wrong: Vec<_> = tried.iter().flat_map(|tried| tried.wrong.clone()).collect();
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    tried.into_iter().map(|tried| tried.call).collect()
}

/// What became of a row.
struct Tried {
    wrong: Vec<String>,
    /// The last call that was granted, for examples.
    call: Value,
}

/// Calls a route as everybody.
async fn try_row(visitor: Client, store: &Store, row: &Row, document: &Value) -> Tried {
    let people = People::new(&visitor, store).await;
    let mut ids = things::make(row.thing, &people.owner, store).await;
    let mut used = false;
    let mut tried = Tried { wrong: Vec::new(), call: Value::Null };
    for actor in ACTORS {
        let expected = cell(row.access, actor);
        if expected == Granted && used && row.changes() {
            ids = things::make(row.thing, &people.owner, store).await;
        }
        used |= expected == Granted;
        let body = row.body.json(&ids);
        let reply = call(client(actor, &people), row, &ids, body.as_ref()).await;
        let complaint = match expected {
            Granted => granted(row, actor, &ids, &reply, operation(document, row.route)),
            Refused(status, code) => {
                let said = reply.json["code"].as_str().unwrap_or_default();
                let fits = reply.status == status && said.ends_with(code) && said != "route.not_found";
                (!fits).then(|| format!("should be {status} {code}"))
            }
        };
        tried.wrong.extend(complaint.map(|why| format!("{} as {actor:?} {why}: {reply}\n", row.route)));
        if expected == Granted {
            tried.call = json!({
                "route": row.route, "request": body, "status": reply.status, "response": reply.json,
                "type": reply.header("content-type"),
            });
        }
    }
    tried
}

fn client(actor: Actor, people: &People) -> &Client {
    match actor {
        Anonymous => &people.anonymous,
        Expired => &people.expired,
        Deactivated => &people.deactivated,
        Other => &people.other,
        Admin => &people.admin,
        Owner => &people.owner,
    }
}

/// What is wrong with the answer to somebody who may call the route.
fn granted(row: &Row, actor: Actor, ids: &[String], reply: &Reply, operation: &Value) -> Option<String> {
    let fits = match row.gives {
        Some(code) => reply.json["code"] == code,
        None => (200..300).contains(&reply.status),
    };
    if !fits {
        return Some(format!("should be {}", row.gives.unwrap_or("a success")));
    }
    let documented = operation.is_null() || operation["responses"].get(reply.status.to_string()).is_some();
    if !documented {
        return Some("is not documented to answer so".to_owned());
    }
    if row.access == Access::OwnOnes {
        let seen = reply.text().contains(&ids[0]);
        if seen != (actor == Owner) {
            return Some(format!("should {}show {}", if seen { "not " } else { "" }, ids[0]));
        }
    }
    None
}

async fn call(client: &Client, row: &Row, ids: &[String], body: Option<&Value>) -> Reply {
    let (method, path) = row.route.split_once(' ').expect("METHOD /path");
    let mut rest = ids.iter();
    let path: Vec<_> = path
        .split('/')
        .map(|part| match part.split_once('{').zip(part.split_once('}')) {
            Some(((before, _), (_, after))) => {
                format!("{before}{}{after}", rest.next().expect("an id for each part of the path"))
            }
            None => part.to_owned(),
        })
        .collect();
    let path = format!("{}{}", path.join("/"), row.query);
    let request = client.request(method.parse::<Method>().expect("a method"), &path);
    match (row.body, body) {
        (Body::Picture, _) => client.put_file(&path, Upload::new("me.png", "image/png", PICTURE)).await,
        (Body::Pdf, _) => client.upload(&path, &[("questionCount", "3")], fixture("lecture.pdf")).await,
        (_, Some(body)) => client.send(request.json(body)).await,
        (_, None) => client.send(request).await,
    }
}
