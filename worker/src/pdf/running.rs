//! Running headers, footers and page numbers: lines at the edges of pages that repeat from page to page.

use std::collections::{HashMap, HashSet};

use super::normalize::RawPage;

/// Lines at either end of a page that may be running ones.
const EDGE: usize = 3;

/// Running lines are short; this many characters at most.
const MAX_CHARS: usize = 100;

/// Pages that a line must be on.
const MIN_PAGES: usize = 3;

/// Pages that a line must be on in close succession when it is on few of all pages, as a chapter's
/// title is.
const MIN_SUCCESSION: usize = 4;

/// Numbers in a line that may count the pages.
const MAX_NUMBERS: usize = 2;

/// Words that number the text and not the page: "Question 3" on the third page may head its text.
const NUMBERED: [&str; 16] = [
    "answer",
    "appendix",
    "aufgabe",
    "chapter",
    "example",
    "exercise",
    "experiment",
    "figure",
    "lecture",
    "lesson",
    "part",
    "problem",
    "question",
    "section",
    "table",
    "unit",
];

/// A line as it repeats: its text without the numbers, and what each of them does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Shape {
    text: String,
    numbers: Vec<Number>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Number {
    /// The same on every page.
    Same(i64),
    /// Grows with the page; what it is ahead of the page's number.
    Counts(i64),
}

/// Takes the running lines out of `pages`.
pub(super) fn remove(pages: &mut [RawPage]) {
    if pages.len() < MIN_PAGES {
        return;
    }
    let mut seen: HashMap<Shape, Vec<u32>> = HashMap::new();
    for page in pages.iter() {
        let shapes: HashSet<Shape> = edges(page).flat_map(|(_, line)| shapes(line, page.number)).collect();
        for shape in shapes {
            seen.entry(shape).or_default().push(page.number);
        }
    }
    seen.retain(|_, on| is_running(on, pages.len()));
    for page in pages.iter_mut() {
        let running: HashSet<usize> = edges(page)
            .filter(|(_, line)| shapes(line, page.number).iter().any(|shape| seen.contains_key(shape)))
            .map(|(index, _)| index)
            .collect();
        let mut index = 0;
        for block in &mut page.blocks {
            block.lines.retain(|_| {
                index += 1;
                !running.contains(&(index - 1))
            });
        }
    }
}

/// The lines near the ends of `page` with their place among all its lines.
fn edges(page: &RawPage) -> impl Iterator<Item = (usize, &str)> {
    let count: usize = page.blocks.iter().map(|block| block.lines.len()).sum();
    let lines = page.blocks.iter().flat_map(|block| &block.lines).map(String::as_str).enumerate();
    lines.filter(move |(index, _)| *index < EDGE || *index + EDGE >= count)
}

/// Whether a line on the pages `on` (ascending) of `total` is a running one.
fn is_running(on: &[u32], total: usize) -> bool {
    let succession = on.chunk_by(|one, next| next - one <= 2).map(<[u32]>::len).max().unwrap_or(0);
    on.len() >= MIN_PAGES && (on.len() * 5 >= total * 2 || succession >= MIN_SUCCESSION)
}

/// The shapes that `line` can have on page `page`; none when it cannot be a running line.
fn shapes(line: &str, page: u32) -> Vec<Shape> {
    if line.chars().count() > MAX_CHARS {
        return Vec::new();
    }
    let (text, numbers) = split_numbers(line);
    let is_text = text.chars().any(char::is_alphabetic);
    let first = text.split(|char: char| !char.is_alphabetic()).next().unwrap_or_default();
    let may_count = numbers.len() <= MAX_NUMBERS && !(numbers.len() == 1 && NUMBERED.contains(&first));
    let counted = if may_count { 1 << numbers.len() } else { 1_usize };
    (0..counted)
        .filter(|counting| is_text || *counting != 0)
        .map(|counting| {
            let number = |(at, value): (usize, &i64)| match counting >> at & 1 {
                1 => Number::Counts(value - i64::from(page)),
                _ => Number::Same(*value),
            };
            Shape { text: text.clone(), numbers: numbers.iter().enumerate().map(number).collect() }
        })
        .collect()
}

