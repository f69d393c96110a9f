//! Flaws that show when the options are compared.

use shared::domain::{QuestionType, is_written_together, words};

use super::words::{List, Plain};
use super::{Flaw, Item, Rule};
use crate::local::language::{Language, is_han};
use crate::local::lexicon::Lexicon;
use crate::local::morphology::{akin, is_plural};

/// How much longer than the next longest option the right one may be: as a ratio, and in characters.
const STANDS_OUT: (f64, usize) = (1.3, 8);
/// Letters a word needs to give anything away.
const TELLING: usize = 4;

/// What to look for in the options.
pub(super) const RULES: [Rule; 11] = [
    (Flaw::LongestOption, key_is_longest),
    (Flaw::AllOrNone, takes_all_or_none),
    (Flaw::ComplexOption, combines_letters),
    (Flaw::LabelledOption, is_labelled),
    (Flaw::OverlappingOptions, overlaps),
    (Flaw::NothingToLeaveOut, leaves_nothing_out),
    (Flaw::AbsoluteTerm, marks_wrong),
    (Flaw::VagueTerm, marks_right),
    (Flaw::Clang, echoes),
    (Flaw::Convergence, converges),
    (Flaw::GrammaticalClue, disagrees),
];

fn key_is_longest(item: &Item<'_>) -> bool {
    let Some(key) = item.key() else { return false };
    let length = |at: usize| item.draft.options[at].chars().count();
    let others = (0..item.options.len()).filter(|at| *at != key).map(length);
    let longest = others.max().unwrap_or_default();
    // A Chinese character says as much as two or three letters.
    let together = item.draft.options[key].contains(is_written_together);
    let margin = if together { STANDS_OUT.1 / 2 } else { STANDS_OUT.1 };
    length(key) as f64 > STANDS_OUT.0 * longest as f64 && length(key) >= longest + margin
}

fn takes_all_or_none(item: &Item<'_>) -> bool {
    item.is_choice() && item.options.iter().any(|option| option.has(item.vocabulary.list(List::AllOrNone)))
}

/// "A and C", "both B and D", "1, 2 and 3".
fn combines_letters(item: &Item<'_>) -> bool {
    let and = item.vocabulary.list(List::And);
    item.is_choice()
        && item.options.iter().any(|option| {
            let mut names = Vec::new();
            let mut joined = false;
            for word in option.words() {
                if and.iter().any(|and| and == word) && !names.is_empty() {
                    joined = true;
                } else if matches!(word, "a" | "b" | "c" | "d") {
                    names.push(word);
                } else if !matches!(word, "both" | "only" | "options" | "answers") {
                    return false;
                }
            }
            joined && names.len() > 1
        })
}

fn is_labelled(item: &Item<'_>) -> bool {
    let label = |option: &String| {
        let mut chars = option.trim_start_matches('(').chars();
        let letter = chars.next()?;
        let mark = chars.next()?;
        (letter.is_ascii_alphanumeric() && matches!(mark, ')' | '.' | ':') && chars.next()? == ' ')
            .then_some(letter.to_ascii_lowercase())
    };
    let labels: Vec<char> = item.draft.options.iter().filter_map(label).collect();
    item.is_choice()
        && labels.len() == item.options.len()
        && labels.windows(2).all(|pair| pair[0] as u32 + 1 == pair[1] as u32)
}

