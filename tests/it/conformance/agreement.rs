//! Both stores answer the same calls with the same values.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{
    clock::Clock,
    domain::{Attempt, Export, Id, Job, JobId, JobStatus, MailPurpose, MailToken, Submission, Timestamp},
    jobs::{JobKind, noop::Noop},
    store::{JobFilter, Listing, QuizFilter, SubmissionFilter},
};

use crate::{
    bench::{Bench, LEASE, first, newest},
    make,
};

/// What a story of calls answered, step by step, as JSON.
struct Story<'a> {
    bench: &'a Bench,
    start: Timestamp,
    told: Vec<(String, Value)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_stores_answer_the_same_calls_with_the_same_values() {
    let start = Clock::System.now();
    let mut tales = Vec::new();
    for bench in [Bench::sqlite().await, Bench::mongo().await] {
        let mut story = Story { bench: &bench, start, told: Vec::new() };
        story.accounts().await;
        story.quizzes().await;
        story.attempts().await;
        story.jobs().await;
        tales.push(story.told);
    }
    let mongo = tales.pop().unwrap();
    let sqlite = tales.pop().unwrap();
    assert!(sqlite.len() > 60, "the story is told: {} steps", sqlite.len());
    for (ours, theirs) in sqlite.iter().zip(&mongo) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(sqlite.len(), mongo.len());
}

