//! Open attempts.

use std::collections::BTreeMap;

use harness::Mongod;
use mongodb::bson::{Document, doc};
use shared::domain::{Attempt, Given, Id};
use shared::store::{Store, SubmissionFilter};

use crate::{
    bench::{Bench, at_once, first},
    make,
};

on_every_store![
    an_open_attempt_is_found_by_id_and_by_quiz_and_student,
    an_unknown_attempt_is_none,
    a_second_open_attempt_is_the_first,
    twenty_concurrent_openings_open_one_attempt,
    each_student_and_each_quiz_has_its_own_attempt,
    saved_answers_are_merged_into_those_before,
    answers_of_every_shape_and_name_are_read_as_given,
    concurrent_saves_lose_no_answer,
    answers_of_an_attempt_that_is_not_open_are_refused,
    a_submitted_attempt_is_no_longer_open,
    after_a_submission_another_attempt_opens,
    an_attempt_that_is_not_the_next_one_is_not_opened,
    at_a_quiz_that_was_archived_no_attempt_opens,
    attempts_opened_and_submitted_at_once_are_numbered_one_by_one,
];

fn text(text: &str) -> Given {
    Given::Text(text.to_owned())
}

fn answers(given: &[(&str, &str)]) -> BTreeMap<String, Given> {
    given.iter().map(|&(id, answer)| (id.to_owned(), text(answer))).collect()
}

async fn open(bench: &Bench) -> Attempt {
    let attempt = make::attempt(bench.id(), bench.id(), bench.id(), bench.now());
    assert_eq!(bench.store.open_attempt(&attempt).await.unwrap().as_ref(), Some(&attempt));
    attempt
}

async fn an_open_attempt_is_found_by_id_and_by_quiz_and_student(bench: &Bench) {
    let mut attempt = make::attempt(bench.id(), bench.id(), bench.id(), bench.now());
    attempt.answers = make::answers();
    assert_eq!(bench.store.open_attempt(&attempt).await.unwrap().as_ref(), Some(&attempt));
    let unlimited =
        Attempt { expires_at: None, ..make::attempt(bench.id(), bench.id(), bench.id(), bench.now()) };
    assert_eq!(bench.store.open_attempt(&unlimited).await.unwrap().as_ref(), Some(&unlimited));
    for attempt in [attempt, unlimited] {
        assert_eq!(bench.store.attempt(attempt.id).await.unwrap().as_ref(), Some(&attempt));
        assert_eq!(bench.store.attempt_at(attempt.quiz_id, attempt.user_id).await.unwrap(), Some(attempt));
    }
}

async fn an_unknown_attempt_is_none(bench: &Bench) {
    let attempt = open(bench).await;
    assert_eq!(bench.store.attempt(bench.id()).await.unwrap(), None);
    assert_eq!(bench.store.attempt_at(attempt.quiz_id, bench.id()).await.unwrap(), None);
    assert_eq!(bench.store.attempt_at(bench.id(), attempt.user_id).await.unwrap(), None);
    assert_eq!(bench.store.attempt_at(attempt.user_id, attempt.quiz_id).await.unwrap(), None);
}

async fn a_second_open_attempt_is_the_first(bench: &Bench) {
    let first = open(bench).await;
    assert!(bench.store.save_answers(first.id, &answers(&[("1", "two")])).await.unwrap());
    let stands = Attempt { answers: answers(&[("1", "two")]), rev: 1, ..first };
    let second = make::attempt(bench.id(), stands.quiz_id, stands.user_id, bench.now());
    assert_eq!(bench.store.open_attempt(&second).await.unwrap().as_ref(), Some(&stands));
    assert_eq!(bench.store.attempt(second.id).await.unwrap(), None);
}

async fn twenty_concurrent_openings_open_one_attempt(bench: &Bench) {
    let (quiz, student) = (bench.id(), bench.id());
    let opened = at_once(20, |_| {
        let (store, attempt) = (bench.store.clone(), make::attempt(bench.id(), quiz, student, bench.now()));
        async move { store.open_attempt(&attempt).await.unwrap() }
    })
    .await;
    let stands = bench.store.attempt_at(quiz, student).await.unwrap();
    assert!(stands.is_some() && opened.iter().all(|attempt| *attempt == stands), "{opened:?}");
}

