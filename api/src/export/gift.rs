//! GIFT, Moodle's text format. It has no points, no ordering and no gap in the middle of several: points stand in a
//! comment, an ordering becomes a matching of places, and a cloze a missing word.

use std::fmt::Write;

use shared::domain::{Answer, Key, Question, QuestionType, Quiz};

use super::text::{around_gap, clean, feedback, html, key_texts, name, number, typed};

/// The file.
pub fn write(quiz: &Quiz) -> String {
    let mut file = format!(
        "// {}\n$CATEGORY: $course$/top/{}\n",
        name(&quiz.title),
        name(&quiz.title).replace('/', "//")
    );
    for (at, question) in quiz.questions.iter().enumerate() {
        file.push('\n');
        file.push_str(&item(quiz, at + 1, question));
    }
    file
}

fn item(quiz: &Quiz, place: usize, question: &Question) -> String {
    let mut notes = Vec::new();
    if question.points != 1.0 {
        notes.push(format!("{} points", number(question.points)));
    }
    let (mut before, mut after) = (question.question.as_str(), "");
    let answers = match &question.key {
        None => {
            notes.push("no answer is known, so this is an essay".to_owned());
            Vec::new()
        }
        Some(key) => match (question.kind, &key.correct_answer) {
            (QuestionType::TrueFalse, Answer::Text(right)) => vec![right.to_uppercase()],
            (QuestionType::Numeric, Answer::Number(right)) => {
                vec![format!("#{}:{}", number(*right), number(key.tolerance.unwrap_or_default()))]
            }
            (QuestionType::Matching, Answer::Pairs(pairs)) => {
                pairs.iter().map(|(left, right)| pair(left, right)).collect()
            }
            (QuestionType::Ordering, Answer::Texts(texts)) => {
                notes.push("an ordering, as a matching of places".to_owned());
                texts.iter().enumerate().map(|(at, text)| pair(&format!("{}.", at + 1), text)).collect()
            }
            (QuestionType::ShortAnswer, _) => short(key, &mut notes),
            (QuestionType::Cloze, _) => {
                let (start, end) = around_gap(before);
                if !end.trim().is_empty() {
                    notes.push("a cloze, as a missing word".to_owned());
                    (before, after) = (start, end);
                }
                short(key, &mut notes)
            }
            _ => choice(question, key),
        },
    };
    let mut text = String::new();
    let id = clean(&question.id).replace(['\n', '\t'], " ").replace(']', "\\]");
    let tag = name(&quiz.topic).replace(']', "\\]");
    // Writing to a string does not fail.
    let _ = write!(text, "// [id:{}-{id}]", quiz.id);
    if !tag.is_empty() {
        let _ = write!(text, " [tag:{tag}]");
    }
    for note in notes {
        let _ = write!(text, "\n// {note}");
    }
    let title = plain(&format!("{place:03} {}", name(&question.question)));
    let _ = write!(text, "\n::{title}::[html]{} {{", rich(before.trim()));
    for answer in answers {
        let _ = write!(text, "\n\t{answer}");
    }
    let told = feedback(question);
    if !told.is_empty() {
        let _ = write!(text, "\n\t####{}", html_opening(&escaped(&told)));
    }
    let _ = write!(text, "\n}}");
    if !after.is_empty() {
        let _ = write!(text, " {}", rich(after.trim()));
    }
    text.push('\n');
    text
}

/// Of several right options each has its share, and a wrong one takes as much away.
fn choice(question: &Question, key: &Key) -> Vec<String> {
    let right = key_texts(key);
    let share = 100.0 / right.len().max(1) as f64;
    let answer = |option: &String| {
        let text = rich(option.trim());
        match (question.kind == QuestionType::MultipleSelect, right.contains(option)) {
            (true, true) => format!("~%{share:.5}%{text}"),
            (true, false) => format!("~%-{share:.5}%{text}"),
            (false, true) => format!("={text}"),
            (false, false) => format!("~{text}"),
        }
    };
    question.options.iter().map(answer).collect()
}

fn short(key: &Key, notes: &mut Vec<String>) -> Vec<String> {
    let answer = |text: String| {
        // An arrow makes a matching of any question.
        let arrow = text.contains("->");
        if arrow {
            notes.push("-> is written as → in an answer".to_owned());
        }
        let text = plain(&text.replace("->", "→").replace('*', "\\*"));
        // What looks like a weight needs one before it.
        if text.starts_with('%') { format!("=%100%{text}") } else { format!("={text}") }
    };
    typed(key).into_iter().map(answer).collect()
}

fn pair(left: &str, right: &str) -> String {
    let right = clean(right).split_whitespace().collect::<Vec<_>>().join(" ");
    format!("={} -> {}", rich(left.trim()), plain(&right))
}

/// A text shown as HTML.
fn rich(text: &str) -> String {
    html_opening(&escaped(&html(text)))
}

/// A text that is no HTML.
fn plain(text: &str) -> String {
    escaped(&clean(text))
}

/// So that HTML does not begin with what is a sign there: a format, a weight or a comment.
fn html_opening(text: &str) -> String {
    match text.chars().next() {
        Some('[') => format!("&\\#91;{}", &text[1..]),
        Some('%') => format!("&\\#37;{}", &text[1..]),
        Some('/') => format!("&\\#47;{}", &text[1..]),
        _ => text.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, c| {
        match c {
            '\n' => escaped.push_str("\\n"),
            '~' | '=' | '#' | '{' | '}' | ':' | '\\' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
        escaped
    })
}
