//! Edits of quizzes.

use std::time::Duration;

use harness::{Mongod, services::DatabaseName};
use mongodb::bson::{Document, doc, oid::ObjectId};
use mongodb::{Client, Database};
use shared::{
    clock::Clock,
    domain::{Answer, Difficulty, Edition, Id, Question, QuestionType, Quiz, Settings},
    store::Store,
};

use crate::{
    bench::{Bench, at_once, first},
    make,
    quizzes::owned_by,
};

on_every_store![
    an_edit_writes_what_it_may_and_nothing_else,
    questions_are_replaced_with_their_keys,
    an_edit_of_an_older_revision_is_refused,
    of_ten_edits_at_once_one_stands_with_its_own_keys,
    questions_are_final_once_attempts_began,
    a_quiz_edited_meanwhile_begins_no_attempts,
    attempts_are_known_open_and_submitted,
    quizzes_are_read_by_id_without_their_source,
    a_copy_knows_what_it_was_made_from,
];

async fn quiz(bench: &Bench) -> Quiz {
    let quiz = make::quiz(bench.id(), bench.id(), "Cells", "Cells", bench.now());
    bench.store.insert_quiz(&quiz).await.unwrap();
    quiz
}

async fn read(store: &Store, id: Id) -> Quiz {
    store.quiz(id).await.unwrap().unwrap()
}

/// The quiz after an edit.
fn edited(quiz: Quiz) -> Quiz {
    Quiz { edition: Edition { revision: quiz.edition.revision + 1, ..quiz.edition }, ..quiz }
}

fn other_questions(number: usize) -> Vec<Question> {
    let answer = || Answer::Number(number as f64);
    vec![
        make::question("n", QuestionType::Numeric, answer()),
        make::question("$x.y", QuestionType::Numeric, answer()),
    ]
}

async fn an_edit_writes_what_it_may_and_nothing_else(bench: &Bench) {
    let (before, other) = (quiz(bench).await, quiz(bench).await);
    let edit = Quiz {
        title: "Éléments $x.y \u{1F600}".into(),
        topic: "Other".into(),
        description: None,
        difficulty: Difficulty::Hard,
        settings: Settings { time_limit: None, max_attempts: Some(7), shuffle: true, ..Settings::default() },
        updated_at: before.updated_at + Duration::from_secs(5),
        ..before.clone()
    };
    // What an edit does not change does not matter.
    let asked = Quiz { total_attempts: 99, is_ai_generated: false, questions: Vec::new(), ..edit.clone() };
    assert!(bench.store.edit_quiz(&asked).await.unwrap());
    let edit = edited(edit);
    assert_eq!(read(&bench.store, before.id).await, edit);
    assert_eq!(read(&bench.store, other.id).await, other);
    let owner = before.created_by.unwrap();
    let search = shared::store::QuizFilter { text: Some("ÉLÉMENTS".into()), ..owned_by(owner) };
    assert_eq!(
        bench.store.quizzes(&search, &first(9)).await.unwrap().total,
        1,
        "it is found by its new name"
    );
    let described = Quiz { description: Some("Now it is.".into()), ..edit };
    assert!(bench.store.edit_quiz(&described).await.unwrap());
    assert_eq!(read(&bench.store, before.id).await, edited(described));
    assert!(!bench.store.edit_quiz(&Quiz { id: bench.id(), ..before }).await.unwrap(), "unknown");
}

async fn questions_are_replaced_with_their_keys(bench: &Bench) {
    let mut quiz = quiz(bench).await;
    for number in 0..3 {
        let title = number.to_string();
        let edit = Quiz { title, questions: other_questions(number), ..quiz };
        assert!(bench.store.replace_questions(&edit, bench.id()).await.unwrap());
        quiz = edited(edit);
        assert_eq!(read(&bench.store, quiz.id).await, quiz);
        let listed = bench.store.quizzes(&owned_by(quiz.created_by.unwrap()), &first(9)).await.unwrap();
        assert_eq!((listed.items.len(), listed.items[0].question_count), (1, 2));
    }
    let back = Quiz { questions: make::questions(), ..quiz };
    assert!(bench.store.replace_questions(&back, bench.id()).await.unwrap());
    assert_eq!(read(&bench.store, back.id).await, edited(back));
}

