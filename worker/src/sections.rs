//! The parts a document falls into by its own structure, so that questions can be spread over all of it.

use shared::domain::is_written_together;

use crate::document::Document;

/// Fewest words of a section; a smaller one is merged with its neighbour.
const WORDS_MIN: usize = 150;
/// Most words of a section; a longer one is cut at the ends of paragraphs.
const WORDS_MAX: usize = 1_200;
/// Words that parts of an overlong section have at most on average, which leaves room for whole paragraphs.
const PART: usize = 900;
/// Most words of a block; a longer paragraph falls into several.
const BLOCK: usize = 200;
/// Most words and characters of a line that is taken for a heading.
const HEADING: (usize, usize) = (12, 90);

/// A place in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Index into the document's pages.
    pub page: usize,
    /// Unicode characters of the page's text before it.
    pub offset: usize,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// The heading it stands under, where it has one.
    pub heading: Option<String>,
    /// Where it begins.
    pub start: Place,
    /// Where the next one begins; for the last one the end of the document.
    pub end: Place,
    /// Words; of scripts without spaces two characters count as one.
    pub words: usize,
}

/// The sections of a document in reading order, without gap or overlap. They begin at headings, which may be
/// marked (`#`, an underline), numbered, or short lines that stand alone. Each has 150 to 1,200 words; a document
/// too short for two of them is one section, one without pages has none.
pub(crate) fn sections(document: &Document) -> Vec<Section> {
    let Some(last) = document.pages.last() else { return Vec::new() };
    let end = Place { page: document.pages.len() - 1, offset: last.text.chars().count() };
    let blocks = blocks(document);
    let parts: Vec<&[Block]> = chapters(&blocks).into_iter().flat_map(cut).collect();
    let starts = parts.iter().skip(1).map(|part| part[0].start).chain([end]);
    let mut heading = None;
    let mut sections = Vec::new();
    for (index, (part, end)) in parts.iter().zip(starts).enumerate() {
        // A part without a heading of its own goes on under the one before; text before the first has the next one's.
        heading = part.iter().find_map(|block| block.heading.clone()).filter(|_| opens(part)).or(heading);
        let start = if index == 0 { Place { page: 0, offset: 0 } } else { part[0].start };
        sections.push(Section { heading: heading.clone(), start, end, words: words(part) });
    }
    sections
}

/// How many of `count` questions each section gets: in proportion to its words, by the largest remainder, and at
/// least one each where there are enough.
pub(crate) fn shares(sections: &[Section], count: usize) -> Vec<usize> {
    if sections.is_empty() {
        return Vec::new();
    }
    let weight = |section: &Section| section.words.max(1);
    let total: usize = sections.iter().map(weight).sum();
    let least = usize::from(count >= sections.len());
    let mut shares: Vec<usize> =
        sections.iter().map(|section| (count * weight(section) / total).max(least)).collect();
    // How far a share is above its quota, in questions times all words.
    let excess =
        |at: usize, shares: &[usize]| (shares[at] * total) as i128 - (count * weight(&sections[at])) as i128;
    loop {
        let given: usize = shares.iter().sum();
        let at = match given.cmp(&count) {
            std::cmp::Ordering::Equal => return shares,
            std::cmp::Ordering::Less => (0..shares.len()).min_by_key(|at| excess(*at, &shares)),
            std::cmp::Ordering::Greater => {
                (0..shares.len()).filter(|at| shares[*at] > least).max_by_key(|at| excess(*at, &shares))
            }
        };
        let Some(at) = at else { return shares };
        if given < count { shares[at] += 1 } else { shares[at] -= 1 }
    }
}

/// A paragraph, a piece of a long one, or a heading.
#[derive(Debug)]
struct Block {
    start: Place,
    /// Twice its words.
    halves: usize,
    heading: Option<String>,
}

fn words(blocks: &[Block]) -> usize {
    blocks.iter().map(|block| block.halves).sum::<usize>().div_ceil(2)
}

/// Whether a part begins with its heading, leaving aside what is too little to stand alone.
fn opens(part: &[Block]) -> bool {
    let before = part.iter().take_while(|block| block.heading.is_none()).map(|block| block.halves);
    before.sum::<usize>() < 2 * WORDS_MIN
}

