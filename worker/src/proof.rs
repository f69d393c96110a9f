//! What a draft must prove before it is stored: that the document says so.

use shared::domain::{Answer, QuestionType, fold, is_written_together, words};

use crate::{document::Document, draft::Draft, local::Number};

/// Signs that may be an answer by themselves.
const SIGNS: &str = "+-*/=<>%&|^~@#$√∑∏∫∂±×÷≤≥≠≈∈∉⊂∪∩∧∨¬→←↔∞°";

/// Whether the quote stands byte for byte where the draft says, and holds what it is to prove.
pub(crate) fn proven(document: &Document, draft: &Draft) -> bool {
    quoted(document, draft) && answered(draft) && shaped(draft)
}

fn quoted(document: &Document, draft: &Draft) -> bool {
    let Some(page) = document.pages.get(draft.page) else { return false };
    let Some(length) = draft.end.checked_sub(draft.start) else { return false };
    !draft.quote.trim().is_empty() && page.text.chars().skip(draft.start).take(length).eq(draft.quote.chars())
}

/// A typed answer stands in the quote.
fn answered(draft: &Draft) -> bool {
    match (draft.kind, &draft.answer) {
        (QuestionType::ShortAnswer | QuestionType::Cloze, Answer::Text(answer)) => says(&draft.quote, answer),
        (QuestionType::Numeric, Answer::Number(number)) => {
            number.is_finite() && stands_in(&draft.quote, *number)
        }
        _ => true,
    }
}

/// Whether a text has these words one after the other, whatever their case and accents. In scripts whose words are
/// written together they are looked for within others.
fn says(text: &str, answer: &str) -> bool {
    if answer.chars().any(is_written_together) {
        return fold(text).contains(&fold(answer));
    }
    let folded = |text: &str| words(text).map(|word| word.folded).collect::<Vec<_>>();
    let (text_words, answer_words) = (folded(text), folded(answer));
    match answer_words.is_empty() {
        // Signs alone, such as those of operators; a bracket or a full stop is no answer.
        true => answer.chars().any(|sign| SIGNS.contains(sign)) && text.contains(answer.trim()),
        false => text_words.windows(answer_words.len()).any(|run| run == answer_words),
    }
}

/// Whether a text has this number, with a comma or a point for its decimals, in digits of any script.
fn stands_in(text: &str, number: f64) -> bool {
    let digits: String = text.chars().map(western).collect();
    let part_of_number = |char: char| char.is_ascii_digit() || is_mark(char);
    let runs = digits.split(|char| !part_of_number(char)).map(|run| run.trim_matches(is_mark));
    let mut read = runs.flat_map(|run| {
        // A space parts thousands or two numbers.
        let alone = run.split(char::is_whitespace);
        let readings = std::iter::once(run).chain(alone);
        readings.flat_map(|run| [false, true].map(|comma| Number::parse(run, comma)))
    });
    read.any(|read| read.is_some_and(|read| (read.value - number.abs()).abs() <= 1e-9 * read.value.max(1.0)))
}

fn is_mark(char: char) -> bool {
    matches!(char, '.' | ',' | ' ' | '\u{a0}' | '\u{202f}')
}

/// The digits and decimal marks of Arabic and Persian as those of the West.
fn western(char: char) -> char {
    let digit = match char {
        '\u{660}'..='\u{669}' => u32::from(char) - 0x660,
        '\u{6f0}'..='\u{6f9}' => u32::from(char) - 0x6f0,
        '\u{66b}' => return '.',
        '\u{66c}' => return ',',
        _ => return char,
    };
    char::from_digit(digit, 10).unwrap_or(char)
}

/// The options and the answer fit the type.
fn shaped(draft: &Draft) -> bool {
    let options: std::collections::BTreeSet<String> =
        draft.options.iter().map(|option| option.trim().to_lowercase()).collect();
    let distinct = options.len() == draft.options.len() && !options.contains("");
    match (draft.kind, &draft.answer) {
        (QuestionType::MultipleChoice, Answer::Text(answer)) => {
            distinct && draft.options.len() == 4 && draft.options.contains(answer)
        }
        (QuestionType::MultipleSelect, Answer::Texts(answers)) => {
            distinct
                && draft.options.len() >= 3
                && !answers.is_empty()
                && answers.iter().all(|answer| draft.options.contains(answer))
        }
        (QuestionType::TrueFalse, Answer::Text(answer)) => answer == "True" || answer == "False",
        (QuestionType::Cloze, Answer::Text(_)) => draft.question.contains("_____"),
        (QuestionType::Ordering, Answer::Texts(answers)) => {
            distinct && answers.len() >= 3 && *answers == draft.options
        }
        (QuestionType::Matching, Answer::Pairs(pairs)) => pairs.len() >= 3,
        (QuestionType::ShortAnswer, Answer::Text(_)) | (QuestionType::Numeric, Answer::Number(_)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_stands_in_a_text_as_whole_words() {
        for (text, answer) in [
            ("The Cell-Wall holds.", "cell wall"),
            ("Le café est noir.", "CAFE"),
            ("細胞膜は物質の出入りを調節する。", "物質"),
            ("Use a += b here.", "+="),
        ] {
            assert!(says(text, answer), "{text} {answer}");
        }
        for (text, answer) in [
            ("Boavista lies there.", "Bo"),
            ("Walls of a cell", "cell wall"),
            ("Text.", " "),
            ("Call f().", "()."),
        ] {
            assert!(!says(text, answer), "{text} {answer}");
        }
    }

    #[test]
    fn a_number_stands_in_a_text_however_it_is_written() {
        for (text, number) in [
            ("Water boils at 100 °C.", 100.0),
            ("It weighs 1,234.5 kg.", 1234.5),
            ("Es wiegt 1.234,5 kg.", 1234.5),
            ("Pi is about 3.14159, as all know", 3.14159),
            ("environ 12 500 habitants", 12500.0),
            ("It was -40 there", -40.0),
            ("In 1990, 25 people came", 25.0),
            ("يبلغ ١٢٫٥ مترا", 12.5),
            ("人口は500万人", 500.0),
        ] {
            assert!(stands_in(text, number), "{text} {number}");
        }
        for (text, number) in [("Water boils at 100 °C.", 10.0), ("no number", 0.0), ("1.5.2 of it", 15.2)] {
            assert!(!stands_in(text, number), "{text} {number}");
        }
    }
}
