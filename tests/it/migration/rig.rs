//! The old backends and ours over one database.

use harness::{
    App, AppOptions, Client, Migrate, Mongod, Old, RedisServer, app::SECRET, services::DatabaseName,
};
use mongodb::bson::{Document, doc, oid::ObjectId};
use mongodb::{Collection, Database};
use reqwest::Method;
use serde_json::{Value, json};

/// The password of every account of this suite.
pub const PASSWORD: &str = "correct horse battery";

/// A database, and who is at work on it.
pub struct Rig {
    pub mongod: &'static Mongod,
    pub database: DatabaseName,
}

impl Rig {
    /// An empty database.
    pub async fn new() -> Self {
        let mongod = Mongod::shared().await;
        Self { mongod, database: mongod.database() }
    }

    /// The database, seen from outside.
    pub async fn db(&self) -> Database {
        mongodb::Client::with_uri_str(self.mongod.url()).await.unwrap().database(&self.database)
    }

    pub async fn collection(&self, name: &str) -> Collection<Document> {
        self.db().await.collection(name)
    }

    pub async fn nest(&self) -> Old {
        Old::nest(&self.mongod.url(), &self.database, SECRET).await
    }

    pub async fn beanie(&self) -> Old {
        Old::beanie(&self.mongod.url(), &self.database, SECRET).await
    }

    /// Ours, with a worker.
    pub async fn app(&self) -> App {
        let options = AppOptions::new().env("DATABASE_NAME", &*self.database);
        App::production_with(self.mongod, RedisServer::shared().await, 1, options).await
    }

    pub fn migrate(&self) -> Migrate {
        Migrate::of(&self.mongod.url(), &self.database)
    }
}

/// Somebody with a login at an old backend.
pub struct Person {
    pub id: String,
    pub email: String,
    pub token: String,
    pub client: Client,
}

/// Registers somebody at an old backend, with more fields than all registrations have.
pub async fn register(old: &Old, more: Value) -> Person {
    let email = format!("old-{}-{}@example.com", std::process::id(), harness::unique());
    let mut account = json!({ "name": "An Old Hand", "email": email, "password": PASSWORD });
    account.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    let session = old.client().post("/auth/register", &account).await.expect(201).json;
    let id = [&session["user"]["_id"], &session["user"]["id"]].into_iter().find_map(Value::as_str);
    let (id, token) = (id.expect("an id").to_owned(), text(&session["access_token"]).to_owned());
    Person { id, email, client: old.client().with_token(&token), token }
}

/// A quiz as the old backend stores it.
pub fn old_quiz() -> Value {
    json!({
        "topic": "Cells",
        "questions": [
            { "id": "q1", "question": "What is the powerhouse of the cell?",
              "options": ["Mitochondrion", "Nucleus", "Ribosome", "Membrane"] },
            { "id": "q2", "question": "Where is DNA kept?",
              "options": ["Nucleus", "Membrane", "Ribosome", "Cytosol"] },
        ],
        "correctAnswers": ["Mitochondrion", "Nucleus"],
    })
}

/// Posts and waits for what becomes of it.
pub async fn post_and_wait(client: &Client, path: &str, body: &Value) -> Value {
    let request = client.request(Method::POST, path).header("Prefer", "wait=100").json(body);
    client.send(request).await.expect(201).json
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// The id of a stored resource.
pub fn id(value: &Value) -> String {
    text(&value["_id"]).to_owned()
}

/// A stored document.
pub async fn stored(collection: &Collection<Document>, id: &str) -> Document {
    let id = ObjectId::parse_str(id).unwrap();
    collection.find_one(doc! { "_id": id }).await.unwrap().expect("the document")
}
