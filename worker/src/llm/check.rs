//! The key of a choice, found a second time: by a call that sees the quote, the question and the options in another
//! order, and nothing else. Where it does not find the same key, either the key is wrong or the quote does not prove it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::domain::{Answer, QuestionType};

use super::{
    answer::Usage,
    client::{Chat, Client, Message, Role},
    error::LlmError,
    intake,
    parse::object,
};
use crate::draft::Draft;

/// Version of the prompt's file. A changed text is a new version.
pub const CHECK_VERSION: &str = "check.v1";

const RULES: &str = include_str!("prompts/check.v1.txt");

/// Whether the key of this question is one to be found among what it shows. A typed answer stands in the quote instead.
pub(crate) fn is_choice(kind: QuestionType) -> bool {
    match kind {
        QuestionType::MultipleChoice
        | QuestionType::MultipleSelect
        | QuestionType::TrueFalse
        | QuestionType::Matching
        | QuestionType::Ordering => true,
        QuestionType::ShortAnswer | QuestionType::Cloze | QuestionType::Numeric => false,
    }
}

/// What a model said about keys.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Check {
    answer: String,
    /// What it cost.
    pub(crate) usage: Usage,
}

impl Check {
    /// Whether each question's key was found again; nothing of one about which nothing was said that can be used.
    pub(crate) fn verdicts(&self, drafts: &[&Draft]) -> Vec<Option<bool>> {
        read(drafts, &self.answer)
    }
}

/// Has the keys of these questions looked for.
///
/// # Errors
///
/// Any [`LlmError`]; an answer with nothing about any question is malformed.
pub(crate) async fn check_keys(
    client: &Client,
    drafts: &[&Draft],
    user_id: Option<&str>,
) -> Result<Check, LlmError> {
    let messages = check_messages(drafts);
    let chat = Chat { messages: &messages, user_id, effort: None };
    let mut answer = String::new();
    let usage = client.chat(&chat, |text| answer.push_str(text)).await?.usage;
    let check = Check { answer, usage };
    if check.verdicts(drafts).iter().all(Option::is_none) {
        return Err(LlmError::Malformed { what: "the answer checks no key", usage });
    }
    Ok(check)
}

/// The messages that ask for it. They say nothing of the keys.
pub(crate) fn check_messages(drafts: &[&Draft]) -> Vec<Message> {
    let items: Vec<Value> = (1..).zip(drafts).map(|(id, draft)| item(id, draft)).collect();
    vec![
        Message { role: Role::System, content: RULES.to_owned() },
        // As JSON, nothing a document says can pass for more than a value.
        Message { role: Role::User, content: json!({ "items": items }).to_string() },
    ]
}

fn item(id: usize, draft: &Draft) -> Value {
    let mut item = json!({ "id": id, "type": draft.kind, "quote": draft.quote, "question": draft.question });
    match &draft.answer {
        Answer::Pairs(pairs) => {
            item["left"] = json!(pairs.keys().collect::<Vec<_>>());
            item["right"] = json!(reordered(pairs.values().cloned().collect()));
        }
        _ => item["options"] = json!(options(draft)),
    }
    item
}

fn options(draft: &Draft) -> Vec<String> {
    match draft.kind {
        QuestionType::TrueFalse => vec!["True".to_owned(), "False".to_owned()],
        _ => reordered(draft.options.clone()),
    }
}

/// The texts in an order that has nothing to do with the one they came in, and is not the same.
fn reordered(texts: Vec<String>) -> Vec<String> {
    let mut other = texts.clone();
    other.sort_by_cached_key(|text| Sha256::digest(text.as_bytes()));
    if other == texts {
        other.rotate_left(1.min(texts.len()));
    }
    other
}

#[derive(Deserialize)]
struct Checked {
    #[serde(default)]
    id: Value,
    #[serde(default)]
    answer: Value,
}

#[derive(Deserialize)]
struct Answers {
    answers: Vec<Value>,
}

fn read(drafts: &[&Draft], answer: &str) -> Vec<Option<bool>> {
    let mut verdicts = vec![None; drafts.len()];
    let Some(Answers { answers }) = object(answer) else { return verdicts };
    for checked in answers {
        let Ok(Checked { id, answer }) = serde_json::from_value(checked) else { continue };
        let Some(index) = index(&id).filter(|index| *index < drafts.len()) else { continue };
        let same = agrees(drafts[index], &answer);
        // Who says two things about a question has not found its key.
        verdicts[index] = Some(verdicts[index].unwrap_or(true) && same);
    }
    verdicts
}

fn index(id: &Value) -> Option<usize> {
    let number = id.as_u64().or_else(|| id.as_str()?.trim().parse().ok())?;
    usize::try_from(number).ok()?.checked_sub(1)
}