async fn each_student_and_each_quiz_has_its_own_attempt(bench: &Bench) {
    let (quizzes, students) = ([bench.id(), bench.id()], [bench.id(), bench.id()]);
    for quiz in quizzes {
        for student in students {
            let attempt = make::attempt(bench.id(), quiz, student, bench.now());
            assert_eq!(bench.store.open_attempt(&attempt).await.unwrap().as_ref(), Some(&attempt));
        }
    }
}

async fn saved_answers_are_merged_into_those_before(bench: &Bench) {
    let attempt = open(bench).await;
    for given in [&[("1", "one"), ("2", "two")][..], &[], &[("2", "TWO"), ("3", "three")]] {
        assert!(bench.store.save_answers(attempt.id, &answers(given)).await.unwrap());
    }
    let merged = answers(&[("1", "one"), ("2", "TWO"), ("3", "three")]);
    let saved = Attempt { answers: merged, rev: 3, ..attempt };
    assert_eq!(bench.store.attempt(saved.id).await.unwrap(), Some(saved));
}

async fn answers_of_every_shape_and_name_are_read_as_given(bench: &Bench) {
    let attempt = open(bench).await;
    assert!(bench.store.save_answers(attempt.id, &make::answers()).await.unwrap());
    assert_eq!(bench.store.attempt(attempt.id).await.unwrap().unwrap().answers, make::answers());
    // Again, and with another shape in the place of each.
    let other: BTreeMap<String, Given> =
        make::answers().into_keys().map(|id| (id, Given::Number(-0.5))).collect();
    assert!(bench.store.save_answers(attempt.id, &other).await.unwrap());
    assert_eq!(bench.store.attempt(attempt.id).await.unwrap().unwrap().answers, other);
}

async fn concurrent_saves_lose_no_answer(bench: &Bench) {
    let attempt = open(bench).await;
    let saved = at_once(20, |number| {
        let (store, id) = (bench.store.clone(), attempt.id);
        async move { store.save_answers(id, &answers(&[(&format!("q{number}"), "yes")])).await.unwrap() }
    })
    .await;
    assert!(saved.into_iter().all(|saved| saved));
    assert_eq!(bench.store.attempt(attempt.id).await.unwrap().unwrap().answers.len(), 20);
}

async fn answers_of_an_attempt_that_is_not_open_are_refused(bench: &Bench) {
    let given = answers(&[("1", "late")]);
    assert!(!bench.store.save_answers(bench.id(), &given).await.unwrap());
    let attempt = open(bench).await;
    let submission = make::submission(&attempt, 50.0, bench.now());
    bench.store.submit(&submission, 0).await.unwrap();
    assert!(!bench.store.save_answers(attempt.id, &given).await.unwrap());
    assert_eq!(bench.store.submission(attempt.id).await.unwrap(), Some(submission));
}

async fn a_submitted_attempt_is_no_longer_open(bench: &Bench) {
    let (attempt, other) = (open(bench).await, open(bench).await);
    bench.store.submit(&make::submission(&attempt, 50.0, bench.now()), 0).await.unwrap();
    assert_eq!(bench.store.attempt(attempt.id).await.unwrap(), None);
    assert_eq!(bench.store.attempt_at(attempt.quiz_id, attempt.user_id).await.unwrap(), None);
    assert_eq!(bench.store.attempt(other.id).await.unwrap(), Some(other));
}

async fn after_a_submission_another_attempt_opens(bench: &Bench) {
    let first = open(bench).await;
    bench.store.submit(&make::submission(&first, 50.0, bench.now()), 0).await.unwrap();
    let second =
        Attempt { attempt_number: 2, ..make::attempt(bench.id(), first.quiz_id, first.user_id, bench.now()) };
    assert_eq!(bench.store.open_attempt(&second).await.unwrap().as_ref(), Some(&second));
    assert_eq!(bench.store.attempt_at(first.quiz_id, first.user_id).await.unwrap(), Some(second));
}

