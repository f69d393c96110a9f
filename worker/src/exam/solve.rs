//! From a question and its answer to a draft, or to why there is none.

use std::{collections::BTreeSet, ops::Range};

use shared::domain::{Answer, Difficulty, QuestionType, fold};

use super::{
    LeftOut, given,
    item::{Item, Value},
    text::Text,
    wording,
    words::Language,
};
use crate::draft::Draft;

/// Most characters of a question, an option and an explanation, as the API has them.
const QUESTION_MAX: usize = 2_000;
const OPTION_MAX: usize = 500;
const EXPLANATION_MAX: usize = 5_000;
/// Most characters and words of an answer that somebody can be expected to type alike.
const TYPED_MAX: usize = 80;
const TYPED_WORDS: usize = 8;

/// Where an answer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// It stands with the question.
    Inline,
    /// It stands in a list that begins there; the list's heading may stand over other lists too where it is not strong.
    Key { at: usize, is_strong: bool },
}

/// The question with the answer that the paper gives.
pub(super) fn solve(text: &Text, item: &Item, value: Option<(&Value, Origin)>) -> Result<Draft, LeftOut> {
    let question = text.tidy(item.stem.clone());
    if !question.chars().any(char::is_alphabetic) {
        return Err(LeftOut::Unreadable);
    }
    if question.chars().count() > QUESTION_MAX {
        return Err(LeftOut::TooLong);
    }
    if item.is_contradicted {
        return Err(LeftOut::KeyUnclear);
    }
    let solver = Solver { text, item, question, value };
    if item.options.is_some() { solver.choice() } else { solver.typed() }
}

struct Solver<'a> {
    text: &'a Text,
    item: &'a Item,
    question: String,
    value: Option<(&'a Value, Origin)>,
}

