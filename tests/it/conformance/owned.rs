//! Everything stored about a user: read, erased, and erased by a worker while it is still being written.

use std::{collections::BTreeMap, time::Duration};

use futures::TryStreamExt;
use harness::Mongod;
use mongodb::bson::{Document, doc, oid::ObjectId};
use serde_json::{Value, json};
use shared::{
    config::{Config, Program, Source},
    domain::{Export, Id, Job, JobStatus, MailPurpose, MailToken, Share},
    jobs::{JobKind, account_erase::AccountErase, account_export::AccountExport, noop::Noop},
    live::Live,
    store::{Idempotency, JobFilter, Store},
};
use sqlx::{Connection, SqliteConnection};
use worker::{Contexts, Shutdown, runtime};

use crate::{
    bench::{Bench, newest, soon},
    make,
};

on_every_store![
    what_is_a_users_is_read_without_secrets,
    what_is_a_users_is_erased_and_what_is_others_stays,
    an_erasure_stops_jobs_and_forgets_whose_it_was,
    exports_are_removed_when_their_time_is_over,
    an_erasure_removes_files_whose_jobs_had_not_recorded_them,
    quizzes_no_longer_count_attempts_that_are_erased,
];

/// An account that has something of everything.
struct Person {
    id: Id,
    quiz: Id,
    uploads: Vec<Id>,
    jobs: Vec<Job>,
}

async fn person(bench: &Bench, email: &str) -> Person {
    let (store, now) = (&bench.store, bench.now());
    let blob = async || {
        let id = bench.id();
        store.put_blob(id, id.0.to_vec()).await.unwrap();
        id
    };
    let uploads = vec![blob().await, blob().await, blob().await];
    let mut user = make::user(bench.id(), email, None, now);
    user.avatar = Some(uploads[0]);
    store.insert_user(&user).await.unwrap();
    store.insert_session(&make::session(bench.id(), user.id, now)).await.unwrap();
    let token = MailToken::new(bench.id().to_string(), MailPurpose::VerifyEmail, &user, now);
    store.insert_mail_token(&token).await.unwrap();
    let quiz = make::quiz(bench.id(), user.id, "Cells", "Cells", now);
    store.insert_quiz(&quiz).await.unwrap();
    let share = Share { quiz_id: quiz.id, user_id: user.id, token: bench.id().to_string(), created_at: now };
    store.share_quiz(&share).await.unwrap();
    store.open_attempt(&make::attempt(bench.id(), bench.id(), user.id, now)).await.unwrap().unwrap();
    let attempt = make::attempt(bench.id(), quiz.id, user.id, now);
    store.open_attempt(&attempt).await.unwrap().unwrap();
    store.submit(&make::submission(&attempt, 50.0, now), 0).await.unwrap().unwrap();
    store.insert_study_session(&make::study_session(bench.id(), user.id, now)).await.unwrap();
    store.insert_plan(&make::plan(bench.id(), user.id, "2099-01-01", now)).await.unwrap();
    let export = Export {
        id: bench.id(),
        user_id: user.id,
        blob: uploads[1],
        size: 12,
        created_at: now,
        expires_at: now + Export::KEPT_FOR,
    };
    store.put_export(&export).await.unwrap();
    let begun = store.begin_idempotent(&format!("{} /quiz/generate key", user.id), "print", now, now).await;
    assert_eq!(begun.unwrap(), Idempotency::Fresh);
    let mut jobs = Vec::new();
    for not_before in [None, Some(now + Duration::from_secs(3600))] {
        let mut new = make::new_job(bench.job_id(), Some(user.id), not_before);
        new.payload = json!({ "source": { "type": "text", "blob": uploads[2] } });
        let mut job = Job::new(new, now);
        store.insert_job(&mut job).await.unwrap();
        store.put_checkpoint(job.id, "document", &json!({ "text": "of mine" })).await.unwrap();
        jobs.push(job);
    }
    Person { id: user.id, quiz: quiz.id, uploads, jobs }
}

/// How many documents each collection holds of a user.
async fn held(store: &Store, user: Id) -> BTreeMap<&'static str, usize> {
    let mut held = BTreeMap::new();
    for source in store.owned_sources() {
        let documents: Vec<Value> =
            store.owned(source.name, user).await.unwrap().try_collect().await.unwrap();
        held.insert(source.name, documents.len());
    }
    held.retain(|_, count| *count > 0);
    held
}

async fn documents(store: &Store, source: &str, user: Id) -> Vec<Value> {
    store.owned(source, user).await.unwrap().try_collect().await.unwrap()
}

