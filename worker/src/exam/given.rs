//! What a paper gives as an answer, read.

use std::collections::BTreeSet;

use shared::domain::fold;

use super::{
    options::{self, Labels},
    text::plain,
    words,
};

/// The options that an answer names, in order, and what it says beside them. `None` if it names none, or contradicts
/// itself.
pub(super) fn chosen(
    given: &str,
    labels: Labels,
    options: &[String],
) -> Option<(Vec<usize>, Option<String>)> {
    let same = |text: &str| options.iter().position(|option| fold(option) == fold(text));
    let by_text = same(given);
    let by_label = match labels {
        Labels::Letters(alphabet) => labelled(given, alphabet, options.len()),
        Labels::Boxes => None,
    };
    let Some((found, rest, is_marked)) = by_label else { return by_text.map(|at| (vec![at], None)) };
    let rest = rest
        .trim_start_matches(|char: char| char.is_whitespace() || ".):]-–—,;：:、）".contains(char))
        .trim();
    let [at] = found.as_slice() else {
        return (rest.is_empty() || is_marked).then_some((found, None));
    };
    if rest.is_empty() {
        return by_text.is_none_or(|by_text| by_text == *at).then_some((found, None));
    }
    let named = same(rest);
    if named == Some(*at) {
        return Some((found, None));
    }
    if named.is_some() || by_text.is_some_and(|by_text| by_text != *at) {
        return None;
    }
    let begins = options.get(*at).is_some_and(|option| fold(rest).starts_with(&fold(option)));
    // Without a sign after it a letter may be a word, as in "A sugar".
    (is_marked || begins).then(|| (found, (rest.split_whitespace().count() > 3).then(|| rest.to_owned())))
}

/// The labels at the beginning, what follows, and whether a sign or a bracket parts them.
fn labelled(given: &str, alphabet: usize, count: usize) -> Option<(Vec<usize>, &str, bool)> {
    const JOINTS: [&str; 15] =
        [",", "&", "+", "/", "、", "，", "،", "and ", "y ", "et ", "und ", "e ", "и ", "و ", "和"];
    let mut found = BTreeSet::new();
    let mut rest = given;
    loop {
        let inner = rest.trim_start_matches(['(', '[', '（', '*']);
        let mut chars = inner.char_indices().peekable();
        let before = found.len();
        let mut end = 0;
        while let Some((at, char)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            let Some(index) = options::index(alphabet, plain(char)).filter(|index| *index < count) else {
                break;
            };
            let ends_word = next.is_none_or(|next| !next.is_alphanumeric());
            // Several labels without anything between them, as in `AC`.
            if !(ends_word
                || char.is_uppercase() && next.is_some_and(char::is_uppercase) && inner.len() <= count * 4)
            {
                break;
            }
            found.insert(index);
            end = at + char.len_utf8();
            if ends_word {
                break;
            }
        }
        let after = inner.get(end..).unwrap_or_default().trim_start_matches('ـ');
        if found.len() == before || after.starts_with(char::is_alphanumeric) {
            return None;
        }
        let closed = after.trim_start_matches([')', ']', '）', '*']);
        let joint = JOINTS.iter().find_map(|joint| closed.trim_start().strip_prefix(joint));
        let next = joint.map(|next| next.trim_start()).filter(|next| {
            let mut chars = next.trim_start_matches(['(', '（']).chars();
            let is_label = chars
                .next()
                .is_some_and(|char| options::index(alphabet, plain(char)).is_some_and(|index| index < count));
            is_label && chars.next().is_none_or(|char| !char.is_alphanumeric())
        });
        match next {
            Some(next) => rest = next,
            None => {
                let is_marked = after.starts_with(|char: char| !char.is_whitespace())
                    || after.trim_start().starts_with(['-', '–', '—', ':', '(']);
                return Some((found.into_iter().collect(), after, is_marked));
            }
        }
    }
}

/// Whether an answer is true or false, and what it says beside it.
pub(super) fn truth(given: &str) -> Option<(bool, Option<String>)> {
    let given = given.trim_start_matches(['(', '（']);
    let end =
        given.find(|char: char| !(char.is_alphabetic() || "√×✓✔✗✘".contains(char))).unwrap_or(given.len());
    let (word, rest) = given.split_at(end);
    let plain = rest.trim_start_matches([')', '）']).trim_end();
    let remark =
        plain.trim_start_matches(|char: char| char.is_whitespace() || ".,;:-–—。，；：".contains(char));
    let is_parted = remark.is_empty()
        || !plain.starts_with(char::is_whitespace)
        || plain.trim_start().starts_with(['-', '–', '—', '(']);
    let is_true = words::truth(word, remark.is_empty())?;
    is_parted.then(|| (is_true, (remark.split_whitespace().count() > 3).then(|| remark.to_owned())))
}

/// A plain number. A lone comma before three digits may part thousands or decimals, so such a number is none.
pub(super) fn number(given: &str) -> Option<f64> {
    let said: String = given.chars().map(plain).collect::<String>().replace('\u{2212}', "-");
    let digits = |text: &str| !text.is_empty() && text.chars().all(|char| char.is_ascii_digit());
    let unsigned = said.trim_start_matches(['-', '+']);
    let fits = said.len() - unsigned.len() <= 1
        && match unsigned.split_once(['.', ',']) {
            None => digits(unsigned),
            Some((whole, part)) => {
                let groups = unsigned.contains(',') && part.len() == 3 && whole.len() <= 3 && whole != "0";
                digits(whole) && digits(part) && !groups
            }
        };
    if fits { said.replace(',', ".").parse().ok() } else { None }
}
