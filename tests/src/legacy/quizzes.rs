//! Quizzes and their keys.

use mongodb::bson::{Array, Bson, Document, bson, doc};

use super::{
    dirt::Dirty,
    people::USERS,
    spoils::{self, Spoil, gone, held, put, reference_as_text, set, unset},
    world::{Shape, TOPICS, World},
};

pub(super) const QUIZZES: &str = "quizzes";

const OWNER: [&str; 2] = ["createdBy", "created_by"];
const ANSWERS: [&str; 2] = ["correctAnswers", "correct_answers"];

const OPTIONS: [&str; 4] = ["Cell wall", "Émile's leaf", "Two  roots", "None of these"];
const LETTERS: [&str; 4] = ["A", "B", "C", "D"];

const OWNER_GONE: &str = "quiz.owner_gone";
const NO_QUESTIONS: &str = "quiz.no_questions";
const KEY_MISSING: &str = "quiz.key_missing";
const KEY_UNMATCHED: &str = "quiz.key_unmatched";

pub(super) fn quiz(world: &mut World) -> Document {
    let shape = world.shape();
    let topic = world.pick(&TOPICS);
    let mut questions = Array::new();
    let mut answers = Array::new();
    for number in 1..=2 + world.below(6) {
        let options = OPTIONS.map(|option| format!("{option} {number}"));
        answers.push(options[world.below(options.len())].as_str().into());
        let question = format!("What of {topic} {number}?");
        questions
            .push(bson!({ "id": format!("q{number}"), "question": question, "options": options.to_vec() }));
    }
    let owner = shape.reference(USERS, world.user());
    let status = world.pick(&["active", "active", "archived"]);
    let source = world.text(4);
    let fields = match shape {
        Shape::Mongoose => doc! {
            "topic": topic, "createdBy": owner, "questions": questions, "correctAnswers": answers,
            "status": status, "sourceContent": source,
        },
        Shape::Beanie => doc! {
            "topic": topic, "created_by": owner, "questions": questions, "correct_answers": answers,
            "status": status, "source_content": source,
        },
    };
    world.stamped(shape, fields)
}

pub(super) const SPOILS: &[Spoil] = &[
    spoils::without_created,
    |world, made| gone(world, made, &OWNER, OWNER_GONE),
    |_, made| each_question(made, |_, question| drop(question.remove("id"))),
    |_, made| no_questions(made, Some(bson!([])), Some(bson!([]))),
    |_, made| each_answer(made, |text, _| text.to_uppercase()),
    |_, made| key_missing(made),
    |_, made| each_answer(made, |_, place| LETTERS[place].to_owned()),
    |_, made| key_unmatched(made, "Something else"),
    spoils::dates_as_text,
    |_, made| no_questions(made, Some(Bson::Null), Some(Bson::Null)),
    |_, made| reference_as_text(made, &OWNER),
    |_, made| answers_are(made, Some(Bson::Null)),
    |_, made| unset(made, &OWNER),
    |_, made| key_unmatched(made, "E"),
    spoils::with_unknown_fields,
    |_, made| no_questions(made, None, None),
    |_, made| each_answer(made, |text, _| format!("  {}\n", text.replace(' ', "   "))),
    |_, made| answers_are(made, None),
    |_, made| set(made, &OWNER, Bson::Null),
    |_, made| {
        unset(made, &OWNER);
        made.document.insert("created_by", bson!({ "$ref": USERS, "$id": null }));
    },
    |_, made| {
        each_question(made, |_, question| drop(question.insert("options", Bson::Null)));
        made.findings.push(KEY_UNMATCHED);
    },
    spoils::moved,
    spoils::named_by_digits,
    |_, made| {
        let settings = doc! { "timeLimit": 600 };
        made.document
            .extend(doc! { "title": "A title of its own", "difficulty": "hard", "settings": settings });
    },
    |world, made| {
        gone(world, made, &OWNER, OWNER_GONE);
        reference_as_text(made, &OWNER);
        key_unmatched(made, "Something else");
        key_missing(made);
    },
    |_, made| {
        made.document
            .extend(doc! { "title": null, "difficulty": null, "settings": null, "isAiGenerated": null });
    },
    spoils::named_by_number,
    |_, made| each_answer(made, |_, place| format!(" {}) ", LETTERS[place].to_lowercase())),
    |world, made| {
        gone(world, made, &OWNER, OWNER_GONE);
        no_questions(made, Some(bson!([])), None);
    },
    |_, made| {
        each_question(made, |at, question| {
            if at == 0 {
                question.remove("id");
            }
        });
    },
    |_, made| made.document.extend(doc! { "status": null, "sourceContent": null, "__v": 0.0 }),
];

fn array<'a>(made: &'a mut Dirty, names: &[&'static str]) -> &'a mut Array {
    let name = held(&made.document, names);
    made.document.get_array_mut(name).expect("a list")
}

fn each_question(made: &mut Dirty, change: fn(usize, &mut Document)) {
    for (at, question) in array(made, &["questions"]).iter_mut().enumerate() {
        change(at, question.as_document_mut().expect("a question"));
    }
}

/// Changes each answer, knowing its place among the options.
fn each_answer(made: &mut Dirty, change: fn(&str, usize) -> String) {
    for answer in array(made, &ANSWERS) {
        let text = answer.as_str().expect("a text");
        let place = OPTIONS.iter().position(|option| text.starts_with(option)).expect("an option");
        *answer = change(text, place).into();
    }
}

fn no_questions(made: &mut Dirty, questions: Option<Bson>, answers: Option<Bson>) {
    put(made, &["questions"], questions);
    put(made, &ANSWERS, answers);
    made.findings.push(NO_QUESTIONS);
}

fn answers_are(made: &mut Dirty, answers: Option<Bson>) {
    put(made, &ANSWERS, answers);
    made.findings.push(KEY_MISSING);
}

fn key_missing(made: &mut Dirty) {
    array(made, &ANSWERS).pop();
    made.findings.push(KEY_MISSING);
}

fn key_unmatched(made: &mut Dirty, answer: &str) {
    array(made, &ANSWERS)[0] = answer.into();
    made.findings.push(KEY_UNMATCHED);
}
