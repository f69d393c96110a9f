//! Sentences that say what something is.

use std::ops::Range;

use super::corpus::{Corpus, Sentence, Token};
use super::language::Language;
use super::lexicon::Role;
use super::morphology;

/// A term and the clause that describes it.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Index of its sentence.
    pub sentence: usize,
    /// The term's tokens, its article left out.
    pub subject: Range<usize>,
    /// Bytes of the describing clause in the page's text.
    pub clause: Range<usize>,
    /// Whether the verb links more than one thing.
    pub plural: bool,
}

/// Words between a term and its description.
struct Link {
    words: &'static [&'static str],
    /// Whether only a description that opens with an article counts.
    article: bool,
    plural: bool,
}

const fn copula(words: &'static [&'static str], plural: bool) -> Link {
    Link { words, article: true, plural }
}

const fn verb(words: &'static [&'static str]) -> Link {
    Link { words, article: false, plural: false }
}

const fn links(language: Language) -> &'static [Link] {
    match language {
        Language::English | Language::Other => {
            const {
                &[
                    verb(&["is", "defined", "as"]),
                    verb(&["refers", "to"]),
                    verb(&["means"]),
                    copula(&["is"], false),
                    copula(&["was"], false),
                    copula(&["are"], true),
                    copula(&["were"], true),
                ]
            }
        }
        Language::Spanish => {
            const {
                &[
                    verb(&["se", "define", "como"]),
                    verb(&["se", "refiere", "a"]),
                    verb(&["consiste", "en"]),
                    copula(&["es"], false),
                    copula(&["fue"], false),
                    copula(&["era"], false),
                    copula(&["son"], true),
                ]
            }
        }
        Language::French => {
            const {
                &[
                    verb(&["se", "définit", "comme"]),
                    verb(&["désigne"]),
                    verb(&["signifie"]),
                    copula(&["est"], false),
                    copula(&["fut"], false),
                    copula(&["était"], false),
                    copula(&["sont"], true),
                ]
            }
        }
        Language::German => {
            const {
                &[
                    verb(&["bedeutet"]),
                    verb(&["bezeichnet"]),
                    copula(&["ist"], false),
                    copula(&["war"], false),
                    copula(&["sind"], true),
                ]
            }
        }
        Language::Portuguese => {
            const {
                &[
                    verb(&["define-se", "como"]),
                    verb(&["refere-se", "a"]),
                    verb(&["consiste", "em"]),
                    copula(&["é"], false),
                    copula(&["foi"], false),
                    copula(&["era"], false),
                    copula(&["são"], true),
                ]
            }
        }
        Language::Russian => const { &[verb(&["это"])] },
        Language::Arabic => const { &[verb(&["هو"]), verb(&["هي"])] },
        Language::Chinese => {
            const {
                &[
                    verb(&["是", "指"]),
                    verb(&["是", "一", "种"]),
                    verb(&["是", "一", "个"]),
                    verb(&["是", "由"]),
                    verb(&["是"]),
                ]
            }
        }
    }
}

/// Every definition the usable sentences of a text give, in reading order.
pub fn find(corpus: &Corpus<'_>) -> Vec<Definition> {
    let usable = corpus.sentences.iter().enumerate().filter(|(_, sentence)| sentence.usable);
    usable.filter_map(|(index, sentence)| read(corpus, index, sentence)).collect()
}

