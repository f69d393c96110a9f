//! Documents as the old backend left them, in the numbers that the figures are about.

use std::sync::Arc;

use harness::{App, Mongod, client::PASSWORD};
use mongodb::{
    Database,
    bson::{Bson, DateTime, Document, doc, oid::ObjectId},
};
use serde_json::json;

use super::copies::{CARDS_EACH, JOBS_EACH, PLANS_EACH, Samples, TRASHED_EACH, USAGE_DAYS};

/// How much there is.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub users: usize,
    pub attempts: usize,
    pub notes: usize,
}

impl Sizes {
    pub fn from_env() -> Self {
        Self {
            users: crate::setting("SCALE_USERS", 1_000),
            attempts: crate::setting("SCALE_ATTEMPTS", 1_000_000),
            notes: crate::setting("SCALE_NOTES", 100_000),
        }
    }
}

/// One who asks.
pub struct Student {
    pub email: String,
    pub id: String,
    pub quiz: String,
    pub plan: String,
    /// A word in few of their notes.
    pub rare: String,
    /// The day 30 days ago, and 364.
    pub month: String,
    pub year: String,
}

/// The account that may see everybody's jobs.
pub const OPERATOR: &str = "first@scale.test";
pub const TOPICS: [&str; 8] =
    ["Biology", "Chemistry", "History", "Algebra", "Physics", "Geography", "Music", "Law"];
const DIFFICULTIES: [&str; 3] = ["easy", "medium", "hard"];
const SESSION_TYPES: [&str; 4] = ["focus", "review", "practice", "break"];
pub const QUIZZES_EACH: usize = 10;
pub const QUESTIONS: usize = 10;
const SESSIONS_EACH: usize = 300;
pub const DAY_MS: i64 = 24 * 3600 * 1000;
const BATCH: usize = 2_000;
const WRITERS: usize = 4;

/// Fills the app's database and returns some of its students, who can log in.
pub async fn fill(app: &App, mongod: &Mongod, sizes: Sizes, students: usize) -> Vec<Student> {
    // An account of the app's own making lends its hash to all.
    let account = json!({ "name": "First", "email": OPERATOR, "password": PASSWORD });
    app.client().post("/auth/register", &account).await.expect(201);
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let db = client.database(app.env("DATABASE_NAME").unwrap());
    let users = db.collection::<Document>("users");
    let first = doc! { "email": OPERATOR };
    users.update_one(first.clone(), doc! { "$set": { "role": "admin" } }).await.unwrap();
    let first = users.find_one(first).await.unwrap().unwrap();
    let hash = first.get_str("password").unwrap().to_owned();
    let samples = Samples::make(&app.client().login(OPERATOR, PASSWORD).await, &db).await;
    let now = now_ms();

    let seed = Arc::new(Seed { sizes, now, hash, samples });
    let per_user = sizes.attempts / sizes.users;
    insert(&db, "users", sizes.users, &seed, Seed::user).await;
    insert(&db, "quizzes", sizes.users * QUIZZES_EACH, &seed, Seed::quiz).await;
    insert(&db, "studysessions", sizes.users * SESSIONS_EACH, &seed, Seed::session).await;
    insert(&db, "notes", sizes.notes, &seed, Seed::note).await;
    insert(&db, "quizattempts", per_user * sizes.users, &seed, Seed::attempt).await;
    insert(&db, "notes_trash", sizes.users * TRASHED_EACH, &seed, Seed::trashed).await;
    insert(&db, "review_cards", sizes.users * CARDS_EACH, &seed, Seed::card).await;
    insert(&db, "plans", sizes.users * PLANS_EACH, &seed, Seed::plan).await;
    insert(&db, "jobs", sizes.users * JOBS_EACH, &seed, Seed::job).await;
    insert(&db, "ai_usage", sizes.users * USAGE_DAYS, &seed, Seed::usage).await;

    let day = |ago: i64| {
        DateTime::from_millis(now - ago * DAY_MS).try_to_rfc3339_string().unwrap()[..10].to_owned()
    };
    (0..students)
        .map(|number| {
            let user = number * sizes.users / students;
            Student {
                email: format!("student{user}@scale.test"),
                id: seed.id(1, user).to_hex(),
                quiz: seed.id(2, user * QUIZZES_EACH).to_hex(),
                plan: seed.id(6, user * PLANS_EACH).to_hex(),
                rare: format!("rarity{}", user % 97),
                month: day(30),
                year: day(364),
            }
        })
        .collect()
}