/// Runs of blocks under one heading, those too small merged.
fn chapters(blocks: &[Block]) -> Vec<&[Block]> {
    let mut chapters: Vec<&[Block]> = Vec::new();
    let mut start = 0;
    for at in 1..=blocks.len() {
        let ends = at == blocks.len() || blocks[at].heading.is_some();
        if !ends || (at < blocks.len() && words(&blocks[start..at]) < WORDS_MIN) {
            continue;
        }
        if at == blocks.len() && words(&blocks[start..at]) < WORDS_MIN {
            let before = chapters.pop().map_or(0, <[Block]>::len);
            start -= before;
        }
        chapters.push(&blocks[start..at]);
        start = at;
    }
    chapters
}

/// Cuts an overlong run into parts of like size.
fn cut(blocks: &[Block]) -> Vec<&[Block]> {
    let total = words(blocks);
    if total <= WORDS_MAX {
        return vec![blocks];
    }
    let parts = total.div_ceil(PART);
    let mut cuts = Vec::new();
    let (mut start, mut before) = (0, 0);
    for (at, block) in blocks.iter().enumerate() {
        let wanted = 2 * total * (cuts.len() + 1) / parts;
        if cuts.len() + 1 < parts && at > start && before + block.halves / 2 >= wanted {
            cuts.push(&blocks[start..at]);
            start = at;
        }
        before += block.halves;
    }
    cuts.push(&blocks[start..]);
    cuts
}

fn blocks(document: &Document) -> Vec<Block> {
    let mut blocks = Vec::new();
    for (page, text) in document.pages.iter().map(|page| page.text.as_str()).enumerate() {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let line = |at: usize| lines.get(at).map_or("", |line| line.trim());
        let mut offset = 0;
        let mut open = false;
        for (at, raw) in lines.iter().enumerate() {
            let alone = (at == 0 || line(at - 1).is_empty()) && line(at + 1).is_empty();
            let heading = heading(line(at), line(at + 1), alone);
            let fresh = !open || heading.is_some();
            open = !line(at).is_empty() && heading.is_none();
            if fresh && (!line(at).is_empty() || at == 0) {
                blocks.push(Block { start: Place { page, offset }, halves: 0, heading });
            }
            extend(&mut blocks, Place { page, offset }, raw);
            offset += raw.chars().count();
        }
    }
    if blocks.is_empty() {
        blocks.push(Block { start: Place { page: 0, offset: 0 }, halves: 0, heading: None });
    }
    blocks
}

/// Adds a line to the last block, and begins another at the end of a sentence once the block is long enough; where
/// no sentence ends, at the end of a word.
fn extend(blocks: &mut Vec<Block>, start: Place, line: &str) {
    let mut inside = false;
    let mut previous = ' ';
    let mut ended = false;
    for (offset, c) in line.chars().enumerate() {
        let together = is_written_together(c);
        let begins = !c.is_whitespace() && (together || !inside);
        if begins && let Some(last) = blocks.last() {
            let full = last.halves >= if ended { BLOCK } else { 2 * BLOCK };
            if full {
                let place = Place { offset: start.offset + offset, ..start };
                blocks.push(Block { start: place, halves: 0, heading: None });
            }
        }
        if let Some(last) = blocks.last_mut() {
            last.halves += if together { 1 } else { 2 * usize::from(begins) };
        }
        inside = !c.is_whitespace() && !together;
        ended = ends_sentence(c) || (ended && (c.is_whitespace() || is_closing(c)));
        if matches!(c, '.' | '!' | '?') && previous.is_numeric() {
            ended = false;
        }
        previous = c;
    }
}

const fn ends_sentence(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '؟')
}

const fn is_closing(c: char) -> bool {
    matches!(c, ')' | ']' | '"' | '”' | '’' | '»' | '）' | '」')
}

/// The heading a line is, without its marks.
fn heading(line: &str, next: &str, alone: bool) -> Option<String> {
    let marked = line.trim_start_matches('#');
    let level = line.len() - marked.len();
    if (1..=6).contains(&level) && marked.starts_with(' ') {
        return Some(marked.trim().trim_end_matches('#').trim().to_owned()).filter(|text| !text.is_empty());
    }
    if !is_short(line) || !line.chars().any(char::is_alphabetic) {
        return None;
    }
    let underlined = next.len() >= 3
        && (next.bytes().all(|byte| byte == b'=') || next.bytes().all(|byte| byte == b'-'))
        && !line.starts_with(['-', '|', '>']);
    let plain = !line.ends_with(|c: char| {
        ends_sentence(c) || matches!(c, ',' | ';' | ':' | '،' | '؛' | '，' | '；' | '：' | '、')
    });
    let titled = alone && plain && (opens_title(line) || is_numbered(line));
    (underlined || titled || (plain && is_chapter(line))).then(|| line.to_owned())
}

