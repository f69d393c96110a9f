//! The answers that a paper lists apart from its questions.

use std::{collections::BTreeSet, ops::Range};

use super::{
    item::{self, Value},
    marks, options,
    text::Text,
    words::{self, Language},
};

/// An answer in such a list.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) number: u32,
    /// Where it begins.
    pub(super) at: usize,
    pub(super) value: Value,
}

/// A list of answers under its heading.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) range: Range<usize>,
    /// Whether its heading stands over nothing but answers.
    pub(super) is_strong: bool,
    /// Its answers, a row for each part that counts anew.
    pub(super) rows: Vec<Vec<Entry>>,
}

/// Signs between the number of an answer and the answer.
const BETWEEN: &[char] =
    &['.', ')', ':', '-', '–', '—', '=', '|', '>', '→', '、', '．', '：', ' ', '\t', '*'];
/// Signs between two answers.
const APART: &[char] = &[',', ';', '|', '.', ')', '/', '、', '，', '；', ' ', '\t', '*', '\r'];

/// The lists of answers in a text, in order.
pub(super) fn sections(text: &Text) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut numbers = BTreeSet::new();
    let mut at = 0;
    while at < text.len() {
        if let Some(mark) = marks::mark(text, at) {
            numbers.insert(mark.number);
        }
        match heading(text, at).and_then(|heading| section(text, at, heading, &numbers)) {
            Some(section) => {
                at = section.range.end;
                sections.push(section);
            }
            None => at += 1,
        }
    }
    sections
}

/// The end of a heading over answers, its language, and whether it stands over nothing else.
fn heading(text: &Text, at: usize) -> Option<(Language, usize, bool)> {
    const LONGEST: usize = 60;
    if !(text.raw(at).is_alphabetic() && text.is_line_start(at)) && text.raw(at) != '【' {
        return None;
    }
    let (language, end, is_strong) = words::key(text, at + usize::from(text.raw(at) == '【'))?;
    let after = text.skip(end, |char| "】:：*_ \t\r".contains(char));
    let line_end = text.line_end(end);
    let has_colon = (end..after).any(|at| text.low(at) == ':');
    let begins = |at| plain_row(text, at, line_end, language).is_some() || marks::mark(text, at).is_some();
    if text.is_line_end(after) || begins(after) {
        return Some((language, after, is_strong));
    }
    let is_title = is_strong && !has_colon && line_end - end <= LONGEST && text.raw(line_end - 1) != '?';
    is_title.then_some((language, line_end, is_strong))
}

fn section(
    text: &Text,
    at: usize,
    (language, from, is_strong): (Language, usize, bool),
    asked: &BTreeSet<u32>,
) -> Option<Section> {
    const FEWEST: usize = 2;
    let end = end(text, from);
    let entries = entries(text, from..end, language);
    let first = entries.first()?;
    let is_key = entries.len() >= FEWEST && asked.contains(&first.number);
    is_key.then(|| Section { range: at..end, is_strong, rows: rows(entries) })
}

/// Where a list of answers ends at the latest: at another heading, or at a question with options.
fn end(text: &Text, from: usize) -> usize {
    const FEWEST: usize = 3;
    let stops: Vec<usize> = (from..text.len())
        .filter(|at| {
            heading(text, *at).is_some() || marks::mark(text, *at).is_some_and(|mark| mark.opens_line)
        })
        .collect();
    let ends = stops.iter().skip(1).copied().chain([text.len()]);
    let end = stops.iter().copied().zip(ends).find(|(at, next)| match marks::mark(text, *at) {
        Some(mark) => {
            let end = (*next).min(mark.end + 4_000);
            options::chain(text, mark.end..end).is_some_and(|chain| chain.choices.len() >= FEWEST)
        }
        None => true,
    });
    end.map_or(text.len(), |(at, _)| at)
}

