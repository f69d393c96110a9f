//! Open attempts.

use std::collections::BTreeMap;

use shared::domain::{Attempt, Given, Id};

use crate::{
    bench::{Bench, at_once},
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
    opening_while_another_request_submits_never_fails,
];

fn text(text: &str) -> Given {
    Given::Text(text.to_owned())
}

fn answers(given: &[(&str, &str)]) -> BTreeMap<String, Given> {
    given.iter().map(|&(id, answer)| (id.to_owned(), text(answer))).collect()
}

async fn open(bench: &Bench) -> Attempt {
    let attempt = make::attempt(bench.id(), bench.id(), bench.id(), bench.now());
    assert_eq!(bench.store.open_attempt(&attempt).await.unwrap(), attempt);
    attempt
}

async fn an_open_attempt_is_found_by_id_and_by_quiz_and_student(bench: &Bench) {
    let mut attempt = make::attempt(bench.id(), bench.id(), bench.id(), bench.now());
    attempt.answers = make::answers();
    assert_eq!(bench.store.open_attempt(&attempt).await.unwrap(), attempt);
    let unlimited =
        Attempt { expires_at: None, ..make::attempt(bench.id(), bench.id(), bench.id(), bench.now()) };
    assert_eq!(bench.store.open_attempt(&unlimited).await.unwrap(), unlimited);
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
    assert_eq!(bench.store.open_attempt(&second).await.unwrap(), stands);
    assert_eq!(bench.store.attempt(second.id).await.unwrap(), None);
}

async fn twenty_concurrent_openings_open_one_attempt(bench: &Bench) {
    let (quiz, student) = (bench.id(), bench.id());
    let opened = at_once(20, |_| {
        let (store, attempt) = (bench.store.clone(), make::attempt(bench.id(), quiz, student, bench.now()));
        async move { store.open_attempt(&attempt).await.unwrap() }
    })
    .await;
    let stands = bench.store.attempt_at(quiz, student).await.unwrap().unwrap();
    assert!(opened.iter().all(|attempt| *attempt == stands), "{opened:?}");
}

async fn each_student_and_each_quiz_has_its_own_attempt(bench: &Bench) {
    let (quizzes, students) = ([bench.id(), bench.id()], [bench.id(), bench.id()]);
    for quiz in quizzes {
        for student in students {
            let attempt = make::attempt(bench.id(), quiz, student, bench.now());
            assert_eq!(bench.store.open_attempt(&attempt).await.unwrap(), attempt);
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
    assert_eq!(bench.store.open_attempt(&second).await.unwrap(), second);
    assert_eq!(bench.store.attempt_at(first.quiz_id, first.user_id).await.unwrap(), Some(second));
}

async fn opening_while_another_request_submits_never_fails(bench: &Bench) {
    let (quiz, student) = (bench.id(), bench.id());
    let ids: Vec<Vec<Id>> = (0..8).map(|_| (0..15).map(|_| bench.id()).collect()).collect();
    let now = bench.now();
    let submitted = at_once(8, |task| {
        let (store, ids) = (bench.store.clone(), ids[task].clone());
        async move {
            let mut submitted = Vec::new();
            for id in ids {
                let open = store.open_attempt(&make::attempt(id, quiz, student, now)).await.unwrap();
                let submission = make::submission(&open, 50.0, now);
                submitted.push(store.submit(&submission, open.rev).await.unwrap().unwrap().id);
            }
            submitted
        }
    })
    .await;
    assert_eq!(bench.store.attempt_at(quiz, student).await.unwrap(), None);
    for id in submitted.into_iter().flatten() {
        assert!(bench.store.submission(id).await.unwrap().is_some());
    }
}
