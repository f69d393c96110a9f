//! Answers that follow the protocol and are wrong all the same.

use serde_json::{Value, json};

use super::{
    answer::{list_of, questions},
    check,
    request::{Ask, read},
};

/// What is wrong with an answer's content. What does not apply to a call's kind leaves its answer good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// An empty JSON object.
    BlankJson,
    /// An empty list.
    Empty,
    /// Twice as many questions as asked for.
    Twice,
    /// Half as many.
    Half,
    /// The key is something else than what the quote says.
    WrongKey,
    /// A typed answer is made of punctuation, which is found everywhere once it is folded away.
    PunctuationKey,
    /// Two options are the same.
    DuplicatedOptions,
    /// Three options of a multiple-choice question.
    ThreeOptions,
    /// Five options of a multiple-choice question.
    FiveOptions,
    /// One word of the quote is another.
    ChangedQuote,
    /// Each question lacks a member.
    MissingMembers,
    /// Members have other types than they should.
    WrongTypes,
    /// A check answers what was not asked.
    WrongIds,
    /// A check leaves out answers.
    MissingAnswers,
    /// A check picks other answers than the quotes give.
    Contradicts,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::BlankJson,
        Self::Empty,
        Self::Twice,
        Self::Half,
        Self::WrongKey,
        Self::PunctuationKey,
        Self::DuplicatedOptions,
        Self::ThreeOptions,
        Self::FiveOptions,
        Self::ChangedQuote,
        Self::MissingMembers,
        Self::WrongTypes,
        Self::WrongIds,
        Self::MissingAnswers,
        Self::Contradicts,
    ];

    /// The answer's text to a request.
    pub fn answer(self, request: &Value) -> String {
        match (self, read(request)) {
            (Self::BlankJson, _) => json!({}),
            (Self::Empty, Ask::Check(_)) => json!({ "answers": [] }),
            (Self::Empty, _) => json!({ "questions": [] }),
            (_, Ask::Quiz(quiz)) => {
                let count = match self {
                    Self::Twice => quiz.count() * 2,
                    Self::Half => quiz.count() / 2,
                    _ => quiz.count(),
                };
                let mut items = questions(&quiz, count);
                items.iter_mut().enumerate().for_each(|(at, item)| self.spoil_question(at, item));
                json!({ "questions": items })
            }
            (_, Ask::Check(items)) => {
                let mut answers = list_of(check::answers(&items), "answers");
                self.spoil_answers(&items, &mut answers);
                json!({ "answers": answers })
            }
            (_, Ask::Plan(_) | Ask::Other) => return super::answer::good(request),
        }
        .to_string()
    }

    fn spoil_question(self, at: usize, item: &mut Value) {
        match self {
            Self::WrongKey => wrong_key(item),
            Self::PunctuationKey if !has_options(item) && item["answer"].is_string() => {
                item["answer"] = json!("().");
            }
            Self::DuplicatedOptions if has_options(item) => item["options"][3] = item["options"][0].clone(),
            Self::ThreeOptions | Self::FiveOptions if has_options(item) => {
                let options = item["options"].as_array_mut().expect("options");
                match self {
                    Self::ThreeOptions => drop(options.pop()),
                    _ => options.push(json!("One more than four")),
                }
            }
            Self::ChangedQuote => change_word(&mut item["quote"]),
            Self::MissingMembers => {
                let names = ["quote", "question", "answer", "type", "options"];
                item.as_object_mut().expect("a question").remove(names[at % names.len()]);
            }
            Self::WrongTypes => {
                let (name, value) = match at % 5 {
                    0 => ("question", json!(["a", "list"])),
                    1 => ("quote", json!(7)),
                    2 => ("answer", json!({ "text": [] })),
                    3 => ("options", json!("a, b, c, d")),
                    _ => ("type", json!(3)),
                };
                item[name] = value;
            }
            _ => {}
        }
    }

    fn spoil_answers(self, items: &[Value], answers: &mut Vec<Value>) {
        match self {
            Self::WrongIds => answers.iter_mut().for_each(|answer| answer["id"] = json!("none")),
            Self::MissingAnswers => answers.truncate(answers.len() / 2),
            Self::Contradicts => {
                for (item, answer) in items.iter().zip(answers) {
                    let mut whole = item.clone();
                    whole["answer"] = answer["answer"].take();
                    wrong_key(&mut whole);
                    answer["answer"] = whole["answer"].take();
                }
            }
            _ => {}
        }
    }
}