impl Story<'_> {
    fn id(&self, number: u8) -> Id {
        Id::from_parts(self.start.0.unsigned_abs() + u64::from(number), [number; 6])
    }

    fn job_id(number: u8) -> JobId {
        format!("01ARZ3NDEKTSV4RRFFQ69G5F{number:02}").parse().unwrap()
    }

    fn at(&self, seconds: u64) -> Timestamp {
        self.start + Duration::from_millis(seconds * 1000 + 7)
    }

    fn tell(&mut self, step: &str, value: Value) {
        self.told.push((format!("{} {step}", self.told.len()), value));
    }

    async fn accounts(&mut self) {
        let store = &self.bench.store;
        let ada = make::user(self.id(1), " Ada@Example.com", Some("ada"), self.at(1));
        let bob = make::user(self.id(2), "bob@example.com", None, self.at(2));
        store.insert_user(&ada).await.unwrap();
        store.insert_user(&bob).await.unwrap();
        let taken = store.insert_user(&make::user(self.id(3), "ADA@example.com", None, self.at(3))).await;
        let session = make::session(self.id(4), ada.id, self.at(4));
        store.insert_session(&session).await.unwrap();
        let moved = store.rotate_session(session.id, 1, self.at(500)).await.unwrap();
        let again = store.rotate_session(session.id, 1, self.at(600)).await.unwrap();
        store.revoke_session(session.id, self.at(700)).await.unwrap();
        let mut changed = ada.clone();
        changed.preferences.time_zone = "Asia/Kathmandu".parse().unwrap();
        changed.deactivate(self.at(800));
        changed.updated_at = self.at(800);
        let saved = store.save_user(&ada, &changed).await.unwrap();
        let stale = store.save_user(&ada, &ada).await.unwrap();
        let token = MailToken::new("f00d".into(), MailPurpose::ResetPassword, &ada, self.at(900));
        store.insert_mail_token(&token).await.unwrap();
        let given = store.count_mail_tokens(ada.id, MailPurpose::ResetPassword, self.at(900)).await.unwrap();
        let taken_out = store.take_mail_token("f00d", MailPurpose::ResetPassword).await.unwrap();
        let export = Export {
            id: self.id(5),
            user_id: ada.id,
            blob: self.id(6),
            size: 7,
            created_at: self.at(10),
            expires_at: self.at(20),
        };
        store.put_export(&export).await.unwrap();
        let expired = store.expired_exports(self.at(20), 10).await.unwrap();
        for value in [json!([saved, stale, given]), json!(taken_out), json!(expired)] {
            self.tell("account", value);
        }
        let read = [
            json!(store.user_by_email("ada@example.com ").await.unwrap()),
            json!(store.user_by_username("ada").await.unwrap()),
            json!(store.user(bob.id).await.unwrap()),
            json!(store.session(session.id).await.unwrap()),
            json!(taken.unwrap_err().to_string()),
            json!([moved, again]),
        ];
        for value in read {
            self.tell("account", value);
        }
    }

    async fn quizzes(&mut self) {
        let (owner, store) = (self.id(1), self.bench.store.clone());
        for number in 10..15 {
            let title = format!("Cells {number} «ü»");
            let mut quiz = make::quiz(self.id(number), owner, &title, "Cells", self.at(number.into()));
            if number == 12 {
                quiz.description = None;
                quiz.source_content = None;
                quiz.questions.truncate(3);
            }
            store.insert_quiz(&quiz).await.unwrap();
            store.insert_quiz(&quiz).await.unwrap();
        }
        store.archive_quiz(self.id(13), self.at(99)).await.unwrap();
        for number in 9..15 {
            self.tell("quiz", json!(store.quiz(self.id(number)).await.unwrap()));
        }
        let all = QuizFilter { created_by: owner, topic: None, status: None, difficulty: None, text: None };
        for (text, window) in
            [(None, first(2)), (None, newest(3)), (Some("14 «Ü"), first(9)), (Some(""), newest(9))]
        {
            let filter = QuizFilter { text: text.map(str::to_owned), ..all.clone() };
            let Listing { items, total, more } = store.quizzes(&filter, &window).await.unwrap();
            let items: Vec<Value> =
                items.iter().map(|item| json!([item.quiz, item.question_count])).collect();
            self.tell("list of quizzes", json!([items, total, more]));
        }
    }

    async fn attempts(&mut self) {
        let store = self.bench.store.clone();
        let (quiz, student) = (self.id(10), self.id(2));
        for (number, percentage) in (20..26).zip([0.0, 33.3, 66.7, 100.0, 12.5, 57.1]) {
            let attempt = Attempt {
                attempt_number: number as u32 - 19,
                ..make::attempt(self.id(number), quiz, student, self.at(number.into()))
            };
            self.tell("opened", json!(store.open_attempt(&attempt).await.unwrap()));
            let second = Attempt { id: self.id(number + 100), ..attempt.clone() };
            self.tell("opened again", json!(store.open_attempt(&second).await.unwrap()));
            let saved = store.save_answers(attempt.id, &make::answers()).await.unwrap();
            let open = store.attempt(attempt.id).await.unwrap().unwrap();
            self.tell("saved", json!([saved, open]));
            let submission = make::submission(&open, percentage, self.at(100 + u64::from(number)));
            self.tell("submitted", json!(store.submit(&submission, open.rev).await.unwrap()));
            let second = Submission { percentage: 1.0, ..submission };
            self.tell("submitted again", json!(store.submit(&second, 0).await.unwrap()));
            self.tell("counted", json!(store.quiz(quiz).await.unwrap()));
            self.tell("read", json!(store.submission(attempt.id).await.unwrap()));
        }
        for window in [first(4), newest(100)] {
            let filter = SubmissionFilter { min_score: Some(12.5), ..SubmissionFilter::of(student).at(quiz) };
            let Listing { items, total, more } = store.submissions(&filter, &window).await.unwrap();
            self.tell("list of submissions", json!([items, total, more]));
        }
    }

    async fn step<T, E>(
        &mut self,
        id: JobId,
        transition: impl FnMut(&mut Job, Timestamp) -> Result<T, E>,
    ) -> T
    where
        shared::jobs::LedgerError: From<E>,
    {
        let (job, value) = self.bench.ledger.update(id, transition).await.unwrap();
        self.tell("changed", json!(job));
        let bench = self.bench;
        self.tell("read", json!(bench.store.job(id).await.unwrap()));
        value
    }

    async fn jobs(&mut self) {
        let bench = self.bench;
        let (store, ledger) = (&bench.store, &bench.ledger);
        // The same present in both tales.
        bench.clock.advance(self.at(100_000).since(bench.now()));
        let ids: Vec<JobId> = (0..6).map(Self::job_id).collect();
        let owner = self.id(1);
        for (number, id) in ids.iter().enumerate() {
            let not_before = (number == 5).then(|| bench.now() + LEASE);
            let job = ledger.enqueue(*id, Some(owner), &Noop { hold_ms: 1 << 40 }, not_before).await.unwrap();
            self.tell("enqueued", json!(job));
        }
        let token = self.step(ids[0], |job, now| job.claim("worker", LEASE, now)).await;
        let shown: Vec<_> = make::questions().iter().map(|question| question.without_answers()).collect();
        self.step(ids[0], |job, now| job.advance(token, make::progress(40, "x"), shown.clone(), now)).await;
        self.step(ids[0], |job, now| job.renew(token, 2 * LEASE, now)).await;
        self.step(ids[0], |job, now| job.succeed(token, make::job_result(), now)).await;
        let token = self.step(ids[1], |job, now| job.claim("worker", LEASE, now)).await;
        self.step(ids[1], |job, now| job.fail(token, make::passing(), LEASE, now)).await;
        let token = self.step(ids[2], |job, now| job.claim("worker", LEASE, now)).await;
        self.step(ids[2], |job, now| job.fail(token, make::fatal(), LEASE, now)).await;
        self.step(ids[3], |job, now| job.claim("worker", LEASE, now)).await;
        self.step(ids[4], |job, now| job.cancel(now)).await;
        self.tell("counts", counts(bench).await);
        bench.clock.advance(LEASE);
        let mut overdue = store.overdue_jobs(bench.now(), 10).await.unwrap();
        overdue.sort_by_key(|job| job.id);
        self.tell("overdue", json!(overdue));
        bench.dispatcher.tick().await.unwrap();
        store.mark_rung(&ids[1..3], self.at(100_500)).await.unwrap();
        self.step(ids[4], |job, now| job.retry(now)).await;
        let unclaimed = store.unclaimed_jobs(Noop::KIND, self.at(200_000), None, 10).await.unwrap();
        let unclaimed: Vec<_> = unclaimed.iter().map(|job| (job.ring().job, job.rung_at)).collect();
        self.tell("unclaimed", json!(unclaimed));
        self.tell("counts", counts(bench).await);
        for id in ids {
            self.tell("job", json!(store.job(id).await.unwrap()));
            self.tell("events", json!(store.events(id, 0, 100).await.unwrap()));
        }
        for (status, window) in [(None, newest(4)), (Some(JobStatus::Queued), first(3))] {
            let filter = JobFilter { user_id: Some(owner), status, ..JobFilter::default() };
            let Listing { items, total, more } = store.jobs(&filter, &window).await.unwrap();
            self.tell("list of jobs", json!([items, total, more]));
        }
    }
}

async fn counts(bench: &Bench) -> Value {
    let counts = bench.store.queue_counts().await.unwrap();
    json!(counts.into_iter().collect::<Vec<_>>())
}
