//! Quizzes and the lists of them.

use std::time::Duration;

use shared::{
    domain::{Difficulty, Id, Question, Quiz, QuizStatus},
    store::QuizFilter,
};

use crate::{
    bench::{Bench, at_once, first, newest, windows_of_seven},
    make,
};

on_every_store![
    a_quiz_is_read_with_every_question_and_key_as_it_was_written,
    a_quiz_without_its_optional_parts_is_read_as_it_was_written,
    an_unknown_quiz_is_none,
    a_quiz_that_is_there_already_stays_as_it_is,
    concurrent_inserts_of_a_quiz_write_it_once,
    a_list_leaves_out_questions_and_source_and_counts_them,
    every_window_of_a_list_shows_its_part_and_the_whole_length,
    a_list_shows_only_the_owners_quizzes,
    lists_are_narrowed_by_topic_status_and_difficulty,
    an_archived_quiz_is_closed_and_still_readable,
    archiving_an_unknown_quiz_does_nothing,
];

pub fn owned_by(created_by: Id) -> QuizFilter {
    QuizFilter { created_by, topic: None, status: None, difficulty: None, text: None }
}

async fn add(bench: &Bench, quiz: Quiz) -> Quiz {
    bench.store.insert_quiz(&quiz).await.unwrap();
    quiz
}

async fn a_quiz_is_read_with_every_question_and_key_as_it_was_written(bench: &Bench) {
    let quiz = make::quiz(bench.id(), bench.id(), "Cells «ü» $x.y \u{1F600}", "Cells", bench.now());
    let quiz = add(bench, quiz).await;
    assert_eq!(bench.store.quiz(quiz.id).await.unwrap(), Some(quiz));
}

async fn a_quiz_without_its_optional_parts_is_read_as_it_was_written(bench: &Bench) {
    let mut quiz = make::quiz(bench.id(), bench.id(), "Cells", "Cells", bench.now());
    quiz.created_by = None;
    quiz.description = None;
    quiz.source_content = None;
    quiz.source_size = None;
    quiz.generation.model = None;
    quiz.generation.prompt_version = None;
    quiz.settings.time_limit = None;
    quiz.settings.max_attempts = None;
    quiz.settings.show_correct_answers = false;
    quiz.settings.shuffle = true;
    quiz.questions.clear();
    let quiz = add(bench, quiz).await;
    assert_eq!(bench.store.quiz(quiz.id).await.unwrap(), Some(quiz));
}

async fn an_unknown_quiz_is_none(bench: &Bench) {
    assert_eq!(bench.store.quiz(bench.id()).await.unwrap(), None);
}

async fn a_quiz_that_is_there_already_stays_as_it_is(bench: &Bench) {
    let quiz = add(bench, make::quiz(bench.id(), bench.id(), "First", "Cells", bench.now())).await;
    let mut second = Quiz { title: "Second".into(), topic: "Other".into(), ..quiz.clone() };
    second.questions.truncate(1);
    bench.store.insert_quiz(&second).await.unwrap();
    bench.store.insert_quiz(&quiz).await.unwrap();
    assert_eq!(bench.store.quiz(quiz.id).await.unwrap().as_ref(), Some(&quiz));
    let listed = bench.store.quizzes(&owned_by(quiz.created_by.unwrap()), &first(10)).await.unwrap();
    assert_eq!((listed.total, listed.items[0].quiz.title.as_str()), (1, "First"));
}

async fn concurrent_inserts_of_a_quiz_write_it_once(bench: &Bench) {
    let quiz = make::quiz(bench.id(), bench.id(), "Cells", "Cells", bench.now());
    at_once(20, |_| {
        let (store, quiz) = (bench.store.clone(), quiz.clone());
        async move { store.insert_quiz(&quiz).await.unwrap() }
    })
    .await;
    assert_eq!(bench.store.quizzes(&owned_by(quiz.created_by.unwrap()), &first(10)).await.unwrap().total, 1);
    assert_eq!(bench.store.quiz(quiz.id).await.unwrap(), Some(quiz));
}

async fn a_list_leaves_out_questions_and_source_and_counts_them(bench: &Bench) {
    let quiz = add(bench, make::quiz(bench.id(), bench.id(), "Cells", "Cells", bench.now())).await;
    let listed = bench.store.quizzes(&owned_by(quiz.created_by.unwrap()), &first(10)).await.unwrap();
    let count = quiz.questions.len() as u32;
    let summary = Quiz { questions: Vec::<Question>::new(), source_content: None, ..quiz };
    assert_eq!(listed.items.len(), 1);
    assert_eq!((&listed.items[0].quiz, listed.items[0].question_count), (&summary, count));
}

