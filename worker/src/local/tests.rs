//! The generator on real prose and on arbitrary text.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use shared::domain::Answer;

use super::morphology::{fold, overlaps};
use super::*;
use crate::document::Page;

const BIOLOGY: &str = include_str!("testdata/en_biology.txt");
const HISTORY: &str = include_str!("testdata/en_history.txt");
const TEXTS: [(&str, language::Language, usize); 9] = {
    use language::Language::*;
    [
        (BIOLOGY, English, 20),
        (HISTORY, English, 20),
        (include_str!("testdata/es.txt"), Spanish, 15),
        (include_str!("testdata/fr.txt"), French, 14),
        (include_str!("testdata/de.txt"), German, 14),
        (include_str!("testdata/pt.txt"), Portuguese, 14),
        (include_str!("testdata/ru.txt"), Russian, 12),
        (include_str!("testdata/ar.txt"), Arabic, 10),
        (include_str!("testdata/zh.txt"), Chinese, 12),
    ]
};
const KINDS: [QuestionType; 8] = [
    QuestionType::MultipleChoice,
    QuestionType::MultipleSelect,
    QuestionType::TrueFalse,
    QuestionType::ShortAnswer,
    QuestionType::Cloze,
    QuestionType::Numeric,
    QuestionType::Matching,
    QuestionType::Ordering,
];

fn ask(document: &Document, count: usize, types: &[QuestionType], seed: u64) -> Vec<Draft> {
    let request = Request { count, types: types.to_vec(), ..Request::default() };
    generate(document, &request, &mut ChaCha8Rng::seed_from_u64(seed))
}

/// Everything a draft owes; the message says what it fails.
fn check(document: &Document, draft: &Draft) -> Result<(), String> {
    let rule = |holds: bool, name: &str| if holds { Ok(()) } else { Err(format!("{name}: {draft:#?}")) };
    let page: Vec<char> = document.pages[draft.page].text.chars().collect();
    let quoted: String = page.get(draft.start..draft.end).ok_or("offsets")?.iter().collect();
    rule(quoted == draft.quote && !draft.quote.is_empty(), "quote stands at its offsets")?;
    rule(draft.quote.trim() == draft.quote, "quote is trimmed")?;
    let apart = draft
        .options
        .iter()
        .enumerate()
        .all(|(at, option)| draft.options[..at].iter().all(|other| !overlaps(option, other)));
    rule(apart, "options are distinct")?;
    rule(crate::lint::flaws(draft).is_empty(), "nothing the linter refuses")?;
    let stands = |text: &str| draft.quote.contains(text);
    match (&draft.kind, &draft.answer) {
        (QuestionType::MultipleChoice, Answer::Text(key)) => {
            rule(draft.options.len() == 4, "four options")?;
            rule(draft.options.iter().filter(|option| *option == key).count() == 1, "one key")?;
            rule(stands(key), "key in quote")?;
            rule(!fold(&draft.question).contains(&fold(key)), "stem hides the key")?;
            let others = draft.options.iter().filter(|option| *option != key);
            rule(
                others.clone().all(|option| !fold(&draft.quote).contains(&fold(option))),
                "no distractor in quote",
            )
        }
        (QuestionType::Cloze | QuestionType::ShortAnswer, Answer::Text(key)) => {
            rule(stands(key), "key in quote")?;
            rule(draft.kind != QuestionType::Cloze || draft.question.contains("_____"), "gap")
        }
        (QuestionType::TrueFalse, Answer::Text(key)) => {
            let statement = fold(&draft.question).ends_with(&fold(&draft.quote));
            rule((key == "True") == statement, "true as it stands, else changed")
        }
        (QuestionType::Numeric, Answer::Number(value)) => {
            rule(value.is_finite() && draft.tolerance.is_some_and(|by| by >= 0.0), "number")?;
            rule(draft.question.contains("_____"), "gap")
        }
        (QuestionType::MultipleSelect, Answer::Texts(keys)) => {
            rule(draft.options.len() > keys.len() && keys.len() >= 2, "something to leave out")?;
            let chosen = |option: &String| keys.contains(option) == stands(option);
            rule(draft.options.iter().all(chosen), "only keys stand in the quote")
        }
        (QuestionType::Ordering, Answer::Texts(keys)) => {
            rule(*keys == draft.options && keys.len() >= 3, "options in order")?;
            rule(keys.iter().all(|key| stands(key)), "options in quote")
        }
        (QuestionType::Matching, Answer::Pairs(pairs)) => {
            rule(pairs.len() >= 3, "pairs")?;
            let distinct: HashSet<&String> = pairs.values().collect();
            rule(distinct.len() == pairs.len(), "distinct pairs")?;
            rule(pairs.iter().all(|(left, right)| stands(left) && stands(right)), "pairs in quote")
        }
        _ => Err(format!("answer of another kind: {draft:#?}")),
    }
}

