//! Submitting an attempt.

use std::collections::{BTreeMap, BTreeSet};

use harness::Mongod;
use mongodb::bson::{Document, doc};
use shared::domain::{Attempt, Given, Id, Quiz, Submission, Timestamp};
use shared::store::{Store, SubmissionFilter};

use crate::{
    bench::{Bench, at_once, first},
    make,
};

on_every_store![
    a_submission_is_read_as_it_was_submitted,
    an_unknown_submission_is_none,
    a_second_submit_returns_the_first_result,
    what_was_marked_before_another_save_is_not_submitted,
    of_thirty_saves_beside_a_submit_each_that_was_taken_counts,
    fifty_concurrent_submits_of_an_attempt_give_one_result,
    fifty_students_who_submit_at_once_are_all_counted,
    a_quiz_knows_its_attempts_and_their_mean,
    the_mean_has_one_decimal_and_halves_go_up,
    submitting_leaves_other_quizzes_and_the_quiz_itself_alone,
    a_submission_at_a_quiz_that_is_gone_is_kept,
];

async fn quiz(bench: &Bench) -> Quiz {
    let quiz = make::quiz(bench.id(), bench.id(), "Cells", "Cells", bench.now());
    bench.store.insert_quiz(&quiz).await.unwrap();
    quiz
}

async fn open(bench: &Bench, quiz: Id) -> Attempt {
    let attempt = make::attempt(bench.id(), quiz, bench.id(), bench.now());
    bench.store.open_attempt(&attempt).await.unwrap().unwrap()
}

async fn submit(bench: &Bench, quiz: Id, percentage: f64) -> Submission {
    let submission = make::submission(&open(bench, quiz).await, percentage, bench.now());
    assert_eq!(bench.store.submit(&submission, 0).await.unwrap().as_ref(), Some(&submission));
    submission
}

async fn totals(bench: &Bench, quiz: Id) -> (u64, f64) {
    let quiz = bench.store.quiz(quiz).await.unwrap().unwrap();
    (quiz.total_attempts, quiz.average_score)
}

async fn a_submission_is_read_as_it_was_submitted(bench: &Bench) {
    let quiz = quiz(bench).await;
    for answers in [make::answers(), Default::default()] {
        let hidden = answers.is_empty();
        let attempt = Attempt { answers, ..open(bench, quiz.id).await };
        let submission =
            Submission { answers_hidden: hidden, ..make::submission(&attempt, 28.6, bench.now()) };
        assert_eq!(bench.store.submit(&submission, 0).await.unwrap().as_ref(), Some(&submission));
        assert_eq!(bench.store.submission(submission.id).await.unwrap(), Some(submission));
    }
}

async fn an_unknown_submission_is_none(bench: &Bench) {
    assert_eq!(bench.store.submission(bench.id()).await.unwrap(), None);
    let attempt = open(bench, bench.id()).await;
    assert_eq!(bench.store.submission(attempt.id).await.unwrap(), None, "it is still open");
}

async fn a_second_submit_returns_the_first_result(bench: &Bench) {
    let quiz = quiz(bench).await;
    let first = submit(bench, quiz.id, 40.0).await;
    let second = Submission { percentage: 100.0, score: 3.5, answers: make::answers(), ..first.clone() };
    for rev in [0, 7] {
        assert_eq!(bench.store.submit(&second, rev).await.unwrap().as_ref(), Some(&first));
    }
    assert_eq!(bench.store.submission(first.id).await.unwrap(), Some(first));
    assert_eq!(totals(bench, quiz.id).await, (1, 40.0));
}

fn answer(question: &str) -> BTreeMap<String, Given> {
    BTreeMap::from([(question.to_owned(), Given::Text("yes".to_owned()))])
}

async fn what_was_marked_before_another_save_is_not_submitted(bench: &Bench) {
    let quiz = quiz(bench).await;
    let read = open(bench, quiz.id).await;
    assert!(bench.store.save_answers(read.id, &answer("1")).await.unwrap());
    let marked = make::submission(&read, 40.0, bench.now());
    assert_eq!(bench.store.submit(&marked, read.rev).await.unwrap(), None);
    // Nothing happened: it is open, takes answers and counts nowhere.
    assert_eq!(bench.store.submission(read.id).await.unwrap(), None);
    assert_eq!(totals(bench, quiz.id).await, (0, 0.0));
    assert!(bench.store.save_answers(read.id, &answer("2")).await.unwrap());
    let read = bench.store.attempt(read.id).await.unwrap().unwrap();
    let marked = make::submission(&read, 60.0, bench.now());
    assert_eq!(bench.store.submit(&marked, read.rev).await.unwrap().as_ref(), Some(&marked));
    assert_eq!(marked.answers.len(), 2);
}

/// As the API does it: read, mark, submit, until no answers come in between.
async fn read_and_submit(store: &Store, id: Id, now: Timestamp) -> Submission {
    loop {
        let Some(read) = store.attempt(id).await.unwrap() else {
            return store.submission(id).await.unwrap().unwrap();
        };
        let marked = make::submission(&read, 50.0, now);
        if let Some(stored) = store.submit(&marked, read.rev).await.unwrap() {
            return stored;
        }
    }
}

