//! Lists of submissions.

use std::time::Duration;

use shared::{
    domain::{Attempt, Id, Submission, Timestamp},
    store::SubmissionFilter,
};

use crate::{
    bench::{Bench, first, newest, windows_of_seven},
    make,
};

on_every_store![
    every_window_of_a_list_shows_its_part_and_the_whole_length,
    a_list_shows_only_the_students_submissions_and_no_open_attempt,
    lists_are_narrowed_by_quiz_topic_time_and_score,
];

async fn submit(
    bench: &Bench,
    (user_id, quiz_id): (Id, Id),
    topic: &str,
    percentage: f64,
    completed_at: Timestamp,
) -> Submission {
    let attempt = make::attempt(bench.id(), quiz_id, user_id, bench.now());
    let submission =
        Submission { topic: topic.to_owned(), ..make::submission(&attempt, percentage, completed_at) };
    bench.store.submit(&submission, 0).await.unwrap().unwrap()
}

async fn every_window_of_a_list_shows_its_part_and_the_whole_length(bench: &Bench) {
    let (student, quiz) = (bench.id(), bench.id());
    let mut all = Vec::new();
    for number in 0..7 {
        all.push(submit(bench, (student, quiz), "Cells", f64::from(number), bench.now()).await);
    }
    for (window, places, more) in windows_of_seven(&all[3].id.to_string()) {
        let listed = bench.store.submissions(&SubmissionFilter::of(student), &window).await.unwrap();
        let wanted: Vec<Submission> = places.into_iter().map(|place| all[place].clone()).collect();
        assert_eq!((listed.items, listed.total, listed.more), (wanted, 7, more), "{window:?}");
    }
}

async fn a_list_shows_only_the_students_submissions_and_no_open_attempt(bench: &Bench) {
    let (ada, bob, quiz) = (bench.id(), bench.id(), bench.id());
    let own = submit(bench, (ada, quiz), "Cells", 50.0, bench.now()).await;
    submit(bench, (bob, quiz), "Cells", 50.0, bench.now()).await;
    let open = Attempt { attempt_number: 2, ..make::attempt(bench.id(), quiz, ada, bench.now()) };
    bench.store.open_attempt(&open).await.unwrap().unwrap();
    let listed = bench.store.submissions(&SubmissionFilter::of(ada), &newest(10)).await.unwrap();
    assert_eq!((listed.items, listed.total), (vec![own], 1));
    let none = bench.store.submissions(&SubmissionFilter::of(quiz), &newest(10)).await.unwrap();
    assert_eq!((none.items, none.total), (vec![], 0));
}

async fn lists_are_narrowed_by_quiz_topic_time_and_score(bench: &Bench) {
    let (student, quizzes) = (bench.id(), [bench.id(), bench.id()]);
    let start = bench.now();
    let at = |seconds: u64| start + Duration::from_secs(seconds);
    let mut ids = Vec::new();
    for (quiz, topic, percentage, seconds) in [
        (quizzes[0], "Cells", 0.0, 100),
        (quizzes[0], "Cells", 49.9, 200),
        (quizzes[1], "C.*$", 50.0, 300),
        (quizzes[1], "Cells", 100.0, 400),
    ] {
        ids.push(submit(bench, (student, quiz), topic, percentage, at(seconds)).await.id);
    }
    let all = SubmissionFilter::of(student);
    let topic = |topic: &str| Some(topic.to_owned());
    let millisecond = Duration::from_millis(1);
    for (filter, places) in [
        (all.clone(), vec![0, 1, 2, 3]),
        (all.clone().at(quizzes[0]), vec![0, 1]),
        (all.clone().at(student), vec![]),
        (SubmissionFilter { topic: topic("Cells"), ..all.clone() }, vec![0, 1, 3]),
        (SubmissionFilter { topic: topic("cells"), ..all.clone() }, vec![]),
        (SubmissionFilter { topic: topic("C.*$"), ..all.clone() }, vec![2]),
        (SubmissionFilter { from: Some(at(200)), ..all.clone() }, vec![1, 2, 3]),
        (SubmissionFilter { from: Some(at(200) + millisecond), ..all.clone() }, vec![2, 3]),
        (SubmissionFilter { until: Some(at(200)), ..all.clone() }, vec![0]),
        (SubmissionFilter { until: Some(at(200) + millisecond), ..all.clone() }, vec![0, 1]),
        (SubmissionFilter { from: Some(at(200)), until: Some(at(400)), ..all.clone() }, vec![1, 2]),
        (SubmissionFilter { min_score: Some(50.0), ..all.clone() }, vec![2, 3]),
        (SubmissionFilter { min_score: Some(0.0), ..all.clone() }, vec![0, 1, 2, 3]),
        (SubmissionFilter { max_score: Some(50.0), ..all.clone() }, vec![0, 1, 2]),
        (SubmissionFilter { max_score: Some(49.95), ..all.clone() }, vec![0, 1]),
        (SubmissionFilter { min_score: Some(49.9), max_score: Some(49.9), ..all.clone() }, vec![1]),
        (SubmissionFilter { min_score: Some(60.0), max_score: Some(40.0), ..all.clone() }, vec![]),
        (
            SubmissionFilter {
                topic: topic("Cells"),
                from: Some(at(150)),
                max_score: Some(99.0),
                ..all.clone().at(quizzes[0])
            },
            vec![1],
        ),
    ] {
        let listed = bench.store.submissions(&filter, &first(10)).await.unwrap();
        let shown: Vec<Id> = listed.items.iter().map(|item| item.id).collect();
        let wanted: Vec<Id> = places.into_iter().map(|place| ids[place]).collect();
        assert_eq!(listed.total, wanted.len() as u64, "{filter:?}");
        assert_eq!(shown, wanted, "{filter:?}");
    }
}
