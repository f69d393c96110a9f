//! Attempts: submitted ones, and those of the port, which may be open.

use mongodb::bson::{Array, Document, doc};

use super::{
    dirt::Dirty,
    people::USERS,
    quizzes::QUIZZES,
    spoils::{self, Lost, Spoil, gone, lost, reference_as_text},
    world::{Shape, World, after, number},
};

pub(super) const ATTEMPTS: &str = "quizattempts";
pub(super) const PORTED: &str = "quiz_attempts";

const USER: [&str; 2] = ["userId", "user"];
const QUIZ: [&str; 2] = ["quizId", "quiz"];

const NO_USER: &str = "attempt.no_user";
const NO_QUIZ: &str = "attempt.no_quiz";
const USER_GONE: &str = "attempt.user_gone";
const QUIZ_GONE: &str = "attempt.quiz_gone";
const ID_TAKEN: &str = "attempt.id_taken";

pub(super) fn attempt(world: &mut World) -> Document {
    let (results, answers, score) = answered(world);
    let total = results.len();
    let mut fields = doc! { "quizId": world.quiz(), "userId": world.user() };
    if !answers.is_empty() {
        fields.insert("userAnswers", answers);
    }
    fields.extend(doc! {
        "score": number(score), "totalQuestions": number(total as f64),
        "percentage": number(score / total as f64 * 100.0), "questionResults": results,
    });
    let mut attempt = world.stamped(Shape::Mongoose, fields);
    let made = attempt.get("createdAt").cloned();
    attempt.extend(made.map(|made| ("completedAt".to_owned(), made)));
    attempt
}

/// The results of some questions, what was answered, and how many answers are right.
fn answered(world: &mut World) -> (Array, Document, f64) {
    let (mut results, mut answers, mut score) = (Array::new(), Document::new(), 0.0);
    for number in 1..=2 + world.below(4) {
        let id = format!("q{number}");
        let right = format!("Cell wall {number}");
        let given = format!("{} {number}", world.pick(&["Cell wall", "Two  roots"]));
        let is_correct = right == given;
        let mut result = doc! {
            "questionId": &id, "question": format!("What of {number}?"), "userAnswer": &given,
            "correctAnswer": right, "isCorrect": is_correct,
        };
        if world.chance(20) {
            result.insert("explanation", "It stands in the text.");
        }
        results.push(result.into());
        answers.insert(id, given);
        score += f64::from(u8::from(is_correct));
    }
    (results, answers, score)
}

/// An attempt as the port keeps it, completed.
pub(super) fn ported(world: &mut World) -> Document {
    let shape = Shape::Beanie;
    let (results, answers, score) = answered(world);
    let total = results.len() as f64;
    let (quiz, user) = (world.quiz(), world.user());
    let fields = doc! {
        "quiz": shape.reference(QUIZZES, quiz), "user": shape.reference(USERS, user), "answers": answers,
        "score": score, "max_score": total, "percentage": score / total * 100.0,
    };
    let mut attempt = world.stamped(shape, fields);
    let started = *attempt.get_datetime("created_at").expect("a time");
    let completed = after(started, 60_000 + world.below(3_600_000) as i64);
    attempt.extend(doc! { "started_at": started, "completed_at": completed, "is_completed": true });
    attempt
}

pub(super) const SPOILS: &[Spoil] = &[
    spoils::numbers_as_text,
    |world, made| gone(world, made, &QUIZ, QUIZ_GONE),
    spoils::numbers_as_double,
    |world, made| gone(world, made, &USER, USER_GONE),
    spoils::dates_as_text,
    |_, made| lost(made, &USER, Lost::Absent, NO_USER),
    spoils::without_created,
    |_, made| lost(made, &QUIZ, Lost::Absent, NO_QUIZ),
    |_, made| made.document.extend(doc! { "userAnswers": null, "questionResults": null }),
    |_, made| lost(made, &USER, Lost::Null, NO_USER),
    references_as_text,
    |_, made| lost(made, &QUIZ, Lost::Null, NO_QUIZ),
    |_, made| made.document.extend(doc! { "topic": "A topic of its own", "attemptNumber": 2 }),
    |_, made| lost(made, &USER, Lost::Unreadable, NO_USER),
    |_, made| made.document.extend(doc! { "topic": null, "maxScore": null, "attemptNumber": null }),
    |_, made| lost(made, &QUIZ, Lost::Unreadable, NO_QUIZ),
    spoils::with_unknown_fields,
    |world, made| {
        gone(world, made, &QUIZ, QUIZ_GONE);
        gone(world, made, &USER, USER_GONE);
        references_as_text(world, made);
    },
    spoils::moved,
    lost_and_gone,
    |_, made| made.document.extend(doc! { "completedAt": null, "score": null, "percentage": null }),
    |_, made| {
        lost(made, &USER, Lost::EmptyLink(USERS), NO_USER);
        lost(made, &QUIZ, Lost::EmptyLink(QUIZZES), NO_QUIZ);
    },
    spoils::named_by_text,
    |world, made| {
        gone(world, made, &USER, USER_GONE);
        lost(made, &QUIZ, Lost::Unreadable, NO_QUIZ);
    },
    spoils::named_by_digits,
    spoils::named_by_number,
];

pub(super) const SPOILS_OF_PORTED: &[Spoil] = &[
    |_, made| made.document.extend(doc! { "answers": null }),
    |world, made| gone(world, made, &USER, USER_GONE),
    |_, made| open(made),
    |world, made| gone(world, made, &QUIZ, QUIZ_GONE),
    spoils::numbers_as_text,
    |_, made| lost(made, &USER, Lost::EmptyLink(USERS), NO_USER),
    spoils::dates_as_text,
    |_, made| lost(made, &QUIZ, Lost::Null, NO_QUIZ),
    spoils::without_created,
    lost_and_gone,
    id_taken,
    |_, made| {
        lost(made, &USER, Lost::Absent, NO_USER);
        open(made);
    },
    spoils::named_by_text,
    |_, made| lost(made, &QUIZ, Lost::EmptyLink(QUIZZES), NO_QUIZ),
];

fn references_as_text(_: &mut World, made: &mut Dirty) {
    reference_as_text(made, &QUIZ);
    reference_as_text(made, &USER);
}

fn lost_and_gone(world: &mut World, made: &mut Dirty) {
    lost(made, &USER, Lost::Absent, NO_USER);
    gone(world, made, &QUIZ, QUIZ_GONE);
}

/// Was never completed; of such ones nothing is reported.
fn open(made: &mut Dirty) {
    made.document.extend(doc! { "is_completed": false, "completed_at": null, "score": null });
    made.findings.clear();
}

/// Has the id of another attempt.
fn id_taken(world: &mut World, made: &mut Dirty) {
    if let Some(id) = world.taken_attempt() {
        made.document.insert("_id", id);
        made.findings.push(ID_TAKEN);
    }
}