async fn every_window_of_a_list_shows_its_part_and_the_whole_length(bench: &Bench) {
    let owner = bench.id();
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(add(bench, make::quiz(bench.id(), owner, "Cells", "Cells", bench.now())).await.id);
    }
    for (window, places, more) in windows_of_seven(&ids[3].to_string()) {
        let listed = bench.store.quizzes(&owned_by(owner), &window).await.unwrap();
        let shown: Vec<Id> = listed.items.iter().map(|item| item.quiz.id).collect();
        let wanted: Vec<Id> = places.into_iter().map(|place| ids[place]).collect();
        assert_eq!((shown, listed.total, listed.more), (wanted, 7, more), "{window:?}");
    }
}

async fn a_list_shows_only_the_owners_quizzes(bench: &Bench) {
    let (ada, bob) = (bench.id(), bench.id());
    let quiz = add(bench, make::quiz(bench.id(), ada, "Cells", "Cells", bench.now())).await;
    add(bench, make::quiz(bench.id(), bob, "Cells", "Cells", bench.now())).await;
    let anonymous = make::quiz(bench.id(), bob, "Cells", "Cells", bench.now());
    add(bench, Quiz { created_by: None, ..anonymous }).await;
    let listed = bench.store.quizzes(&owned_by(ada), &newest(10)).await.unwrap();
    assert_eq!((listed.items.len(), listed.items[0].quiz.id, listed.total), (1, quiz.id, 1));
    assert_eq!(bench.store.quizzes(&owned_by(bench.id()), &newest(10)).await.unwrap().total, 0);
}

async fn lists_are_narrowed_by_topic_status_and_difficulty(bench: &Bench) {
    let owner = bench.id();
    let cells = add(bench, make::quiz(bench.id(), owner, "1", "Cells", bench.now())).await.id;
    let hard =
        Quiz { difficulty: Difficulty::Hard, ..make::quiz(bench.id(), owner, "2", "Cells", bench.now()) };
    let hard = add(bench, hard).await.id;
    let odd = add(bench, make::quiz(bench.id(), owner, "3", "C.*l$", bench.now())).await.id;
    let closed = add(bench, make::quiz(bench.id(), owner, "4", "Cells", bench.now())).await.id;
    bench.store.archive_quiz(closed, bench.now()).await.unwrap();

    let all = owned_by(owner);
    let topic = |topic: &str| Some(topic.to_owned());
    for (filter, wanted) in [
        (QuizFilter { topic: topic("Cells"), ..all.clone() }, vec![cells, hard, closed]),
        (QuizFilter { topic: topic("cells"), ..all.clone() }, vec![]),
        (QuizFilter { topic: topic("Cell"), ..all.clone() }, vec![]),
        (QuizFilter { topic: topic(".*"), ..all.clone() }, vec![]),
        (QuizFilter { topic: topic("C.*l$"), ..all.clone() }, vec![odd]),
        (QuizFilter { status: Some(QuizStatus::Active), ..all.clone() }, vec![cells, hard, odd]),
        (QuizFilter { status: Some(QuizStatus::Archived), ..all.clone() }, vec![closed]),
        (QuizFilter { difficulty: Some(Difficulty::Hard), ..all.clone() }, vec![hard]),
        (QuizFilter { difficulty: Some(Difficulty::Medium), ..all.clone() }, vec![cells, odd, closed]),
        (QuizFilter { difficulty: Some(Difficulty::Easy), ..all.clone() }, vec![]),
        (
            QuizFilter {
                topic: topic("Cells"),
                status: Some(QuizStatus::Active),
                difficulty: Some(Difficulty::Medium),
                ..all.clone()
            },
            vec![cells],
        ),
    ] {
        let listed = bench.store.quizzes(&filter, &first(10)).await.unwrap();
        let shown: Vec<Id> = listed.items.iter().map(|item| item.quiz.id).collect();
        assert_eq!(listed.total, wanted.len() as u64, "{filter:?}");
        assert_eq!(shown, wanted, "{filter:?}");
    }
}

async fn an_archived_quiz_is_closed_and_still_readable(bench: &Bench) {
    let quiz = add(bench, make::quiz(bench.id(), bench.id(), "Cells", "Cells", bench.now())).await;
    let other = add(bench, make::quiz(bench.id(), bench.id(), "Other", "Cells", bench.now())).await;
    let updated_at = quiz.updated_at + Duration::from_millis(1500);
    bench.store.archive_quiz(quiz.id, updated_at).await.unwrap();
    let archived = Quiz { status: QuizStatus::Archived, updated_at, ..quiz };
    assert_eq!(bench.store.quiz(archived.id).await.unwrap(), Some(archived));
    assert_eq!(bench.store.quiz(other.id).await.unwrap(), Some(other));
}

async fn archiving_an_unknown_quiz_does_nothing(bench: &Bench) {
    let id = bench.id();
    bench.store.archive_quiz(id, bench.now()).await.unwrap();
    assert_eq!(bench.store.quiz(id).await.unwrap(), None);
}
