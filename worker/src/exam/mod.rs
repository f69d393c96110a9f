//! Exam papers: questions with an answer key, taken from a document as they stand.
//!
//! A paper is told from other texts with numbered lists by its answers: a question counts only if the paper itself
//! says which answer is right, beside the question or in a list of its own, and a document counts only if it has
//! several such questions. Nothing is completed or corrected.

mod given;
mod item;
mod key;
mod marks;
mod options;
mod solve;
#[cfg(test)]
mod tests;
mod text;
mod wording;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use shared::domain::fold;

use self::{
    item::{Item, Value},
    key::{Entry, Section},
    solve::{Origin, solve},
    text::Text,
};
use crate::{document::Document, draft::Draft, proof::proven};

/// Fewest questions with a known answer in a paper. Fewer may be an example within another text.
const QUESTIONS_MIN: usize = 3;

/// The share of answers in a list that must fit the questions they are for, in percent.
const FITTING_MIN: usize = 60;

/// What a document holds as an exam paper.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recognised {
    /// The questions whose answers the paper gives, in its order. Four options with one answer are multiple choice;
    /// three or more of other numbers, or with several answers, are multiple select; `True` and `False` in any
    /// language are true/false; answers to be typed are cloze where the question has one gap, else numeric or short.
    pub drafts: Vec<Draft>,
    /// All numbered questions that have options or an answer.
    pub total_seen: usize,
    /// How many of them were left out, and why.
    pub left_out: BTreeMap<LeftOut, usize>,
}

/// Why a question of a paper was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// The paper does not say which answer is right.
    NoKey,
    /// What it says names none of the options, or contradicts itself.
    KeyUnclear,
    /// Two options other than true and false.
    OptionCount,
    /// Two options are the same.
    OptionsAlike,
    /// Options speak of others by their letters, which are shuffled.
    OptionsRefer,
    /// The question, an option or an answer to be typed is too long.
    TooLong,
    /// An option or an answer runs over the end of a page.
    AcrossPages,
    /// The question or an option has no text of its own.
    Unreadable,
    /// The same question came before.
    Repeated,
}

impl LeftOut {
    /// The reason as the end of a sentence that begins with how many were left out.
    fn reason(self) -> &'static str {
        match self {
            Self::NoKey => "without an answer",
            Self::KeyUnclear => "whose answer is unclear",
            Self::OptionCount => "with two options that are not true and false",
            Self::OptionsAlike => "with two options alike",
            Self::OptionsRefer => "with options that name others by letter",
            Self::TooLong => "that are too long",
            Self::AcrossPages => "that run over the end of a page",
            Self::Unreadable => "that cannot be read",
            Self::Repeated => "that came before",
        }
    }
}

impl Recognised {
    /// What to tell the owner about questions that were left out; nothing if none were.
    pub fn notice(&self) -> Option<String> {
        if self.left_out.is_empty() {
            return None;
        }
        let parts: Vec<String> =
            self.left_out.iter().map(|(why, count)| format!("{count} {}", why.reason())).collect();
        let taken = self.drafts.len();
        Some(format!(
            "{taken} of the paper's {} questions were taken as they stand; left out: {}.",
            self.total_seen,
            parts.join(", ")
        ))
    }
}

/// Finds the questions of an exam paper with the answers that it gives. A document that is none, or whose answers are
/// not known, gives nothing. Each draft's quote is the question with its options, or the part of it with the right
/// ones where a page ends within; for an answer to be typed it is the passage that gives the answer.
pub fn recognise(document: &Document) -> Recognised {
    let text = Text::of(document);
    let sections = key::sections(&text);
    let rows = questions(&text, &sections);
    let keys = assigned(&text, &rows, &sections);
    let mut found = Recognised::default();
    let mut known = BTreeSet::new();
    let items = rows.iter().enumerate().flat_map(|(row, items)| items.iter().map(move |item| (row, item)));
    let mut items: Vec<(usize, &Item)> = items.collect();
    items.sort_by_key(|(_, item)| item.at);
    for (row, item) in items {
        let value = answer(item, keys.get(&row));
        if item.options.is_none() && value.is_none() {
            continue;
        }
        found.total_seen += 1;
        let solved = solve(&text, item, value).and_then(|draft| {
            if !proven(document, &draft) {
                return Err(LeftOut::KeyUnclear);
            }
            let options: BTreeSet<String> = draft.options.iter().map(|option| fold(option)).collect();
            if known.insert((fold(&draft.question), options)) { Ok(draft) } else { Err(LeftOut::Repeated) }
        });
        match solved {
            Ok(draft) => found.drafts.push(draft),
            Err(why) => *found.left_out.entry(why).or_default() += 1,
        }
    }
    if found.drafts.len() < QUESTIONS_MIN { Recognised::default() } else { found }
}