async fn what_is_a_users_is_read_without_secrets(bench: &Bench) {
    let (ada, _) = (person(bench, "ada@example.com").await, person(bench, "bob@example.com").await);
    let store = &bench.store;
    let counts: Vec<usize> = held(store, ada.id).await.into_values().collect();
    assert!(counts.len() >= 10, "{:?}", held(store, ada.id).await);
    let account = documents(store, "users", ada.id).await;
    assert_eq!(account.len(), 1);
    assert_eq!(
        (&account[0]["email"], &account[0]["name"]),
        (&json!("ada@example.com"), &json!("Ada Lovelace"))
    );
    assert_eq!(account[0].get("password"), None);
    let jobs = documents(store, "jobs", ada.id).await;
    assert_eq!(jobs.len(), 2);
    assert!(
        jobs.iter()
            .all(|job| job["userId"] == json!(ada.id) && !job["events"].as_array().unwrap().is_empty())
    );
    assert_eq!(documents(store, "job_checkpoints", ada.id).await.len(), 2);
    // The keys of one's own quizzes are one's own.
    let mut all = String::new();
    for source in store.owned_sources().iter().filter(|source| source.exported) {
        all.push_str(&json!(documents(store, source.name, ada.id).await).to_string());
    }
    assert!(all.contains("mitochondria") && all.contains("of mine"));
    assert!(!all.contains("bob@example.com") && !all.contains("$2b$"), "{all}");
    let mut blobs = Vec::new();
    for source in store.owned_sources() {
        blobs.extend(store.owned_blobs(source.name, ada.id).await.unwrap());
    }
    blobs.sort_unstable();
    blobs.dedup();
    assert_eq!(blobs, ada.uploads);
    assert!(
        store.owned("workers", ada.id).await.is_err() && store.erase_owned("workers", ada.id).await.is_err()
    );
}

async fn what_is_a_users_is_erased_and_what_is_others_stays(bench: &Bench) {
    let store = &bench.store;
    let (ada, bob) = (person(bench, "ada@example.com").await, person(bench, "bob@example.com").await);
    // Bob took Ada's quiz.
    let attempt = make::attempt(bench.id(), ada.quiz, bob.id, bench.now());
    store.submit(&make::submission(&attempt, 80.0, bench.now()), 0).await.unwrap().unwrap();
    let before = held(store, bob.id).await;
    for source in store.owned_sources() {
        store.erase_owned(source.name, ada.id).await.unwrap();
    }
    assert_eq!(held(store, ada.id).await, BTreeMap::new());
    assert_eq!(held(store, bob.id).await, before);
    assert!(store.submission(attempt.id).await.unwrap().is_some());
    assert_eq!(store.user(ada.id).await.unwrap(), None);
    assert_eq!(store.user_by_email("ada@example.com").await.unwrap(), None);
    assert_eq!(store.quiz(ada.quiz).await.unwrap(), None);
    for job in &ada.jobs {
        assert_eq!(store.job(job.id).await.unwrap(), None);
        assert!(store.events(job.id, 0, 10).await.unwrap().is_empty());
        assert!(store.checkpoints(job.id).await.unwrap().is_empty());
    }
    let now = bench.now();
    let key = |user: Id| format!("{user} /quiz/generate key");
    assert_eq!(store.begin_idempotent(&key(ada.id), "other", now, now).await.unwrap(), Idempotency::Fresh);
    assert_eq!(store.begin_idempotent(&key(bob.id), "other", now, now).await.unwrap(), Idempotency::Mismatch);
    assert_eq!(store.checkpoints(bob.jobs[0].id).await.unwrap().len(), 1);
    // What is gone can be made anew, and is somebody new.
    let again = person(bench, "ada@example.com").await;
    assert_ne!(again.id, ada.id);
}

/// Runs the jobs that wait until this one is finished.
async fn finish(bench: &Bench, id: shared::domain::JobId) -> Job {
    let finished = async || bench.store.job(id).await.unwrap().unwrap().status.is_finished();
    work(bench, 2, finished).await;
    bench.store.job(id).await.unwrap().unwrap()
}

/// Runs the jobs that wait until something is done, and those that run then to their end.
async fn work(bench: &Bench, slots: usize, done: impl AsyncFn() -> bool) {
    let config = Config::read(Program::Api, &Source::from([])).unwrap();
    let contexts = Contexts::new(Live::fixed(config), bench.ledger.clone()).unwrap();
    let shutdown = Shutdown::default();
    let mut changes = bench.ledger.notifier.subscribe();
    bench.dispatcher.tick().await.unwrap();
    let watched = async {
        while !done().await {
            // A change may be announced before this listens, or not at all.
            let _ = tokio::time::timeout(Duration::from_millis(200), changes.recv()).await;
        }
        shutdown.stop.cancel();
    };
    let (ended, ()) =
        soon(async { tokio::join!(runtime::run(contexts, slots, shutdown.clone()), watched) }).await;
    ended.unwrap();
}

