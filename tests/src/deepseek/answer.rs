//! Good answers, made from the request itself: every question is proven by a sentence of its document, and every unit
//! of a curriculum belongs to a subject of its plan.

use serde_json::{Value, json};

use super::{
    check,
    request::{Ask, Quiz, read},
    source::{Sentence, number, place, sentences},
};

/// Wrong options where the document has too few other words.
const DISTRACTORS: [&str; 4] = ["Quixotry", "Zugzwang", "Vexillology", "Syzygy"];
/// Wrong options of a question.
const WRONG: usize = 3;
/// A key of about this many characters does not stand out among the options.
const USUAL_LENGTH: usize = 8;
/// Pairs of a matching question, and things to be put in order.
const ITEMS: usize = 3;

/// A good answer's text.
pub fn good(request: &Value) -> String {
    match read(request) {
        Ask::Quiz(quiz) => json!({ "questions": questions(&quiz, quiz.count()) }),
        Ask::Check(items) => check::answers(&items),
        Ask::Plan(form) => curriculum(&form),
        Ask::Other => json!({ "questions": [] }),
    }
    .to_string()
}

/// The answer's text up to the middle of the item after the first `count`; half a curriculum.
pub fn broken_off(request: &Value, count: usize) -> String {
    let (list, items) = match read(request) {
        Ask::Quiz(quiz) => ("questions", questions(&quiz, quiz.count())),
        Ask::Check(items) => ("answers", list_of(check::answers(&items), "answers")),
        Ask::Plan(_) | Ask::Other => {
            let whole = good(request);
            return whole[..whole.ceil_char_boundary(whole.len() / 2)].to_owned();
        }
    };
    let begun = items.iter().take(count).map(|item| format!("{item},")).collect::<String>();
    format!("{{\"{list}\":[{begun}{{\"type\":\"multiple_cho")
}

/// The items of an answer's list.
pub fn list_of(mut answer: Value, name: &str) -> Vec<Value> {
    match answer[name].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// Two units at most for each kind of task that a subject has.
fn curriculum(form: &Value) -> Value {
    let subjects = form["subjects"].as_array().into_iter().flatten().map(|subject| {
        let name = subject["name"].as_str().unwrap_or_default();
        let kinds = subject["tasks"].as_object().into_iter().flatten();
        let units = kinds.flat_map(|(kind, tasks)| {
            (1..=tasks.as_u64().unwrap_or(0).min(2)).map(move |number| {
                json!({
                    "type": kind, "topic": format!("Part {number}"), "title": format!("Scripted {kind} {number}"),
                    "description": format!("{name}: how to {kind} part {number}."),
                })
            })
        });
        json!({ "name": name, "units": units.collect::<Vec<_>>() })
    });
    json!({ "title": "A scripted plan", "subjects": subjects.collect::<Vec<_>>() })
}

/// As many questions as the sections asked about can prove, `count` at most.
pub fn questions(quiz: &Quiz<'_>, count: usize) -> Vec<Value> {
    let (types, sections, already) = (quiz.texts("types"), quiz.sections(), quiz.texts("already"));
    let difficulty = quiz.task.get("difficulty").cloned().unwrap_or_default();
    let all = sentences(quiz.source);
    let others: Vec<&str> = all.iter().flat_map(|sentence| sentence.words.iter().copied()).collect();
    let asked = |text: &str| {
        already.iter().any(|question| question.contains(text) || check::missing(text, question).is_some())
    };
    let wanted = |sentence: &&Sentence<'_>| {
        (sections.is_empty() || sections.contains(&sentence.section)) && !asked(sentence.text)
    };
    let mut left: Vec<&Sentence<'_>> = all.iter().filter(wanted).collect();
    let mut questions: Vec<Value> = Vec::new();
    for kind in types.into_iter().cycle().take(count) {
        // The first sentence that can prove a question of this kind is used up by it.
        let fit = left
            .iter()
            .enumerate()
            .find_map(|(at, sentence)| Some((at, question(kind, sentence, &others, &difficulty)?)));
        if let Some((at, question)) = fit {
            left.remove(at);
            questions.push(question);
        }
    }
    questions
}

