//! Rules of thumb about word forms.

use super::language::Language;

/// A text reduced to what tells it from another: case, surrounding marks and plurals folded.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | ',')) {
        let word = word.trim_matches(['.', ',']);
        if !word.is_empty() {
            if !folded.is_empty() {
                folded.push(' ');
            }
            folded.push_str(singular(&word.to_lowercase()).as_ref());
        }
    }
    folded
}

/// A word without its plural ending.
fn singular(word: &str) -> std::borrow::Cow<'_, str> {
    let long = word.chars().count() > 3;
    if !long || word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return word.into();
    }
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y").into();
    }
    for ending in ["ches", "shes", "sses", "xes", "zes"] {
        if word.ends_with(ending) {
            return word[..word.len() - 2].into();
        }
    }
    word.strip_suffix('s').unwrap_or(word).into()
}

/// Whether a word looks like a plural.
pub fn is_plural(word: &str) -> bool {
    const SINGULAR: [&str; 14] = [
        "ss", "us", "is", "ics", "pancreas", "diabetes", "species", "series", "atlas", "canvas", "lens",
        "bias", "chaos", "news",
    ];
    const PLURAL: [&str; 8] =
        ["mitochondria", "bacteria", "people", "children", "criteria", "data", "men", "media"];
    let ends = |endings: &[&str]| endings.iter().any(|ending| word.ends_with(ending));
    word.chars().count() > 3
        && ((word.ends_with('s') && !ends(&SINGULAR))
            || ends(&["ae", "mata", "nuclei", "fungi", "stimuli", "phenomena"])
            || PLURAL.contains(&word))
}

/// Whether two options would be hard to tell apart, or one says what the other says.
pub fn overlaps(a: &str, b: &str) -> bool {
    let (a, b) = (fold(a), fold(b));
    a.is_empty() || b.is_empty() || a.contains(&b) || b.contains(&a)
}

/// Whether two words share their stem, so that one gives the other away.
pub fn akin(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let shared = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    let shorter = a.chars().count().min(b.chars().count());
    shared >= 4 && shared * 10 >= shorter * 8
}

/// Whether a word is rather a verb form or an adverb than a noun.
pub fn is_participle(language: Language, word: &str) -> bool {
    let long = word.chars().count() > 4;
    match language {
        Language::English => {
            long && ((word.ends_with("ly") && !["family", "assembly", "anomaly", "monopoly"].contains(&word))
                || (word.ends_with("ed") && !word.ends_with("eed"))
                || word.ends_with("n't"))
        }
        Language::Spanish | Language::Portuguese => {
            is_infinitive(word)
                || long
                    && (word.ends_with("mente")
                        || word.ends_with("ando")
                        || word.ends_with("endo")
                        || word.ends_with("aron")
                        || word.ends_with("aram"))
        }
        Language::French => {
            long && (word.ends_with("ement") && word.ends_with("lement")
                || word.ends_with("aient")
                || word.ends_with("ez") && word != "assez"
                || word.ends_with("er") && !word.ends_with("ier") && !FRENCH_NOUNS.contains(&word))
        }
        Language::Russian => [
            "ть",
            "йте",
            "ите",
            "щихся",
            "щийся",
            "щаяся",
            "щееся",
            "щимся",
            "уя",
            "ется",
            "ются",
            "ает",
            "яет",
            "ают",
            "яют",
            "ился",
            "лась",
            "лись",
        ]
        .iter()
        .any(|ending| long && word.ends_with(ending)),
        _ => false,
    }
}

/// French nouns and adjectives that end like infinitives.
const FRENCH_NOUNS: [&str; 12] = [
    "hiver",
    "enfer",
    "danger",
    "étranger",
    "cancer",
    "amer",
    "cher",
    "fer",
    "berger",
    "verger",
    "boulanger",
];