#[test]
fn every_language_yields_sound_questions() {
    for (text, language, least) in TEXTS {
        let document = Document::from_text(text);
        assert_eq!(language::Language::detect(&document), language);
        let drafts = ask(&document, 20, &[], 7);
        assert!(drafts.len() >= least, "{language:?} yields {}", drafts.len());
        for kind in KINDS {
            for draft in ask(&document, 10, &[kind], 3) {
                assert_eq!(draft.kind, kind);
                check(&document, &draft).unwrap();
            }
        }
    }
}

#[test]
fn each_kind_is_found_where_the_text_has_it() {
    for text in [BIOLOGY, HISTORY] {
        let document = Document::from_text(text);
        for kind in KINDS {
            assert!(!ask(&document, 3, &[kind], 1).is_empty(), "{kind:?}");
        }
        let mixed: HashSet<_> = ask(&document, 16, &KINDS, 1).into_iter().map(|draft| draft.kind).collect();
        assert!(mixed.len() >= 7, "{mixed:?}");
    }
}

#[test]
fn an_announced_list_of_steps_is_put_in_order_whatever_the_steps() {
    let text = "Plants, algae and cyanobacteria live from light. \
                Mitosis runs through these stages in order: prophase, metaphase, anaphase and telophase.";
    let drafts = ask(&Document::from_text(text), 3, &[QuestionType::Ordering], 1);
    let steps = ["prophase", "metaphase", "anaphase", "telophase"].map(str::to_owned);
    assert_eq!(drafts.iter().map(|draft| &draft.options).collect::<Vec<_>>(), [&steps.to_vec()]);
}

#[test]
fn of_many_kinds_each_that_the_text_carries_appears_and_the_rest_spread_evenly() {
    let lecture = Document::from_text(include_str!("../../../tests/fixtures/pdf/lecture.txt"));
    for seed in 0..8 {
        let drafts = ask(&lecture, 40, &KINDS, seed);
        let mut counts: HashMap<QuestionType, usize> = HashMap::new();
        for draft in &drafts {
            *counts.entry(draft.kind).or_default() += 1;
        }
        assert_eq!(drafts.len(), 40, "{counts:?}");
        for kind in KINDS {
            let alone = ask(&lecture, 40, &[kind], seed).len();
            let mixed = counts.get(&kind).copied().unwrap_or_default();
            assert!(mixed >= alone.min(3) && mixed <= 8, "{kind:?}: {alone} alone, but {counts:?}");
        }
    }
}

#[test]
fn a_seed_repeats_and_another_varies() {
    let document = Document::from_text(HISTORY);
    assert_eq!(ask(&document, 20, &KINDS, 5), ask(&document, 20, &KINDS, 5));
    assert_ne!(ask(&document, 20, &KINDS, 5), ask(&document, 20, &KINDS, 6));
}

#[test]
fn questions_spread_over_pages() {
    let page = |number, text: &str| Page { number: Some(number), text: text.to_owned() };
    let document = Document::from_pages(vec![page(1, BIOLOGY), page(2, HISTORY)]);
    let drafts = ask(&document, 20, &[], 1);
    let second = drafts.iter().filter(|draft| draft.page == 1).count();
    assert!((7..=13).contains(&second), "{second} of {} from the second page", drafts.len());
}

#[test]
fn a_term_is_asked_for_at_most_twice_and_no_sentence_again() {
    for (text, ..) in TEXTS {
        let drafts = ask(&Document::from_text(text), 200, &[], 2);
        let mut keys: HashMap<String, usize> = HashMap::new();
        let mut quotes = HashSet::new();
        for draft in &drafts {
            let Answer::Text(key) = &draft.answer else { panic!("{draft:?}") };
            *keys.entry(fold(key)).or_default() += 1;
            assert!(quotes.insert(draft.quote.clone()));
        }
        assert!(keys.values().all(|times| *times <= 2), "{keys:?}");
    }
}