async fn an_erasure_stops_jobs_and_forgets_whose_it_was(bench: &Bench) {
    let store = &bench.store;
    let (ada, bob) = (person(bench, "ada@example.com").await, person(bench, "bob@example.com").await);
    let (first, again) = (bench.job_id(), bench.job_id());
    let ask = AccountErase { user: ada.id };
    bench.ledger.enqueue(first, None, &ask, None).await.unwrap();
    let due = bench.now() + AccountErase::AGAIN_AFTER;
    bench.ledger.enqueue(again, None, &ask, Some(due)).await.unwrap();
    let job = finish(bench, first).await;
    assert_eq!(job.status, JobStatus::Succeeded, "{:?}", job.error);
    assert!(!json!(job).to_string().contains(&ada.id.to_string()), "{job:?}");
    assert_eq!(held(store, ada.id).await, BTreeMap::new());
    for blob in &ada.uploads {
        assert_eq!(store.blob(*blob).await.unwrap(), None);
    }
    for blob in &bob.uploads {
        assert!(store.blob(*blob).await.unwrap().is_some());
    }
    // Somebody was still at writing, and the second round finds what they wrote.
    let late = make::quiz(bench.id(), ada.id, "Late", "Late", bench.now());
    store.insert_quiz(&late).await.unwrap();
    assert_eq!(store.job(again).await.unwrap().unwrap().status, JobStatus::Scheduled);
    bench.clock.advance(AccountErase::AGAIN_AFTER);
    let job = finish(bench, again).await;
    assert_eq!(job.status, JobStatus::Succeeded, "{:?}", job.error);
    assert_eq!(held(store, ada.id).await, BTreeMap::new());
    assert_eq!(store.quiz(late.id).await.unwrap(), None);
    assert!(!json!(job).to_string().contains(&ada.id.to_string()), "{job:?}");
    let theirs = JobFilter { user_id: Some(bob.id), kind: Some(Noop::KIND.into()), ..JobFilter::default() };
    assert_eq!(store.jobs(&theirs, &newest(10)).await.unwrap().total, 2);
}