async fn an_edit_of_an_older_revision_is_refused(bench: &Bench) {
    let old = quiz(bench).await;
    let mine = Quiz { title: "Mine".into(), ..old.clone() };
    assert!(bench.store.edit_quiz(&mine).await.unwrap());
    let theirs = Quiz { title: "Theirs".into(), questions: other_questions(1), ..old };
    assert!(!bench.store.edit_quiz(&theirs).await.unwrap());
    assert!(!bench.store.replace_questions(&theirs, bench.id()).await.unwrap());
    let mine = edited(mine);
    assert_eq!(read(&bench.store, mine.id).await, mine);
    // A refused edit leaves nothing that a later one could trip over.
    let later = Quiz { questions: other_questions(2), ..mine };
    assert!(bench.store.replace_questions(&later, bench.id()).await.unwrap());
    assert_eq!(read(&bench.store, later.id).await, edited(later));
}

async fn of_ten_edits_at_once_one_stands_with_its_own_keys(bench: &Bench) {
    let mut quiz = quiz(bench).await;
    for round in 0..5 {
        let written = at_once(10, |number| {
            let (store, edit) = (bench.store.clone(), bench.id());
            let questions = other_questions(10 * round + number);
            let asked = Quiz { title: format!("{round} {number}"), questions, ..quiz.clone() };
            async move {
                let written = store.replace_questions(&asked, edit).await.unwrap();
                // Whoever reads meanwhile finds questions with their keys.
                let seen = read(&store, asked.id).await;
                assert!(seen.questions.iter().all(|question| question.key.is_some()));
                written.then_some(asked)
            }
        })
        .await;
        let mut won: Vec<Quiz> = written.into_iter().flatten().collect();
        assert_eq!(won.len(), 1);
        quiz = edited(won.remove(0));
        assert_eq!(read(&bench.store, quiz.id).await, quiz);
    }
}

async fn questions_are_final_once_attempts_began(bench: &Bench) {
    let before = quiz(bench).await;
    assert!(bench.store.begin_attempts(before.id, 0).await.unwrap());
    assert!(bench.store.begin_attempts(before.id, 0).await.unwrap(), "and again");
    let asked = Quiz { questions: other_questions(1), ..before.clone() };
    assert!(!bench.store.replace_questions(&asked, bench.id()).await.unwrap());
    let attempted = Quiz { edition: Edition { attempted: true, ..before.edition }, ..before };
    assert_eq!(read(&bench.store, attempted.id).await, attempted);
    let titled = Quiz { title: "New".into(), ..attempted };
    assert!(bench.store.edit_quiz(&titled).await.unwrap());
    assert_eq!(read(&bench.store, titled.id).await, edited(titled));
}

async fn a_quiz_edited_meanwhile_begins_no_attempts(bench: &Bench) {
    let before = quiz(bench).await;
    let asked = Quiz { questions: other_questions(1), ..before.clone() };
    assert!(bench.store.replace_questions(&asked, bench.id()).await.unwrap());
    assert!(!bench.store.begin_attempts(before.id, 0).await.unwrap());
    assert!(bench.store.begin_attempts(before.id, 1).await.unwrap());
    assert!(!bench.store.begin_attempts(bench.id(), 0).await.unwrap(), "unknown");
}

async fn attempts_are_known_open_and_submitted(bench: &Bench) {
    let (quiz, other) = (quiz(bench).await, quiz(bench).await);
    assert!(!bench.store.has_attempts(quiz.id).await.unwrap());
    let attempt = make::attempt(bench.id(), quiz.id, bench.id(), bench.now());
    bench.store.open_attempt(&attempt).await.unwrap().unwrap();
    assert!(bench.store.has_attempts(quiz.id).await.unwrap());
    bench.store.submit(&make::submission(&attempt, 50.0, bench.now()), 0).await.unwrap();
    assert!(bench.store.has_attempts(quiz.id).await.unwrap());
    assert!(!bench.store.has_attempts(other.id).await.unwrap());
}

