//! Moodle's XML. All types are Moodle's own; ordering is part of Moodle since 4.4 and a plugin before.

use askama::Template;
use shared::domain::{Answer, Key, Question, QuestionType, Quiz};

use super::{
    ExportError,
    text::{around_gap, clean, feedback, html, key_texts, name, number, typed},
};

/// Shares of a grade that Moodle takes are listed up to a tenth.
const SHARES_MAX: usize = 10;

#[derive(Template)]
#[template(path = "export/moodle.xml")]
struct File {
    category: String,
    questions: Vec<Item>,
}

struct Item {
    notes: Vec<String>,
    id: String,
    name: String,
    text: String,
    feedback: String,
    points: String,
    tags: Vec<String>,
    kind: Kind,
}

enum Kind {
    Choice { single: bool, answers: Vec<(String, String)> },
    TrueFalse { right: bool },
    Short { answers: Vec<String> },
    Cloze,
    Numerical { answer: String, tolerance: String },
    Matching { pairs: Vec<(String, String)> },
    Ordering { texts: Vec<String> },
    Essay,
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Choice { .. } => "multichoice",
            Self::TrueFalse { .. } => "truefalse",
            Self::Short { .. } => "shortanswer",
            Self::Cloze => "cloze",
            Self::Numerical { .. } => "numerical",
            Self::Matching { .. } => "matching",
            Self::Ordering { .. } => "ordering",
            Self::Essay => "essay",
        }
    }
}

/// The file.
pub fn write(quiz: &Quiz) -> Result<String, ExportError> {
    let category = format!("$course$/top/{}", name(&quiz.title).replace('/', "//"));
    let questions = quiz.questions.iter().enumerate().map(|(at, question)| item(quiz, at + 1, question));
    Ok(File { category, questions: questions.collect() }.render()?)
}

fn item(quiz: &Quiz, place: usize, question: &Question) -> Item {
    let mut notes = Vec::new();
    let mut text = html(&question.question);
    let kind = match &question.key {
        None => {
            notes.push("no answer is known, so this is an essay".to_owned());
            Kind::Essay
        }
        Some(key) => match (question.kind, &key.correct_answer) {
            (QuestionType::TrueFalse, Answer::Text(right)) => Kind::TrueFalse { right: right == "True" },
            (QuestionType::Cloze, _) => {
                text = cloze(question, key, &mut notes);
                Kind::Cloze
            }
            (QuestionType::ShortAnswer, _) => {
                Kind::Short { answers: typed(key).iter().map(|text| text.replace('*', "\\*")).collect() }
            }
            (QuestionType::Numeric, Answer::Number(right)) => {
                let tolerance = number(key.tolerance.unwrap_or_default());
                Kind::Numerical { answer: number(*right), tolerance }
            }
            (QuestionType::Matching, Answer::Pairs(pairs)) => Kind::Matching {
                pairs: pairs.iter().map(|(left, right)| (html(left), clean(right))).collect(),
            },
            (QuestionType::Ordering, Answer::Texts(texts)) => {
                Kind::Ordering { texts: texts.iter().map(|text| html(text)).collect() }
            }
            _ => choice(question, key, &mut notes),
        },
    };
    Item {
        notes,
        id: format!("{}-{}", quiz.id, clean(&question.id)),
        name: format!("{place:03} {}", name(&question.question)),
        text,
        feedback: feedback(question),
        points: number(question.points),
        tags: [&quiz.topic].into_iter().map(|tag| name(tag)).filter(|tag| !tag.is_empty()).collect(),
        kind,
    }
}

/// One right option has the whole grade. Of several each has its share, and a wrong one takes as much away.
fn choice(question: &Question, key: &Key, notes: &mut Vec<String>) -> Kind {
    let right = key_texts(key);
    let single = question.kind != QuestionType::MultipleSelect;
    if right.len() > SHARES_MAX {
        notes.push("Moodle has no such share of a grade: let the import take the nearest".to_owned());
    }
    let share = |option: &String| {
        let is_right = right.contains(option);
        let share = format!("{:.5}", 100.0 / right.len().max(1) as f64);
        let share = share.trim_end_matches('0').trim_end_matches('.').to_owned();
        match (is_right, single) {
            (true, _) => share,
            (false, true) => "0".to_owned(),
            (false, false) => format!("-{share}"),
        }
    };
    Kind::Choice {
        single,
        answers: question.options.iter().map(|option| (share(option), html(option))).collect(),
    }
}

/// The text with its gap. What would begin or end a gap is written in other ways.
fn cloze(question: &Question, key: &Key, notes: &mut Vec<String>) -> String {
    let (before, after) = around_gap(&question.question);
    let whole = question.points.fract() == 0.0;
    if !whole {
        notes.push(format!("{} points; Moodle counts gaps in whole points", number(question.points)));
    }
    let weight = if whole { question.points } else { 1.0 };
    let outside = |text: &str| html(text).replace('{', "&#123;").replace('}', "&#125;");
    let answers = typed(key).into_iter().enumerate().map(|(at, text)| {
        let text = html(&text).chars().fold(String::new(), |mut escaped, c| {
            if "}#~*\\".contains(c) {
                escaped.push('\\');
            }
            escaped.push(c);
            escaped
        });
        format!("{}={text}", if at == 0 { "" } else { "~" })
    });
    let answers: String = answers.collect();
    format!("{}{{{weight}:SHORTANSWER:{answers}}}{}", outside(before), outside(after))
}