fn agrees(draft: &Draft, answer: &Value) -> bool {
    // Without an answer there is none that is the same; an order would else be read as the one given.
    if answer.is_null() {
        return false;
    }
    match (intake::answer(draft.kind, draft.options.clone(), answer), &draft.answer) {
        (Ok((_, Answer::Texts(mut found))), Answer::Texts(key))
            if draft.kind == QuestionType::MultipleSelect =>
        {
            let mut key = key.clone();
            found.sort();
            key.sort();
            found == key
        }
        (Ok((_, found)), key) => found == *key,
        (Err(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use shared::domain::Difficulty;

    use super::*;

    fn draft(kind: QuestionType, options: &[&str], answer: Answer) -> Draft {
        Draft {
            kind,
            question: "Which?".to_owned(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            answer,
            accepted: Vec::new(),
            tolerance: None,
            explanation: String::new(),
            difficulty: Difficulty::Medium,
            bloom: None,
            quote: "The quote.".to_owned(),
            page: 0,
            start: 0,
            end: 10,
        }
    }

    fn text(text: &str) -> Answer {
        Answer::Text(text.to_owned())
    }

    fn choice() -> Draft {
        draft(QuestionType::MultipleChoice, &["one", "two", "three", "four"], text("two"))
    }

    #[test]
    fn the_rules_satisfy_json_mode() {
        assert!(RULES.contains("json") && RULES.contains("{\"answers\":["));
    }

    #[test]
    fn the_check_sees_the_options_in_another_order_and_no_key() {
        let draft = choice();
        let messages = check_messages(&[&draft]);
        let sent: Value = serde_json::from_str(&messages[1].content).unwrap();
        let item = &sent["items"][0];
        let names: Vec<&String> = item.as_object().unwrap().keys().collect();
        assert_eq!(names, ["id", "options", "question", "quote", "type"]);
        let shown: Vec<String> = serde_json::from_value(item["options"].clone()).unwrap();
        assert_ne!(shown, draft.options);
        let sorted = |mut texts: Vec<String>| {
            texts.sort();
            texts
        };
        assert_eq!(sorted(shown), sorted(draft.options));
    }

    #[test]
    fn only_the_same_key_is_agreement() {
        let select = draft(
            QuestionType::MultipleSelect,
            &["a", "b", "c"],
            Answer::Texts(vec!["a".to_owned(), "c".to_owned()]),
        );
        let order = ["x", "y", "z"];
        let ordering =
            draft(QuestionType::Ordering, &order, Answer::Texts(order.map(str::to_owned).to_vec()));
        let pairs: BTreeMap<_, _> =
            [("l", "r"), ("m", "s"), ("n", "t")].map(|(l, r)| (l.to_owned(), r.to_owned())).into();
        let matching = draft(QuestionType::Matching, &[], Answer::Pairs(pairs));
        let truth = draft(QuestionType::TrueFalse, &[], text("False"));
        for (draft, answer, same) in [
            (&choice(), json!("two"), true),
            (&choice(), json!(" TWO "), true),
            (&choice(), json!("one"), false),
            (&choice(), json!("five"), false),
            (&choice(), json!(["two"]), false),
            (&choice(), json!(null), false),
            (&select, json!(["c", "a"]), true),
            (&select, json!(["c"]), false),
            (&select, json!(["a", "b", "c"]), false),
            (&ordering, json!(["x", "y", "z"]), true),
            (&ordering, json!(["y", "x", "z"]), false),
            (&ordering, json!(null), false),
            (&matching, json!({ "m": "s", "n": "t", "l": "r" }), true),
            (&matching, json!({ "m": "r", "l": "s", "n": "t" }), false),
            (&truth, json!(false), true),
            (&truth, json!("True"), false),
        ] {
            assert_eq!(agrees(draft, &answer), same, "{:?} {answer}", draft.kind);
        }
    }

    #[test]
    fn what_an_answer_leaves_out_stays_open() {
        let (one, two) = (choice(), choice());
        let drafts = [&one, &two];
        let said = |answers: Value| read(&drafts, &json!({ "answers": answers }).to_string());
        assert_eq!(said(json!([{ "id": 2, "answer": "two" }])), [None, Some(true)]);
        assert_eq!(said(json!([{ "id": "1", "answer": "one" }, 7])), [Some(false), None]);
        assert_eq!(said(json!([{ "id": 3, "answer": "two" }, { "id": 0, "answer": "two" }])), [None, None]);
        let twice = json!([{ "id": 1, "answer": "two" }, { "id": 1, "answer": "one" }]);
        assert_eq!(said(twice), [Some(false), None]);
        let fenced = "Of {2}:\n```json\n{\"answers\":[{\"id\":1,\"answer\":\"two\"}]}\n```\nGood luck {}!";
        assert_eq!(read(&drafts, fenced), [Some(true), None]);
        for answer in ["", "}{", "I agree with all of them.", "{\"answers\":\"yes\"}"] {
            assert_eq!(read(&drafts, answer), [None, None], "{answer}");
        }
    }
}
