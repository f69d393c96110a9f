//! A run of `migrate apply` that is killed somewhere, and what is there when it was resumed.

use std::process::Stdio;

use futures::TryStreamExt;
use mongodb::Database;
use mongodb::bson::{Document, doc};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::{COLLECTIONS, Image};
use crate::{Migrate, Mongod, services::DatabaseName};

/// Everything that `apply` writes but how far it has come.
pub async fn end_state(db: &Database) -> Image {
    let names = db.list_collection_names().await.expect("names");
    let is_written =
        |name: &&str| COLLECTIONS.contains(name) || *name == "quiz_keys" || name.starts_with("migrated_");
    let names: Vec<&str> = names.iter().map(String::as_str).filter(is_written).collect();
    Image::of(db, &names).await
}

/// A database with the same documents as another one.
pub async fn copy_of(mongod: &Mongod, original: &Database) -> (DatabaseName, Database) {
    let name = mongod.database();
    for collection in COLLECTIONS {
        let out = doc! { "$out": { "db": &*name, "coll": collection } };
        let copied = original.collection::<Document>(collection).aggregate([out]).await.expect("a copy");
        copied.try_collect::<Vec<_>>().await.expect("a copy");
    }
    let db = original.client().database(&name);
    (name, db)
}

/// Runs `apply` and kills it when it has said so many lines; false if it ended before.
pub async fn kill_after_lines(migrate: &Migrate, lines: usize) -> bool {
    let mut command = tokio::process::Command::from(migrate.command(&["apply"]));
    let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("the binary runs");
    let mut said = BufReader::new(child.stdout.take().expect("a piped stdout")).lines();
    for _ in 0..lines {
        if said.next_line().await.expect("a line").is_none() {
            return !child.wait().await.expect("an end").success();
        }
    }
    child.start_kill().expect("a signal to our own child");
    !child.wait().await.expect("an end").success()
}