fn overlaps(item: &Item<'_>) -> bool {
    let pairs = (0..item.options.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    matches!(
        item.draft.kind,
        QuestionType::MultipleChoice | QuestionType::MultipleSelect | QuestionType::Ordering
    ) && pairs.into_iter().any(|(a, b)| {
        let raw = (&item.draft.options[a], &item.draft.options[b]);
        let same =
            item.options[a] == item.options[b] && !item.options[a].as_str().is_empty() && !signs_differ(raw);
        same || includes(item, a, b) || includes(item, b, a) || share_values(raw.0, raw.1)
    })
}

/// Whether options that read alike differ in a sign, as `-5` and `5` or `C` and `C#` do.
fn signs_differ((a, b): (&String, &String)) -> bool {
    let signs = |text: &str| {
        text.chars()
            .filter(|c| {
                matches!(c, '+' | '-' | '−' | '#' | '*' | '/' | '%' | '²' | '³' | '<' | '>' | '=' | '!' | '±')
            })
            .collect::<String>()
    };
    signs(a) != signs(b)
}

/// Whether an option is a list that has the other in it, or a kind of the other ("red blood cells" are "cells").
fn includes(item: &Item<'_>, whole: usize, part: usize) -> bool {
    let (option, other) = (&item.options[whole], &item.options[part]);
    if other.as_str().is_empty() || option.as_str().len() <= other.as_str().len() || !option.holds(other) {
        return false;
    }
    let raw = &item.draft.options[part];
    let lists = option.has(item.vocabulary.list(List::And)) && item.language != Language::Chinese;
    let is_name = raw.starts_with(char::is_uppercase) && item.language != Language::German;
    let is_number = raw.chars().all(|c| c.is_numeric() || c.is_whitespace());
    let head_first = matches!(
        item.language,
        Language::Spanish | Language::French | Language::Portuguese | Language::Arabic
    );
    let by_head = if head_first {
        option.as_str().starts_with(other.as_str())
    } else {
        option.as_str().ends_with(other.as_str())
    };
    let short = other.length() <= 3 && option.length() <= 6;
    lists || (by_head && short && !is_name && !is_number && other.as_str().chars().count() > 1)
}

/// Whether two ranges of numbers share more than an end.
fn share_values(a: &str, b: &str) -> bool {
    match (range(a), range(b)) {
        (Some(a), Some(b)) => a.0 < b.1 && b.0 < a.1,
        _ => false,
    }
}

/// The two numbers of "10–20 km", "10 to 20", "between 10 and 20".
fn range(text: &str) -> Option<(f64, f64)> {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let mut numbers = Vec::new();
    let mut words = 0;
    for part in text.split(|c: char| c.is_whitespace() || matches!(c, '-' | '–' | '—')) {
        let number = part.trim_matches(|c: char| !c.is_ascii_digit());
        if number.is_empty() {
            words += usize::from(!part.is_empty());
        } else {
            numbers.push(
                number.chars().filter(|c| digits(*c)).collect::<String>().replace(',', "").parse().ok()?,
            );
        }
    }
    match numbers.as_slice() {
        [low, high] if low < high && words <= 4 => Some((*low, *high)),
        _ => None,
    }
}

fn leaves_nothing_out(item: &Item<'_>) -> bool {
    item.draft.kind == QuestionType::MultipleSelect && item.keys.len() == item.options.len()
}

/// Absolute terms are known to mark what is wrong.
fn marks_wrong(item: &Item<'_>) -> bool {
    let list = item.vocabulary.list(List::Absolute);
    match item.key() {
        Some(key) => !item.options[key].has(list) && item.others(key).any(|option| option.has(list)),
        None => is_judged(item, "False") && item.stem.has(list),
    }
}

/// Hedges are known to mark what is right, and cannot be told from each other.
fn marks_right(item: &Item<'_>) -> bool {
    let list = item.vocabulary.list(List::Vague);
    match item.key() {
        Some(key) => {
            let others = item.others(key).filter(|option| option.has(list)).count();
            item.options[key].has(list) && others == 0
                || item.options.iter().filter(|option| option.length() <= 2 && option.has(list)).count() > 1
        }
        None => is_judged(item, "True") && item.stem.has(list),
    }
}

fn is_judged(item: &Item<'_>, answer: &str) -> bool {
    item.draft.kind == QuestionType::TrueFalse
        && matches!(&item.draft.answer, shared::domain::Answer::Text(text) if text == answer)
}

/// The words of an option that say something, or the pairs of neighbouring characters of a Chinese one.
fn telling(item: &Item<'_>, option: usize) -> Vec<String> {
    let lexicon = Lexicon::of(item.language);
    let raw = &item.draft.options[option];
    if item.language == Language::Chinese {
        let chars: Vec<char> = raw.chars().collect();
        let says = |c: &char| is_han(*c) && lexicon.role(c.encode_utf8(&mut [0; 4])).is_none();
        let pairs = chars.windows(2).filter(|pair| pair.iter().all(says));
        return pairs.map(|pair| pair.iter().collect()).collect();
    }
    let common =
        |surface: &str| lexicon.role(surface).or_else(|| lexicon.role(&surface.to_lowercase())).is_some();
    words(raw)
        .filter(|word| word.folded.chars().count() >= TELLING && !common(&raw[word.at.clone()]))
        .map(|word| word.folded)
        .collect()
}

/// Whether a text has a word of the same stem.
fn has_akin(item: &Item<'_>, text: &Plain, word: &str) -> bool {
    if item.language == Language::Chinese {
        text.as_str().contains(word)
    } else {
        text.words().any(|other| akin(other, word))
    }
}

fn echoes(item: &Item<'_>) -> bool {
    let Some(key) = item.key() else { return false };
    telling(item, key).iter().any(|word| {
        let digits = word.chars().any(char::is_numeric);
        !digits
            && has_akin(item, &item.stem, word)
            && !item.others(key).any(|option| has_akin(item, option, word))
    })
}

/// Whether each of two or more telling words of the key stands in another option, and that of no other option is so.
fn converges(item: &Item<'_>) -> bool {
    let Some(key) = item.key() else { return false };
    let shared = |at: usize| {
        let words = telling(item, at);
        words.len() > 1 && words.iter().all(|word| item.others(at).any(|option| has_akin(item, option, word)))
    };
    // Words that all options have in common tell nothing apart.
    let words = telling(item, key);
    let apart =
        words.iter().filter(|word| !item.others(key).all(|option| has_akin(item, option, word))).count();
    item.language != Language::Chinese
        && apart > 1
        && shared(key)
        && (0..item.options.len()).filter(|at| *at != key).all(|at| !shared(at))
}

/// English only: "a" or "an", and a verb or a determiner of one number, before or after the gap.
fn disagrees(item: &Item<'_>) -> bool {
    let Some(key) = item.key() else { return false };
    if item.language != Language::English {
        return false;
    }
    let question = item.draft.question.trim_end_matches(['?', ':', '.', ' ', '…']);
    let (before, after) = match question.find("__") {
        Some(gap) => (&question[..gap], question[gap..].trim_start_matches('_')),
        None => (question, ""),
    };
    let article = before.split_whitespace().next_back().unwrap_or_default().to_lowercase();
    let options = &item.draft.options;
    if matches!(article.as_str(), "a" | "an") {
        let sounds: Vec<Option<bool>> = options.iter().map(|option| sounds_vowel(option)).collect();
        return sounds[key] == Some(article == "an") && sounds.contains(&Some(article == "a"));
    }
    let verb = Plain::of(after.split_whitespace().next().unwrap_or_default());
    let plural = match (verb.as_str(), article.as_str()) {
        ("are" | "were" | "have", _) | (_, "these" | "those" | "many" | "several" | "few") => true,
        ("is" | "was" | "has", _) | (_, "this" | "each" | "every") => false,
        _ => return false,
    };
    if !question.contains("__") {
        return false;
    }
    let numbers: Vec<Option<bool>> = options.iter().map(|option| is_many(option)).collect();
    numbers[key] == Some(plural) && numbers.contains(&Some(!plural))
}

/// Whether a word begins with a vowel as it is spoken; `None` where that is not sure.
fn sounds_vowel(option: &str) -> Option<bool> {
    let word = option.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty())?;
    let lower = word.to_lowercase();
    let spelled = word.chars().count() > 1 && word.chars().all(char::is_uppercase);
    let starts = |beginnings: &[&str]| beginnings.iter().any(|beginning| lower.starts_with(beginning));
    if spelled || word.starts_with(|c: char| c.is_numeric()) || matches!(lower.as_str(), "a" | "an" | "the") {
        return None;
    }
    if starts(&["hour", "honest", "honor", "honour", "heir"]) {
        return Some(true);
    }
    if starts(&["uni", "use", "usu", "uti", "eu", "one", "once", "ura", "ubi"]) {
        return (!starts(&["unin", "unim"])).then_some(false);
    }
    lower.chars().next().filter(char::is_ascii_alphabetic).map(|c| "aeiou".contains(c))
}

/// Whether an option of one or two words names more than one thing; `None` where that is not sure.
fn is_many(option: &str) -> Option<bool> {
    let words: Vec<&str> = option.split_whitespace().collect();
    let head = words.last().filter(|_| words.len() <= 2)?;
    let sure = head.chars().all(|c| c.is_ascii_lowercase()) && head.len() > 3;
    sure.then(|| is_plural(head))
}
