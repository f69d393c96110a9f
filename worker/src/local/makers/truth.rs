//! True or false: a sentence as it stands, or with one term exchanged for another.

use rand::{Rng, RngExt};
use shared::domain::{Answer, Bloom, QuestionType};

use crate::local::distractors;
use crate::local::language::Language;
use crate::local::morphology::{fold, opens_with_vowel};
use crate::local::studio::{Proposal, Studio};
use crate::local::terms::Mention;
use crate::local::wording::fill;

/// Fewest words with a meaning of a statement in which one is exchanged.
const SPECIFIC: usize = 5;

/// A statement about a sentence; true and false ones are equally likely.
pub fn make(
    studio: &Studio<'_>,
    sentence: usize,
    free: &impl Fn(&str) -> bool,
    rng: &mut impl Rng,
) -> Option<Proposal> {
    if studio.corpus.sentences[sentence].orders {
        return None;
    }
    let (keys, statement, answer) = if rng.random_bool(0.5) {
        let mut mentions = studio
            .keys(sentence)
            .into_iter()
            .filter(|mention| free(&fold(&studio.term(mention.term).surface)));
        let (key, statement) =
            mentions.by_ref().take(4).find_map(|mention| exchanged(studio, mention, rng))?;
        (vec![key], statement, "False")
    } else {
        // Without a term of its own a sentence says too little to be judged.
        studio.keys(sentence).first()?;
        (Vec::new(), studio.line(sentence), "True")
    };
    let question = fill(studio.wording.truth, &statement);
    let mut draft =
        studio.draft(QuestionType::TrueFalse, sentence, question, Answer::Text(answer.to_owned()));
    draft.bloom = Some(Bloom::Understand);
    Some(Proposal { draft, keys, sentences: vec![sentence] })
}

fn exchanged(studio: &Studio<'_>, mention: &Mention, rng: &mut impl Rng) -> Option<(String, String)> {
    // Of few words another one is soon as true: "Everyone has the right to rest."
    if studio.corpus.sentences[mention.sentence].content.len() < SPECIFIC {
        return None;
    }
    let key = studio.slice(mention.sentence, mention.bytes.clone());
    let article =
        mention.left.is_some_and(|left| matches!(studio.corpus.words[left as usize].as_str(), "a" | "an"));
    let other = distractors::pick(studio, mention, 4, rng).into_iter().find(|other| {
        !article
            || studio.corpus.language != Language::English
            || opens_with_vowel(other) == opens_with_vowel(key)
    })?;
    Some((fold(key), studio.replaced(mention.sentence, &mention.bytes, &other)))
}
