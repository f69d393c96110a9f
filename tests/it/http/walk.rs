//! Looks through a whole database, whatever is in it.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use harness::{App, Mongod};
use mongodb::bson::{Document, doc};
use sqlx::{Connection, Row, SqliteConnection};

use crate::mix::Mix;

impl Mix {
    /// How many documents or rows mention a text, by collection or table. Those of which there are none are left out.
    pub async fn mentions(self, app: &App, text: &str) -> BTreeMap<String, usize> {
        let mut found = match self {
            Self::Embedded => in_sqlite(app, text).await,
            Self::Production => in_mongodb(app, text).await,
        };
        found.retain(|_, count| *count > 0);
        found
    }

    /// The names of an app's collections or tables, but for those that an index for full text makes for itself.
    pub async fn collections(self, app: &App) -> Vec<String> {
        match self {
            Self::Embedded => {
                let all = tables(&mut sqlite(app).await).await;
                let of_an_index = |name: &str| {
                    let (index, _) = name.rsplit_once('_')?;
                    all.iter().any(|other| other == index).then_some(())?;
                    ["_config", "_content", "_data", "_docsize", "_idx"]
                        .iter()
                        .any(|part| name.ends_with(part))
                        .then_some(())
                };
                all.iter().filter(|name| of_an_index(name).is_none()).cloned().collect()
            }
            Self::Production => database(app).await.list_collection_names().await.unwrap(),
        }
    }

    /// Lets an app's store record no more jobs.
    pub async fn refuse_jobs(self, app: &App) {
        match self {
            Self::Embedded => {
                let refuse =
                    "CREATE TRIGGER no_jobs BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'full'); END";
                sqlx::query(refuse).execute(&mut sqlite(app).await).await.unwrap();
            }
            Self::Production => {
                let refuse = doc! { "collMod": "jobs", "validator": { "refused": { "$exists": true } } };
                database(app).await.run_command(refuse).await.unwrap();
            }
        }
    }

    /// How many uploads and other files an app keeps; one that is there in part counts too.
    pub async fn uploads(self, app: &App) -> usize {
        match self {
            Self::Embedded => std::fs::read_dir(app.dir().join("data/uploads")).unwrap().count(),
            Self::Production => {
                let db = database(app).await;
                let count =
                    async |name| db.collection::<Document>(name).count_documents(doc! {}).await.unwrap();
                count("uploads.files").await.max(count("uploads.chunks").await) as usize
            }
        }
    }
}

async fn database(app: &App) -> mongodb::Database {
    let client = mongodb::Client::with_uri_str(Mongod::shared().await.url()).await.unwrap();
    client.database(app.env("DATABASE_NAME").expect("a database"))
}

async fn in_mongodb(app: &App, text: &str) -> BTreeMap<String, usize> {
    let db = database(app).await;
    let mut found = BTreeMap::new();
    for name in db.list_collection_names().await.unwrap() {
        let docs: Vec<Document> =
            db.collection(&name).find(doc! {}).await.unwrap().try_collect().await.unwrap();
        found.insert(name, docs.iter().filter(|doc| doc.to_string().contains(text)).count());
    }
    found
}

async fn sqlite(app: &App) -> SqliteConnection {
    let file = app.dir().join("data/smartstudy.db");
    SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap()
}

async fn tables(db: &mut SqliteConnection) -> Vec<String> {
    let names = sqlx::query_scalar("SELECT name FROM sqlite_master WHERE type = 'table'");
    names.fetch_all(db).await.unwrap()
}

async fn in_sqlite(app: &App, text: &str) -> BTreeMap<String, usize> {
    let mut db = sqlite(app).await;
    let mut found = BTreeMap::new();
    for table in tables(&mut db).await {
        // The name is the database's own, so it is as good as ours.
        let rows = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT * FROM \"{table}\"")));
        let rows = rows.fetch_all(&mut db).await.unwrap();
        let mentions = |row: &sqlx::sqlite::SqliteRow| {
            (0..row.len()).any(|at| {
                let bytes: Option<&[u8]> = row.try_get_unchecked(at).unwrap();
                bytes.is_some_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
            })
        };
        found.insert(table, rows.iter().filter(|row| mentions(row)).count());
    }
    found
}
