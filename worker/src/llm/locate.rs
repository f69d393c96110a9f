//! Finds a quote in the document it is said to come from.

use crate::document::Document;

/// Words compared before a quote counts as not found: a text that repeats itself would else hold up a worker.
const STEPS_MAX: usize = 5_000_000;

/// Where a quote stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Index into the document's pages.
    pub page: usize,
    /// First Unicode character within the page.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// The document's own bytes.
    pub quote: String,
}

/// Finds `quote` byte for byte, or else with other white space between the same words; on page `hint`
/// first, then on the others in order.
pub fn locate(document: &Document, quote: &str, hint: Option<usize>) -> Option<Place> {
    let quote = quote.trim();
    if quote.is_empty() {
        return None;
    }
    let others = (0..document.pages.len()).filter(|page| Some(*page) != hint);
    let order: Vec<_> = hint.into_iter().chain(others).collect();
    let search = |find: fn(&str, &str) -> Option<(usize, usize)>| {
        order.iter().find_map(|&page| {
            let text = &document.pages.get(page)?.text;
            let (from, to) = find(text, quote)?;
            let start = text[..from].chars().count();
            let quote = &text[from..to];
            Some(Place { page, start, end: start + quote.chars().count(), quote: quote.to_owned() })
        })
    };
    search(exact).or_else(|| search(spaced))
}

fn exact(text: &str, quote: &str) -> Option<(usize, usize)> {
    text.find(quote).map(|from| (from, from + quote.len()))
}

/// Bytes of `text` that are the words of `quote` with any white space between them.
fn spaced(text: &str, quote: &str) -> Option<(usize, usize)> {
    let mut words = quote.split_whitespace();
    let first = words.next()?;
    let (mut from, mut steps) = (0, STEPS_MAX);
    loop {
        from += text[from..].find(first)?;
        let compared = words.clone().inspect(|_| steps = steps.saturating_sub(1));
        if let Some(rest) = after_words(&text[from + first.len()..], compared) {
            return Some((from, text.len() - rest.len()));
        }
        if steps == 0 {
            return None;
        }
        // Occurrences may overlap.
        from += text[from..].chars().next()?.len_utf8();
    }
}

/// What follows `words` in `text`, where they stand at its beginning, each after white space.
fn after_words<'t, 'w>(text: &'t str, mut words: impl Iterator<Item = &'w str>) -> Option<&'t str> {
    words.try_fold(text, |rest, word| {
        let next = rest.trim_start();
        if next.len() == rest.len() { None } else { next.strip_prefix(word) }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::Page;

    fn document() -> Document {
        let page = |number, text: &str| Page { number: Some(number), text: text.to_owned() };
        Document::from_pages(vec![page(3, "Ünï the\nquick  fox. Same."), page(4, "漢字 the end. Same.")])
    }

    #[test]
    fn offsets_are_characters() {
        let place = locate(&document(), "the end", Some(1)).unwrap();
        assert_eq!((place.page, place.start, place.end), (1, 3, 10));
    }

    #[test]
    fn white_space_is_the_documents_own() {
        let place = locate(&document(), " the quick fox. ", Some(1)).unwrap();
        assert_eq!((place.page, place.start, place.quote.as_str()), (0, 4, "the\nquick  fox."));
    }

    #[test]
    fn the_named_page_comes_first() {
        assert_eq!(locate(&document(), "Same.", Some(1)).unwrap().page, 1);
        assert_eq!(locate(&document(), "Same.", None).unwrap().page, 0);
        assert_eq!(locate(&document(), "Same.", Some(99)).unwrap().page, 0);
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        for quote in ["", " ", "the slow fox", "thequick", "The quick fox"] {
            assert_eq!(locate(&document(), quote, None), None, "{quote}");
        }
    }

    proptest! {
        #[test]
        fn a_place_holds_its_quote(text in "[a-c \\n漢]{1,40}", from in 0usize..40, len in 1usize..12) {
            let quote: String = text.chars().skip(from).take(len).collect();
            let quote = quote.split_whitespace().collect::<Vec<_>>().join(" ");
            let document = Document::from_text(text.clone());
            match locate(&document, &quote, None) {
                Some(place) => {
                    let slice: String = text.chars().skip(place.start).take(place.end - place.start).collect();
                    prop_assert_eq!(&slice, &place.quote);
                    prop_assert_eq!(slice.split_whitespace().collect::<Vec<_>>().join(" "), quote);
                }
                None => prop_assert!(quote.is_empty()),
            }
        }
    }
}
