//! What a search looks for, and how what it found is shown.

use std::{collections::BTreeSet, ops::Range};

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;

use super::words::{fold_case, is_written_together, one_case, words};

/// Most words of a query that count; what comes after them is passed over.
const WORDS_MAX: usize = 16;
/// Most characters of a shown piece of a text.
const SNIPPET_MAX: usize = 160;
/// Characters shown before the first hit of a piece.
const BEFORE_HIT: usize = 50;
/// Most pieces of one text that are shown.
const SNIPPETS_MAX: usize = 3;

/// What to look for. A note is found when it has all of it, be it in different fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Whole words, without case and accents.
    pub words: Vec<String>,
    /// Runs of a script that is written together, in one case; found within other text as well.
    pub runs: Vec<String>,
}

impl Query {
    /// Reads what somebody typed. Quotes, minus signs and other operators are no more than boundaries of words.
    pub fn parse(text: &str) -> Self {
        let mut query = Self::default();
        for word in words(text).take(WORDS_MAX * 4) {
            let typed = &text[word.at];
            let (list, item) = if typed.chars().any(is_written_together) {
                (&mut query.runs, fold_case(&typed.nfc().collect::<String>()))
            } else {
                (&mut query.words, word.folded)
            };
            if !list.contains(&item) {
                list.push(item);
            }
            if query.words.len() + query.runs.len() == WORDS_MAX {
                break;
            }
        }
        query
    }

    /// Whether there is nothing to look for; such a query finds nothing.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.runs.is_empty()
    }

    /// Where a text has what is looked for, in bytes, in order and apart from each other.
    fn hits(&self, text: &str) -> Vec<Range<usize>> {
        let wanted: BTreeSet<&str> = self.words.iter().map(String::as_str).collect();
        let mut hits: Vec<Range<usize>> = if wanted.is_empty() {
            Vec::new()
        } else {
            words(text).filter(|word| wanted.contains(word.folded.as_str())).map(|word| word.at).collect()
        };
        hits.extend(self.runs.iter().flat_map(|run| occurrences(text, run)));
        hits.sort_by_key(|hit| hit.start);
        hits.dedup_by(|next, hit| {
            let overlap = next.start < hit.end;
            if overlap {
                hit.end = hit.end.max(next.end);
            }
            overlap
        });
        hits
    }
}

/// Where a text has a run, which is in one case.
fn occurrences(text: &str, run: &str) -> Vec<Range<usize>> {
    let letters: Vec<(usize, char)> = text.char_indices().map(|(at, c)| (at, one_case(c))).collect();
    let run: Vec<char> = run.chars().collect();
    let begins = |window: &[(usize, char)]| window.iter().zip(&run).all(|((_, here), wanted)| here == wanted);
    let end = |place: usize| letters.get(place).map_or(text.len(), |(at, _)| *at);
    let places = letters.windows(run.len().max(1)).enumerate().filter(|(_, window)| begins(window));
    places.map(|(place, _)| end(place)..end(place + run.len())).collect()
}

/// A piece of a found note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Highlight {
    /// The field it is of.
    #[schema(pattern = "^(title|tags|content)$")]
    pub field: &'static str,
    /// HTML: hits within `<mark>`, everything else escaped; `…` where the text goes on.
    pub text: String,
}

/// The pieces of a note that show why it was found: its title, each tag, and up to three places of its content.
pub fn highlights(query: &Query, title: &str, tags: &[String], content: &str) -> Vec<Highlight> {
    let whole = |field, text: &str| {
        let hits = query.hits(text);
        (!hits.is_empty()).then(|| Highlight { field, text: marked(text, 0..text.len(), &hits) })
    };
    let hits = query.hits(content);
    whole("title", title)
        .into_iter()
        .chain(tags.iter().filter_map(|tag| whole("tags", tag)))
        .chain(snippets(content, &hits).map(|text| Highlight { field: "content", text }))
        .collect()
}

/// The first places of a text that have hits.
fn snippets<'a>(text: &'a str, hits: &'a [Range<usize>]) -> impl Iterator<Item = String> + 'a {
    let mut shown = 0;
    let pieces = hits.iter().filter_map(move |hit| {
        if hit.start < shown {
            return None;
        }
        let piece = around(text, hit, shown);
        shown = piece.end;
        Some(piece)
    });
    pieces.take(SNIPPETS_MAX).map(|piece| {
        let before = if piece.start > 0 { "…" } else { "" };
        let after = if piece.end < text.len() { "…" } else { "" };
        format!("{before}{}{after}", marked(text, piece, hits))
    })
}

