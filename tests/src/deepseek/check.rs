//! Answers to questions, found in their quotes alone.

use serde_json::{Map, Value, json};

use super::source::place;

/// What stands for the missing words in questions of this provider.
const GAP: &str = "_____";

/// The answers to the items of a check; null where the quote does not tell.
pub fn answers(items: &[Value]) -> Value {
    let answers = items.iter().map(|item| json!({ "id": item["id"], "answer": answer(item) }));
    json!({ "answers": answers.collect::<Vec<_>>() })
}

fn answer(item: &Value) -> Value {
    let quote = item["quote"].as_str().unwrap_or_default();
    let question = item["question"].as_str().unwrap_or_default();
    let mut standing: Vec<(usize, &str)> =
        texts(&item["options"]).filter_map(|option| Some((place(quote, option)?, option))).collect();
    match item["type"].as_str().unwrap_or_default() {
        "multiple_choice" => match standing.as_slice() {
            [(_, only)] => json!(only),
            _ => Value::Null,
        },
        "multiple_select" => json!(standing.iter().map(|(_, option)| option).collect::<Vec<_>>()),
        "ordering" => {
            standing.sort_unstable();
            json!(standing.iter().map(|(_, option)| option).collect::<Vec<_>>())
        }
        "true_false" => json!(if place(quote, question).is_some() { "True" } else { "False" }),
        "matching" => matched(item),
        "numeric" => missing(quote, question)
            .and_then(|text| text.parse::<f64>().ok())
            .map_or(Value::Null, Value::from),
        _ => missing(quote, question).map_or(Value::Null, Value::from),
    }
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Beginnings with the words that begin with them; null where it is not one each.
fn matched(item: &Value) -> Value {
    let mut pairs = Map::new();
    for left in texts(&item["left"]) {
        let mut fits = texts(&item["right"]).filter(|right| right.starts_with(left));
        match (fits.next(), fits.next()) {
            (Some(only), None) => pairs.insert(left.to_owned(), json!(only)),
            _ => return Value::Null,
        };
    }
    Value::Object(pairs)
}

/// What the quote has where the question has a gap.
pub fn missing<'a>(quote: &'a str, question: &str) -> Option<&'a str> {
    let quoted = question.split_once('“').and_then(|(_, rest)| Some(rest.rsplit_once('”')?.0));
    let (before, after) = quoted.unwrap_or(question).split_once(GAP)?;
    quote.trim().strip_prefix(before)?.strip_suffix(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_tell_the_answers() {
        let quote = "Cells contain 12 small membranes.";
        let cases = [
            (
                json!({"type": "multiple_choice", "options": ["cell", "membranes", "membrane"]}),
                json!("membranes"),
            ),
            (json!({"type": "multiple_choice", "options": ["small", "membranes"]}), Value::Null),
            (
                json!({"type": "multiple_select", "options": ["small", "x", "cells"]}),
                json!(["small", "cells"]),
            ),
            (json!({"type": "ordering", "options": ["small", "Cells"]}), json!(["Cells", "small"])),
            (json!({"type": "true_false", "question": "cells contain 12"}), json!("True")),
            (json!({"type": "true_false", "question": "Cells contain 13"}), json!("False")),
            (
                json!({"type": "matching", "left": ["Ce", "sm"], "right": ["small", "Cells"]}),
                json!({"Ce": "Cells", "sm": "small"}),
            ),
            (json!({"type": "matching", "left": ["Ce"], "right": ["small"]}), Value::Null),
            (json!({"type": "cloze", "question": "Cells _____ 12 small membranes."}), json!("contain")),
            (
                json!({"type": "short_answer", "question": "In “Cells contain 12 small _____.”?"}),
                json!("membranes"),
            ),
            (
                json!({"type": "numeric", "question": "In “Cells contain _____ small membranes.”?"}),
                json!(12.0),
            ),
        ];
        for (mut item, wanted) in cases {
            item["quote"] = json!(quote);
            assert_eq!(answer(&item), wanted, "{item}");
        }
    }
}