/// The line in lower case with `#` for each number, and the numbers.
fn split_numbers(line: &str) -> (String, Vec<i64>) {
    let (mut text, mut numbers) = (String::new(), Vec::new());
    let mut rest = line;
    while let Some(start) = rest.find(|char: char| char.is_ascii_digit()) {
        let digits = &rest[start..];
        let end = digits.find(|char: char| !char.is_ascii_digit()).unwrap_or(digits.len());
        text.push_str(&rest[..start]);
        match digits[..end].parse() {
            Ok(number) => {
                text.push('#');
                numbers.push(number);
            }
            Err(_) => text.push_str(&digits[..end]),
        }
        rest = &digits[end..];
    }
    text.push_str(rest);
    (text.to_lowercase(), numbers)
}

#[cfg(test)]
mod tests {
    use super::{
        super::normalize::{Block, Kind},
        *,
    };

    /// What is left of pages made by `lines` from their numbers.
    fn left(count: u32, lines: impl Fn(u32) -> Vec<String>) -> Vec<Vec<String>> {
        let page = |number| RawPage {
            number,
            blocks: lines(number)
                .into_iter()
                .map(|line| Block { kind: Kind::Prose, lines: vec![line] })
                .collect(),
        };
        let mut pages: Vec<RawPage> = (1..=count).map(page).collect();
        remove(&mut pages);
        pages
            .into_iter()
            .map(|page| page.blocks.into_iter().flat_map(|block| block.lines).collect())
            .collect()
    }

    /// A body whose lines are alike on no two pages.
    fn body(page: u32) -> String {
        format!("Body {}", char::from_u32('a' as u32 + page).unwrap().to_string().repeat(page as usize))
    }

    #[test]
    fn headers_footers_and_page_numbers_go() {
        let pages = left(5, |page| {
            vec!["Biology 101".into(), body(page), "© 2024 School".into(), format!("Page {} of 12", page + 7)]
        });
        assert_eq!(pages, (1..=5).map(|page| vec![body(page)]).collect::<Vec<_>>());
    }

    #[test]
    fn headers_of_even_and_odd_pages_and_of_chapters_go() {
        let pages = left(30, |page| {
            let side = if page % 2 == 0 { "The Author" } else { "The Title" };
            let chapter = if page > 20 { "On Heat" } else { "On Light" };
            vec![side.into(), chapter.into(), body(page), page.to_string()]
        });
        assert_eq!(pages, (1..=30).map(|page| vec![body(page)]).collect::<Vec<_>>());
    }

    #[test]
    fn numbered_text_stays() {
        let lines = |page: u32| vec![format!("Question {page}"), body(page), format!("{} kg", page * 5)];
        assert_eq!(left(6, lines), (1..=6).map(lines).collect::<Vec<_>>());
    }

    #[test]
    fn what_stands_on_few_pages_stays() {
        let lines = |page: u32| {
            vec![if page.is_multiple_of(4) { "Summary".into() } else { body(page) }, body(page + 40)]
        };
        assert_eq!(left(16, lines), (1..=16).map(lines).collect::<Vec<_>>());
        let twice = |_| vec!["The same".to_owned()];
        assert_eq!(left(2, twice), [["The same"], ["The same"]]);
    }

    #[test]
    fn what_repeats_inside_a_page_stays() {
        let lines = |page: u32| {
            let around = |from: u32| (0..3).map(move |line| body(page * 7 + from + line));
            around(0).chain(["Note well".to_owned()]).chain(around(3)).collect::<Vec<_>>()
        };
        assert_eq!(left(4, lines), (1..=4).map(lines).collect::<Vec<_>>());
    }
}
