//! The closed schema: what a model wrote becomes a draft, or is counted as rejected.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::Value;
use shared::domain::{Answer, Bloom, Difficulty, QuestionType};

use super::{Request, locate::locate, variants::Forms};
use crate::{document::Document, draft::Draft};

const GAP: &str = "_____";
const CHOICES: usize = 4;
const MAX_CHOICES: usize = 10;
const MAX_ACCEPTED: usize = 20;
/// Widest tolerance of a number, as a part of it.
const WIDEST: f64 = 0.1;
const MAX_QUESTION: usize = 2_000;
const MAX_OPTION: usize = 500;
const MAX_EXPLANATION: usize = 4_000;
const MAX_QUOTE: usize = 4_000;
const MIN_QUOTE_LETTERS: usize = 3;

/// Why an item was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It is not JSON, or a member is missing or of the wrong kind.
    Schema,
    /// Its type is not known or was not asked for.
    Type,
    /// A text is empty, too long or holds control characters.
    Text,
    /// Its options are too few, too many or not distinct.
    Options,
    /// Its answer does not fit its type or its options.
    Answer,
    /// Its quote is not in the document.
    Quote,
    /// It has been asked already.
    Duplicate,
    /// There are enough.
    Surplus,
}

impl Reason {
    /// In words for an operator.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "not of the form that was asked for",
            Self::Type => "of a type that was not asked for",
            Self::Text => "a text is empty or too long",
            Self::Options => "its options are too few, too many or not distinct",
            Self::Answer => "its answer does not fit",
            Self::Quote => "its quote is not in the document",
            Self::Duplicate => "asked already",
            Self::Surplus => "more than were asked for",
        }
    }
}

/// How many items were not accepted, by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rejected(BTreeMap<Reason, usize>);

impl Rejected {
    /// All of them.
    pub fn total(&self) -> usize {
        self.0.values().sum()
    }

    /// Those of one reason.
    pub fn count(&self, reason: Reason) -> usize {
        self.0.get(&reason).copied().unwrap_or_default()
    }

    /// Every reason that occurred.
    pub fn iter(&self) -> impl Iterator<Item = (Reason, usize)> {
        self.0.iter().map(|(reason, count)| (*reason, *count))
    }
}

/// Takes the items of one batch.
pub struct Intake<'a> {
    document: &'a Document,
    forms: Forms<'a>,
    request: &'a Request<'a>,
    seen: HashSet<String>,
    taken: usize,
    pub rejected: Rejected,
}

impl<'a> Intake<'a> {
    pub fn new(document: &'a Document, request: &'a Request<'a>) -> Self {
        let seen = request.already.iter().map(|question| folded(question)).collect();
        Self { document, forms: Forms::of(document), request, seen, taken: 0, rejected: Rejected::default() }
    }

    /// The draft an item makes, if it is sound and new.
    pub fn take(&mut self, json: &str) -> Option<Draft> {
        match self.check(json) {
            Ok(draft) => {
                self.taken += 1;
                self.seen.insert(folded(&draft.question));
                Some(draft)
            }
            Err(reason) => {
                *self.rejected.0.entry(reason).or_default() += 1;
                None
            }
        }
    }