#[expect(clippy::disallowed_methods, reason = "a measurement's data is as old as it says")]
pub fn now_ms() -> i64 {
    DateTime::now().timestamp_millis()
}

async fn insert(
    db: &Database,
    name: &str,
    count: usize,
    seed: &Arc<Seed>,
    make: fn(&Seed, usize) -> Document,
) {
    let writers = (0..WRITERS).map(|writer| {
        let (docs, seed) = (db.collection::<Document>(name), Arc::clone(seed));
        tokio::spawn(async move {
            for batch in (0..count.div_ceil(BATCH)).filter(|batch| batch % WRITERS == writer) {
                let numbers = batch * BATCH..count.min((batch + 1) * BATCH);
                let made: Vec<Document> = numbers.map(|number| make(&seed, number)).collect();
                docs.insert_many(made).ordered(false).await.unwrap();
            }
        })
    });
    for writer in futures::future::join_all(writers).await {
        writer.unwrap();
    }
}

pub struct Seed {
    pub sizes: Sizes,
    pub now: i64,
    hash: String,
    pub samples: Samples,
}

impl Seed {
    /// The id of the document with this number among those of its kind.
    pub fn id(&self, kind: u8, number: usize) -> ObjectId {
        let mut bytes = [0; 12];
        bytes[..4]
            .copy_from_slice(&((self.now / 1000 - 400 * 86_400 + number as i64 / 32) as u32).to_be_bytes());
        bytes[4] = kind;
        bytes[6..10].copy_from_slice(&(number as u32).to_be_bytes());
        ObjectId::from_bytes(bytes)
    }

    /// An instant within the last year, the later the higher the number among `count`.
    pub fn at(&self, number: usize, count: usize) -> Bson {
        let ago = 360 * DAY_MS - 360 * DAY_MS * number as i64 / count as i64;
        Bson::DateTime(DateTime::from_millis(self.now - ago - dice(number, 5) as i64 % 60_000))
    }

    fn user(&self, number: usize) -> Document {
        let email = format!("student{number}@scale.test");
        let made = self.at(0, 1);
        doc! {
            "_id": self.id(1, number), "name": format!("Student {number}"), "email": &email, "emailNormalized": &email,
            "username": format!("student{number}"), "password": &self.hash, "role": "student", "isActive": true,
            "createdAt": made.clone(), "updatedAt": made, "__v": 0,
        }
    }

    fn quiz(&self, number: usize) -> Document {
        let topic = TOPICS[number % TOPICS.len()];
        let questions: Vec<Document> = (0..QUESTIONS)
            .map(|question| {
                let options: Vec<String> = (0..4).map(|option| format!("Option {option} of {question}")).collect();
                doc! { "id": format!("q{question}"), "question": format!("What of cell {question}?"), "options": options }
            })
            .collect();
        let answers: Vec<String> = (0..QUESTIONS).map(|question| format!("Option 0 of {question}")).collect();
        let made = self.at(number, self.sizes.users * QUIZZES_EACH);
        doc! {
            "_id": self.id(2, number), "topic": topic, "title": format!("{topic} quiz {number}"),
            "createdBy": self.id(1, number / QUIZZES_EACH), "questions": questions, "correctAnswers": answers,
            "status": "active", "sourceContent": "A text. ".repeat(200), "difficulty": DIFFICULTIES[number % 3],
            "createdAt": made.clone(), "updatedAt": made, "__v": 0,
        }
    }

