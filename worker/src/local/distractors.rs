//! Wrong options that could be right: of the same sort, in the same form, from the same text.

use rand::{Rng, RngExt};

use super::language::Language;
use super::morphology::{fold, is_plural, overlaps};
use super::number::Number;
use super::studio::Studio;
use super::terms::{Mention, Sort, Term, capitalize};

/// Sentences two terms may share before they are no longer told apart by them.
const ALIKE: f64 = 0.6;

/// Up to `wanted` options that are wrong in place of a mention; the likeliest first.
pub fn pick(studio: &Studio<'_>, mention: &Mention, wanted: usize, rng: &mut impl Rng) -> Vec<String> {
    let key = studio.slice(mention.sentence, mention.bytes.clone());
    let term = studio.term(mention.term);
    let quote = fold(&studio.line(mention.sentence));
    let folded = fold(key);
    if folded.is_empty() {
        return Vec::new();
    }
    let mut rivals: Vec<(f64, &Term)> = studio
        .terms
        .pool(term.sort, term.words)
        .filter(|id| *id != mention.term)
        .map(|id| studio.term(id))
        .filter(|rival| fits(studio, mention, key, term, rival))
        .map(|rival| (likeness(studio, mention, key, term, rival) + rng.random_range(0.0..0.6), rival))
        .collect();
    rivals.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut chosen: Vec<String> = Vec::new();
    for (_, rival) in rivals {
        if chosen.len() == wanted {
            break;
        }
        // What contains the key overlaps it, what the key contains stands in the quote.
        let apart =
            !quote.contains(&rival.folded) && !rival.folded.contains(&folded) && !rival.folded.is_empty();
        if apart
            && chosen.iter().all(|other| !overlaps(other, &rival.surface))
            && !makes_true(studio, mention, rival)
        {
            chosen.push(shaped(mention, &rival.surface));
        }
    }
    if matches!(term.sort, Sort::Year | Sort::Number) {
        invent(studio, mention, key, term, &quote, wanted, &mut chosen, rng);
    }
    chosen
}

/// Three wrong options among which the right one does not stand out by its length.
pub fn three(studio: &Studio<'_>, mention: &Mention, rng: &mut impl Rng) -> Option<Vec<String>> {
    let mut options = pick(studio, mention, 8, rng);
    let length = |text: &str| text.chars().count();
    let key = length(studio.slice(mention.sentence, mention.bytes.clone()));
    let rival = options.iter().position(|option| length(option) >= key);
    match rival {
        Some(at) if at >= 3 => options.swap(2, at),
        Some(_) => {}
        None if options.iter().take(3).all(|option| length(option) + 2 < key) => return None,
        None => {}
    }
    options.truncate(3);
    (options.len() == 3).then_some(options)
}

/// Terms that a list in a sentence leaves out, though they could stand in it.
pub fn unlisted(
    studio: &Studio<'_>,
    sentence: usize,
    items: &[String],
    names: bool,
    rng: &mut impl Rng,
) -> Vec<String> {
    let quote = fold(&studio.line(sentence));
    let plural = items.iter().filter(|item| is_plural(item)).count() * 2 > items.len();
    let words = items.iter().map(|item| item.split(' ').count()).max().unwrap_or(1);
    let sort = if names { Sort::Name } else { Sort::Noun };
    let mut rivals: Vec<(f64, &Term)> = studio
        .terms
        .pool(sort, words)
        .map(|id| studio.term(id))
        .filter(|rival| rival.words <= words && is_plural(&rival.surface) == plural)
        .map(|rival| (f64::from(u8::from(rival.articled.1)) + rng.random_range(0.0..1.0), rival))
        .collect();
    rivals.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut chosen: Vec<String> = Vec::new();
    for (_, rival) in rivals.into_iter().take(40) {
        let clear = items.iter().chain(&chosen).all(|other| !overlaps(other, &rival.surface));
        let wanted = if items.len() > 3 { 2 } else { 3 };
        if clear
            && chosen.len() < wanted
            && !quote.contains(&rival.folded)
            && !said_too(studio, sentence, rival)
        {
            chosen.push(rival.surface.clone());
        }
    }
    chosen
}

/// A term as it would be written where the mention stands.
fn shaped(mention: &Mention, surface: &str) -> String {
    if mention.initial { capitalize(surface) } else { surface.to_owned() }
}