    fn check(&self, json: &str) -> Result<Draft, Reason> {
        if self.taken >= self.request.count {
            return Err(Reason::Surplus);
        }
        let item: Item = serde_json::from_str(json).map_err(|_| Reason::Schema)?;
        let kind = named::<QuestionType>(&item.kind).ok_or(Reason::Type)?;
        if !self.request.types.contains(&kind) {
            return Err(Reason::Type);
        }
        let mut question = text(&item.question, MAX_QUESTION).ok_or(Reason::Text)?;
        if kind == QuestionType::Cloze {
            question = with_gap(&question).ok_or(Reason::Text)?;
        }
        if self.seen.contains(&folded(&question)) {
            return Err(Reason::Duplicate);
        }
        let explanation = match item.explanation.as_deref().map(str::trim) {
            None | Some("") => String::new(),
            Some(explanation) => text(explanation, MAX_EXPLANATION).ok_or(Reason::Text)?,
        };
        let options: Option<Vec<_>> = item.options.unwrap_or_default().iter().map(scalar).collect();
        let (options, answer) = answer(kind, options.ok_or(Reason::Options)?, &item.answer)?;
        let typed = matches!(kind, QuestionType::ShortAnswer | QuestionType::Cloze);
        let accepted = item.accepted.filter(|_| typed).unwrap_or_default();
        let tolerance = item.tolerance.filter(|_| kind == QuestionType::Numeric);
        if tolerance.is_some_and(|tolerance| !is_narrow(tolerance, &answer)) {
            return Err(Reason::Answer);
        }
        let letters = item.quote.chars().filter(|char| char.is_alphanumeric()).count();
        if letters < MIN_QUOTE_LETTERS || item.quote.chars().count() > MAX_QUOTE {
            return Err(Reason::Quote);
        }
        let page = item.page.as_u64().and_then(|page| usize::try_from(page).ok()?.checked_sub(1));
        let place = locate(self.document, &item.quote, page).ok_or(Reason::Quote)?;
        Ok(Draft {
            kind,
            question,
            options,
            accepted: variants(&self.forms, &answer, &accepted),
            answer,
            tolerance,
            explanation,
            difficulty: named::<Difficulty>(&item.difficulty).unwrap_or(self.request.difficulty),
            bloom: named::<Bloom>(&item.bloom),
            quote: place.quote,
            page: place.page,
            start: place.start,
            end: place.end,
        })
    }
}

/// An item as a model writes it. What questions are marked by is strict, what adorns them is not;
/// members that are not named here go no further.
#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type")]
    kind: Value,
    question: String,
    options: Option<Vec<Value>>,
    #[serde(default)]
    answer: Value,
    accepted: Option<Vec<Value>>,
    tolerance: Option<f64>,
    explanation: Option<String>,
    #[serde(default)]
    difficulty: Value,
    #[serde(default)]
    bloom: Value,
    quote: String,
    #[serde(default)]
    page: Value,
}

/// Options and answer as the draft holds them.
pub(super) fn answer(
    kind: QuestionType,
    options: Vec<String>,
    answer: &Value,
) -> Result<(Vec<String>, Answer), Reason> {
    let single = || scalar(answer).ok_or(Reason::Answer);
    let choices = |range: std::ops::RangeInclusive<usize>| {
        let sound = range.contains(&options.len()) && distinct(&options);
        if sound { Ok(()) } else { Err(Reason::Options) }
    };
    Ok(match kind {
        QuestionType::MultipleChoice => {
            choices(CHOICES..=CHOICES)?;
            let right = among(&options, &single()?).ok_or(Reason::Answer)?;
            (options, Answer::Text(right))
        }
        QuestionType::MultipleSelect => {
            choices(3..=MAX_CHOICES)?;
            let right = listed(&options, answer).filter(|right| !right.is_empty()).ok_or(Reason::Answer)?;
            (options, Answer::Texts(right))
        }
        QuestionType::Ordering => {
            choices(3..=MAX_CHOICES)?;
            let order = if answer.is_null() { Some(options.clone()) } else { listed(&options, answer) };
            let order = order.filter(|order| order.len() == options.len()).ok_or(Reason::Answer)?;
            (order.clone(), Answer::Texts(order))
        }
        QuestionType::TrueFalse => {
            let truth = ["True", "False"].map(str::to_owned);
            (Vec::new(), Answer::Text(among(&truth, &single()?).ok_or(Reason::Answer)?))
        }
        QuestionType::ShortAnswer | QuestionType::Cloze => (Vec::new(), Answer::Text(single()?)),
        QuestionType::Numeric => {
            let number: f64 = single()?.parse().map_err(|_| Reason::Answer)?;
            (
                Vec::new(),
                Answer::Number(Some(number).filter(|number| number.is_finite()).ok_or(Reason::Answer)?),
            )
        }
        QuestionType::Matching => (Vec::new(), Answer::Pairs(pairs(answer).ok_or(Reason::Answer)?)),
    })
}

