//! What the submissions of a quiz add up to.

use std::collections::BTreeMap;

use harness::Mongod;
use mongodb::bson::{Document, doc, oid::ObjectId};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use shared::{
    domain::{self, AnswerGroup, Given, Id, Quiz, QuizStatistics, Responses, Submission},
    store::Store,
};

use crate::{bench::Bench, make};

on_every_store![
    a_quiz_without_submissions_adds_up_to_nothing,
    submissions_add_up_as_they_were_marked,
    only_the_submissions_of_the_quiz_count,
];

async fn quiz(bench: &Bench) -> Quiz {
    let quiz = make::quiz(bench.id(), bench.id(), "Cells", "Cells", bench.now());
    bench.store.insert_quiz(&quiz).await.unwrap();
    quiz
}

fn texts(texts: &[&str]) -> Given {
    Given::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
}

/// Answers as a student may give them, good or bad.
fn answers(rng: &mut StdRng) -> BTreeMap<String, Given> {
    let mut answers = BTreeMap::new();
    let options = ["one", "two", "three", "four"];
    let mut text = |id: &str, among: &[&str]| {
        let chosen = among[rng.random_range(0..among.len())];
        if !chosen.is_empty() {
            answers.insert(id.to_owned(), Given::Text(chosen.to_owned()));
        }
    };
    text("1", &[options[0], options[1], " two ", options[3], "none of these", ""]);
    text("3", &["True", "False"]);
    text("4", &["ete", "winter", "$x.y", ""]);
    text("q$5.x", &["mitochondria", "cell", "\0"]);
    text("6", &["42", "41", "many"]);
    let many = [texts(&["one"]), texts(&["three", "one"]), texts(&["one", "two", "three"]), texts(&[])];
    answers.insert("2".to_owned(), many[rng.random_range(0..many.len())].clone());
    answers
}

/// Submits attempts with answers of chance, the same for the same number.
async fn submit(bench: &Bench, quiz: &Quiz, count: usize, seed: u64) -> Vec<Submission> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut submissions = Vec::new();
    for _ in 0..count {
        let attempt = make::attempt(bench.id(), quiz.id, bench.id(), bench.now());
        bench.store.open_attempt(&attempt).await.unwrap().unwrap();
        let submission = domain::submit(quiz, &attempt, answers(&mut rng), bench.now());
        submissions.push(bench.store.submit(&submission, 0).await.unwrap().unwrap());
    }
    submissions
}

/// The sums by looking at one submission after the other.
fn added_up(quiz: &Quiz, submissions: &[Submission]) -> Responses {
    let mut answers: BTreeMap<(String, String), AnswerGroup> = BTreeMap::new();
    let mut percentages: Vec<f64> = Vec::new();
    for submission in submissions {
        percentages.push(submission.percentage);
        for (result, question) in submission.question_results.iter().zip(&quiz.questions) {
            let answer = result.user_answer.clone().filter(|_| domain::has_options(question.kind));
            let key = (question.id.clone(), serde_json::to_string(&answer).unwrap());
            let group = answers.entry(key).or_insert_with(|| AnswerGroup {
                question_id: question.id.clone(),
                answer,
                count: 0,
                correct: 0,
                rest: 0.0,
                rest_squares: 0.0,
                correct_rest: 0.0,
            });
            let rest = ((submission.score - result.points) * 100.0).round();
            group.count += 1;
            group.correct += u64::from(result.is_correct);
            group.rest += rest;
            group.rest_squares += rest * rest;
            group.correct_rest += if result.is_correct { rest } else { 0.0 };
        }
    }
    percentages.sort_by(f64::total_cmp);
    let groups = percentages.chunk_by(|a, b| a == b).map(|chunk| (chunk[0], chunk.len() as u64)).collect();
    Responses { percentages: groups, answers: in_order(answers.into_values().collect()) }
}

fn in_order(mut answers: Vec<AnswerGroup>) -> Vec<AnswerGroup> {
    answers.sort_by_key(|group| (group.question_id.clone(), serde_json::to_string(&group.answer).unwrap()));
    answers
}

async fn responses(store: &Store, quiz: &Quiz) -> Responses {
    let Responses { percentages, answers } = store.responses(quiz).await.unwrap();
    Responses { percentages, answers: in_order(answers) }
}

