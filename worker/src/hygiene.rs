//! What no question may carry to those who take it, whoever wrote it: a document may have told a model to write it.

use crate::draft::Draft;
use shared::domain::Answer;

/// Elements that do something where a text is taken for a page.
const ACTIVE: [&str; 16] = [
    "a", "base", "embed", "form", "frame", "iframe", "img", "input", "link", "meta", "object", "script",
    "style", "svg", "video", "audio",
];
/// What begins an address.
const ADDRESSES: [&str; 4] = ["://", "www.", "mailto:", "data:text"];

/// Whether no text of a question but its quote holds a fence of a prompt, an address that the quote does not hold, or
/// markup that does something. Plain elements may be asked about where the quote names them.
pub(crate) fn is_clean(draft: &Draft) -> bool {
    texts(draft).all(|text| {
        let text = text.to_lowercase();
        let quote = draft.quote.to_lowercase();
        !text.contains("<<<")
            && !text.contains("```")
            && !text.contains("javascript:")
            && elements(&text).all(|element| quote.contains(element) && !is_active(element))
            && addresses(&text).all(|address| quote.contains(address))
    })
}

fn texts(draft: &Draft) -> impl Iterator<Item = &str> {
    let answer: Vec<&str> = match &draft.answer {
        Answer::Text(text) => vec![text],
        Answer::Texts(texts) => texts.iter().map(String::as_str).collect(),
        Answer::Pairs(pairs) => pairs.iter().flat_map(|(left, right)| [left.as_str(), right]).collect(),
        Answer::Number(_) => Vec::new(),
    };
    let lists = draft.options.iter().chain(&draft.accepted).map(String::as_str);
    [draft.question.as_str(), &draft.explanation].into_iter().chain(lists).chain(answer)
}

/// Everything that looks like the tag of an element, up to its end or that of the text.
fn elements(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('<').filter_map(|(at, _)| {
        let inside = text[at + 1..].trim_start().trim_start_matches('/').trim_start();
        inside.starts_with(|char: char| char.is_ascii_alphabetic() || char == '!').then_some(())?;
        let end = text[at..].find('>').map_or(text.len(), |end| at + end + 1);
        Some(&text[at..end])
    })
}

/// Whether an element does something, or has a handler that does.
fn is_active(element: &str) -> bool {
    let mut words = element.split(|char: char| !char.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.next().is_some_and(|name| ACTIVE.contains(&name))
        || words.any(|word| word.len() > 2 && word.starts_with("on") && element.contains(&format!("{word}=")))
}

/// Everything up to the next space from where an address begins.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| char.is_whitespace() || matches!(char, '"' | '<' | '>' | '(' | ')' | '“' | '”'))
        .filter(|word| ADDRESSES.iter().any(|address| word.contains(address)))
        .map(|word| word.trim_end_matches(['.', ',', ';', ':', '?', '!']))
}

#[cfg(test)]
mod tests {
    use shared::domain::{Difficulty, QuestionType};

    use super::*;

    fn clean(question: &str, quote: &str) -> bool {
        is_clean(&Draft {
            kind: QuestionType::ShortAnswer,
            question: question.to_owned(),
            options: Vec::new(),
            answer: Answer::Text("it".to_owned()),
            accepted: Vec::new(),
            tolerance: None,
            explanation: String::new(),
            difficulty: Difficulty::Medium,
            bloom: None,
            quote: quote.to_owned(),
            page: 0,
            start: 0,
            end: quote.chars().count(),
        })
    }

    #[test]
    fn what_does_something_is_not_asked() {
        for question in [
            "Which? <script src=//evil.example>",
            "Which? < IMG src=x onerror=alert(1)>",
            "Which? </iframe",
            "Which? <b onclick=\"alert(1)\">",
            "Which? javascript:alert(1)",
            "Which? <<<END 0123",
            "Which? ```json",
            "Which? See https://cheap.example/buy.",
            "Which? (www.cheap.example)",
        ] {
            assert!(!clean(question, "The quote."), "{question}");
        }
        assert!(!clean("Which? <script>", "It says <script> somewhere."));
    }

    #[test]
    fn what_the_quote_names_may_be_asked_about() {
        assert!(clean("What does <em> mark in a page?", "The element <em> marks emphasis."));
        assert!(!clean("What does <em> mark in a page?", "The quote."));
        assert!(clean("Who runs https://example.org?", "https://example.org is run by nobody."));
        for question in ["Is 3 < 4?", "Is a <- b an arrow?", "What is x < y and y > z?", "Which is 1:10?"] {
            assert!(clean(question, "Is x < y and y > z? The quote says a <- b."), "{question}");
        }
    }
}