/// The questions between the lists of answers, a row for each part of the paper that counts anew.
fn questions(text: &Text, sections: &[Section]) -> Vec<Vec<Item>> {
    let starts = std::iter::once(0).chain(sections.iter().map(|section| section.range.end));
    let ends = sections.iter().map(|section| section.range.start).chain([text.len()]);
    starts
        .zip(ends)
        .flat_map(|(start, end)| {
            let rows = marks::rows(text, start..end);
            let mut places: Vec<usize> = rows.iter().flatten().map(|mark| mark.at).chain([end]).collect();
            places.sort_unstable();
            let next = move |at: usize| places.iter().copied().find(|place| *place > at).unwrap_or(end);
            rows.into_iter().map(move |row| {
                row.iter().map(|mark| item::parse(text, mark, next(mark.at))).collect::<Vec<_>>()
            })
        })
        .collect()
}

type Keys<'a> = BTreeMap<usize, (&'a [Entry], bool)>;

/// Which list of answers each row of questions has. Lists and rows are matched in order, and only if as many rows as
/// lists can be meant.
fn assigned<'a>(text: &Text, rows: &[Vec<Item>], sections: &'a [Section]) -> Keys<'a> {
    let mut keys = Keys::new();
    for section in sections {
        let open: Vec<usize> = (0..rows.len())
            .filter(|row| !keys.contains_key(row))
            .filter(|row| rows[*row].first().is_some_and(|item| item.at < section.range.start))
            .collect();
        let fits = |row: usize, list: &[Entry]| fits(text, &rows[row], list, section.is_strong);
        let meant: Vec<usize> =
            open.iter().copied().filter(|row| section.rows.iter().any(|list| fits(*row, list))).collect();
        let lists: Vec<&Vec<Entry>> =
            section.rows.iter().filter(|list| open.iter().any(|row| fits(*row, list))).collect();
        if meant.len() == lists.len() {
            let pairs = meant.into_iter().zip(lists).filter(|(row, list)| fits(*row, list));
            keys.extend(pairs.map(|(row, list)| (row, (list.as_slice(), section.is_strong))));
        }
    }
    keys
}

/// Whether most answers of a list can be those to the questions.
fn fits(text: &Text, items: &[Item], list: &[Entry], is_strong: bool) -> bool {
    let solved = list.iter().filter(|entry| {
        let item = items.iter().find(|item| item.number == entry.number);
        let origin = Origin::Key { at: entry.at, is_strong };
        item.is_some_and(|item| {
            let unclear = [LeftOut::NoKey, LeftOut::KeyUnclear];
            !solve(text, item, Some((&entry.value, origin))).is_err_and(|why| unclear.contains(&why))
        })
    });
    solved.count() * 100 >= list.len() * FITTING_MIN
}

/// The answer to a question: the one beside it, else the one in its list.
fn answer<'a>(item: &'a Item, key: Option<&(&'a [Entry], bool)>) -> Option<(&'a Value, Origin)> {
    let inline = item.answer.as_ref().map(|value| (value, Origin::Inline));
    inline.or_else(|| {
        let (list, is_strong) = key?;
        let entry = list.iter().find(|entry| entry.number == item.number)?;
        Some((&entry.value, Origin::Key { at: entry.at, is_strong: *is_strong }))
    })
}
