//! Texts on their way into files.

use std::fmt::Write;

use shared::domain::{Answer, Key, Question};

/// Most characters of a question's name and of a file's.
const NAME_MAX: usize = 60;

/// Without what no text file should hold: control characters and the like. Lines end with `\n`.
pub fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let allowed = |c: &char| {
        matches!(c, '\n' | '\t')
            || !(c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}' | '\u{2028}' | '\u{2029}'))
    };
    text.chars().filter(allowed).collect()
}

/// As HTML that shows the text as it is.
pub fn html(text: &str) -> String {
    clean(text).chars().fold(String::new(), |mut html, c| {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\n' => html.push_str("<br>"),
            c => html.push(c),
        }
        html
    })
}

/// In one line, cut where it is long.
pub fn name(text: &str) -> String {
    let line = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(NAME_MAX) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}

/// A file's name in lower-case ASCII letters and digits.
pub fn file_name(title: &str) -> String {
    let kept: String =
        title.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let words: Vec<&str> = kept.split('-').filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(NAME_MAX).collect();
    if name.is_empty() { "quiz".to_owned() } else { name }
}

/// A file's name with all its letters, as RFC 8187 writes it.
pub fn encoded_file_name(title: &str) -> String {
    let safe = |c: char| if "/\\:*?\"<>|".contains(c) || c.is_control() { ' ' } else { c };
    let title: String = clean(title).chars().map(safe).collect();
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let title: String = title.trim_start_matches('.').chars().take(NAME_MAX).collect();
    let title = if title.trim().is_empty() { "quiz".to_owned() } else { title };
    title.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// Why the answer is right, and the words of the source, as HTML.
pub fn feedback(question: &Question) -> String {
    let explanation = question.key.as_ref().map(|key| html(&key.explanation)).unwrap_or_default();
    let Some(source) = &question.source else { return explanation };
    let Some(quote) = &source.quote else { return explanation };
    let page = source.page.map(|page| format!(" (p. {page})")).unwrap_or_default();
    format!("{explanation}<blockquote>{}{page}</blockquote>", html(quote))
}

/// A key's texts: one, several or none.
pub fn key_texts(key: &Key) -> &[String] {
    match &key.correct_answer {
        Answer::Text(text) => std::slice::from_ref(text),
        Answer::Texts(texts) => texts,
        Answer::Number(_) | Answer::Pairs(_) => &[],
    }
}

/// What counts as a right typed answer, the best first, no two alike.
pub fn typed(key: &Key) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for text in key_texts(key).iter().chain(&key.accepted) {
        let text = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

/// A cloze before and after its gap.
pub fn around_gap(text: &str) -> (&str, &str) {
    const GAP: &str = "_____";
    let Some((before, after)) = text.split_once(GAP) else { return (text, "") };
    // A gap may be drawn longer.
    (before, after.trim_start_matches('_'))
}

/// A number without needless zeros.
pub fn number(value: f64) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_safe() {
        for (title, plain, full) in [
            ("Cells & more", "cells-more", "Cells%20%26%20more"),
            ("../../etc/passwd", "etc-passwd", "%20..%20etc%20passwd"),
            ("\"a\"\r\nSet-Cookie: x", "a-set-cookie-x", "a%20Set-Cookie%20x"),
            ("数学", "quiz", "%E6%95%B0%E5%AD%A6"),
            ("", "quiz", "quiz"),
            (" . ", "quiz", "quiz"),
        ] {
            assert_eq!(file_name(title), plain, "{title:?}");
            assert_eq!(encoded_file_name(title).trim_start_matches("%20"), full.trim_start_matches("%20"));
        }
        assert!(file_name(&"x".repeat(500)).len() <= NAME_MAX);
    }

    #[test]
    fn html_shows_a_text_as_it_is() {
        assert_eq!(html("a < b & \"c\"\r\n\0d"), "a &lt; b &amp; &quot;c&quot;<br>d");
    }

    #[test]
    fn names_are_one_short_line() {
        assert_eq!(name(" a\n b "), "a b");
        assert_eq!(name(&"é".repeat(61)).chars().count(), NAME_MAX + 1);
    }

    #[test]
    fn a_cloze_is_split_at_its_first_gap() {
        assert_eq!(around_gap("The _______ is _____."), ("The ", " is _____."));
        assert_eq!(around_gap("No gap"), ("No gap", ""));
    }
}