async fn quizzes_are_read_by_id_without_their_source(bench: &Bench) {
    let (first, second, third) = (quiz(bench).await, quiz(bench).await, quiz(bench).await);
    let replaced = Quiz { questions: other_questions(1), ..second };
    assert!(bench.store.replace_questions(&replaced, bench.id()).await.unwrap());
    let asked = [third.id, bench.id(), edited(replaced.clone()).id];
    let wanted = [edited(replaced), third].map(|quiz| Quiz { source_content: None, ..quiz });
    assert_eq!(bench.store.quizzes_by_id(&asked).await.unwrap(), wanted);
    assert_eq!(bench.store.quizzes_by_id(&[]).await.unwrap(), []);
    assert_eq!(bench.store.quizzes_by_id(&[first.id]).await.unwrap().len(), 1);
}

async fn a_copy_knows_what_it_was_made_from(bench: &Bench) {
    let first = quiz(bench).await;
    let edition = Edition { version: 2, previous: Some(first.id), ..Edition::default() };
    let copy = Quiz { id: bench.id(), edition, ..first };
    bench.store.insert_quiz(&copy).await.unwrap();
    assert_eq!(read(&bench.store, copy.id).await, copy);
}

async fn mongo() -> (DatabaseName, Store, Database, Clock) {
    let (mongod, clock) = (Mongod::shared().await, Clock::System);
    let name = mongod.database();
    let store = Store::mongo(&mongod.url(), &name, harness::process::PATIENCE).await.unwrap();
    let client = Client::with_uri_str(mongod.url()).await.unwrap();
    let db = client.database(&name);
    (name, store, db, clock)
}

/// What the writes of an edit leave of a process that died between them.
#[tokio::test]
async fn mongodb_finds_the_keys_of_an_edit_that_broke_off() {
    let (_database, store, db, clock) = mongo().await;
    let quizzes = db.collection::<Document>("quizzes");
    let keys = db.collection::<Document>("quiz_keys");
    let before = make::quiz(clock.id(), clock.id(), "Cells", "Cells", clock.now());
    store.insert_quiz(&before).await.unwrap();
    let (first_keys, first_quiz) =
        (keys.find_one(doc! {}).await.unwrap(), quizzes.find_one(doc! {}).await.unwrap());
    let (first_keys, first_quiz) = (first_keys.unwrap(), first_quiz.unwrap());
    let asked = Quiz { questions: other_questions(1), ..before.clone() };
    assert!(store.replace_questions(&asked, clock.id()).await.unwrap());
    let (last_keys, last_quiz) =
        (keys.find_one(doc! {}).await.unwrap(), quizzes.find_one(doc! {}).await.unwrap());
    let (last_keys, last_quiz) = (last_keys.unwrap(), last_quiz.unwrap());
    let edit = last_quiz.get_object_id("keysEdit").unwrap();
    assert_eq!(
        last_keys.get_array("edits").unwrap().len(),
        0,
        "an edit that is done leaves nothing beside it"
    );

    // After the first write: the new keys stand beside the old ones.
    let mut pending = first_keys.clone();
    let new = doc! { "id": edit, "questions": last_keys.get_array("questions").unwrap().clone() };
    pending.insert("edits", vec![new]);
    let put = async |quiz: &Document, key: &Document| {
        quizzes.replace_one(doc! {}, quiz).await.unwrap();
        keys.replace_one(doc! {}, key).await.unwrap();
    };
    put(&first_quiz, &pending).await;
    assert_eq!(read(&store, before.id).await, before);
    // After the second: the quiz names them.
    put(&last_quiz, &pending).await;
    let after = edited(asked);
    assert_eq!(read(&store, before.id).await, after);
    assert_eq!(store.quizzes_by_id(&[before.id]).await.unwrap()[0].questions, after.questions);
    // The next edit tidies up, also where it is refused.
    let late = Quiz { questions: other_questions(2), ..before };
    assert!(!store.replace_questions(&late, clock.id()).await.unwrap());
    assert_eq!(read(&store, after.id).await, after);
    assert_eq!(keys.find_one(doc! {}).await.unwrap().unwrap(), last_keys);
    put(&last_quiz, &pending).await;
    let next = Quiz { questions: other_questions(3), ..after };
    assert!(store.replace_questions(&next, clock.id()).await.unwrap());
    assert_eq!(read(&store, next.id).await, edited(next));
}