async fn of_thirty_saves_beside_a_submit_each_that_was_taken_counts(bench: &Bench) {
    let quiz = quiz(bench).await;
    // How many saves come first is chance, so more than once.
    for _ in 0..10 {
        let attempt = open(bench, quiz.id).await;
        let taken = at_once(31, |number| {
            let (store, id, now) = (bench.store.clone(), attempt.id, bench.now());
            async move {
                if number == 15 {
                    read_and_submit(&store, id, now).await;
                    return None;
                }
                let question = format!("q{number}");
                store.save_answers(id, &answer(&question)).await.unwrap().then_some(question)
            }
        })
        .await;
        let submitted = bench.store.submission(attempt.id).await.unwrap().unwrap();
        let taken: BTreeSet<String> = taken.into_iter().flatten().collect();
        assert_eq!(submitted.answers.into_keys().collect::<BTreeSet<_>>(), taken);
    }
}

async fn fifty_concurrent_submits_of_an_attempt_give_one_result(bench: &Bench) {
    let quiz = quiz(bench).await;
    let attempt = open(bench, quiz.id).await;
    let results = at_once(50, |number| {
        let (store, submission) =
            (bench.store.clone(), make::submission(&attempt, number as f64, bench.now()));
        async move { store.submit(&submission, 0).await.unwrap().unwrap() }
    })
    .await;
    let stored = bench.store.submission(attempt.id).await.unwrap().unwrap();
    assert!(results.iter().all(|result| *result == stored));
    assert_eq!(totals(bench, quiz.id).await, (1, stored.percentage));
    let listed = bench.store.submissions(&SubmissionFilter::of(attempt.user_id), &first(10)).await.unwrap();
    assert_eq!((listed.items, listed.total), (vec![stored], 1));
    assert_eq!(bench.store.attempt(attempt.id).await.unwrap(), None);
}

async fn fifty_students_who_submit_at_once_are_all_counted(bench: &Bench) {
    let quiz = quiz(bench).await;
    let mut submissions = Vec::new();
    for number in 0..50 {
        let attempt = open(bench, quiz.id).await;
        submissions.push(make::submission(&attempt, f64::from(number), bench.now()));
    }
    at_once(50, |number| {
        let (store, submission) = (bench.store.clone(), submissions[number].clone());
        async move { store.submit(&submission, 0).await.unwrap() }
    })
    .await;
    assert_eq!(totals(bench, quiz.id).await, (50, 24.5));
}

async fn a_quiz_knows_its_attempts_and_their_mean(bench: &Bench) {
    let quiz = quiz(bench).await;
    assert_eq!(totals(bench, quiz.id).await, (0, 0.0));
    for (percentage, expected) in [(0.0, (1, 0.0)), (100.0, (2, 50.0)), (100.0, (3, 66.7)), (33.3, (4, 58.3))]
    {
        submit(bench, quiz.id, percentage).await;
        assert_eq!(totals(bench, quiz.id).await, expected);
    }
}

async fn the_mean_has_one_decimal_and_halves_go_up(bench: &Bench) {
    for (percentages, mean) in
        [([1.1, 1.2], 1.2), ([66.6, 66.7], 66.7), ([0.0, 0.1], 0.1), ([50.0, 50.5], 50.3)]
    {
        let quiz = quiz(bench).await;
        for percentage in percentages {
            submit(bench, quiz.id, percentage).await;
        }
        assert_eq!(totals(bench, quiz.id).await, (2, mean), "{percentages:?}");
    }
}

async fn submitting_leaves_other_quizzes_and_the_quiz_itself_alone(bench: &Bench) {
    let (taken, other) = (quiz(bench).await, quiz(bench).await);
    submit(bench, taken.id, 80.0).await;
    let counted = Quiz { total_attempts: 1, average_score: 80.0, ..taken };
    assert_eq!(bench.store.quiz(counted.id).await.unwrap(), Some(counted));
    assert_eq!(bench.store.quiz(other.id).await.unwrap(), Some(other));
}

async fn a_submission_at_a_quiz_that_is_gone_is_kept(bench: &Bench) {
    let submission = submit(bench, bench.id(), 80.0).await;
    assert_eq!(bench.store.submission(submission.id).await.unwrap(), Some(submission));
}

#[tokio::test]
async fn mongodb_finishes_a_submission_that_broke_off_and_takes_old_attempts() {
    let mongod = Mongod::shared().await;
    let database = mongod.database();
    let store = Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap();
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let attempts = client.database(&database).collection::<Document>("attempts_open");
    let clock = shared::clock::Clock::System;
    let attempt = make::attempt(clock.id(), clock.id(), clock.id(), clock.now());
    store.open_attempt(&attempt).await.unwrap().unwrap();
    // As older versions left it, and as a process that died while submitting did.
    attempts
        .update_one(doc! {}, doc! { "$unset": { "rev": "" }, "$set": { "closing": true } })
        .await
        .unwrap();
    assert!(!store.save_answers(attempt.id, &answer("late")).await.unwrap());
    assert_eq!(store.attempt(attempt.id).await.unwrap().as_ref(), Some(&attempt));
    let marked = make::submission(&attempt, 50.0, clock.now());
    assert_eq!(store.submit(&marked, 1).await.unwrap(), None);
    assert_eq!(store.submit(&marked, attempt.rev).await.unwrap(), Some(marked));
    assert_eq!(attempts.count_documents(doc! {}).await.unwrap(), 0);
}