fn read(corpus: &Corpus<'_>, index: usize, sentence: &Sentence) -> Option<Definition> {
    let tokens = corpus.tokens_of(sentence);
    let longest = if corpus.language == Language::Chinese { 8 } else { 5 };
    let articles = usize::from(tokens.first()?.role == Some(Role::Determiner));
    let (link, at) = (articles + 1..tokens.len().min(articles + longest)).find_map(|at| {
        links(corpus.language).iter().find(|link| stands(corpus, link, &tokens[at..])).map(|link| (link, at))
    })?;
    let subject = &tokens[articles..at];
    if !is_subject(corpus, sentence, subject) || !joins(corpus, sentence, &tokens[at - 1], &tokens[at]) {
        return None;
    }
    // A copula belongs to the description in Chinese: 是一种… reads badly without 一种.
    let skip = if corpus.language == Language::Chinese { 1 } else { link.words.len() };
    let first = tokens.get(at + skip)?;
    let clause = &tokens[at + skip..];
    // "Enzymes are proteins that …" needs no article.
    let related = clause.iter().take(5).any(|token| token.role == Some(Role::Pronoun));
    let bare = link.plural && first.role.is_none() && related;
    if link.article && first.role != Some(Role::Determiner) && !bare {
        return None;
    }
    let end = clause_end(corpus, sentence, clause);
    let words = clause.iter().take_while(|token| token.bytes.end <= end).count();
    let fair = if corpus.language == Language::Chinese { 6..=60 } else { 4..=30 };
    let start = if corpus.language == Language::Chinese
        || corpus.gap(sentence.page, &tokens[at + skip - 1], first).trim().is_empty()
    {
        first.bytes.start
    } else {
        return None;
    };
    let words_of = |tokens: &[Token]| tokens.iter().map(|token| token.word).collect::<Vec<_>>();
    let named = words_of(subject);
    let echoes = clause.iter().any(|token| {
        token.role.is_none()
            && named.iter().any(|name| {
                morphology::akin(&corpus.words[*name as usize], &corpus.words[token.word as usize])
            })
    });
    (fair.contains(&words) && !echoes && corpus.language != Language::Other).then(|| Definition {
        sentence: index,
        subject: sentence.tokens.start + articles..sentence.tokens.start + at,
        clause: start..end,
        plural: link.plural,
    })
}

fn stands(corpus: &Corpus<'_>, link: &Link, tokens: &[Token]) -> bool {
    tokens.len() > link.words.len()
        && link.words.iter().zip(tokens).all(|(word, token)| corpus.words[token.word as usize] == *word)
}

/// A noun phrase: words with a meaning, joined at most by a preposition.
fn is_subject(corpus: &Corpus<'_>, sentence: &Sentence, subject: &[Token]) -> bool {
    let named = |token: Option<&Token>| token.is_some_and(|token| token.role.is_none() && !token.digit);
    let whole = subject.windows(2).all(|pair| corpus.adjoining(sentence.page, &pair[0], &pair[1]));
    let fair = subject.iter().all(|token| match token.role {
        None => !morphology::is_participle(corpus.language, &corpus.words[token.word as usize]),
        Some(Role::Preposition) => subject.len() > 2,
        _ => false,
    });
    let is_german = corpus.language == Language::German;
    whole
        && fair
        && named(subject.first())
        && named(subject.last())
        && (!is_german || subject.iter().all(|token| token.capital))
}

/// Whether only white space, or a dash before a Russian "это", stands between term and verb.
fn joins(corpus: &Corpus<'_>, sentence: &Sentence, left: &Token, right: &Token) -> bool {
    let gap = corpus.gap(sentence.page, left, right);
    match corpus.language {
        Language::Russian => matches!(gap.trim(), "—" | "–" | "-"),
        _ => corpus.adjoining(sentence.page, left, right),
    }
}

/// Where the description ends: before the full stop, or before a clause that starts anew.
fn clause_end(corpus: &Corpus<'_>, sentence: &Sentence, clause: &[Token]) -> usize {
    let anew = clause.windows(3).find(|window: &&[Token]| {
        let gap = corpus.gap(sentence.page, &window[0], &window[1]);
        gap.starts_with(';')
            || (gap.starts_with(',')
                && window[1].role == Some(Role::Conjunction)
                && window[2].role == Some(Role::Pronoun))
    });
    // "… is the parliament and elects …": a second predicate, unless a relative clause is open.
    let relative = clause.iter().position(|token| token.role == Some(Role::Pronoun)).unwrap_or(clause.len());
    let anew = anew.or_else(|| {
        clause[..relative].windows(3).enumerate().find_map(|(at, window)| {
            let predicate = match window[2].role {
                Some(Role::Verb | Role::Auxiliary) => true,
                None => {
                    clause.get(at + 3).is_some_and(|next| next.role == Some(Role::Determiner))
                        && !window[2].capital
                }
                _ => false,
            };
            (window[1].role == Some(Role::Conjunction) && predicate).then_some(window)
        })
    });
    let text = corpus.text(sentence);
    let trimmed = text.trim_end_matches(['.', '!', '。', '！', '।']).len();
    anew.map_or(sentence.bytes.start + trimmed, |window| window[0].bytes.end)
}