fn pairs(answer: &Value) -> Option<BTreeMap<String, String>> {
    let pairs = answer.as_object()?.iter();
    let pairs: Vec<_> =
        pairs.map(|(left, right)| Some((text(left, MAX_OPTION)?, scalar(right)?))).collect::<Option<_>>()?;
    let (left, right): (Vec<_>, Vec<_>) = pairs.iter().cloned().unzip();
    let sound = (3..=MAX_CHOICES).contains(&pairs.len()) && distinct(&left) && distinct(&right);
    sound.then(|| pairs.into_iter().collect())
}

/// The options a list names, each at most once, in the list's order.
fn listed(options: &[String], list: &Value) -> Option<Vec<String>> {
    let list: Vec<_> =
        list.as_array()?.iter().map(|item| among(options, &scalar(item)?)).collect::<Option<_>>()?;
    distinct(&list).then_some(list)
}

/// The option that `wanted` means.
fn among(options: &[String], wanted: &str) -> Option<String> {
    let same = || options.iter().find(|option| folded(option) == folded(wanted));
    options.iter().find(|option| *option == wanted).or_else(same).cloned()
}

/// Other forms of the answer; what is none is left out.
fn variants(forms: &Forms<'_>, answer: &Answer, accepted: &[Value]) -> Vec<String> {
    let Answer::Text(answer) = answer else { return Vec::new() };
    let mut seen = HashSet::from([folded(answer)]);
    let others = accepted.iter().take(MAX_ACCEPTED).filter_map(scalar);
    others.filter(|text| seen.insert(folded(text)) && forms.has(answer, text)).collect()
}

fn distinct(texts: &[String]) -> bool {
    let mut seen = HashSet::new();
    texts.iter().all(|text| seen.insert(folded(text)))
}

/// Whether a tolerance leaves the answer to be known, and not guessed.
fn is_narrow(tolerance: f64, answer: &Answer) -> bool {
    let Answer::Number(number) = answer else { return false };
    (0.0..=WIDEST * number.abs()).contains(&tolerance)
}

/// A short text; numbers and truth values stand for theirs.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(value) => text(value, MAX_OPTION),
        Value::Number(value) => Some(value.to_string()),
        Value::Bool(value) => Some(if *value { "True" } else { "False" }.to_owned()),
        _ => None,
    }
}

/// A trimmed text without control characters.
pub(super) fn text(value: &str, max: usize) -> Option<String> {
    let value = value.trim();
    let odd =
        value.chars().any(|char| (char.is_control() && !matches!(char, '\n' | '\t')) || is_unseen(char));
    (!value.is_empty() && !odd && value.chars().count() <= max).then(|| value.to_owned())
}

/// Characters that nobody sees and that change what is seen: overrides of direction, spaces without width.
fn is_unseen(char: char) -> bool {
    matches!(char, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A member of a closed set, however it is capitalized.
pub(super) fn named<T: for<'de> Deserialize<'de>>(value: &Value) -> Option<T> {
    let name = value.as_str()?.trim().to_lowercase();
    serde_json::from_value(Value::String(name)).ok()
}

/// Two texts that fold the same are the same to a reader.
pub(super) fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The sentence with its one gap in the usual width.
fn with_gap(question: &str) -> Option<String> {
    let from = question.find("___")?;
    let after = question[from..].trim_start_matches('_');
    (!after.contains("__")).then(|| format!("{}{GAP}{after}", &question[..from]))
}

#[cfg(test)]
mod tests;