/// Parts a list where a number comes again. A list within an explanation is left out where the other goes on.
fn rows(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut rows: Vec<Vec<Entry>> = Vec::new();
    let last = |row: Option<&Vec<Entry>>| row.and_then(|row| row.last()).map(|entry| entry.number + 1);
    for entry in entries {
        let outer = rows.len().checked_sub(2).and_then(|at| rows.get(at));
        if last(outer) == Some(entry.number) && last(rows.last()) != Some(entry.number) {
            rows.pop();
        }
        match rows.last_mut() {
            Some(row) if row.iter().all(|other| other.number != entry.number) => row.push(entry),
            _ => rows.push(vec![entry]),
        }
    }
    rows
}

fn entries(text: &Text, within: Range<usize>, language: Language) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut open: Option<(u32, usize, usize)> = None;
    let close = |open: &mut Option<(u32, usize, usize)>, end: usize| {
        open.take().map(|(number, at, start)| {
            let start = item::past_answer_word(text, start..end).unwrap_or(start);
            Entry { number, at, value: item::value(text, start..end, language) }
        })
    };
    let mut at = within.start;
    while at < within.end {
        let line_end = text.line_end(at).min(within.end);
        let start = text.skip(at, |char| "#>|•* \t".contains(char)).min(line_end);
        if let Some((row, end)) = table(text, start, within.end, language) {
            entries.extend(close(&mut open, at));
            entries.extend(row);
            at = end + 1;
            continue;
        }
        if let Some(row) = plain_row(text, start, line_end, language) {
            entries.extend(close(&mut open, at));
            entries.extend(row);
        } else {
            for place in start..line_end {
                let Some((number, end)) = numbered(text, place) else { continue };
                let last = open.map(|(number, ..)| number).or(entries.last().map(|entry| entry.number));
                if open.is_some_and(|(_, _, start)| place < start) {
                    continue;
                }
                let follows = last.is_none_or(|last| number == last + 1);
                if place == start || follows {
                    entries.extend(close(&mut open, place));
                    open = Some((number, place, end));
                }
            }
        }
        at = line_end + 1;
    }
    entries.extend(close(&mut open, within.end));
    entries
}

/// The number of an answer, and where the answer begins.
fn numbered(text: &Text, at: usize) -> Option<(u32, usize)> {
    if let Some(mark) = marks::mark(text, at) {
        return Some((mark.number, mark.end));
    }
    if !text.is_token_start(at) {
        return None;
    }
    let (number, end) = text.number(at)?;
    let sign = text.skip_spaces(end);
    matches!(text.raw(sign), '|' | '=' | '-' | '–' | '—').then_some((number, sign + 1))
}

/// A line of nothing but numbers and their answers, as in `1. B  2. C` and `1-5 BCADB`.
fn plain_row(text: &Text, start: usize, end: usize, language: Language) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut at = start;
    while at < end {
        if let Some((range, next)) = run(text, at, language) {
            entries.extend(range);
            at = next;
        } else {
            let number_at = words::question(text, at).map_or(at, |end| text.skip_spaces(end));
            let open = text.low(number_at) == '(';
            let (number, number_end) = text.number(number_at + usize::from(open))?;
            let value = text.skip(number_end, |char| BETWEEN.contains(&char));
            let value_end = answer(text, value)?;
            // Without a sign between them `1 A` may begin a sentence, but then the line goes on otherwise.
            entries.push(entry(number, at, value..value_end, language));
            at = value_end;
        }
        at = text.skip(at, |char| APART.contains(&char));
    }
    (at <= end + 1 && !entries.is_empty()).then_some(entries)
}

fn entry(number: u32, at: usize, text: Range<usize>, language: Language) -> Entry {
    Entry { number, at, value: Value { language, text, explanation: None } }
}

