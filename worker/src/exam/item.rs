//! One question of a paper, taken apart.

use std::ops::Range;

use super::{
    marks::Mark,
    options::{self, Chain},
    text::Text,
    words::{self, Language},
};

/// An answer where it is written.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) language: Language,
    /// What is given as the answer.
    pub(super) text: Range<usize>,
    /// Why, where it says so.
    pub(super) explanation: Option<Range<usize>>,
}

/// A question of a paper.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) number: u32,
    /// Where its number begins.
    pub(super) at: usize,
    pub(super) stem: Range<usize>,
    pub(super) options: Option<Chain>,
    /// The answer that stands with it.
    pub(super) answer: Option<Value>,
    /// Whether another answer stands with it too.
    pub(super) is_contradicted: bool,
    /// Why, where it says so.
    pub(super) explanation: Option<Range<usize>>,
    /// Where its question and options end.
    pub(super) end: usize,
}

/// A word such as `Answer:` and what follows it.
struct Cue {
    at: usize,
    /// Where what it announces begins.
    end: usize,
    language: Language,
    /// Whether the word says that it is the right answer, which "your answer" need not be.
    is_sure: bool,
}

/// Characters of a question with its options, answer and explanation. Longer texts are none.
const LONGEST: usize = 12_000;

/// Whether a question with its options or its answer stands there.
pub(super) fn is_complete(text: &Text, within: Range<usize>) -> bool {
    within.len() <= LONGEST
        && (options::chain(text, within.clone()).is_some() || !answers(text, within).is_empty())
}

/// Takes apart the question that `mark` numbers and that ends before `end`.
pub(super) fn parse(text: &Text, mark: &Mark, end: usize) -> Item {
    let within = mark.end..end.min(mark.end + LONGEST).max(mark.end);
    let answers = answers(text, within.clone());
    let explanations: Vec<Cue> = cues(text, within.clone(), words::explanation).collect();
    // Options end where an answer or an explanation is given; before them such a word belongs to the question.
    let mut given: Vec<usize> = answers.iter().chain(&explanations).map(|cue| cue.at).collect();
    given.sort_unstable();
    let ends = given.iter().copied().chain([within.end]);
    let chain = ends.filter_map(|end| options::chain(text, within.start..end)).next();
    let options_end = chain.as_ref().and_then(|chain| chain.choices.last()).map(|choice| choice.text.end);
    let after = |cue: &&Cue| options_end.is_none_or(|end| cue.at >= end);
    let after_options: Vec<&Cue> = answers.iter().filter(after).collect();
    let cue = after_options.iter().find(|cue| cue.is_sure).or(after_options.first()).copied();
    let answer = cue.map(|cue| value(text, cue.end..within.end, cue.language));
    let said = |value: &Value| text.tidy(value.text.clone());
    let is_contradicted = cue.is_some_and(|cue| {
        let others = after_options.iter().filter(|other| other.is_sure == cue.is_sure);
        let mut others = others.map(|other| said(&value(text, other.end..within.end, other.language)));
        others.any(|other| answer.as_ref().map(said) != Some(other))
    });
    let body_end = cue.map_or(within.end, |cue| cue.at);
    let stem_end = match chain.as_ref().and_then(|chain| chain.choices.first()) {
        Some(first) => first.at,
        None if cue.is_some() => body_end,
        None => text.flow_end(text.skip(within.start, char::is_whitespace).min(body_end), body_end),
    };
    let explanation = explanations.iter().find(after).map(|cue| paragraph(text, cue.end..within.end));
    Item {
        at: mark.at,
        number: mark.number,
        stem: within.start..stem_end,
        options: chain,
        answer,
        is_contradicted,
        explanation,
        end: options_end.unwrap_or(stem_end),
    }
}

/// The paragraph that begins here.
fn paragraph(text: &Text, within: Range<usize>) -> Range<usize> {
    let start = text.skip(within.start, char::is_whitespace).min(within.end);
    start..text.paragraph_end(start, within.end)
}

/// The answer that begins here, and why.
pub(super) fn value(text: &Text, within: Range<usize>, language: Language) -> Value {
    let start = text.skip_spaces(within.start).min(within.end);
    let why = cues(text, start..within.end, words::explanation).next();
    let end = text.flow_end(start, why.as_ref().map_or(within.end, |cue| cue.at));
    Value { language, text: start..end, explanation: why.map(|cue| paragraph(text, cue.end..within.end)) }
}

/// The word before an answer that begins here or later, past which the answer stands.
pub(super) fn past_answer_word(text: &Text, within: Range<usize>) -> Option<usize> {
    answers(text, within).first().map(|cue| cue.end)
}

/// Where answers are given.
fn answers(text: &Text, within: Range<usize>) -> Vec<Cue> {
    cues(text, within, words::answer).collect()
}

/// Where a word of `find` announces something: before a colon, or in the brackets that Chinese papers use.
fn cues<'a>(
    text: &'a Text,
    within: Range<usize>,
    find: impl Fn(&Text, usize) -> Option<(Language, usize)> + 'a,
) -> impl Iterator<Item = Cue> + 'a {
    let limit = within.end;
    within.filter_map(move |at| {
        if !text.raw(at).is_alphabetic() || !(text.is_token_start(at) || text.raw(at - 1) == '【') {
            return None;
        }
        let (language, word_end) = find(text, at)?;
        let end = announced(text, word_end)?;
        let is_sure = text.slice(at..word_end).contains(' ');
        let at = if at > 0 && "(（[【".contains(text.raw(at - 1)) { at - 1 } else { at };
        (end <= limit).then_some(Cue { at, end, language, is_sure })
    })
}

/// Past the sign after a word that announces something.
fn announced(text: &Text, end: usize) -> Option<usize> {
    let mut at = text.skip(end, |char| char == '*');
    if matches!(text.raw(at), '】' | ']') {
        at += 1;
        let next = text.skip_spaces(at);
        return Some(if text.low(next) == ':' { next + 1 } else { at });
    }
    at = text.skip_spaces(at);
    match text.low(at) {
        ':' => Some(text.skip(at + 1, |char| char == '*')),
        // As in "Ans. (b)" and "Answer - B".
        '.' | '-' | '–' | '=' if is_label(text, text.skip_spaces(at + 1)) => Some(at + 1),
        '(' if is_label(text, at) => Some(at),
        _ => text
            .phrase(at, "is")
            .filter(|end| text.low(*end) == ':' || is_label(text, text.skip_spaces(*end)))
            .map(|end| if text.low(end) == ':' { end + 1 } else { end }),
    }
}

/// Whether a single letter stands here, in brackets or not, which can only be a label.
fn is_label(text: &Text, at: usize) -> bool {
    let is_bracketed = text.low(at) == '(';
    let letter = at + usize::from(is_bracketed);
    let close = text.raw(letter + 1);
    text.raw(letter).is_alphabetic()
        && !close.is_alphanumeric()
        && (is_bracketed == (text.low(letter + 1) == ')'))
        && (is_bracketed || !close.is_whitespace() || text.is_line_end(text.skip_spaces(letter + 1)))
}
