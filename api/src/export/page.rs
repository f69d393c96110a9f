//! A page to print: the questions with room for answers, and a sheet with the key.

use askama::Template;
use shared::domain::{Answer, Key, Question, QuestionType, Quiz};

use super::{
    ExportError,
    text::{clean, key_texts, number},
};

/// Options are lettered, as far as letters go.
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

#[derive(Template)]
#[template(path = "export/quiz.html")]
struct Page<'a> {
    quiz: &'a Quiz,
    points: String,
    questions: Vec<Item>,
}

struct Item {
    text: String,
    points: String,
    hint: &'static str,
    /// What to tick or to sort, each with its mark.
    options: Vec<(String, String)>,
    /// What to match with, each with its mark; empty where nothing is matched.
    others: Vec<(String, String)>,
    /// Lines to write on.
    lines: bool,
    answers: Vec<String>,
    accepted: Vec<String>,
    explanation: String,
    quote: String,
    page: Option<u32>,
}

/// The page.
pub fn write(quiz: &Quiz) -> Result<String, ExportError> {
    let points = in_words(quiz.questions.iter().map(|question| question.points).sum());
    Ok(Page { quiz, points, questions: quiz.questions.iter().map(item).collect() }.render()?)
}

fn item(question: &Question) -> Item {
    let key = question.key.as_ref();
    let source = question.source.as_ref();
    let (left, right) =
        question.pairs.as_ref().map(|pairs| (pairs.left.clone(), pairs.right.clone())).unwrap_or_default();
    let numbered = |texts: Vec<String>| -> Vec<(String, String)> {
        texts.into_iter().enumerate().map(|(at, text)| (format!("{}.", at + 1), clean(&text))).collect()
    };
    let (hint, options, others, lines) = match question.kind {
        QuestionType::MultipleChoice => ("Tick one.", lettered(&question.options), Vec::new(), false),
        QuestionType::MultipleSelect => {
            ("Tick all that are right.", lettered(&question.options), Vec::new(), false)
        }
        QuestionType::TrueFalse => ("Tick one.", lettered(&question.options), Vec::new(), false),
        QuestionType::Ordering => ("Number these in order.", lettered(&question.options), Vec::new(), false),
        QuestionType::Matching => {
            ("Write the letter that belongs to each.", numbered(left), lettered(&right), false)
        }
        QuestionType::Cloze => ("Fill the gap.", Vec::new(), Vec::new(), false),
        QuestionType::ShortAnswer => ("", Vec::new(), Vec::new(), true),
        QuestionType::Numeric => ("Give a number.", Vec::new(), Vec::new(), true),
    };
    Item {
        text: clean(&question.question),
        points: in_words(question.points),
        hint,
        options,
        others,
        lines,
        answers: key.map(|key| answers(question, key)).unwrap_or_default(),
        accepted: key.map(|key| key.accepted.iter().map(|text| clean(text)).collect()).unwrap_or_default(),
        explanation: key.map(|key| clean(&key.explanation)).unwrap_or_default(),
        quote: source.and_then(|source| source.quote.as_deref()).map(clean).unwrap_or_default(),
        page: source.and_then(|source| source.page),
    }
}

fn in_words(points: f64) -> String {
    format!("{} point{}", number(points), if points == 1.0 { "" } else { "s" })
}

fn letter(at: usize) -> String {
    LETTERS.chars().nth(at).map_or_else(|| (at + 1).to_string(), String::from)
}

fn lettered(texts: &[String]) -> Vec<(String, String)> {
    texts.iter().enumerate().map(|(at, text)| (letter(at), clean(text))).collect()
}

/// The lines of the key; options with their letters.
fn answers(question: &Question, key: &Key) -> Vec<String> {
    let among = |texts: &[String], text: &String| {
        let at = texts.iter().position(|other| other == text);
        at.map_or_else(|| clean(text), |at| format!("{} {}", letter(at), clean(text)))
    };
    match &key.correct_answer {
        Answer::Number(right) => match key.tolerance.filter(|tolerance| *tolerance > 0.0) {
            Some(tolerance) => vec![format!("{} ± {}", number(*right), number(tolerance))],
            None => vec![number(*right)],
        },
        Answer::Pairs(pairs) => {
            let right = question.pairs.as_ref().map(|pairs| pairs.right.as_slice()).unwrap_or_default();
            pairs.iter().map(|(left, text)| format!("{} → {}", clean(left), among(right, text))).collect()
        }
        _ => key_texts(key).iter().map(|text| among(&question.options, text)).collect(),
    }
}