#[test]
fn the_key_does_not_stand_out_by_its_length() {
    let (mut longest, mut all) = (0, 0);
    for seed in 0..10 {
        for draft in
            [BIOLOGY, HISTORY].iter().flat_map(|text| ask(&Document::from_text(*text), 20, &[], seed))
        {
            let length = |text: &String| text.chars().count();
            let others = draft.options[1..].iter().map(length).max().unwrap();
            longest += usize::from(length(&draft.options[0]) > others);
            all += 1;
        }
    }
    assert!(longest * 100 <= all * 30, "{longest} of {all}");
}

#[test]
fn a_text_that_proves_nothing_yields_nothing() {
    for text in [
        "",
        "Hello.",
        "It is so. This was it. They did that again and again.",
        "1 2 3 4 5 6 7 8 9 10.",
        "? ! .",
    ] {
        assert_eq!(ask(&Document::from_text(text), 10, &KINDS, 1), []);
    }
    assert_eq!(ask(&Document::from_text(BIOLOGY), 0, &KINDS, 1), []);
}

#[test]
fn other_languages_ask_in_their_words() {
    let request = Request { count: 3, language: Some("de-AT".into()), ..Request::default() };
    let drafts = generate(&Document::from_text(BIOLOGY), &request, &mut ChaCha8Rng::seed_from_u64(1));
    assert!(drafts.iter().all(|draft| draft.explanation.starts_with("Im Text steht")));
}

#[test]
fn a_long_text_takes_little_time() {
    let mut text = String::new();
    let mut turn = 0;
    while text.len() < 650_000 {
        turn += 1;
        // Names and years differ, so that sentences are not simply dropped as repeated.
        for sentence in [BIOLOGY, HISTORY].iter().flat_map(|text| text.split_inclusive(". ")) {
            text.push_str(&sentence.replace(" the ", &format!(" the k{turn}x ")));
        }
    }
    let document = Document::from_text(text);
    let begun = std::time::Instant::now();
    let drafts = ask(&document, 200, &KINDS, 1);
    let took = begun.elapsed();
    println!("{} questions from {} words in {took:?}", drafts.len(), document.words());
    assert!(took.as_secs() < 20, "{took:?}");
}

/// Prose of odd words, numbers and marks, so that makers have something to work on.
fn prose() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => "(the|a|an|is|are|was|of|in|and|or|that|which|by|from|to|it|,|;|\\(|\\)|“|”|\"|—)",
        6 => "(cell|cells|Rome|Paris|energy|Water|membrane|Newton|DNA|lion|tower|music|river|king|Alps|glass|Ångström|l’eau)",
        2 => "(1969|1789|2001|3.5|1,000|42|0|70 %|12)",
        1 => "\\PC{1,6}",
        1 => "[a-zßéñА-я光合作用水ا-ي]{1,9}",
    ];
    let end = "(\\.|\\.|\\.|!|\\?|。|\\n\\n|\\n| )";
    let sentence = (proptest::collection::vec(word, 3..16), end).prop_map(|(words, end)| {
        let mut text = words.join(" ").replace(" ,", ",");
        if let Some(first) = text.chars().next() {
            text.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
        }
        text + &end + " "
    });
    proptest::collection::vec(sentence, 0..40).prop_map(|sentences| sentences.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn arbitrary_prose_keeps_every_rule(text in prose(), seed in any::<u64>(), count in 0_usize..30) {
        let document = Document::from_text(text);
        for types in [&[][..], &KINDS[..]] {
            let drafts = ask(&document, count, types, seed);
            prop_assert!(drafts.len() <= count);
            for draft in drafts {
                prop_assert_eq!(check(&document, &draft), Ok(()));
            }
        }
    }

    #[test]
    fn arbitrary_text_never_panics(pages in proptest::collection::vec("\\PC{0,200}(\\.|\n)?", 0..4), seed in any::<u64>()) {
        let pages = pages.into_iter().map(|text| Page { number: None, text }).collect();
        let document = Document::from_pages(pages);
        for draft in ask(&document, 10, &KINDS, seed) {
            prop_assert_eq!(check(&document, &draft), Ok(()));
        }
    }
}
