//! Anki's text import: notes in columns under header lines, which Anki 2.1.54 and later read. A note keeps its id, so
//! that importing a newer file changes the notes and their history stays.

use shared::domain::{Answer, Key, Question, QuestionType, Quiz};

use super::{
    ExportError,
    text::{around_gap, clean, feedback, html, key_texts, name, number, typed},
};

/// The file.
pub fn write(quiz: &Quiz) -> Result<String, ExportError> {
    let deck = name(&quiz.title).replace("::", ": :").replace('"', "”");
    let deck = if deck.is_empty() { "Quiz".to_owned() } else { deck };
    let mut table = csv::WriterBuilder::new()
        .delimiter(b'\t')
        // A bare `#` at the beginning of a line would make a comment of it.
        .quote_style(csv::QuoteStyle::Always)
        .from_writer(Vec::new());
    let tag = |text: &str| name(text).split_whitespace().collect::<Vec<_>>().join("_");
    for question in &quiz.questions {
        let (notetype, front, back) = note(question);
        let kind = serde_json::to_value(question.kind).ok();
        let kind = kind.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let guid = format!("{}-{}", quiz.id, question.id);
        let tags = format!("{} {kind}", tag(&quiz.topic));
        table
            .write_record([&guid, notetype, &front, &back, tags.trim()])
            .map_err(|error| ExportError::Table(error.to_string()))?;
    }
    let rows = table.into_inner().map_err(|error| ExportError::Table(error.to_string()))?;
    let rows = String::from_utf8(rows).map_err(|error| ExportError::Table(error.to_string()))?;
    Ok(format!(
        "#separator:tab\n#html:true\n#deck:{deck}\n#guid column:1\n#notetype column:2\n#tags column:5\n{rows}"
    ))
}

/// The note's type and its two fields.
fn note(question: &Question) -> (&'static str, String, String) {
    let told = signless(&feedback(question));
    let text = shown(&question.question);
    let Some(key) = &question.key else { return ("Basic", text, told) };
    if question.kind == QuestionType::Cloze {
        let (before, after) = around_gap(&question.question);
        let answers = typed(key).iter().map(|text| shown(text)).collect::<Vec<_>>().join(" / ");
        return ("Cloze", format!("{}{{{{c1::{answers}}}}}{}", shown(before), shown(after)), told);
    }
    let back = answer(question, key);
    let back = if told.is_empty() { back } else { format!("{back}<br><br>{told}") };
    ("Basic", format!("{text}{}", options(question)), back)
}

/// What there is to choose from.
fn options(question: &Question) -> String {
    let list = |texts: &[String], kind: &str| {
        let items: String = texts.iter().map(|text| format!("<li>{}</li>", shown(text))).collect();
        format!("<{kind}>{items}</{}>", &kind[..2])
    };
    match (question.kind, &question.pairs) {
        (QuestionType::MultipleChoice | QuestionType::MultipleSelect, _) => {
            list(&question.options, "ol type=\"A\"")
        }
        (QuestionType::TrueFalse | QuestionType::Ordering, _) => list(&question.options, "ul"),
        (QuestionType::Matching, Some(pairs)) => {
            format!("{}{}", list(&pairs.left, "ol"), list(&pairs.right, "ul"))
        }
        _ => String::new(),
    }
}

fn answer(question: &Question, key: &Key) -> String {
    match (&key.correct_answer, key.tolerance) {
        (Answer::Number(right), Some(tolerance)) if tolerance > 0.0 => {
            format!("{} ± {}", number(*right), number(tolerance))
        }
        (Answer::Number(right), _) => number(*right),
        (Answer::Pairs(pairs), _) => {
            let lines = pairs.iter().map(|(left, right)| format!("{} → {}", shown(left), shown(right)));
            lines.collect::<Vec<_>>().join("<br>")
        }
        (Answer::Texts(texts), _) if question.kind == QuestionType::Ordering => {
            let items: String = texts.iter().map(|text| format!("<li>{}</li>", shown(text))).collect();
            format!("<ol>{items}</ol>")
        }
        (Answer::Text(_), _) if question.kind == QuestionType::ShortAnswer => {
            typed(key).iter().map(|text| shown(text)).collect::<Vec<_>>().join(" / ")
        }
        _ => key_texts(key).iter().map(|text| shown(text)).collect::<Vec<_>>().join("<br>"),
    }
}

/// A text as HTML in which Anki finds no signs of its own.
fn shown(text: &str) -> String {
    signless(&html(&clean(text)))
}

/// Takes the sense from `{{c1::…}}`, `[sound:…]`, `[latex]` and `\(…\)`.
fn signless(html: &str) -> String {
    html.chars().fold(String::new(), |mut signless, c| {
        match c {
            '{' => signless.push_str("&#123;"),
            '}' => signless.push_str("&#125;"),
            '[' => signless.push_str("&#91;"),
            ':' => signless.push_str("&#58;"),
            '\\' => signless.push_str("&#92;"),
            '\t' => signless.push_str("&#9;"),
            c => signless.push(c),
        }
        signless
    })
}
