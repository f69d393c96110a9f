//! What the old backend does not know: copies of one of each, made by the platform itself.

use harness::Client;
use mongodb::{
    Database,
    bson::{DateTime, Document, doc},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::seed::{DAY_MS, QUESTIONS, QUIZZES_EACH, Seed, now_ms};

pub const TRASHED_EACH: usize = 20;
/// Every question of their quizzes.
pub const CARDS_EACH: usize = QUIZZES_EACH * QUESTIONS;
pub const PLANS_EACH: usize = 5;
pub const JOBS_EACH: usize = 100;
pub const USAGE_DAYS: usize = 90;

const LECTURE: &str = include_str!("../../fixtures/pdf/lecture.txt");

/// Documents to be copied.
pub struct Samples {
    card: Document,
    plan: Document,
    job: Document,
}

impl Samples {
    /// Lets the platform make one of each.
    pub async fn make(client: &Client, db: &Database) -> Self {
        let quiz = json!({ "inputMethod": "text", "textContent": LECTURE, "questionCount": 1 });
        let quiz = made(client, "/quiz/generate", &quiz).await;
        client.post("/quiz/submit", &json!({ "quizId": quiz["id"], "answers": {} })).await.expect(200);
        let exam = DateTime::from_millis(now_ms() + 60 * DAY_MS).try_to_rfc3339_string().unwrap();
        let subject = |name: &str| json!({ "name": name, "difficulty": "hard", "priority": "high" });
        let subjects = ["Biology", "Chemistry", "History"].map(subject);
        let plan = json!({
            "subjects": subjects,
            "dailyStudyHours": 3, "examDate": &exam[..10],
        });
        made(client, "/planner/generate", &plan).await;
        let one = async |name: &str| {
            db.collection::<Document>(name).find_one(doc! {}).await.unwrap().expect("one of them")
        };
        Self { card: one("review_cards").await, plan: one("plans").await, job: one("jobs").await }
    }
}

async fn made(client: &Client, path: &str, body: &Value) -> Value {
    client
        .send(client.request(Method::POST, path).header("Prefer", "wait=100").json(body))
        .await
        .expect(201)
        .json
}

/// A copy with these members in place of its own.
fn copy(sample: &Document, changes: Document) -> Document {
    let mut copy = sample.clone();
    copy.extend(changes);
    copy
}

impl Seed {
    pub fn trashed(&self, number: usize) -> Document {
        let at = self.at(number, self.sizes.users * TRASHED_EACH);
        let note = self.note(number);
        copy(&note, doc! { "_id": self.id(7, number), "trashedAt": at.clone(), "trashedVersion": at })
    }

    /// Half of them are due.
    pub fn card(&self, number: usize) -> Document {
        let (user, which) = (number / CARDS_EACH, number % CARDS_EACH);
        let due = self.now + (which as i64 - CARDS_EACH as i64 / 2) * DAY_MS / 4;
        let quiz = self.id(2, user * QUIZZES_EACH + which / QUESTIONS);
        let question = format!("q{}", which % QUESTIONS);
        let due = DateTime::from_millis(due);
        copy(
            &self.samples.card,
            doc! {
                "_id": self.id(8, number), "userId": self.id(1, user), "quizId": quiz, "questionId": question, "due": due,
            },
        )
    }

    pub fn plan(&self, number: usize) -> Document {
        let user = self.id(1, number / PLANS_EACH);
        let token = format!("feed{number:060}");
        copy(&self.samples.plan, doc! { "_id": self.id(6, number), "userId": user, "feedToken": token })
    }

    /// One of ten failed.
    pub fn job(&self, number: usize) -> Document {
        let user = self.id(1, number % self.sizes.users);
        let id = format!("01JDGKT5V0{number:016}");
        let changes = doc! { "_id": id, "userId": user };
        let mut job = copy(&self.samples.job, changes);
        if (number / self.sizes.users).is_multiple_of(10) {
            let error = doc! { "code": "provider.unavailable", "message": "No answer.", "retryable": true };
            job.extend(doc! { "status": "failed", "error": error });
        }
        job
    }

    pub fn usage(&self, number: usize) -> Document {
        let (user, ago) = (number / USAGE_DAYS, (number % USAGE_DAYS) as i64);
        let day = DateTime::from_millis(self.now - ago * DAY_MS).try_to_rfc3339_string().unwrap();
        doc! {
            "userId": self.id(1, user), "day": &day[..10], "calls": 7_i64, "promptTokens": 70_000_i64,
            "completionTokens": 9_000_i64, "cachedTokens": 50_000_i64, "costs": { "USD": 20_000_000_i64 }, "counted": [],
        }
    }
}