fn fits(studio: &Studio<'_>, mention: &Mention, key: &str, term: &Term, rival: &Term) -> bool {
    match term.sort {
        Sort::Number => {
            rival.unit == term.unit && rival.surface.contains(['.', ',']) == key.contains(['.', ','])
        }
        Sort::Year => true,
        Sort::Name => {
            let number = !mention.articled || is_plural(key) == is_plural(&rival.surface);
            number && rival.words.abs_diff(term.words) <= 2 && studio.agrees(mention, key, rival)
        }
        Sort::Acronym => true,
        Sort::Noun => {
            let plural = match studio.corpus.language {
                Language::English | Language::Spanish | Language::Portuguese | Language::French => {
                    is_plural(key) == is_plural(&rival.surface)
                }
                _ => true,
            };
            // "The diffusion" and "without cell" are no English.
            let counts = studio.corpus.language != Language::English
                || is_plural(key)
                || if mention.articled { rival.articled.0 } else { rival.articled.1 };
            plural && counts && rival.words.abs_diff(term.words) <= 1 && studio.agrees(mention, key, rival)
        }
    }
}

/// How well a rival passes for the term in its place.
fn likeness(studio: &Studio<'_>, mention: &Mention, key: &str, term: &Term, rival: &Term) -> f64 {
    let mut score = 0.0;
    if rival.words == term.words {
        score += 1.0;
    }
    if mention.left.is_some_and(|left| rival.left.contains(&left)) {
        score += 1.0;
    }
    // A name with an article is seldom a person, a noun without one is no single thing.
    if if mention.articled { rival.articled.0 } else { rival.articled.1 } {
        score += 1.5;
    }
    if rival.defined == term.defined {
        score += if term.defined { 1.5 } else { 0.6 };
    }
    if studio.corpus.language == Language::German && studio.is_single(rival) == studio.is_single(term) {
        score += 1.5;
    }
    let (a, b) = (key.chars().count() as f64, rival.surface.chars().count() as f64);
    score += a.min(b) / a.max(b).max(1.0);
    let endings = key.chars().rev().zip(rival.surface.chars().rev());
    let shared = endings.take(3).take_while(|(a, b)| a == b).count() as f64;
    let inflected = if studio.corpus.language == Language::Russian { 0.8 } else { 0.2 };
    score += shared * inflected;
    let near = rival
        .sentences
        .iter()
        .map(|sentence| sentence.abs_diff(mention.sentence))
        .min()
        .unwrap_or(usize::MAX);
    let closeness = 1.0 / (1.0 + near as f64 / 10.0);
    score += match studio.difficulty {
        shared::domain::Difficulty::Easy => 0.2 * closeness,
        shared::domain::Difficulty::Medium => 0.6 * closeness,
        shared::domain::Difficulty::Hard => 1.4 * closeness,
    };
    score + rival.weight.min(4.0) * 0.15
}

/// Whether the text says of the rival nearly what it says of the term.
fn makes_true(studio: &Studio<'_>, mention: &Mention, rival: &Term) -> bool {
    let swapped = studio.replaced(mention.sentence, &mention.bytes, &shaped(mention, &rival.surface));
    studio.states(&swapped) || said_too(studio, mention.sentence, rival)
}

/// Whether a sentence about the rival has most of the words of this one.
fn said_too(studio: &Studio<'_>, sentence: usize, rival: &Term) -> bool {
    let here = &studio.corpus.sentences[sentence].content;
    rival.sentences.iter().any(|other| {
        let there = &studio.corpus.sentences[*other].content;
        let shared = there.iter().filter(|word| here.binary_search(word).is_ok()).count();
        shared as f64 >= ALIKE * here.len().saturating_sub(1) as f64
    })
}

#[expect(clippy::too_many_arguments, reason = "one step of `pick`, split off for its length")]
fn invent(
    studio: &Studio<'_>,
    mention: &Mention,
    key: &str,
    term: &Term,
    quote: &str,
    wanted: usize,
    chosen: &mut Vec<String>,
    rng: &mut impl Rng,
) {
    let Some(number) = Number::parse(key, studio.corpus.language.decimal_comma()) else { return };
    for text in number.neighbours(term.unit.as_deref() == Some("%"), rng) {
        let clear = !overlaps(&text, key) && chosen.iter().all(|other| !overlaps(other, &text));
        let swapped = studio.replaced(mention.sentence, &mention.bytes, &text);
        if chosen.len() < wanted && clear && !quote.contains(&fold(&text)) && !studio.states(&swapped) {
            chosen.push(text);
        }
    }
}