async fn an_attempt_that_is_not_the_next_one_is_not_opened(bench: &Bench) {
    let first = open(bench).await;
    bench.store.submit(&make::submission(&first, 50.0, bench.now()), 0).await.unwrap();
    let numbered = |attempt_number| Attempt {
        attempt_number,
        ..make::attempt(bench.id(), first.quiz_id, first.user_id, bench.now())
    };
    for number in [1, 3] {
        assert_eq!(bench.store.open_attempt(&numbered(number)).await.unwrap(), None);
        assert_eq!(bench.store.attempt_at(first.quiz_id, first.user_id).await.unwrap(), None);
    }
    let second = numbered(2);
    assert_eq!(bench.store.open_attempt(&second).await.unwrap().as_ref(), Some(&second));
    // One that is open comes whatever was counted.
    assert_eq!(bench.store.open_attempt(&numbered(1)).await.unwrap(), Some(second));
}

async fn at_a_quiz_that_was_archived_no_attempt_opens(bench: &Bench) {
    let quiz = make::quiz(bench.id(), bench.id(), "Cells", "Cells", bench.now());
    bench.store.insert_quiz(&quiz).await.unwrap();
    let open = make::attempt(bench.id(), quiz.id, bench.id(), bench.now());
    assert_eq!(bench.store.open_attempt(&open).await.unwrap().as_ref(), Some(&open));
    bench.store.archive_quiz(quiz.id, bench.now()).await.unwrap();
    let late = make::attempt(bench.id(), quiz.id, bench.id(), bench.now());
    assert_eq!(bench.store.open_attempt(&late).await.unwrap(), None);
    assert_eq!(bench.store.attempt_at(quiz.id, late.user_id).await.unwrap(), None);
    assert_eq!(bench.store.attempt_at(quiz.id, open.user_id).await.unwrap(), Some(open));
}

async fn attempts_opened_and_submitted_at_once_are_numbered_one_by_one(bench: &Bench) {
    let (quiz, student) = (bench.id(), bench.id());
    let ids: Vec<Vec<Id>> = (0..8).map(|_| (0..15).map(|_| bench.id()).collect()).collect();
    let now = bench.now();
    let all = SubmissionFilter::of(student).at(quiz);
    at_once(8, |task| {
        let (store, ids, all) = (bench.store.clone(), ids[task].clone(), all.clone());
        async move {
            for id in ids {
                let made = store.submissions(&all, &first(1)).await.unwrap().total;
                let attempt =
                    Attempt { attempt_number: made as u32 + 1, ..make::attempt(id, quiz, student, now) };
                if let Some(open) = store.open_attempt(&attempt).await.unwrap() {
                    store.submit(&make::submission(&open, 50.0, now), open.rev).await.unwrap().unwrap();
                }
            }
        }
    })
    .await;
    assert_eq!(bench.store.attempt_at(quiz, student).await.unwrap(), None);
    let submitted = bench.store.submissions(&all, &first(200)).await.unwrap().items;
    let mut numbers: Vec<u32> = submitted.iter().map(|submission| submission.attempt_number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>());
    assert!(numbers.len() >= 15, "{numbers:?}");
}

/// Whoever finds an attempt that somebody who died was opening opens it or takes it back.
#[tokio::test]
async fn mongodb_settles_an_opening_that_broke_off() {
    let mongod = Mongod::shared().await;
    let database = mongod.database();
    let store = Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap();
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let attempts = client.database(&database).collection::<Document>("attempts_open");
    let clock = shared::clock::Clock::System;
    let next = make::attempt(clock.id(), clock.id(), clock.id(), clock.now());
    let second = Attempt { id: clock.id(), user_id: clock.id(), attempt_number: 2, ..next.clone() };
    for attempt in [&next, &second] {
        let mut opening = mongodb::bson::serialize_to_document(attempt).unwrap();
        opening.extend(doc! {
            "_id": attempt.id, "quizId": attempt.quiz_id, "userId": attempt.user_id,
            "startedAt": attempt.started_at, "expiresAt": attempt.expires_at, "opening": true,
        });
        attempts.insert_one(opening).await.unwrap();
    }
    let other = Attempt { id: clock.id(), ..next.clone() };
    assert_eq!(store.open_attempt(&other).await.unwrap().as_ref(), Some(&next));
    assert_eq!(store.attempt(second.id).await.unwrap(), None);
    let left = attempts.find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(left.get_object_id("_id").unwrap().to_hex(), next.id.to_string());
    assert!(!left.contains_key("opening"));
    assert_eq!(attempts.count_documents(doc! {}).await.unwrap(), 1);
}
