//! Multiple choice: a definition's term, a term's definition, or the words a sentence lacks.

use rand::{Rng, RngExt};
use shared::domain::{Answer, Bloom, QuestionType};

use crate::local::definition::Definition;
use crate::local::distractors;
use crate::local::morphology::{akin, fold, overlaps};
use crate::local::studio::{GAP, Proposal, Studio, one_line};
use crate::local::terms::Mention;
use crate::local::wording::fill;

/// A multiple-choice question about a sentence.
pub fn make(
    studio: &Studio<'_>,
    sentence: usize,
    free: &impl Fn(&str) -> bool,
    rng: &mut impl Rng,
) -> Option<Proposal> {
    let defined = studio.definition_of(sentence);
    let by_definition = defined.and_then(|definition| {
        let asks_what = rng.random_bool(0.5);
        let what = if asks_what { describe(studio, definition, free, rng) } else { None };
        what.or_else(|| name(studio, definition, free, rng))
    });
    by_definition.or_else(|| cloze(studio, sentence, free, rng))
}

/// "Which of these is described as …?"
fn name(
    studio: &Studio<'_>,
    definition: &Definition,
    free: &impl Fn(&str) -> bool,
    rng: &mut impl Rng,
) -> Option<Proposal> {
    let mention = studio.subject_of(definition)?;
    let key = studio.slice(definition.sentence, mention.bytes.clone());
    if !free(&fold(key)) {
        return None;
    }
    let others = distractors::three(studio, mention, rng)?;
    let question = fill(studio.wording.described, &studio.clause(definition));
    Some(choice(studio, definition.sentence, question, key, others, fold(key), Bloom::Understand))
}

/// "How does the text describe …?", the other options being other descriptions.
fn describe(
    studio: &Studio<'_>,
    definition: &Definition,
    free: &impl Fn(&str) -> bool,
    rng: &mut impl Rng,
) -> Option<Proposal> {
    let mention = studio.subject_of(definition)?;
    let term = studio.term(mention.term);
    let folded = fold(&term.surface);
    let clause = studio.slice(definition.sentence, definition.clause.clone());
    if !free(&folded) || clause.contains('\n') {
        return None;
    }
    let names: Vec<String> = folded.split(' ').filter(|word| word.len() > 3).map(String::from).collect();
    let reveals = |text: &str| fold(text).split(' ').any(|word| names.iter().any(|name| akin(name, word)));
    let length = |text: &str| text.chars().count();
    let mut rivals: Vec<(f64, String)> = studio
        .definitions_near(definition.sentence)
        .iter()
        .filter(|other| other.sentence != definition.sentence && other.plural == definition.plural)
        .filter_map(|other| {
            let rival = studio.subject_of(other)?;
            let alike = rival.term != mention.term && studio.term(rival.term).sort == term.sort;
            let text = studio.clause(other);
            let ratio = length(&text) as f64 / length(clause) as f64;
            (alike && (0.6..=1.8).contains(&ratio) && !overlaps(&text, clause) && !reveals(&text))
                .then(|| (ratio.ln().abs() + rng.random_range(0.0..0.4), text))
        })
        .collect();
    rivals.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut others: Vec<String> = Vec::new();
    for (_, text) in rivals {
        if others.iter().all(|other| !overlaps(other, &text)) {
            others.push(text);
        }
    }
    let longer = others.iter().position(|other| length(other) >= length(clause))?;
    if longer >= 3 {
        others.swap(2, longer);
    }
    others.truncate(3);
    if others.len() < 3 || reveals(clause) {
        return None;
    }
    let question = fill(studio.wording.what, &studio.named(definition, &term.surface));
    Some(choice(studio, definition.sentence, question, clause, others, folded, Bloom::Understand))
}

fn cloze(
    studio: &Studio<'_>,
    sentence: usize,
    free: &impl Fn(&str) -> bool,
    rng: &mut impl Rng,
) -> Option<Proposal> {
    let mut keys =
        studio.keys(sentence).into_iter().filter(|mention| free(&fold(&studio.term(mention.term).surface)));
    keys.by_ref().take(4).find_map(|mention| gap(studio, mention, rng))
}

fn gap(studio: &Studio<'_>, mention: &Mention, rng: &mut impl Rng) -> Option<Proposal> {
    let others = distractors::three(studio, mention, rng)?;
    let key = studio.slice(mention.sentence, mention.bytes.clone());
    let question = fill(studio.wording.completes, &studio.replaced(mention.sentence, &mention.bytes, GAP));
    Some(choice(studio, mention.sentence, question, key, others, fold(key), Bloom::Remember))
}

fn choice(
    studio: &Studio<'_>,
    sentence: usize,
    question: String,
    key: &str,
    others: Vec<String>,
    folded: String,
    bloom: Bloom,
) -> Proposal {
    let mut draft =
        studio.draft(QuestionType::MultipleChoice, sentence, question, Answer::Text(key.to_owned()));
    draft.options =
        std::iter::once(key.to_owned()).chain(others.iter().map(|other| one_line(other))).collect();
    draft.bloom = Some(bloom);
    Proposal { draft, keys: vec![folded], sentences: vec![sentence] }
}