/// Words of the document about as long as the key that do not stand in the sentence.
fn distractors<'a>(key: &str, sentence: &Sentence<'_>, others: &[&'a str]) -> Vec<&'a str> {
    let length = |word: &str| word.chars().count();
    let mut found: Vec<&str> = Vec::new();
    for spread in 0..=2 {
        // Not the same ones for every question.
        let turned = others.iter().cycle().skip(sentence.text.len() * 7).take(others.len());
        for word in turned.copied().chain(DISTRACTORS) {
            let like = |other: &str| {
                other.to_lowercase().contains(&word.to_lowercase())
                    || word.to_lowercase().contains(&other.to_lowercase())
            };
            let fits = length(word).abs_diff(length(key)) <= spread && word.parse::<f64>().is_err();
            if fits
                && place(sentence.text, word).is_none()
                && !like(key)
                && !found.iter().any(|other| like(other))
            {
                found.push(word);
            }
            if found.len() == WRONG {
                return found;
            }
        }
    }
    let spare = DISTRACTORS.iter().copied().filter(|word| !found.contains(word)).collect::<Vec<_>>();
    found.into_iter().chain(spare).take(WRONG).collect()
}

fn question(kind: &str, sentence: &Sentence<'_>, others: &[&str], difficulty: &Value) -> Option<Value> {
    let Sentence { page, text, words, .. } = sentence;
    let once = |word: &&&str| text.matches(**word).count() == 1 && word.parse::<f64>().is_err();
    let key = *words.iter().filter(once).min_by_key(|word| word.chars().count().abs_diff(USUAL_LENGTH))?;
    let gap = text.replacen(key, "_____", 1);
    let (question, options, answer) = match kind {
        "multiple_choice" => {
            let mut options = distractors(key, sentence, others);
            options.insert(1, key);
            (format!("Which word completes the sentence “{gap}”?"), json!(options), json!(key))
        }
        "multiple_select" => {
            let wrong = distractors(key, sentence, others);
            let second = words.iter().find(|word| !word.contains(key) && !key.contains(**word))?;
            let options = json!([second, wrong[0], key, wrong[1]]);
            (format!("Which words occur where a text says “{text}”?"), options, json!([second, key]))
        }
        "true_false" => ((*text).to_owned(), json!([]), json!("True")),
        "short_answer" => (format!("Which word is missing in “{gap}”?"), json!([]), json!(key)),
        "cloze" if text.contains("__") => return None,
        "cloze" => (gap, json!([]), json!(key)),
        "numeric" => {
            let number = number(text)?;
            let question = format!("Which number is missing in “{}”?", text.replacen(number, "_____", 1));
            (question, json!([]), json!(number.parse::<u64>().ok()?))
        }
        "matching" => {
            let mut pairs = serde_json::Map::new();
            for word in words {
                pairs.entry(beginning(word)).or_insert_with(|| json!(word));
            }
            let pairs: serde_json::Map<_, _> = pairs.into_iter().take(ITEMS).collect();
            (pairs.len() == ITEMS).then_some(())?;
            (format!("Match the beginnings with words of “{text}”"), json!([]), Value::Object(pairs))
        }
        "ordering" => {
            let order = json!(words[..ITEMS]);
            (format!("Put words in the order of “{text}”"), order.clone(), order)
        }
        _ => return None,
    };
    Some(json!({
        "type": kind, "question": question, "options": options, "answer": answer, "accepted": [],
        "tolerance": if kind == "numeric" { json!(0) } else { Value::Null },
        "explanation": format!("The source says: {text}"),
        "difficulty": difficulty, "bloom": "remember", "quote": text, "page": page,
    }))
}

/// The first half of a word.
fn beginning(word: &str) -> String {
    word.chars().take(word.chars().count().div_ceil(2)).collect()
}
