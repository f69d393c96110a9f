//! Answers made from the request itself: every question is proven by a sentence of its document, and every unit of a
//! curriculum belongs to a subject of its plan.

use serde_json::{Value, json};

const DISTRACTORS: [&str; 4] = ["Quixotry", "Zugzwang", "Vexillology", "Syzygy"];
const SHORTEST_WORD: usize = 4;

/// A sentence of the document, and the page it is on.
struct Sentence<'a> {
    page: usize,
    text: &'a str,
    words: Vec<&'a str>,
}

/// A good answer's text.
pub fn good(request: &Value) -> String {
    match form(request) {
        Some(form) => curriculum(&form).to_string(),
        None => json!({ "questions": questions(request) }).to_string(),
    }
}

/// The answer's text up to the middle of the question after the first `count`; half a curriculum.
pub fn broken_off(request: &Value, count: usize) -> String {
    if form(request).is_some() {
        let whole = good(request);
        return whole[..whole.ceil_char_boundary(whole.len() / 2)].to_owned();
    }
    let items: Vec<_> = questions(request).iter().take(count).map(Value::to_string).collect();
    format!(
        "{{\"questions\":[{}{}{{\"type\":\"multiple_cho",
        items.join(","),
        if items.is_empty() { "" } else { "," }
    )
}

fn contents(request: &Value) -> impl DoubleEndedIterator<Item = &str> {
    let messages = request["messages"].as_array().map_or(&[][..], Vec::as_slice);
    messages.iter().filter_map(|message| message["content"].as_str())
}

/// The form with the subjects of a plan, where one is asked for.
fn form(request: &Value) -> Option<Value> {
    let form: Value = serde_json::from_str(contents(request).next_back()?).ok()?;
    form["subjects"].is_array().then_some(form)
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

/// The questions a good answer holds.
fn questions(request: &Value) -> Vec<Value> {
    let task =
        contents(request).next_back().and_then(|text| text.trim_end().lines().last()).unwrap_or_default();
    let task: Value = serde_json::from_str(task).unwrap_or_default();
    let Some(source) = contents(request).find(|text| text.starts_with("<<<SOURCE ")) else {
        return Vec::new();
    };

    let types = task["types"].as_array().cloned().unwrap_or_default();
    let count = task["count"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
    let already = task["already"].as_array().cloned().unwrap_or_default();
    let mut sentences = sentences(source);
    let mut questions: Vec<Value> = Vec::new();
    for kind in types.iter().filter_map(Value::as_str).cycle().take(count) {
        // The first sentence that can prove a question of this kind is used up by it.
        let fit = sentences.iter().enumerate().find_map(|(at, sentence)| {
            let question = question(kind, sentence, &task["difficulty"])?;
            (!already.contains(&question["question"])).then_some((at, question))
        });
        if let Some((at, question)) = fit {
            sentences.remove(at);
            questions.push(question);
        }
    }
    questions
}

fn sentences(source: &str) -> Vec<Sentence<'_>> {
    let Some(code) = source.lines().next().and_then(|line| line.strip_prefix("<<<SOURCE ")) else {
        return Vec::new();
    };
    let mut page = 0;
    let mut found: Vec<Sentence<'_>> = Vec::new();
    for line in source.lines() {
        if line.ends_with(code) && line.starts_with("<<<") {
            page += usize::from(line.starts_with("<<<PAGE "));
            continue;
        }
        for text in line.split_inclusive(['.', '!', '?', '。']).map(str::trim) {
            let runs = || text.split(|char: char| !char.is_alphanumeric());
            let mut words = distinct(runs().filter(|word| word.chars().count() >= SHORTEST_WORD));
            if words.len() < 3 {
                // Scripts without spaces: any two characters make a word.
                words = distinct(runs().flat_map(pairs));
            }
            if words.len() >= 3 && found.iter().all(|sentence| sentence.text != text) {
                found.push(Sentence { page, text, words });
            }
        }
    }
    found
}

fn distinct<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    words.fold(Vec::new(), |mut words, word| {
        if !words.contains(&word) {
            words.push(word);
        }
        words
    })
}

fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let starts: Vec<_> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    (0..starts.len() / 2).filter_map(move |pair| run.get(starts[pair * 2]..*starts.get(pair * 2 + 2)?))
}

fn question(kind: &str, sentence: &Sentence<'_>, difficulty: &Value) -> Option<Value> {
    let Sentence { page, text, words } = sentence;
    let longest = words.iter().rev().max_by_key(|word| word.chars().count())?;
    let gap = text.replacen(longest, "_____", 1);
    let others = &DISTRACTORS;
    let (question, options, answer) = match kind {
        "multiple_choice" => {
            let options = json!([others[0], longest, others[1], others[2]]);
            (format!("Which word completes the sentence “{gap}”?"), options, json!(longest))
        }
        "multiple_select" => {
            let options = json!([words[0], others[0], words[1], others[1]]);
            (format!("Which words occur where a text says “{gap}”?"), options, json!([words[0], words[1]]))
        }
        "true_false" => ((*text).to_owned(), json!([]), json!("True")),
        "short_answer" => (format!("Which word is missing in “{gap}”?"), json!([]), json!(longest)),
        "cloze" => (gap, json!([]), json!(longest)),
        "numeric" => {
            let number = text.split(|char: char| !char.is_ascii_digit()).find(|digits| !digits.is_empty())?;
            let question = format!("Which number is missing in “{}”?", text.replacen(number, "…", 1));
            (question, json!([]), json!(number.parse::<u64>().ok()?))
        }
        "matching" => {
            let first = |word: &str| word.chars().take(SHORTEST_WORD - 1).collect::<String>();
            let pairs: serde_json::Map<_, _> =
                words.iter().take(3).map(|word| (first(word), json!(word))).collect();
            (pairs.len() >= 2).then_some(())?;
            (format!("Match the beginnings with words of “{text}”"), json!([]), Value::Object(pairs))
        }
        "ordering" => {
            let order = json!(words[..3]);
            (format!("Put words in the order of “{gap}”"), order.clone(), order)
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