async fn an_erasure_removes_files_whose_jobs_had_not_recorded_them(bench: &Bench) {
    let (store, now) = (&bench.store, bench.now());
    let ada = make::user(bench.id(), "ada@example.com", None, now);
    store.insert_user(&ada).await.unwrap();
    let export = bench.ledger.enqueue(bench.job_id(), Some(ada.id), &AccountExport {}, None).await.unwrap();
    // A user may have cancelled it when the worker was about to end.
    bench.ledger.update(export.id, Job::cancel).await.unwrap();
    store.put_blob(Id::for_job(export.id), b"zip".to_vec()).await.unwrap();
    let erasure = bench.job_id();
    bench.ledger.enqueue(erasure, None, &AccountErase { user: ada.id }, None).await.unwrap();
    assert_eq!(finish(bench, erasure).await.status, JobStatus::Succeeded);
    assert_eq!(store.blob(Id::for_job(export.id)).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_export_that_an_erasure_overtakes_leaves_no_file() {
    let bench = &Bench::sqlite().await;
    let ada = make::user(bench.id(), "ada@example.com", None, bench.now());
    bench.store.insert_user(&ada).await.unwrap();
    // The erasure comes past between the record of the export and its file.
    let erase = "CREATE TRIGGER overtake AFTER INSERT ON exports BEGIN DELETE FROM jobs WHERE kind = 'account.export'; END";
    let database = format!("sqlite://{}", bench.database().display());
    let mut database = SqliteConnection::connect(&database).await.unwrap();
    sqlx::query(erase).execute(&mut database).await.unwrap();
    let export = bench.ledger.enqueue(bench.job_id(), Some(ada.id), &AccountExport {}, None).await.unwrap();
    work(bench, 1, async || bench.store.export(Id::for_job(export.id)).await.unwrap().is_some()).await;
    assert_eq!(bench.store.job(export.id).await.unwrap(), None);
    assert_eq!(bench.store.blob(Id::for_job(export.id)).await.unwrap(), None);
}

async fn exports_are_removed_when_their_time_is_over(bench: &Bench) {
    let store = &bench.store;
    let (early, late) = (person(bench, "ada@example.com").await, {
        bench.clock.advance(Duration::from_secs(60));
        person(bench, "bob@example.com").await
    });
    let export = async |person: &Person| store.owned_blobs("exports", person.id).await.unwrap();
    assert_eq!(export(&early).await, [early.uploads[1]]);
    assert_eq!(store.remove_expired_exports(bench.now()).await.unwrap(), 0);
    bench.clock.advance(Export::KEPT_FOR - Duration::from_secs(30));
    assert_eq!(store.remove_expired_exports(bench.now()).await.unwrap(), 1);
    assert_eq!((export(&early).await, export(&late).await), (vec![], vec![late.uploads[1]]));
    assert_eq!(store.blob(early.uploads[1]).await.unwrap(), None);
    assert!(store.blob(late.uploads[1]).await.unwrap().is_some());
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(store.remove_expired_exports(bench.now()).await.unwrap(), 1);
}

async fn quizzes_no_longer_count_attempts_that_are_erased(bench: &Bench) {
    let (store, now) = (&bench.store, bench.now());
    let (ada, bob) = (bench.id(), bench.id());
    let (first, second) = (bench.id(), bench.id());
    for quiz in [first, second] {
        store.insert_quiz(&make::quiz(quiz, bench.id(), "Cells", "Cells", now)).await.unwrap();
    }
    let submit = async |quiz: Id, user: Id, percentage: f64| {
        let attempt = make::attempt(bench.id(), quiz, user, now);
        store.submit(&make::submission(&attempt, percentage, now), 0).await.unwrap().unwrap();
    };
    let totals = async |quiz: Id| {
        let quiz = store.quiz(quiz).await.unwrap().unwrap();
        (quiz.total_attempts, quiz.average_score)
    };
    for (quiz, user, percentage) in
        [(first, ada, 10.0), (first, ada, 30.0), (first, bob, 80.0), (second, ada, 5.0)]
    {
        submit(quiz, user, percentage).await;
    }
    assert_eq!((totals(first).await, totals(second).await), ((3, 40.0), (1, 5.0)));
    for source in store.owned_sources() {
        store.erase_owned(source.name, ada).await.unwrap();
    }
    assert_eq!((totals(first).await, totals(second).await), ((1, 80.0), (0, 0.0)));
    submit(first, bob, 100.0).await;
    assert_eq!(totals(first).await, (2, 90.0));
}

#[tokio::test]
async fn what_the_old_backends_wrote_of_a_user_is_found_in_every_shape() {
    let mongod = Mongod::shared().await;
    let database = mongod.database();
    let store = Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap();
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let db = client.database(&database);
    let (ada, bob) = (ObjectId::from_bytes([1; 12]), ObjectId::from_bytes([2; 12]));
    let mut put = 0;
    for user in [ada, bob] {
        let hex = user.to_hex();
        let link = || doc! { "$ref": "users", "$id": user };
        for (collection, documents) in [
            (
                "users",
                vec![doc! { "_id": user, "name": "X", "email": &hex, "password": "$2b$10$x", "odd": [1] }],
            ),
            (
                "quizzes",
                vec![
                    doc! { "topic": "a", "createdBy": user, "questions": [], "correctAnswers": ["A"] },
                    doc! { "topic": "b", "createdBy": &hex },
                    doc! { "topic": "c", "created_by": link(), "source_content": "of mine" },
                ],
            ),
            ("quizattempts", vec![doc! { "userId": user, "score": 1 }, doc! { "userId": &hex, "score": 2 }]),
            ("quiz_attempts", vec![doc! { "user": link(), "is_completed": true }]),
            (
                "notes",
                vec![doc! { "user": user }, doc! { "user": &hex }, doc! { "user": link(), "content": null }],
            ),
            (
                "notes_trash",
                vec![doc! { "user": user }, doc! { "user": &hex }, doc! { "user": link(), "trashedAt": 1 }],
            ),
            ("studysessions", vec![doc! { "userId": &hex }, doc! { "user_id": link() }]),
            ("userperformances", vec![doc! { "userId": user }, doc! { "userId": &hex }]),
        ] {
            put += documents.len();
            db.collection::<Document>(collection).insert_many(documents).await.unwrap();
        }
    }
    // Nobody's, and somebody else's where a careless query would look.
    db.collection("quizzes")
        .insert_one(doc! { "topic": "d", "created_by": { "$ref": "users", "$id": null } })
        .await
        .unwrap();
    db.collection("quizzes").insert_one(doc! { "topic": ada.to_hex() }).await.unwrap();
    let (ada, bob) = (Id::from(ada), Id::from(bob));
    assert_eq!(held(&store, ada).await, held(&store, bob).await);
    assert_eq!(held(&store, ada).await.values().sum::<usize>() * 2, put);
    let account = documents(&store, "users", ada).await;
    assert_eq!(account[0], json!({ "_id": ada, "name": "X", "email": ada, "odd": [1] }));
    for source in store.owned_sources() {
        store.erase_owned(source.name, ada).await.unwrap();
    }
    assert_eq!(held(&store, ada).await, BTreeMap::new());
    assert_eq!(held(&store, bob).await.values().sum::<usize>() * 2, put);
    assert_eq!(db.collection::<Document>("quizzes").count_documents(doc! {}).await.unwrap(), 5);
}
