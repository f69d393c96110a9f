//! A table for spreadsheets (RFC 4180, in UTF-8 with a byte order mark, without which Excel takes it for something
//! else). Answers of several parts are JSON. A cell that a spreadsheet would run as a formula begins with `'`.

use shared::domain::{Answer, Key, Question, Quiz};

use super::{
    ExportError,
    text::{clean, number},
};

const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// The file.
pub fn write(quiz: &Quiz) -> Result<String, ExportError> {
    let options = quiz.questions.iter().map(|question| question.options.len()).max().unwrap_or_default();
    let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let failed = |error: &dyn std::fmt::Display| ExportError::Table(error.to_string());

    let mut header: Vec<String> = ["number", "id", "type", "question"].map(str::to_owned).to_vec();
    header.extend((1..=options).map(|number| format!("option{number}")));
    header.extend(
        [
            "correctAnswer",
            "accepted",
            "tolerance",
            "points",
            "difficulty",
            "bloom",
            "explanation",
            "page",
            "quote",
        ]
        .map(str::to_owned),
    );
    table.write_record(&header).map_err(|error| failed(&error))?;
    for (at, question) in quiz.questions.iter().enumerate() {
        table.write_record(row(at + 1, question, options)?).map_err(|error| failed(&error))?;
    }
    let rows = table.into_inner().map_err(|error| failed(&error))?;
    let rows = String::from_utf8(rows).map_err(|error| failed(&error))?;
    Ok(format!("{BYTE_ORDER_MARK}{rows}"))
}

fn row(place: usize, question: &Question, options: usize) -> Result<Vec<String>, ExportError> {
    let word = |value: serde_json::Result<serde_json::Value>| {
        value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let key = question.key.as_ref();
    let source = question.source.as_ref();
    let mut row = vec![
        place.to_string(),
        cell(&question.id),
        word(serde_json::to_value(question.kind)),
        cell(&question.question),
    ];
    row.extend((0..options).map(|at| question.options.get(at).map(|text| cell(text)).unwrap_or_default()));
    row.extend([
        key.map(right).transpose()?.unwrap_or_default(),
        key.filter(|key| !key.accepted.is_empty())
            .map(|key| json(&key.accepted))
            .transpose()?
            .unwrap_or_default(),
        key.and_then(|key| key.tolerance).map(number).unwrap_or_default(),
        number(question.points),
        word(serde_json::to_value(question.difficulty)),
        question.bloom.map(|bloom| word(serde_json::to_value(bloom))).unwrap_or_default(),
        key.map(|key| cell(&key.explanation)).unwrap_or_default(),
        source.and_then(|source| source.page).map(|page| page.to_string()).unwrap_or_default(),
        source.and_then(|source| source.quote.as_deref()).map(cell).unwrap_or_default(),
    ]);
    Ok(row)
}

/// One text as it is, a number as it is, several as JSON.
fn right(key: &Key) -> Result<String, ExportError> {
    match &key.correct_answer {
        Answer::Text(text) => Ok(cell(text)),
        Answer::Number(right) => Ok(number(*right)),
        answer => json(answer),
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, ExportError> {
    serde_json::to_string(value)
        .map(|text| cell(&text))
        .map_err(|error| ExportError::Table(error.to_string()))
}

/// A text that is shown and not run. Plain numbers may begin with a sign.
fn cell(text: &str) -> String {
    let text = clean(text);
    let runs =
        text.trim_start().starts_with(['=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}'])
            || text.starts_with(['\t', '\n']);
    let is_number = !text.trim().is_empty() && text.parse::<f64>().is_ok_and(f64::is_finite);
    if runs && !is_number { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn what_would_run_is_quoted() {
        for formula in ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "  =1", "＝1"] {
            assert_eq!(cell(formula), format!("'{formula}"), "{formula:?}");
        }
        for text in ["-5", "+3.5", "a=b", "", "'x", "{\"a\":\"=1\"}"] {
            assert_eq!(cell(text), text);
        }
    }
}
