//! Submitting an attempt.

use shared::domain::{Attempt, Id, Quiz, Submission};
use shared::store::SubmissionFilter;

use crate::{
    bench::{Bench, at_once, first},
    make,
};

on_every_store![
    a_submission_is_read_as_it_was_submitted,
    an_unknown_submission_is_none,
    a_second_submit_returns_the_first_result,
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
    bench.store.open_attempt(&attempt).await.unwrap()
}

async fn submit(bench: &Bench, quiz: Id, percentage: f64) -> Submission {
    let submission = make::submission(&open(bench, quiz).await, percentage, bench.now());
    assert_eq!(bench.store.submit(&submission).await.unwrap(), submission);
    submission
}

async fn totals(bench: &Bench, quiz: Id) -> (u64, f64) {
    let quiz = bench.store.quiz(quiz).await.unwrap().unwrap();
    (quiz.total_attempts, quiz.average_score)
}

async fn a_submission_is_read_as_it_was_submitted(bench: &Bench) {
    let quiz = quiz(bench).await;
    for answers in [make::answers(), Default::default()] {
        let attempt = Attempt { answers, ..open(bench, quiz.id).await };
        let submission = make::submission(&attempt, 28.6, bench.now());
        assert_eq!(bench.store.submit(&submission).await.unwrap(), submission);
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
    assert_eq!(bench.store.submit(&second).await.unwrap(), first);
    assert_eq!(bench.store.submission(first.id).await.unwrap(), Some(first));
    assert_eq!(totals(bench, quiz.id).await, (1, 40.0));
}

async fn fifty_concurrent_submits_of_an_attempt_give_one_result(bench: &Bench) {
    let quiz = quiz(bench).await;
    let attempt = open(bench, quiz.id).await;
    let results = at_once(50, |number| {
        let (store, submission) =
            (bench.store.clone(), make::submission(&attempt, number as f64, bench.now()));
        async move { store.submit(&submission).await.unwrap() }
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
        async move { store.submit(&submission).await.unwrap() }
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
