//! What questions are made of: a document and the sections it falls into.

use std::ops::Range;

use crate::{
    document::Document,
    draft::Draft,
    sections::{Place, Section, sections},
};

/// Most characters of a prompt's document. What is longer is shown in windows, each of them by the same rule. A
/// million tokens fit; a character may be one.
const WINDOW_CHARS: usize = 600_000;

/// A document with its sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// The text.
    pub document: Document,
    pub(crate) sections: Vec<Section>,
    windows: Vec<Range<usize>>,
}

impl Material {
    /// Finds the sections of a document.
    pub fn new(document: Document) -> Self {
        let sections = sections(&document);
        let windows = windows(&document, &sections);
        Self { document, sections, windows }
    }

    /// The sections, by index, that a model sees when it is asked about this one. A section with them begins where the
    /// one before ends, so that nothing of the text is left out.
    pub(crate) fn window(&self, section: usize) -> Range<usize> {
        let found = self.windows.iter().find(|window| window.contains(&section));
        found.cloned().unwrap_or(0..self.sections.len())
    }

    /// The section that a place lies in.
    pub(crate) fn section_at(&self, page: usize, offset: usize) -> usize {
        let place = Place { page, offset };
        let after = self.sections.partition_point(|section| section.start <= place);
        after.saturating_sub(1)
    }

    /// The section that a draft's quote begins in.
    pub(crate) fn section_of(&self, draft: &Draft) -> usize {
        self.section_at(draft.page, draft.start)
    }

    /// The text of a section, a piece for each page it reaches over, with the page's index.
    pub(crate) fn pieces(&self, section: &Section) -> impl Iterator<Item = (usize, &str)> {
        let (start, end) = (section.start, section.end);
        (start.page..=end.page).filter_map(move |page| {
            let text = &self.document.pages.get(page)?.text;
            let from = if page == start.page { byte_at(text, start.offset) } else { 0 };
            let to = if page == end.page { byte_at(text, end.offset) } else { text.len() };
            Some((page, text.get(from..to)?)).filter(|_| from < to)
        })
    }
}

fn byte_at(text: &str, offset: usize) -> usize {
    text.char_indices().nth(offset).map_or(text.len(), |(byte, _)| byte)
}

fn windows(document: &Document, sections: &[Section]) -> Vec<Range<usize>> {
    let chars: Vec<usize> = document.pages.iter().map(|page| page.text.chars().count()).collect();
    let length = |section: &Section| {
        let before = |place: Place| chars[..place.page].iter().sum::<usize>() + place.offset;
        before(section.end) - before(section.start)
    };
    let (mut windows, mut from, mut held) = (Vec::new(), 0, 0);
    for (index, section) in sections.iter().enumerate() {
        let length = length(section);
        if index > from && held + length > WINDOW_CHARS {
            windows.push(from..index);
            (from, held) = (index, 0);
        }
        held += length;
    }
    if from < sections.len() {
        windows.push(from..sections.len());
    }
    windows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::Page;

    fn page(text: String) -> Page {
        Page { number: Some(1), text }
    }

    #[test]
    fn a_long_document_is_shown_in_windows() {
        let paragraph = format!("{}.\n\n", "word ".repeat(400).trim_end());
        let material = Material::new(Document::from_text(paragraph.repeat(800)));
        assert!(material.windows.len() > 1, "{:?}", material.windows);
        let all: Vec<usize> = material.windows.iter().cloned().flatten().collect();
        assert_eq!(all, (0..material.sections.len()).collect::<Vec<_>>());
        let last = material.sections.len() - 1;
        assert_eq!((material.window(0).start, material.window(last).end), (0, last + 1));
        for window in &material.windows {
            let sections = &material.sections[window.clone()];
            let pieces = sections.iter().flat_map(|section| material.pieces(section));
            assert!(pieces.map(|(_, text)| text.chars().count()).sum::<usize>() <= WINDOW_CHARS);
        }
    }

    proptest! {
        #[test]
        fn the_pieces_of_all_sections_are_the_whole_text(
            pages in prop::collection::vec("(# Head\n\n)?([a-zé漢 ]{0,300}\n\n){0,9}", 1..5),
        ) {
            let material = Material::new(Document::from_pages(pages.iter().cloned().map(page).collect()));
            let mut texts = vec![String::new(); pages.len()];
            for section in &material.sections {
                for (page, text) in material.pieces(section) {
                    texts[page].push_str(text);
                }
            }
            prop_assert_eq!(texts, pages);
        }

        #[test]
        fn a_place_lies_in_the_section_that_says_so(text in "(# Head\n\n)?([a-z ]{0,900}\n\n){1,9}", offset in 0usize..9000) {
            let material = Material::new(Document::from_text(text.clone()));
            let offset = offset % text.chars().count();
            let section = &material.sections[material.section_at(0, offset)];
            let place = Place { page: 0, offset };
            prop_assert!(section.start <= place && place < section.end);
        }
    }
}