fn has_options(item: &Value) -> bool {
    item["options"].as_array().is_some_and(|options| options.len() > 3)
}

/// Replaces the answer by one of the same form that the quote does not give.
pub fn wrong_key(item: &mut Value) {
    let others: Vec<Value> = item["options"].as_array().cloned().unwrap_or_default();
    let is_select = item["type"] == "multiple_select";
    let answer = &mut item["answer"];
    match answer {
        Value::String(text) if text == "True" => *answer = json!("False"),
        Value::String(text) if text == "False" => *answer = json!("True"),
        Value::String(text) => {
            let other = others.into_iter().find(|option| option != text.as_str());
            *answer = other.unwrap_or_else(|| json!("Brouhaha"));
        }
        Value::Array(texts) if is_select => {
            let kept = others.into_iter().filter(|option| !texts.contains(option)).collect();
            *answer = Value::Array(kept);
        }
        Value::Array(texts) => texts.reverse(),
        Value::Object(pairs) => {
            let mut values: Vec<Value> = pairs.values().cloned().collect();
            values.rotate_left(1);
            pairs.values_mut().zip(values).for_each(|(old, new)| *old = new);
        }
        Value::Number(number) => *answer = json!(number.as_f64().unwrap_or_default() + 1.0),
        Value::Null | Value::Bool(_) => {
            *answer = others.first().cloned().unwrap_or_else(|| json!("Brouhaha"))
        }
    }
}

/// Replaces the longest word by one that no document has.
fn change_word(quote: &mut Value) {
    let text = quote.as_str().unwrap_or_default();
    let longest = super::source::words(text).into_iter().max_by_key(|word| word.len()).unwrap_or(text);
    *quote = json!(text.replacen(longest, "brouhaha", 1));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(types: &[&str]) -> Value {
        let text = "Membranes regulate which molecules enter. Glucose contains exactly 6 carbon atoms. \
                    Ribosomes assemble proteins from amino acids. Enzymes accelerate chemical reactions greatly.";
        let source = format!("<<<SOURCE ab\n<<<PAGE 1 ab\n{text}\n<<<END ab");
        let task = json!({ "count": 2, "types": types, "difficulty": "easy", "already": [] });
        json!({ "messages": [{ "content": "rules" }, { "content": source }, { "content": format!("json\n{task}") }] })
    }

    #[test]
    fn a_flawed_answer_differs_from_a_good_one() {
        let of_checks = [Flaw::WrongIds, Flaw::MissingAnswers, Flaw::Contradicts];
        for flaw in Flaw::ALL {
            let request = request(&[if flaw == Flaw::PunctuationKey { "cloze" } else { "multiple_choice" }]);
            let good = super::super::answer::good(&request);
            assert_eq!(flaw.answer(&request) == good, of_checks.contains(&flaw), "{flaw:?}");
        }
    }

    #[test]
    fn every_type_gets_a_wrong_key_that_a_check_finds() {
        for kind in
            ["multiple_choice", "multiple_select", "true_false", "matching", "ordering", "cloze", "numeric"]
        {
            let answer: Value = serde_json::from_str(&Flaw::WrongKey.answer(&request(&[kind]))).unwrap();
            let mut item = answer["questions"][0].clone();
            let key = item["answer"].take();
            if let Value::Object(pairs) = &key {
                item["left"] = json!(pairs.keys().collect::<Vec<_>>());
                item["right"] = json!(pairs.values().collect::<Vec<_>>());
            }
            let found = check::answers(&[item.clone()])["answers"][0]["answer"].clone();
            assert_ne!(found, key, "{item}");
            assert!(!found.is_null(), "{item}");
        }
    }
}