/// The piece of a text around a hit, not before `from`, in whole words where they are short enough.
fn around(text: &str, hit: &Range<usize>, from: usize) -> Range<usize> {
    let head = &text[from..hit.start];
    let start = head.char_indices().rev().nth(BEFORE_HIT - 1).map_or(from, |(at, _)| {
        let cut = head[at..].find(char::is_whitespace).map_or(at, |space| at + space);
        from + cut + head[cut..].len() - head[cut..].trim_start().len()
    });
    let lead = text[start..hit.start].chars().count();
    let tail = &text[hit.end..];
    let room = SNIPPET_MAX.saturating_sub(lead + text[hit.clone()].chars().count());
    let end = tail
        .char_indices()
        .nth(room)
        .map_or(text.len(), |(at, _)| hit.end + tail[..at].rfind(char::is_whitespace).unwrap_or(at));
    start..end
}

/// A piece of a text as HTML, with the hits in it marked. Runs of white space are one space.
fn marked(text: &str, piece: Range<usize>, hits: &[Range<usize>]) -> String {
    let mut html = String::with_capacity(piece.len() + 32);
    let mut at = piece.start;
    for hit in hits.iter().filter(|hit| hit.start >= piece.start && hit.start < piece.end) {
        let end = hit.end.min(piece.end);
        escape(&text[at..hit.start], &mut html);
        html.push_str("<mark>");
        escape(&text[hit.start..end], &mut html);
        html.push_str("</mark>");
        at = end;
    }
    escape(&text[at..piece.end], &mut html);
    html
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c if c.is_whitespace() || c.is_control() => {
                if !html.ends_with(' ') {
                    html.push(' ');
                }
            }
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(query: &str, title: &str, tags: &[&str], content: &str) -> Vec<(&'static str, String)> {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let found = highlights(&Query::parse(query), title, &tags, content);
        found.into_iter().map(|highlight| (highlight.field, highlight.text)).collect()
    }

    #[test]
    fn a_query_is_words_and_runs() {
        let query = Query::parse("\"Cell walls\" -cell CELL光合作用 été's 細胞");
        assert_eq!(query.words, ["cell", "walls", "ete", "s"]);
        assert_eq!(query.runs, ["cell光合作用", "細胞"]);
        assert!(Query::parse(" -\"…\" ").is_empty());
        let many: String = (0..100).map(|number| format!("w{number} ")).collect();
        assert_eq!(Query::parse(&many).words.len(), WORDS_MAX);
    }

    #[test]
    fn hits_are_marked_and_everything_else_is_escaped() {
        assert_eq!(
            shown("ete", "L'<b>Été</b>", &["été & co", "hiver"], "Rien."),
            [
                ("title", "L&#39;&lt;b&gt;<mark>Été</mark>&lt;/b&gt;".to_owned()),
                ("tags", "<mark>été</mark> &amp; co".to_owned()),
            ]
        );
        assert_eq!(
            shown("合作", "光合作用", &[], "合\n合作合作"),
            [
                ("title", "光<mark>合作</mark>用".to_owned()),
                ("content", "合 <mark>合作</mark><mark>合作</mark>".to_owned())
            ]
        );
        assert!(shown("nothing", "Title", &["tag"], "content").is_empty());
    }

    #[test]
    fn a_long_content_is_shown_in_pieces() {
        let filler = "lorem ipsum dolor sit amet ".repeat(20);
        let content = format!("{filler}cell {filler}cell {filler}cell {filler}cell {filler}");
        let pieces = shown("cell", "", &[], &content);
        assert_eq!(pieces.len(), SNIPPETS_MAX);
        for (_, piece) in pieces {
            assert!(piece.starts_with('…') && piece.ends_with('…'), "{piece}");
            assert_eq!(piece.matches("<mark>cell</mark>").count(), 1, "{piece}");
            assert!(piece.chars().count() <= SNIPPET_MAX + 15, "{piece}");
        }
    }

    proptest! {
        #[test]
        fn highlights_without_marks_are_harmless(
            query in "[a-c<>&\"' 光]{0,8}", title in "[a-c<>&\"' 光é]{0,40}", content in "[a-c<>&\"' \n光合é]{0,600}"
        ) {
            let query = Query::parse(&query);
            for highlight in highlights(&query, &title, &[], &content) {
                let bare = highlight.text.replace("<mark>", "").replace("</mark>", "");
                prop_assert!(!bare.contains(['<', '>', '"', '\'']));
                prop_assert!(highlight.text.contains("<mark>"));
                prop_assert_eq!(highlight.text.matches("<mark>").count(), highlight.text.matches("</mark>").count());
            }
        }
    }
}