#[tokio::test]
async fn mongodb_edits_what_the_old_backends_made_and_keeps_what_it_does_not_know() {
    let (_database, store, db, clock) = mongo().await;
    let quizzes = db.collection::<Document>("quizzes");
    let owner = ObjectId::from(clock.id());
    let options = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let mongoose = doc! {
        "_id": ObjectId::from(clock.id()), "topic": "Cells", "createdBy": owner, "status": "active", "__v": 3,
        "questions": [{ "id": "q1", "question": "Which?", "options": options.clone(), "hint": "none" }],
        "correctAnswers": ["b"], "sourceContent": "text", "unknown": { "kept": 1 },
    };
    let beanie = doc! {
        "_id": ObjectId::from(clock.id()), "topic": "Cells", "created_by": { "$ref": "users", "$id": owner },
        "questions": [{ "question": "Which?", "options": options }], "correct_answers": ["C"], "status": null,
        "source_content": null,
    };
    for old in [mongoose, beanie] {
        quizzes.insert_one(&old).await.unwrap();
        let id = Id::from(old.get_object_id("_id").unwrap());
        let before = read(&store, id).await;
        let titled = Quiz { title: "Named".into(), ..before };
        assert!(store.edit_quiz(&titled).await.unwrap());
        let kept =
            quizzes.find_one(doc! { "_id": old.get_object_id("_id").unwrap() }).await.unwrap().unwrap();
        for (name, value) in &old {
            assert_eq!(kept.get(name), Some(value), "{name}");
        }
        let titled = edited(titled);
        assert_eq!(read(&store, id).await, titled);

        let mut asked = titled;
        asked.questions[0].question = "Which one?".into();
        asked.questions.extend(other_questions(4));
        assert!(store.replace_questions(&asked, clock.id()).await.unwrap());
        let asked = edited(asked);
        assert_eq!(read(&store, id).await, asked);
        assert!(store.begin_attempts(id, asked.edition.revision).await.unwrap());
        let kept =
            quizzes.find_one(doc! { "_id": old.get_object_id("_id").unwrap() }).await.unwrap().unwrap();
        assert_eq!(kept.get("unknown"), old.get("unknown"));
        if let Some(old) = old.get_array("questions").unwrap()[0].as_document().unwrap().get("hint") {
            assert_eq!(kept.get_array("questions").unwrap()[0].as_document().unwrap().get("hint"), Some(old));
        }
        // As the old backend reads it.
        assert_eq!(kept.get_array("questions").unwrap().len(), 3);
        assert_eq!(kept.get_array("correctAnswers").unwrap()[1], "4".into());
    }
}

#[tokio::test]
async fn mongodb_counts_attempts_of_the_old_backend() {
    let (_database, store, db, clock) = mongo().await;
    for text in [true, false] {
        let (quiz, id) = (clock.id(), ObjectId::from(clock.id()));
        let quiz_id = if text { quiz.to_string().into() } else { mongodb::bson::Bson::from(quiz) };
        let old = doc! { "_id": id, "quizId": quiz_id, "userId": id, "score": 1 };
        db.collection::<Document>("quizattempts").insert_one(old).await.unwrap();
        assert!(store.has_attempts(quiz).await.unwrap());
    }
}