async fn a_quiz_without_submissions_adds_up_to_nothing(bench: &Bench) {
    let quiz = quiz(bench).await;
    assert_eq!(responses(&bench.store, &quiz).await, Responses::default());
    let statistics = QuizStatistics::of(&quiz, &Responses::default());
    assert_eq!((statistics.attempts, statistics.questions.len()), (0, quiz.questions.len()));
}

async fn submissions_add_up_as_they_were_marked(bench: &Bench) {
    let quiz = quiz(bench).await;
    let submissions = submit(bench, &quiz, 60, 7).await;
    let told = responses(&bench.store, &quiz).await;
    let wanted = added_up(&quiz, &submissions);
    assert_eq!(told.percentages, wanted.percentages);
    assert_eq!(told.answers, wanted.answers);
    let statistics = QuizStatistics::of(&quiz, &told);
    assert_eq!(statistics.attempts, 60);
    assert!(statistics.questions[0].discrimination.is_some(), "{statistics:#?}");
}

async fn only_the_submissions_of_the_quiz_count(bench: &Bench) {
    let (first, second) = (quiz(bench).await, quiz(bench).await);
    let submissions = submit(bench, &first, 5, 1).await;
    submit(bench, &second, 3, 2).await;
    let open = make::attempt(bench.id(), first.id, bench.id(), bench.now());
    bench.store.open_attempt(&open).await.unwrap().unwrap();
    assert_eq!(responses(&bench.store, &first).await, added_up(&first, &submissions));
}

#[tokio::test]
async fn mongodb_adds_up_what_the_old_backend_submitted() {
    let mongod = Mongod::shared().await;
    let database = mongod.database();
    let store = Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap();
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let attempts = client.database(&database).collection::<Document>("quizattempts");
    let clock = shared::clock::Clock::System;
    let quiz = make::quiz(clock.id(), clock.id(), "Cells", "Cells", clock.now());
    store.insert_quiz(&quiz).await.unwrap();
    let result = |id: &str, answer: &str, right: bool| doc! { "questionId": id, "userAnswer": answer, "isCorrect": right };
    let old = |quiz_id: mongodb::bson::Bson, score: mongodb::bson::Bson, results: Vec<Document>| {
        let id = ObjectId::from(clock.id());
        doc! { "_id": id, "quizId": quiz_id, "userId": id, "score": score, "percentage": 50, "questionResults": results }
    };
    let id = ObjectId::from(quiz.id);
    attempts
        .insert_many([
            old(id.into(), 1.into(), vec![result("1", "two", true), result("3", "False", false)]),
            old(id.to_hex().into(), "1".into(), vec![result("1", "four", false), result("3", "True", true)]),
            // What nobody can read counts where it can.
            old(id.into(), mongodb::bson::Bson::Null, vec![doc! { "isCorrect": true }]),
            doc! { "_id": ObjectId::from(clock.id()), "quizId": id, "percentage": "75", "questionResults": null },
        ])
        .await
        .unwrap();
    let told = responses(&store, &quiz).await;
    assert_eq!(told.percentages, [(50.0, 3), (75.0, 1)]);
    let counts: Vec<_> = told
        .answers
        .iter()
        .map(|group| (group.question_id.as_str(), group.count, group.correct, group.rest))
        .collect();
    assert_eq!(counts, [("1", 1, 0, 100.0), ("1", 1, 1, 0.0), ("3", 1, 0, 100.0), ("3", 1, 1, 0.0)]);
    let statistics = QuizStatistics::of(&quiz, &told);
    assert_eq!(statistics.questions[0].option_counts["two"], 1);
    assert_eq!(statistics.questions[0].difficulty, Some(0.5));
}

/// Both stores tell the same, to the last digit.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_stores_give_the_same_statistics() {
    let mut told = Vec::new();
    for bench in [Bench::sqlite().await, Bench::mongo().await] {
        let quiz =
            Quiz { id: Id([7; 12]), ..make::quiz(bench.id(), bench.id(), "Cells", "Cells", bench.now()) };
        bench.store.insert_quiz(&quiz).await.unwrap();
        for seed in 0..4 {
            submit(&bench, &quiz, 15, seed).await;
            told.push(QuizStatistics::of(&quiz, &bench.store.responses(&quiz).await.unwrap()));
        }
    }
    let (sqlite, mongo) = told.split_at(4);
    assert_eq!(sqlite, mongo);
}
