//! Text that quizzes are looked for with.

use shared::{
    domain::Id,
    store::{Listing, QuizFilter, QuizSummary},
};

use crate::{
    bench::{Bench, first},
    make,
    quizzes::owned_by,
};

on_every_store![
    text_is_found_in_title_and_topic_and_nowhere_else,
    text_is_found_in_any_case_beyond_ascii_too,
    what_means_something_to_a_database_is_plain_text,
    text_that_no_quiz_can_have_finds_nothing,
    long_text_is_looked_for_like_short,
    text_narrows_together_with_the_other_filters,
];

async fn add(bench: &Bench, owner: Id, title: &str, topic: &str) {
    bench.store.insert_quiz(&make::quiz(bench.id(), owner, title, topic, bench.now())).await.unwrap();
}

async fn search(bench: &Bench, owner: Id, text: &str) -> Listing<QuizSummary> {
    let filter = QuizFilter { text: Some(text.to_owned()), ..owned_by(owner) };
    bench.store.quizzes(&filter, &first(100)).await.unwrap()
}

async fn titles(bench: &Bench, owner: Id, text: &str) -> Vec<String> {
    let found = search(bench, owner, text).await;
    assert_eq!(found.total, found.items.len() as u64, "{text:?}");
    found.items.into_iter().map(|item| item.quiz.title).collect()
}

async fn text_is_found_in_title_and_topic_and_nowhere_else(bench: &Bench) {
    let owner = bench.id();
    add(bench, owner, "Photosynthesis", "Plants").await;
    add(bench, owner, "Roots", "The photosphere").await;
    add(bench, owner, "Cells", "Animals").await;
    add(bench, bench.id(), "Photosynthesis of others", "Plants").await;
    assert_eq!(titles(bench, owner, "photos").await, ["Photosynthesis", "Roots"]);
    assert_eq!(titles(bench, owner, "synth").await, ["Photosynthesis"]);
    // Of the description, the source and the questions of each.
    for elsewhere in ["About cells", "powerhouse", "What is", "deepseek", "Roots The", "RootsThe"] {
        assert!(titles(bench, owner, elsewhere).await.is_empty(), "{elsewhere}");
    }
    assert_eq!(titles(bench, owner, "").await.len(), 3);
}

async fn text_is_found_in_any_case_beyond_ascii_too(bench: &Bench) {
    let owner = bench.id();
    add(bench, owner, "Über Élan", "ФОТОСИНТЕЗ").await;
    for text in ["über", "ÜBER", "élan", "ÉLAN", "фотосинтез", "Фотосинтез", "BER é"]
    {
        assert_eq!(titles(bench, owner, text).await, ["Über Élan"], "{text}");
    }
}

async fn what_means_something_to_a_database_is_plain_text(bench: &Bench) {
    let owner = bench.id();
    let all = [
        "100% sure",
        "100 percent sure",
        "snake_case",
        "snakeXcase",
        "a.*b",
        "axxb",
        "C++ (basics) [1] {2}",
        "C basics 1 2",
        "^start$",
        "start",
        "either|or",
        "either",
        "back\\slash",
        "back\\\\slashes",
        "what?",
        "what",
        "it's \"quoted\"",
        "\\d+",
        "42",
        "#hash &and -dash ~tilde",
        "tab\there",
    ];
    for title in all {
        add(bench, owner, title, "topic").await;
    }
    for (text, wanted) in [
        ("%", vec!["100% sure"]),
        ("100%", vec!["100% sure"]),
        ("_", vec!["snake_case"]),
        ("e_c", vec!["snake_case"]),
        (".*", vec!["a.*b"]),
        ("a.*b", vec!["a.*b"]),
        (".", vec!["a.*b"]),
        ("++", vec!["C++ (basics) [1] {2}"]),
        ("(basics)", vec!["C++ (basics) [1] {2}"]),
        ("[1]", vec!["C++ (basics) [1] {2}"]),
        ("{2}", vec!["C++ (basics) [1] {2}"]),
        ("(", vec!["C++ (basics) [1] {2}"]),
        ("^", vec!["^start$"]),
        ("^start$", vec!["^start$"]),
        ("$", vec!["^start$"]),
        ("|", vec!["either|or"]),
        ("either|", vec!["either|or"]),
        ("\\", vec!["back\\slash", "back\\\\slashes", "\\d+"]),
        ("\\\\", vec!["back\\\\slashes"]),
        ("k\\s", vec!["back\\slash"]),
        ("?", vec!["what?"]),
        ("'", vec!["it's \"quoted\""]),
        ("\"", vec!["it's \"quoted\""]),
        ("\\d+", vec!["\\d+"]),
        ("\\Q", vec![]),
        ("-dash ~", vec!["#hash &and -dash ~tilde"]),
        ("tab\th", vec!["tab\there"]),
        ("tab h", vec![]),
    ] {
        assert_eq!(titles(bench, owner, text).await, wanted, "{text:?}");
    }
}

async fn text_that_no_quiz_can_have_finds_nothing(bench: &Bench) {
    let owner = bench.id();
    add(bench, owner, "Cells", "Biology").await;
    for text in ["\0", "Ce\0lls", "Cells\0", "\u{FFFF}", "Cells\nBiology"] {
        assert!(titles(bench, owner, text).await.is_empty(), "{text:?}");
    }
}

async fn long_text_is_looked_for_like_short(bench: &Bench) {
    let owner = bench.id();
    let title = "ü.".repeat(1000);
    add(bench, owner, &title, "long").await;
    assert_eq!(titles(bench, owner, &title).await.len(), 1);
    assert!(titles(bench, owner, &format!("{title}x")).await.is_empty());
}

async fn text_narrows_together_with_the_other_filters(bench: &Bench) {
    let owner = bench.id();
    add(bench, owner, "Cells one", "Biology").await;
    add(bench, owner, "Cells two", "Prisons").await;
    let (text, topic) = (Some("cells".to_owned()), Some("Biology".to_owned()));
    let filter = QuizFilter { text, topic, ..owned_by(owner) };
    let found = bench.store.quizzes(&filter, &first(10)).await.unwrap();
    assert_eq!((found.total, found.items[0].quiz.title.as_str()), (1, "Cells one"));
}
