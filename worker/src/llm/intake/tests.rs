use serde_json::json;

use super::*;
use crate::document::Page;

const ALL: [QuestionType; 8] = [
    QuestionType::MultipleChoice,
    QuestionType::MultipleSelect,
    QuestionType::TrueFalse,
    QuestionType::ShortAnswer,
    QuestionType::Cloze,
    QuestionType::Numeric,
    QuestionType::Matching,
    QuestionType::Ordering,
];

/// A sound item with members replaced.
fn item(changes: Value) -> Value {
    let mut item = json!({
        "type": "multiple_choice", "question": "Which?", "options": ["a", "b", "c", "d"], "answer": "b",
        "accepted": [], "tolerance": null, "explanation": "Why.", "difficulty": "hard",
        "bloom": "apply", "quote": "Water boils", "page": 1, "unknown": true,
    });
    for (name, value) in changes.as_object().unwrap() {
        item[name] = value.clone();
    }
    item
}

fn take_all(items: &[Value], request: &Request<'_>) -> (Vec<Draft>, Rejected) {
    let page = |text: &str| Page { number: None, text: text.to_owned() };
    let document = Document::from_pages(vec![page("Water\nboils at 100 °C."), page("Ice melts.")]);
    let mut intake = Intake::new(&document, request);
    let drafts = items.iter().filter_map(|item| intake.take(&item.to_string())).collect();
    (drafts, intake.rejected)
}

fn take(changes: Value) -> Result<Draft, Reason> {
    let request = Request { count: 9, types: &ALL, ..Request::default() };
    let (mut drafts, rejected) = take_all(&[item(changes)], &request);
    drafts.pop().ok_or_else(|| rejected.iter().next().unwrap().0)
}

#[test]
fn a_sound_item_becomes_a_draft_with_the_documents_words() {
    let draft = take(json!({})).unwrap();
    assert_eq!(draft.quote, "Water\nboils");
    assert_eq!((draft.page, draft.start, draft.end), (0, 0, 11));
    assert_eq!((draft.difficulty, draft.bloom), (Difficulty::Hard, Some(Bloom::Apply)));
    assert_eq!(draft.answer, Answer::Text("b".to_owned()));
}

#[test]
fn every_type_has_its_form() {
    let text = |text: &str| Answer::Text(text.to_owned());
    let texts = |texts: &[&str]| Answer::Texts(texts.iter().map(|text| (*text).to_owned()).collect());
    let cases = [
        (json!({"options": [1, 2, 3, 4], "answer": 3}), text("3"), 4),
        (json!({"type": "multiple_select", "answer": ["d", "A"]}), texts(&["d", "a"]), 4),
        (json!({"type": "true_false", "answer": false}), text("False"), 0),
        (json!({"type": "true_false", "options": ["True", "False"], "answer": "true"}), text("True"), 0),
        (json!({"type": "short_answer", "answer": "ice"}), text("ice"), 0),
        (json!({"type": "cloze", "question": "A ___ b", "answer": "ice"}), text("ice"), 0),
        (json!({"type": "numeric", "answer": "1.5"}), Answer::Number(1.5), 0),
        (
            json!({"type": "matching", "answer": {"x": "1", "y": 2, "z": "3"}}),
            Answer::Pairs(
                [("x", "1"), ("y", "2"), ("z", "3")].map(|(x, y)| (x.to_owned(), y.to_owned())).into(),
            ),
            0,
        ),
        (json!({"type": "ordering", "answer": null}), texts(&["a", "b", "c", "d"]), 4),
        (json!({"type": "ordering", "answer": ["d", "c", "b", "a"]}), texts(&["d", "c", "b", "a"]), 4),
    ];
    for (changes, answer, options) in cases {
        let draft = take(changes.clone()).unwrap_or_else(|reason| panic!("{changes}: {reason:?}"));
        assert_eq!((draft.answer, draft.options.len()), (answer, options), "{changes}");
    }
}

#[test]
fn bad_items_are_rejected_for_their_reason() {
    let cases = [
        (json!({"type": "essay"}), Reason::Type),
        (json!({"type": 3}), Reason::Type),
        (json!({"question": null}), Reason::Schema),
        (json!({"quote": 7}), Reason::Schema),
        (json!({"question": " "}), Reason::Text),
        (json!({"question": "a\u{0}b"}), Reason::Text),
        (json!({"question": "x".repeat(3000)}), Reason::Text),
        (json!({"type": "cloze", "question": "No gap", "answer": "a"}), Reason::Text),
        (json!({"type": "cloze", "question": "_____ and _____", "answer": "a"}), Reason::Text),
        (json!({"options": ["a", "b", "c"]}), Reason::Options),
        (json!({"options": ["a", "b", "c", " B "]}), Reason::Options),
        (json!({"options": ["a", "b", "c", {}]}), Reason::Options),
        (json!({"options": ["a", "b", "c", "d", "e"]}), Reason::Options),
        (json!({"question": "a\u{202e}b"}), Reason::Text),
        (json!({"type": "matching", "answer": {"x": "1", "y": "2"}}), Reason::Answer),
        (json!({"answer": "e"}), Reason::Answer),
        (json!({"answer": ["a"]}), Reason::Answer),
        (json!({"type": "multiple_select", "answer": []}), Reason::Answer),
        (json!({"type": "multiple_select", "answer": ["a", "a"]}), Reason::Answer),
        (json!({"type": "true_false", "answer": "maybe"}), Reason::Answer),
        (json!({"type": "short_answer", "answer": ""}), Reason::Answer),
        (json!({"type": "numeric", "answer": "NaN"}), Reason::Answer),
        (json!({"type": "numeric", "answer": 1, "tolerance": -1}), Reason::Answer),
        (json!({"type": "numeric", "answer": 100, "tolerance": 11}), Reason::Answer),
        (json!({"type": "matching", "answer": {"x": "1"}}), Reason::Answer),
        (json!({"type": "matching", "answer": {"x": "1", "y": "1"}}), Reason::Answer),
        (json!({"type": "ordering", "answer": ["a", "b"]}), Reason::Answer),
        (json!({"quote": "Water freezes"}), Reason::Quote),
        (json!({"quote": "°"}), Reason::Quote),
    ];
    for (changes, reason) in cases {
        assert_eq!(take(changes.clone()), Err(reason), "{changes}");
    }
}

#[test]
fn adornments_may_be_missing_or_odd() {
    let odd = json!({"explanation": null, "difficulty": 3, "bloom": "?", "page": "two", "accepted": null});
    let draft = take(odd).unwrap();
    assert_eq!((draft.explanation.as_str(), draft.difficulty, draft.bloom), ("", Difficulty::Medium, None));
}

#[test]
fn accepted_variants_are_forms_of_the_answer() {
    let changes = json!({"type": "short_answer", "answer": "Ice", "accepted": ["ice", "frost", "", "the ice", "The  ice", 5]});
    assert_eq!(take(changes).unwrap().accepted, ["the ice"]);
}

#[test]
fn repeated_and_surplus_items_are_counted() {
    let already = ["which  one?".to_owned()];
    let request = Request { count: 1, types: &ALL[..1], already: &already, ..Request::default() };
    let items = [
        item(json!({"question": "Which one?"})),
        item(json!({"type": "true_false", "answer": "True"})),
        item(json!({})),
        item(json!({"question": "Another?"})),
    ];
    let (drafts, rejected) = take_all(&items, &request);
    assert_eq!((drafts.len(), rejected.total()), (1, 3));
    for reason in [Reason::Duplicate, Reason::Type, Reason::Surplus] {
        assert_eq!(rejected.count(reason), 1, "{reason:?}");
    }
}
