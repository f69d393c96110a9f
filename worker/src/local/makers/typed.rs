//! Questions answered by typing: a missing term, a described term, a number.

use shared::domain::{Answer, Bloom, QuestionType};

use crate::local::morphology::fold;
use crate::local::number::Number;
use crate::local::studio::{GAP, Proposal, Studio};
use crate::local::terms::{Mention, Sort};
use crate::local::wording::fill;

/// The sentence with a gap and nothing else.
pub fn cloze(studio: &Studio<'_>, sentence: usize, free: &impl Fn(&str) -> bool) -> Option<Proposal> {
    let mention = typeable(studio, sentence, free)?;
    let question = studio.replaced(sentence, &mention.bytes, GAP);
    Some(text(studio, QuestionType::Cloze, mention, question))
}

/// A description to be named, or a sentence whose missing word is asked for.
pub fn short_answer(studio: &Studio<'_>, sentence: usize, free: &impl Fn(&str) -> bool) -> Option<Proposal> {
    let described = studio.definition_of(sentence).and_then(|definition| {
        let mention = studio.subject_of(definition)?;
        let key = studio.slice(sentence, mention.bytes.clone());
        free(&fold(key)).then(|| {
            let question = fill(studio.wording.described_term, &studio.clause(definition));
            let mut proposal = text(studio, QuestionType::ShortAnswer, mention, question);
            proposal.draft.bloom = Some(Bloom::Understand);
            proposal
        })
    });
    described.or_else(|| {
        let mention = typeable(studio, sentence, free)?;
        let question = fill(studio.wording.missing, &studio.replaced(sentence, &mention.bytes, GAP));
        Some(text(studio, QuestionType::ShortAnswer, mention, question))
    })
}

/// A sentence whose number is asked for.
pub fn numeric(studio: &Studio<'_>, sentence: usize, free: &impl Fn(&str) -> bool) -> Option<Proposal> {
    let numbers = studio.terms.mentioned(sentence).iter();
    numbers
        .filter(|mention| matches!(studio.term(mention.term).sort, Sort::Number | Sort::Year))
        .filter(|mention| studio.is_key(mention))
        .find_map(|mention| {
            let literal = studio.slice(sentence, mention.bytes.clone());
            let number = Number::parse(literal, studio.corpus.language.decimal_comma())?;
            let key = format!(
                "{} {}",
                fold(literal),
                studio.term(mention.term).unit.as_deref().unwrap_or_default()
            );
            if !free(&key) {
                return None;
            }
            let question = fill(studio.wording.number, &studio.replaced(sentence, &mention.bytes, GAP));
            let mut draft =
                studio.draft(QuestionType::Numeric, sentence, question, Answer::Number(number.value));
            draft.tolerance = Some(number.tolerance());
            Some(Proposal { draft, keys: vec![key], sentences: vec![sentence] })
        })
}

/// The best mention that can be typed from memory in one way only: no number, few words, and a
/// term the text dwells on.
fn typeable<'a>(
    studio: &'a Studio<'_>,
    sentence: usize,
    free: &impl Fn(&str) -> bool,
) -> Option<&'a Mention> {
    studio.keys(sentence).into_iter().find(|mention| {
        let term = studio.term(mention.term);
        let told =
            term.count > 1 || term.defined || matches!(term.sort, Sort::Name | Sort::Year | Sort::Acronym);
        term.sort != Sort::Number && term.words <= 3 && told && free(&fold(&term.surface))
    })
}

fn text(studio: &Studio<'_>, kind: QuestionType, mention: &Mention, question: String) -> Proposal {
    let key = studio.slice(mention.sentence, mention.bytes.clone());
    let surface = &studio.term(mention.term).surface;
    let mut draft = studio.draft(kind, mention.sentence, question, Answer::Text(key.to_owned()));
    if surface != key {
        draft.accepted.push(surface.clone());
    }
    Proposal { draft, keys: vec![fold(key)], sentences: vec![mention.sentence] }
}
