//! No query of the product walks through a whole collection of MongoDB.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use harness::{App, Mongod, RedisServer};
use mongodb::Database;
use mongodb::bson::{Bson, Document, doc};

use crate::mix::Mix;
use crate::people;
use crate::tour::tour;

/// Collections that hold a handful of documents whatever the platform's size, each with its reason.
const SMALL: &[(&str, &str)] = &[];

#[tokio::test]
async fn every_query_uses_an_index() {
    let mongod = Mongod::start().await;
    let app = App::production_with(
        &mongod,
        RedisServer::shared().await,
        2,
        Mix::options().env("RATE_LIMITS", "off"),
    )
    .await;
    let client = mongodb::Client::with_uri_str(mongod.url()).await.expect("a MongoDB client");
    let db = client.database(app.env("DATABASE_NAME").expect("a database"));
    // Large enough that nothing of the tour is forgotten.
    let create = doc! { "create": "system.profile", "capped": true, "size": 256 << 20 };
    db.run_command(create).await.expect("a profile");
    db.run_command(doc! { "profile": 2 }).await.expect("profiling");
    let calls = tour(Mix::Production, &app).await;
    look_at_pages(&app).await;
    db.run_command(doc! { "profile": 0 }).await.expect("no profiling");

    let commands = commands(&db).await;
    assert!(calls.len() > 200 && commands.len() > 150, "{} calls, {} shapes", calls.len(), commands.len());
    let mut scans = Vec::new();
    for (shape, command) in &commands {
        let plan = db.run_command(doc! { "explain": command.clone(), "verbosity": "executionStats" }).await;
        let plan = plan.unwrap_or_else(|error| panic!("{shape} cannot be explained: {error}"));
        if scans_a_collection(&Bson::Document(plan)) {
            scans.push(format!("{shape}\n{command}"));
        }
    }
    assert!(
        scans.is_empty(),
        "{} of {} shapes scan a collection:\n{}",
        scans.len(),
        commands.len(),
        scans.join("\n\n")
    );
}

/// Has the operators' pages written.
async fn look_at_pages(app: &App) {
    let operator = people::admin(&app.client(), &Mix::Production.store_of(app).await).await;
    let range = "from=2026-01-01T00:00:00Z&until=2099-01-01T00:00:00Z";
    for page in [
        "/admin".to_owned(),
        "/admin/ui/jobs".to_owned(),
        format!("/admin/ui/jobs?{range}"),
        format!("/admin/ui/jobs?kind=quiz.generate&{range}"),
        format!("/admin/ui/jobs?errorCode=pdf.damaged&user={}", operator.user_id()),
        "/admin/ui/jobs?age=within-1h&status=failed".to_owned(),
        "/admin/ui/retry".to_owned(),
        format!("/admin/ui/retry?kind=quiz.generate&{range}"),
        "/admin/ui/retry?status=cancelled".to_owned(),
        format!("/admin/ui/retry?status=retrying&user={}", operator.user_id()),
        "/admin/ui/retry?errorCode=pdf.damaged".to_owned(),
    ] {
        operator.get(&page).await.expect(200);
    }
}

/// The commands that look for documents, one of each shape.
async fn commands(db: &Database) -> BTreeMap<String, Document> {
    let profile = db.collection::<Document>("system.profile");
    let mut entries = profile.find(doc! {}).await.expect("the profile");
    let mut commands = BTreeMap::new();
    while let Some(entry) = entries.try_next().await.expect("the profile") {
        let Some(command) = command(&entry) else { continue };
        let shape = shape(&Bson::Document(command.clone()));
        commands.entry(shape).or_insert(command);
    }
    commands
}

/// What `explain` takes, of what the profiler wrote.
fn command(entry: &Document) -> Option<Document> {
    let collection = entry.get_str("ns").ok()?.split_once('.')?.1.to_owned();
    if collection.starts_with("system.") || SMALL.iter().any(|(small, _)| *small == collection) {
        return None;
    }
    let said = entry.get_document("command").ok()?;
    match entry.get_str("op").ok()? {
        // The profiler writes the single statement of an update or a deletion.
        "update" => Some(doc! { "update": collection, "updates": [said.clone()] }),
        "remove" => Some(doc! { "delete": collection, "deletes": [said.clone()] }),
        _ => {
            let name = said.keys().next()?.as_str();
            let known = ["find", "aggregate", "count", "distinct", "findAndModify", "findandmodify"];
            if !known.contains(&name) {
                return None;
            }
            let left_out =
                ["lsid", "$db", "$clusterTime", "writeConcern", "txnNumber", "$readPreference", "maxTimeMS"];
            let kept = said.iter().filter(|(name, _)| !left_out.contains(&name.as_str()));
            Some(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
    }
}

/// A command without its values.
fn shape(value: &Bson) -> String {
    match value {
        Bson::Document(members) => {
            let members = members.iter().map(|(name, value)| match (name.as_str(), value) {
                // Names of collections and fields are part of the shape.
                (_, Bson::String(text)) if text.starts_with('$') || members.keys().next() == Some(name) => {
                    format!("{name}: {text}")
                }
                _ => format!("{name}: {}", shape(value)),
            });
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Bson::Array(items) => {
            let mut shapes: Vec<String> = items.iter().map(shape).collect();
            shapes.dedup();
            format!("[{}]", shapes.join(", "))
        }
        _ => "?".to_owned(),
    }
}

fn scans_a_collection(plan: &Bson) -> bool {
    match plan {
        Bson::Document(members) => members.iter().any(|(name, value)| match (name.as_str(), value) {
            ("stage", Bson::String(stage)) => stage == "COLLSCAN",
            ("collectionScans", scans) => *scans != Bson::Int64(0) && *scans != Bson::Int32(0),
            ("rejectedPlans", _) => false,
            _ => scans_a_collection(value),
        }),
        Bson::Array(items) => items.iter().any(scans_a_collection),
        _ => false,
    }
}