    /// In the order of time the students take turns, so that what one of them did lies scattered.
    fn attempt(&self, number: usize) -> Document {
        let (user, turn) = (number % self.sizes.users, number / self.sizes.users);
        // The first quiz of each has as many attempts as the nine others together.
        let which = if turn % 2 == 0 { 0 } else { 1 + turn / 2 % (QUIZZES_EACH - 1) };
        let quiz = user * QUIZZES_EACH + which;
        let right = |question: usize| dice(number, question) % 100 < 40 + 5 * question as u64;
        let results: Vec<Document> = (0..QUESTIONS)
            .map(|question| {
                let correct = right(question);
                let given = if correct { 0 } else { 1 + dice(number, question + 50) % 3 };
                doc! {
                    "questionId": format!("q{question}"), "question": format!("What of cell {question}?"),
                    "userAnswer": format!("Option {given} of {question}"),
                    "correctAnswer": format!("Option 0 of {question}"), "isCorrect": correct,
                }
            })
            .collect();
        let score = (0..QUESTIONS).filter(|question| right(*question)).count() as i32;
        let answers: Document = results
            .iter()
            .map(|result| {
                (result.get_str("questionId").unwrap().to_owned(), result.get("userAnswer").unwrap().clone())
            })
            .collect();
        let done = self.at(number, self.sizes.attempts);
        doc! {
            "_id": self.id(3, number), "quizId": self.id(2, quiz), "userId": self.id(1, user), "userAnswers": answers,
            "topic": TOPICS[quiz % TOPICS.len()], "score": score, "totalQuestions": QUESTIONS as i32,
            "percentage": score * 10, "questionResults": results,
            "completedAt": done.clone(), "createdAt": done.clone(), "updatedAt": done, "__v": 0,
        }
    }

    fn session(&self, number: usize) -> Document {
        let (user, turn) = (number % self.sizes.users, number / self.sizes.users);
        let start = self.at(number, self.sizes.users * SESSIONS_EACH);
        let minutes = 15 + (dice(number, 0) % 60) as i32;
        let end = start.as_datetime().unwrap().timestamp_millis() + i64::from(minutes) * 60_000;
        doc! {
            "_id": self.id(4, number), "userId": self.id(1, user), "startTime": start.clone(),
            "endTime": DateTime::from_millis(end), "durationMinutes": minutes,
            "sessionType": SESSION_TYPES[turn % 4], "subject": TOPICS[turn % TOPICS.len()],
            "completed": true, "createdAt": start.clone(), "updatedAt": start, "__v": 0,
        }
    }

    pub fn note(&self, number: usize) -> Document {
        let user = number % self.sizes.users;
        let topic = TOPICS[number / self.sizes.users % TOPICS.len()];
        let mut content = String::new();
        for word in 0..250 {
            let dice = dice(number, word + 100);
            content.push_str(match dice % 40 {
                0 => "cell",
                1 => "the",
                _ => "w",
            });
            if dice % 40 > 1 {
                content.push_str(&(dice % 2_003).to_string());
            }
            content.push(' ');
        }
        if (number / self.sizes.users).is_multiple_of(20) {
            content.push_str(&format!("rarity{}", user % 97));
        }
        let made = self.at(number, self.sizes.notes);
        let tags = if number.is_multiple_of(3) { vec!["exam", topic] } else { vec![topic] };
        doc! {
            "_id": self.id(5, number), "title": format!("{topic} {number}"), "content": content, "tags": tags,
            "user": self.id(1, user), "metadata": { "category": topic },
            "createdAt": made.clone(), "updatedAt": made, "__v": 0,
        }
    }
}

/// A number that looks random and is the same for the same two.
fn dice(number: usize, salt: usize) -> u64 {
    let mut x = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (salt as u64).wrapping_mul(0xd1b5_4a32_d192_ed03);
    x ^= x >> 31;
    x = x.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x ^ (x >> 29)
}