/// The answers to several questions in a row, as in `1-5 BCADB`, and their end.
fn run(text: &Text, at: usize, language: Language) -> Option<(Vec<Entry>, usize)> {
    const LONGEST: u32 = 50;
    let (first, end) = text.number(at)?;
    let dash = text.skip_spaces(end);
    if !matches!(text.low(dash), '-' | '–' | '—' | '~' | '～') {
        return None;
    }
    let (last, end) = text.number(text.skip_spaces(dash + 1))?;
    let mut place = text.skip(end, |char| BETWEEN.contains(&char));
    if last <= first || last - first > LONGEST || place == end {
        return None;
    }
    let mut entries = Vec::new();
    for number in first..=last {
        place = text.skip(place, |char| matches!(char, ' ' | '\t' | ',' | '、'));
        (0..5).find_map(|alphabet| options::index(alphabet, text.low(place)))?;
        entries.push(entry(number, place, place..place + 1, language));
        place += 1;
    }
    (!text.raw(place).is_alphanumeric()).then_some((entries, place))
}

/// Two lines, one of numbers and one of their answers, and where the second ends.
fn table(text: &Text, start: usize, limit: usize, language: Language) -> Option<(Vec<Entry>, usize)> {
    const FEWEST: usize = 3;
    let first_end = text.line_end(start);
    let mut at = head(text, start);
    let mut numbers = Vec::new();
    while at < first_end {
        let (number, end) = text.number(at)?;
        if numbers.last().is_some_and(|last| number != last + 1) {
            return None;
        }
        numbers.push(number);
        at = text.skip(end, |char| "|. \t\r".contains(char));
    }
    if numbers.len() < FEWEST {
        return None;
    }
    let second = text.skip(first_end, |char| char.is_whitespace() || "|:-".contains(char));
    let second_end = text.line_end(second);
    at = head(text, second);
    let mut entries = Vec::new();
    for number in &numbers {
        let end = answer(text, at)?;
        entries.push(entry(*number, at, at..end, language));
        at = text.skip(end, |char| "|., \t\r".contains(char));
    }
    (at >= second_end && second_end <= limit).then_some((entries, second_end))
}

/// Past the name of a table's row.
fn head(text: &Text, start: usize) -> usize {
    let at = text.skip(start, |char| "|* \t".contains(char));
    let end = words::answer(text, at).map(|(_, end)| end).or_else(|| words::question(text, at));
    let Some(end) = end else { return at };
    let plural = text.skip(end, char::is_alphabetic);
    text.skip(plural, |char| "|:：* \t№".contains(char))
}

/// The end of labels, or of a word for true or false, that stand here by themselves.
fn answer(text: &Text, at: usize) -> Option<usize> {
    let word_end = text.skip(at, |char| char.is_alphabetic() || "√×✓✔✗✘".contains(char));
    if word_end > at && words::truth(&text.slice(at..word_end), true).is_some() {
        return Some(word_end);
    }
    labels(text, at)
}

/// The end of one label or several, as in `B`, `(b)`, `A, C` and `AC`.
fn labels(text: &Text, at: usize) -> Option<usize> {
    const MOST: usize = 6;
    let is_label = |at: usize| (0..6).any(|alphabet| options::index(alphabet, text.low(at)).is_some());
    let one = |at: usize| {
        let open = usize::from(matches!(text.low(at), '(' | '['));
        let end = text.skip(at + open, |char| char.is_alphanumeric() || char == 'ـ');
        let is_run =
            end - at - open <= MOST && (at + open..end).all(|at| text.raw(at).is_uppercase() && is_label(at));
        let is_single =
            end > at + open && is_label(at + open) && (at + open + 1..end).all(|at| text.raw(at) == 'ـ');
        let closes = open == 0 || matches!(text.low(end), ')' | ']');
        (closes && end > at + open && (is_run || is_single)).then_some(end + open)
    };
    let mut end = one(at)?;
    loop {
        let sign = text.skip_spaces(end);
        let next = match text.low(sign) {
            ',' | '&' | '+' | '/' | '、' | '،' => text.skip_spaces(sign + 1),
            _ => match words::and(text, sign) {
                Some(and) => text.skip_spaces(and),
                None => return Some(end),
            },
        };
        match one(next) {
            // A number opens the next answer.
            Some(next_end) if !text.low(next).is_ascii_digit() => end = next_end,
            _ => return Some(end),
        }
    }
}
