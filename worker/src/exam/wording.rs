//! Questions and options as they are shown, without what only the paper's layout needs.

use std::collections::BTreeSet;

use super::{
    options::{self, Labels},
    text::plain,
    words,
};

/// A gap to be filled in.
const GAP: &str = "_____";

/// Whether an option speaks of others by their labels, which are gone when options are shuffled.
pub(super) fn refers(option: &str, labels: Labels, count: usize) -> bool {
    let Labels::Letters(alphabet) = labels else { return false };
    let words: Vec<&str> =
        option.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let named = words.iter().filter(|word| {
        let mut chars = word.chars();
        let label = chars.next().and_then(|char| options::index(alphabet, plain(char)));
        chars.next().is_none()
            && label.is_some_and(|index| index < count)
            && (word.chars().all(char::is_uppercase)
                || option.contains(&format!("({word})"))
                || option.contains(&format!("{word})")))
    });
    let named = named.count();
    named >= 2 && words.len() <= named + 4
}

/// What each option says, if they are true and false.
pub(super) fn truths(options: &[String]) -> Option<[bool; 2]> {
    let [one, other] = options else { return None };
    let says = |option: &str| words::truth(option.trim_matches(|char: char| !char.is_alphanumeric()), false);
    let truths = [says(one)?, says(other)?];
    (truths[0] != truths[1]).then_some(truths)
}

/// A statement without the words true and false between which a student is to choose.
pub(super) fn without_choice(statement: &str) -> String {
    let bare = |word: &str| word.trim_matches(|char: char| !char.is_alphabetic()).to_owned();
    let choice = |words: &[&str]| {
        let mut said = BTreeSet::new();
        let taken = words.iter().take_while(|word| {
            let all: Vec<&str> = word.split(['/', '|', '-']).map(str::trim).collect();
            all.iter().all(|part| {
                let part = bare(part);
                let says = words::truth(&part, true);
                said.extend(says);
                says.is_some() || words::is_or(&part) || part.is_empty()
            })
        });
        let taken = taken.count();
        if said.len() == 2 { taken } else { 0 }
    };
    let words: Vec<&str> = statement.split_whitespace().collect();
    let head = choice(&words);
    let tail = choice(&words.iter().rev().copied().collect::<Vec<_>>());
    let kept = words.get(head..words.len().saturating_sub(tail)).unwrap_or_default().join(" ");
    let kept = kept.trim_matches(|char: char| char.is_whitespace() || "_(（[".contains(char)).trim_end();
    let kept = kept
        .strip_suffix(['）', ')'])
        .filter(|kept| kept.ends_with(['（', '(']))
        .map_or(kept, |kept| kept.trim_end_matches(['（', '(']));
    if kept.chars().any(char::is_alphabetic) { kept.trim().to_owned() } else { statement.to_owned() }
}

/// Leaves out the signs that part options in a row, as in `a) x; b) y.`
pub(super) fn without_separators(options: &mut [String]) {
    let Some((last, others)) = options.split_last_mut() else { return };
    let is_sign = |char: char| matches!(char, ';' | ',' | '；' | '，' | '،' | '؛');
    if others.is_empty() || !others.iter().all(|option| option.ends_with(is_sign)) {
        return;
    }
    for option in others {
        *option = option.trim_end_matches(is_sign).trim_end().to_owned();
    }
    *last = last.trim_end_matches(|char| is_sign(char) || matches!(char, '.' | '。')).trim_end().to_owned();
}

/// Gaps in a sentence, of at least three underscores.
pub(super) fn gaps(question: &str) -> usize {
    question.split(|char| char != '_').filter(|run| run.len() >= 3).count()
}

/// The sentence with its one gap as long as all are.
pub(super) fn with_gap(question: &str) -> String {
    let gap = question.split(|char| char != '_').find(|run| run.len() >= 3).unwrap_or(GAP);
    question.replacen(gap, GAP, 1)
}
