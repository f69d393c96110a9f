//! What a draft must prove before it is stored: that the document says so.

use shared::domain::{Answer, QuestionType, fold};

use crate::{document::Document, draft::Draft};

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
        (QuestionType::ShortAnswer | QuestionType::Cloze, Answer::Text(answer)) => {
            !answer.trim().is_empty() && fold(&draft.quote).contains(&fold(answer))
        }
        (QuestionType::Numeric, Answer::Number(number)) => number.is_finite(),
        _ => true,
    }
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
