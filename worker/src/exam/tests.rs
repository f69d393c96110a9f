use std::fs;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::document::Page;

const PAPERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/exam");

/// A paper whose pages are parted by form feeds; without one it is plain text.
fn paper(text: &str) -> Document {
    if !text.contains('\u{c}') {
        return Document::from_text(text);
    }
    let page = |(number, text): (u32, &str)| Page { number: Some(number), text: text.to_owned() };
    Document::from_pages((1..).zip(text.split('\u{c}')).map(page).collect())
}

fn shown(document: &Document, found: &Recognised) -> Value {
    let questions: Vec<Value> = found
        .drafts
        .iter()
        .map(|draft| {
            let mut shown = json!({
                "type": draft.kind, "question": draft.question, "answer": draft.answer, "explanation": draft.explanation,
            });
            if !draft.options.is_empty() {
                shown["options"] = json!(draft.options);
            }
            if !draft.accepted.is_empty() {
                shown["accepted"] = json!(draft.accepted);
            }
            if let Some(page) = document.pages[draft.page].number {
                shown["page"] = json!(page);
            }
            shown
        })
        .collect();
    json!({ "total": found.total_seen, "leftOut": found.left_out, "questions": questions })
}

#[test]
fn papers_are_read_as_they_stand() {
    let mut names: Vec<_> = fs::read_dir(PAPERS).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    names.sort();
    assert!(names.len() >= 12);
    let mut wrong = Vec::new();
    for path in names {
        let document = paper(&fs::read_to_string(&path).unwrap());
        let found = shown(&document, &recognise(&document));
        let expected = fs::read_to_string(path.with_extension("json")).unwrap_or_default();
        let expected: Value = serde_json::from_str(&expected).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{}: {found:#}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The questions with their answers, of a paper that has one a line.
fn answers(text: &str) -> Vec<String> {
    let answer = |draft: &Draft| match &draft.answer {
        shared::domain::Answer::Text(text) => text.clone(),
        shared::domain::Answer::Texts(texts) => texts.join("+"),
        other => format!("{other:?}"),
    };
    recognise(&Document::from_text(text)).drafts.iter().map(answer).collect()
}

/// A paper of three questions whose right options are the second, first and fourth.
fn with_key(key: &str) -> String {
    let question = |number: usize| {
        format!(
            "{number}. Which is thing {number}?\nA. one {number}\nB. two {number}\nC. three {number}\nD. four {number}\n\n"
        )
    };
    (1..=3).map(question).collect::<String>() + key
}

const RIGHT: [&str; 3] = ["two 1", "one 2", "four 3"];

#[test]
fn lists_of_answers_are_read_in_every_layout() {
    for key in [
        "Answer key\n1. B\n2. A\n3. D\n",
        "ANSWERS: 1. B 2. A 3. D",
        "# Answer Key – Biology\n\n1) b\n\n2) a\n\n3) d",
        "**Answers**\n1-B, 2-A, 3-D",
        "Answers to the test\n1 B\n2 A\n3 D\n",
        "Key\n1B 2A 3D",
        "Correct answers:\n(1) B (2) A (3) D",
        "Answer Key\n1-3 BAD",
        "Answer Key\nQ1: (B)\nQ2: (A)\nQ3: (D)",
        "Answer key\nQuestion 1 2 3\nAnswer B A D",
        "Answer key\n1. B. two 1\n2. A. one 2\n3. D. four 3",
        "Answer key\n1. two 1\n2. one 2\n3. four 3",
        "Answer key\n1 → B\n2 → A\n3 → D",
        "Answer key\n\n| No. | Key |\n|---|---|\n| 1 | B |\n| 2 | A |\n| 3 | D |",
        "Solutions\n1. B\nBecause:\n1. of this\n2. of that\n3. of those\n2. A\n3. D",
    ] {
        assert_eq!(answers(&with_key(key)), RIGHT, "{key}");
    }
}

#[test]
fn answers_beside_questions_are_read_in_every_layout() {
    for word in
        ["Answer: ", "ANSWER: ", "Correct answer is ", "Ans. ", "**Answer:** ", "The correct answer is: "]
    {
        let paper: String = with_key("")
            .split("\n\n")
            .zip(["(B)", "(A)", "(D)"])
            .map(|(question, label)| format!("{question}\n{word}{label}\n\n"))
            .collect();
        assert_eq!(answers(&paper), RIGHT, "{word}");
    }
}

#[test]
fn an_answer_that_cannot_be_right_is_not_taken() {
    for (answer, why) in [
        ("E", LeftOut::KeyUnclear),
        ("B) one 4", LeftOut::KeyUnclear),
        ("A cat", LeftOut::KeyUnclear),
        ("____", LeftOut::NoKey),
        ("", LeftOut::NoKey),
        ("B\nAnswer: C", LeftOut::KeyUnclear),
    ] {
        let keyed = with_key("")
            .split("\n\n")
            .zip(["B", "A", "D"])
            .map(|(question, label)| format!("{question}\nAnswer: {label}\n\n"))
            .collect::<String>();
        let paper = format!(
            "{keyed}4. Which is thing 4?\nA. one 4\nB. two 4\nC. three 4\nD. four 4\nAnswer: {answer}\n"
        );
        let found = recognise(&Document::from_text(paper));
        assert_eq!(found.left_out, BTreeMap::from([(why, 1)]), "{answer}");
        assert_eq!((found.drafts.len(), found.total_seen), (3, 4));
        assert!(found.notice().is_some_and(|notice| notice.starts_with("3 of the paper's 4 questions")));
    }
}

#[test]
fn a_key_for_another_paper_is_not_taken() {
    assert!(recognise(&Document::from_text(with_key("Answer key\n1. E\n2. F\n3. A"))).drafts.is_empty());
    assert!(recognise(&Document::from_text(with_key("Answer key\n7. B\n8. A\n9. D"))).drafts.is_empty());
    let twice = with_key("") + &with_key("Answer key\n1. B\n2. A\n3. D");
    assert!(recognise(&Document::from_text(twice)).drafts.is_empty(), "which part it is for is not known");
}

#[test]
fn a_question_over_two_pages_is_quoted_from_the_one_with_the_right_option() {
    let text = with_key("Answer key\n1. B\n2. A\n3. D")
        .replace("C. three 1", "\u{c}C. three 1")
        .replace("2. Which is thing 2?\n", "2. Which is thing 2?\u{c}");
    let document = paper(&text);
    let found = recognise(&document);
    let quotes: Vec<&str> = found.drafts.iter().map(|draft| draft.quote.as_str()).collect();
    assert_eq!(quotes.len(), 3);
    assert_eq!(quotes[0], "1. Which is thing 1?\nA. one 1\nB. two 1");
    assert_eq!(quotes[1], "A. one 2\nB. two 2\nC. three 2\nD. four 2");
    assert_eq!(found.drafts[1].options.len(), 4);
    assert_eq!(found.drafts.iter().map(|draft| draft.page).collect::<Vec<_>>(), [0, 2, 2]);
}

#[test]
fn an_option_over_two_pages_leaves_its_question_out() {
    let text = with_key("Answer key\n1. B\n2. A\n3. D") + "\n";
    let fourth = "4. Which is thing 4?\nA. one 4\nB. two\u{c}4\nC. three 4\nD. four 4\n\nAnswer key";
    let text = text.replace("Answer key", fourth).replace("3. D", "3. D\n4. B");
    assert_eq!(recognise(&paper(&text)).left_out, BTreeMap::from([(LeftOut::AcrossPages, 1)]));
}

#[test]
fn what_is_no_paper_gives_nothing() {
    for text in [
        "Contents\n1. Introduction ........ 3\n2. Methods ........ 9\n3. Answers ........ 20\n4. Key ........ 22\n",
        "Pancakes\n1. Mix the flour and the eggs.\n2. Add a) milk b) salt.\n3. Fry.\nAnswer: none is needed.\n",
        "1. The tenant\n(a) pays the rent;\n(b) keeps the flat clean;\n(c) lets nobody else in.\n2. The owner\n(a) repairs;\n\
         (b) insures.\n3. Either party may end this contract.\n",
        "Challenges\n1. Pollution of rivers\n2. Loss of forests\n3. Noise\n\nSolutions\n1. Filters\n2. New trees\n3. Walls\n",
        "Key concepts\n1. Cell\n2. Nucleus\n3. Membrane\n\nAnswers given by the authors\n1. A cell is small.\n2. It has DNA.\n",
        "1. What is DNA?\nA. A sugar\nB. An acid\nC. A lipid\nD. A salt\nAnswer: B\n",
        "",
    ] {
        assert_eq!(recognise(&Document::from_text(text)), Recognised::default(), "{text}");
    }
}

#[test]
fn a_long_text_is_searched_in_time() {
    let text = "2. a) b) (c) Answer: A. B. 3) no 1. x Key 1. ".repeat(5_000);
    let began = std::time::Instant::now();
    recognise(&Document::from_text(text));
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Lists with numbers and letters, but without a word that announces an answer.
    #[test]
    fn lists_without_answers_give_nothing(
        lines in prop::collection::vec(("[0-9]{0,2}[.):]? ?", "([A-Da-d][.)] )?", "[a-zA-Zа-я .,;?]{0,40}"), 0..60),
    ) {
        let text: String = lines.iter().map(|(number, letter, words)| format!("{number}{letter}{words}\n")).collect();
        let words = ["answer", "ans", "key", "solution", "ответ", "ключ", "reason"];
        prop_assume!(words.iter().all(|word| !text.to_lowercase().contains(word)));
        prop_assert_eq!(recognise(&Document::from_text(text)), Recognised::default());
    }

    /// Whatever stands there, nothing is taken that the text does not prove, and no search fails.
    #[test]
    fn everything_taken_is_proven(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "1. ", "2. ", "3) ", "Question 4: ", "第5题 ", "(6) ", "A. ", "B) ", "(c) ", "d. ", "а) ", "б) ", "أ) ", "ب) ",
            "Answer: ", "Answers\n", "Answer key\n", "答案：", "Ответ: ", "B", "A, C", "True", "false", "√", "x?", "what is it? ",
            "word ", "слово ", "\n", "\n\n", "\u{c}", "*", "[x] ", "☑ ", "|", "1-3 ABC", "4. B ", "____", "（", "ﬁ", "e\u{301}",
        ]), 0..80),
    ) {
        let document = paper(&pieces.concat());
        let found = recognise(&document);
        prop_assert!(found.drafts.iter().all(|draft| proven(&document, draft)));
        let left_out: usize = found.left_out.values().sum();
        prop_assert_eq!(found.drafts.len() + left_out, found.total_seen);
    }
}