fn is_short(line: &str) -> bool {
    let together = line.chars().filter(|c| is_written_together(*c)).count();
    line.split_whitespace().count() + together / 2 <= HEADING.0 && line.chars().count() <= HEADING.1
}

/// A capital, or a letter of a script that has none.
fn opens_title(line: &str) -> bool {
    line.chars().next().is_some_and(|c| c.is_alphabetic() && !c.is_lowercase())
}

/// `1`, `2.3` or `IV.` and then a title.
fn is_numbered(line: &str) -> bool {
    let Some((label, title)) = line.split_once(char::is_whitespace) else { return false };
    let label = label.trim_end_matches(['.', ')']);
    let arabic = label
        .split('.')
        .all(|part| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()));
    let roman = !label.is_empty() && label.bytes().all(|byte| b"IVXLC".contains(&byte));
    (arabic || roman) && opens_title(title.trim_start())
}

/// `Chapter 3`, `§ 12` and their like in the languages the platform knows, also where no blank line sets them off.
fn is_chapter(line: &str) -> bool {
    const NAMES: [&str; 26] = [
        "chapter",
        "section",
        "part",
        "article",
        "lesson",
        "unit",
        "capítulo",
        "sección",
        "artículo",
        "lección",
        "chapitre",
        "partie",
        "leçon",
        "kapitel",
        "abschnitt",
        "artikel",
        "teil",
        "lektion",
        "seção",
        "artigo",
        "глава",
        "раздел",
        "статья",
        "الفصل",
        "المادة",
        "§",
    ];
    let mut words = line.split_whitespace();
    let name = words.next().unwrap_or_default().to_lowercase();
    let number = words.next().unwrap_or_default().trim_end_matches(['.', ':']);
    let counted = number.starts_with(|c: char| c.is_numeric())
        || (!number.is_empty() && number.bytes().all(|byte| b"IVXLC".contains(&byte)));
    if NAMES.contains(&name.as_str()) {
        return counted;
    }
    let Some(ordinal) = line.strip_prefix('第') else { return false };
    ordinal.chars().take(6).any(|c| matches!(c, '章' | '节' | '条' | '课' | '編' | '部'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::Page;

    fn of(text: impl Into<String>) -> Vec<Section> {
        sections(&Document::from_text(text))
    }

    fn paragraph(words: usize) -> String {
        "Plants turn light into sugar. ".repeat(words / 5)
    }

    /// Sections follow each other from the first character to the last, and no word is lost.
    fn check(document: &Document) -> Result<(), TestCaseError> {
        let sections = sections(document);
        let last = document.pages.len() - 1;
        prop_assert_eq!(sections[0].start, Place { page: 0, offset: 0 });
        let end = Place { page: last, offset: document.pages[last].text.chars().count() };
        prop_assert_eq!(sections[sections.len() - 1].end, end);
        for pair in sections.windows(2) {
            prop_assert_eq!(pair[0].end, pair[1].start);
            prop_assert!(pair[0].start < pair[0].end);
            let page = &document.pages[pair[1].start.page].text;
            prop_assert!(pair[1].start.offset <= page.chars().count());
        }
        if sections.len() > 1 {
            for section in &sections {
                prop_assert!((WORDS_MIN..=WORDS_MAX + 1).contains(&section.words), "{section:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_short_text_is_one_section() {
        assert_eq!(of("").len(), 1);
        let sections = of(format!("# Light\n\n{}\n\n# Sugar\n\n{}", paragraph(100), paragraph(100)));
        assert_eq!((sections.len(), sections[0].heading.as_deref()), (1, Some("Light")));
        assert_eq!(sections[0].words, 204);
        assert_eq!(super::sections(&Document::from_pages(Vec::new())), []);
    }

    #[test]
    fn headings_of_every_make_open_sections() {
        let body = paragraph(200);
        for (written, heading) in [
            ("## Light ##", "Light"),
            ("Light\n=====", "Light"),
            ("2.1 Light and sugar", "2.1 Light and sugar"),
            ("IV. Light", "IV. Light"),
            ("Light and its uses", "Light and its uses"),
            ("Глава 2", "Глава 2"),
            ("مصادر الضوء", "مصادر الضوء"),
            ("第三章 光合作用", "第三章 光合作用"),
        ] {
            let sections = of(format!("Leaves\n\n{body}\n\n{written}\n\n{body}"));
            let headings: Vec<_> = sections.iter().map(|section| section.heading.as_deref()).collect();
            assert_eq!(headings, [Some("Leaves"), Some(heading)]);
        }
    }

    #[test]
    fn sentences_and_list_items_are_no_headings() {
        let body = paragraph(200);
        for line in ["Plants need light.", "- light", "plants and light", "The following:", "12", "—"] {
            assert_eq!(of(format!("{body}\n\n{line}\n\n{body}")).len(), 1, "{line}");
        }
    }

    #[test]
    fn small_chapters_are_merged_and_long_ones_cut_at_paragraphs() {
        let paragraphs = vec![paragraph(100); 40].join("\n\n");
        let sections =
            of(format!("# A\n\n{}\n\n# B\n\n{}\n\n# C\n\n{paragraphs}", paragraph(100), paragraph(100)));
        assert_eq!(sections[0].heading.as_deref(), Some("A"));
        assert!(sections[1..].iter().all(|section| section.heading.as_deref() == Some("C")));
        assert_eq!(sections.len(), 6);
        let text: Vec<char> =
            format!("# A\n\n{}\n\n# B\n\n{}\n\n# C\n\n{paragraphs}", paragraph(100), paragraph(100))
                .chars()
                .collect();
        for section in &sections[1..] {
            assert_eq!(text[section.start.offset - 1], '\n');
        }
    }

    #[test]
    fn scripts_without_spaces_are_cut_too() {
        let sections = of("植物把光变成糖。".repeat(1_000));
        assert!(
            sections.len() >= 4 && sections.iter().all(|section| section.start.offset % 8 == 0),
            "{sections:?}"
        );
        assert!(sections.iter().all(|section| section.words > 400));
    }

    #[test]
    fn shares_are_proportional() {
        let section = |words| Section {
            heading: None,
            start: Place { page: 0, offset: 0 },
            end: Place { page: 0, offset: 1 },
            words,
        };
        let sections = [section(200), section(400), section(1_200), section(200)];
        assert_eq!(shares(&sections, 10), [1, 2, 6, 1]);
        assert_eq!(shares(&sections, 4), [1, 1, 1, 1]);
        assert_eq!(shares(&sections, 1), [0, 0, 1, 0]);
        assert_eq!(shares(&[], 3), [0; 0]);
    }

    fn page() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            3 => "([A-Z][a-z]{1,8} )?([a-zß]{1,9} ){1,30}[a-z]{1,6}\\.",
            1 => (50_usize..900).prop_map(paragraph),
            1 => (50_usize..900).prop_map(|words| "word ".repeat(words)),
            1 => "#{1,3} [A-Z][a-z]{1,9}",
            1 => "[0-9]\\.[0-9] [A-Z][a-z]{1,9}",
            1 => (1_usize..400).prop_map(|times| "植物把光变成糖。".repeat(times)),
            1 => "\\PC{0,60}",
        ];
        let gap = prop_oneof!["\n\n", "\n", "\n\n\n", " "];
        proptest::collection::vec((piece, gap), 0..12)
            .prop_map(|pieces| pieces.into_iter().map(|(piece, gap)| piece + &gap).collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn sections_cover_every_document(pages in proptest::collection::vec(page(), 1..5), count in 0_usize..200) {
            let pages = pages.into_iter().map(|text| Page { number: None, text }).collect();
            let document = Document::from_pages(pages);
            check(&document)?;
            let sections = sections(&document);
            let shares = shares(&sections, count);
            prop_assert_eq!(shares.iter().sum::<usize>(), count);
            prop_assert!(count < sections.len() || shares.iter().all(|share| *share > 0));
            let total: usize = sections.iter().map(|section| section.words).sum();
            for (section, share) in sections.iter().zip(shares) {
                let quota = count as f64 * section.words as f64 / total.max(1) as f64;
                prop_assert!((share as f64) < quota + 1.0 || share == 1 || sections.len() == 1);
            }
        }
    }
}