impl Solver<'_> {
    fn choice(self) -> Result<Draft, LeftOut> {
        let (text, item) = (self.text, self.item);
        let Some(chain) = &item.options else { return Err(LeftOut::Unreadable) };
        let ranges: Vec<Range<usize>> = chain.choices.iter().map(|choice| choice.text.clone()).collect();
        let mut options: Vec<String> = ranges.iter().map(|range| text.tidy(range.clone())).collect();
        wording::without_separators(&mut options);
        let ticked: Vec<usize> = (0..chain.choices.len())
            .filter(|at| chain.choices.get(*at).is_some_and(|choice| choice.is_ticked))
            .collect();
        let (keyed, remark) = match self.value {
            Some((value, _)) if self.says_something(value) => {
                given::chosen(&text.tidy(value.text.clone()), chain.labels, &options)
                    .ok_or(LeftOut::KeyUnclear)?
            }
            _ => (ticked.clone(), None),
        };
        if keyed.is_empty() {
            return Err(LeftOut::NoKey);
        }
        if !ticked.is_empty() && ticked != keyed {
            return Err(LeftOut::KeyUnclear);
        }
        if ranges.iter().any(|range| text.spans_pages(range)) {
            return Err(LeftOut::AcrossPages);
        }
        if options.iter().any(|option| option.is_empty())
            || ranges.iter().any(|range| has_blank_line(text, range))
        {
            return Err(LeftOut::Unreadable);
        }
        if options.iter().any(|option| option.chars().count() > OPTION_MAX) {
            return Err(LeftOut::TooLong);
        }
        let right: Vec<String> = keyed.iter().filter_map(|at| options.get(*at).cloned()).collect();
        let shown = right.join("; ");
        let (kind, options, answer) = match (wording::truths(&options), right.as_slice()) {
            (Some(truths), [_]) => {
                let is_true = keyed.first().and_then(|at| truths.get(*at)).copied().unwrap_or_default();
                (QuestionType::TrueFalse, Vec::new(), truth_answer(is_true))
            }
            _ if options.iter().map(|option| option.to_lowercase()).collect::<BTreeSet<_>>().len()
                < options.len() =>
            {
                return Err(LeftOut::OptionsAlike);
            }
            _ if options.iter().any(|option| wording::refers(option, chain.labels, options.len())) => {
                return Err(LeftOut::OptionsRefer);
            }
            (_, [one]) if options.len() == 4 => {
                (QuestionType::MultipleChoice, options, Answer::Text(one.clone()))
            }
            _ if options.len() >= 3 => (QuestionType::MultipleSelect, options, Answer::Texts(right)),
            _ => return Err(LeftOut::OptionCount),
        };
        let places: Vec<usize> =
            keyed.iter().filter_map(|at| ranges.get(*at)).map(|range| range.start).collect();
        let Some(anchor) = places.first().copied() else { return Err(LeftOut::KeyUnclear) };
        if places.iter().any(|place| text.page(*place) != text.page(anchor)) {
            return Err(LeftOut::AcrossPages);
        }
        let draft = Proposal { kind, options, answer, accepted: Vec::new(), shown, remark };
        Ok(self.draft(draft, item.at..item.end, anchor))
    }

    fn typed(mut self) -> Result<Draft, LeftOut> {
        let text = self.text;
        let (value, origin) =
            self.value.filter(|(value, _)| self.says_something(value)).ok_or(LeftOut::NoKey)?;
        if text.spans_pages(&value.text) {
            return Err(LeftOut::AcrossPages);
        }
        let said = text.tidy(value.text.clone());
        if let Some((is_true, remark)) = given::truth(&said) {
            self.question = wording::without_choice(&self.question);
            let answer = truth_answer(is_true);
            let (quoted, anchor) = (self.item.at..self.item.end, self.item.at);
            let kind = QuestionType::TrueFalse;
            let shown = said.split([' ', ',', '.', ';', '，', '。']).next().unwrap_or_default().to_owned();
            let draft = Proposal { kind, options: Vec::new(), answer, accepted: Vec::new(), shown, remark };
            return Ok(self.draft(draft, quoted, anchor));
        }
        let said = said.trim_end_matches(['.', '。', ';']).trim().to_owned();
        if said.chars().filter(|char| char.is_alphanumeric()).count() == 1
            && said.chars().any(char::is_alphabetic)
        {
            return Err(LeftOut::KeyUnclear);
        }
        let is_asked = self.question.contains(['?', '？', '؟']) || wording::gaps(&self.question) > 0;
        if matches!(origin, Origin::Key { is_strong: false, .. }) && !is_asked {
            return Err(LeftOut::KeyUnclear);
        }
        if said.chars().count() > TYPED_MAX || said.split_whitespace().count() > TYPED_WORDS {
            return Err(LeftOut::TooLong);
        }
        let shown = said.clone();
        let (kind, answer, accepted) = match given::number(&said) {
            Some(number) => (QuestionType::Numeric, Answer::Number(number), Vec::new()),
            None => {
                let mut variants = said.split(" / ").map(|variant| variant.trim().to_owned());
                let first = variants.next().unwrap_or_default();
                let kind = if wording::gaps(&self.question) == 1 {
                    QuestionType::Cloze
                } else {
                    QuestionType::ShortAnswer
                };
                (kind, Answer::Text(first), variants.filter(|variant| !fold(variant).is_empty()).collect())
            }
        };
        if kind == QuestionType::Cloze {
            self.question = wording::with_gap(&self.question);
        }
        let quoted = match origin {
            Origin::Inline => self.item.at..value.text.end,
            Origin::Key { at, .. } => at..value.text.end,
        };
        let anchor = value.text.start;
        Ok(self.draft(
            Proposal { kind, options: Vec::new(), answer, accepted, shown, remark: None },
            quoted,
            anchor,
        ))
    }

    /// Whether there is an answer and not only room for one.
    fn says_something(&self, value: &Value) -> bool {
        value
            .text
            .clone()
            .any(|at| self.text.raw(at).is_alphanumeric() || "√×✓✔✗✘".contains(self.text.raw(at)))
    }

    fn draft(self, proposal: Proposal, quoted: Range<usize>, anchor: usize) -> Draft {
        let Proposal { kind, options, answer, accepted, shown, remark } = proposal;
        let quote = self.text.quote(quoted, anchor);
        let language =
            self.value.map_or_else(|| Language::of_script(&self.question), |(value, _)| value.language);
        let explanation = self
            .value
            .and_then(|(value, _)| value.explanation.clone())
            .or_else(|| self.item.explanation.clone())
            .map(|range| self.text.tidy(range))
            .filter(|explanation| explanation.chars().any(char::is_alphabetic))
            .or(remark)
            .unwrap_or_else(|| language.by_key(&shown));
        Draft {
            kind,
            question: self.question,
            options,
            answer,
            accepted,
            tolerance: None,
            explanation: explanation.chars().take(EXPLANATION_MAX).collect(),
            difficulty: Difficulty::default(),
            bloom: None,
            quote: quote.text,
            page: quote.page,
            start: quote.start,
            end: quote.end,
        }
    }
}

/// What is particular to a kind of question.
struct Proposal {
    kind: QuestionType,
    options: Vec<String>,
    answer: Answer,
    accepted: Vec<String>,
    /// The answer as the paper has it.
    shown: String,
    /// What the key says beside the answer.
    remark: Option<String>,
}

fn truth_answer(is_true: bool) -> Answer {
    Answer::Text(if is_true { "True" } else { "False" }.to_owned())
}

fn has_blank_line(text: &Text, range: &Range<usize>) -> bool {
    let mut ends = range.clone().filter(|at| text.is_line_end(*at));
    ends.any(|end| text.is_line_end(text.skip_spaces(end + 1)))
}