/// Whether a Spanish or Portuguese word is an infinitive, with or without a pronoun at its end.
fn is_infinitive(word: &str) -> bool {
    const NOUNS: [&str; 24] = [
        "lugar",
        "mujer",
        "mulher",
        "hogar",
        "azúcar",
        "açúcar",
        "taller",
        "poder",
        "deber",
        "dever",
        "placer",
        "prazer",
        "ayer",
        "alquiler",
        "militar",
        "altar",
        "dólar",
        "mártir",
        "carácter",
        "caráter",
        "líder",
        "servidor",
        "ordenador",
        "lunar",
    ];
    let bare = ["se", "lo", "la", "los", "las", "le", "les", "-lo", "-la", "-los", "-las", "-se"]
        .iter()
        .find_map(|pronoun| word.strip_suffix(pronoun).filter(|verb| verb.ends_with('r')))
        .unwrap_or(word);
    let verbal = ["ar", "er", "ir"].iter().any(|ending| bare.ends_with(ending));
    // "celular", "escolar" and "popular" are adjectives.
    verbal && bare.chars().count() > 4 && !bare.ends_with("lar") && !NOUNS.contains(&bare)
}

/// Whether a word ends like a gerund that may or may not be a noun.
pub fn is_gerund(language: Language, word: &str) -> bool {
    if language == Language::French {
        return word.len() > 5 && word.ends_with("ant") && !["enfant", "instant", "étudiant"].contains(&word);
    }
    const NOUNS: [&str; 9] =
        ["spring", "string", "building", "ceiling", "morning", "evening", "king", "ring", "wing"];
    language == Language::English && word.len() > 4 && word.ends_with("ing") && !NOUNS.contains(&word)
}

/// Whether a word ends like an adjective.
pub fn is_adjective(language: Language, word: &str) -> bool {
    let endings: &[&str] = match language {
        Language::English => &[
            "ous", "ive", "able", "ible", "ful", "less", "ical", "ic", "ary", "ish", "like", "wide", "est",
            "ral", "nal", "cial",
        ],
        Language::Spanish | Language::Portuguese => &[
            "oso", "osa", "osos", "osas", "ico", "ica", "icos", "icas", "ivo", "iva", "ável", "ible", "able",
        ],
        Language::French => &["eux", "euse", "if", "ive", "able", "ible"],
        Language::Russian => &[
            "ый", "ий", "ой", "ая", "яя", "ое", "ее", "ые", "ие", "ого", "его", "ому", "ему", "ых", "их",
            "ым", "им", "ую", "юю",
        ],
        _ => &[],
    };
    word.chars().count() > 4 && endings.iter().any(|ending| word.ends_with(ending))
}

/// Whether a word ends like a noun, or in Romance languages like the adjective that closes a phrase.
pub fn closes_phrase(language: Language, word: &str) -> bool {
    let endings: &[&str] = match language {
        Language::English => &[
            "tion", "sion", "ment", "ness", "ity", "ism", "ance", "ence", "ship", "hood", "ure", "ology",
            "graphy", "sis", "ics", "age", "phyll", "cy", "dom", "gen", "ium", "cle", "tions", "sions",
            "ments", "ities", "isms", "cules", "gens", "tor", "tors", "ette", "acid", "acids", "cell",
            "cells", "gas", "gases", "energy",
        ],
        Language::Spanish => &[
            "ción", "ciones", "dad", "miento", "al", "ales", "ar", "ares", "ico", "ica", "icos", "icas",
            "oso", "osa", "ivo", "iva", "ario", "aria",
        ],
        Language::French => &[
            "tion", "tions", "té", "ment", "al", "ale", "ales", "aux", "aire", "aires", "ique", "iques",
            "eux", "euse", "if", "ive", "el", "elle",
        ],
        Language::Portuguese => &[
            "ção", "ções", "dade", "mento", "al", "ais", "ar", "ares", "ico", "ica", "icos", "icas", "oso",
            "osa", "ivo", "iva", "ário", "ária",
        ],
        _ => &[],
    };
    word.chars().count() > 3 && endings.iter().any(|ending| word.ends_with(ending))
}

/// Whether a word begins with the sound that turns "a" to "an", or elides a French article.
pub fn opens_with_vowel(word: &str) -> bool {
    word.chars().next().is_some_and(|c| "aeiouhâàéèêëîïôûæœ".contains(c.to_lowercase().next().unwrap_or(c)))
}
