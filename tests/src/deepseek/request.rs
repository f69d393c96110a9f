//! What a request asks for, read from its messages as a model would read them.

use serde_json::{Map, Value};

/// The kinds of call the product makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Questions about a document.
    Quiz,
    /// Answers to questions, found in their quotes alone.
    Check,
    /// The words of a study plan.
    Plan,
    /// None of these.
    Other,
}

/// Whether the model thinks before it answers; so it does unless it is told not to.
pub fn thinks(request: &Value) -> bool {
    request["thinking"]["type"] != "disabled"
}

/// What a request asks for.
pub enum Ask<'a> {
    Quiz(Quiz<'a>),
    Check(Vec<Value>),
    Plan(Value),
    Other,
}

/// Questions about a document.
pub struct Quiz<'a> {
    /// The document between its fences.
    pub source: &'a str,
    /// The last line of the task.
    pub task: Map<String, Value>,
}

impl Quiz<'_> {
    /// How many questions are asked for.
    pub fn count(&self) -> usize {
        let count = self.task.get("count").and_then(Value::as_u64);
        count.and_then(|count| usize::try_from(count).ok()).unwrap_or(1)
    }

    /// The texts of a list of the task.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        self.list(name).filter_map(Value::as_str).collect()
    }

    /// The sections to ask about; empty for the whole source.
    pub fn sections(&self) -> Vec<u64> {
        self.list("sections").filter_map(Value::as_u64).collect()
    }

    fn list(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.task.get(name).and_then(Value::as_array).into_iter().flatten()
    }
}

impl Ask<'_> {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Quiz(_) => Kind::Quiz,
            Self::Check(_) => Kind::Check,
            Self::Plan(_) => Kind::Plan,
            Self::Other => Kind::Other,
        }
    }
}

/// The contents of all messages, in order.
pub fn contents(request: &Value) -> Vec<&str> {
    let messages = request["messages"].as_array().map_or(&[][..], Vec::as_slice);
    messages.iter().filter_map(|message| message["content"].as_str()).collect()
}

/// What a request asks for.
pub fn read(request: &Value) -> Ask<'_> {
    let contents = contents(request);
    let last = contents.last().copied().unwrap_or_default().trim_end();
    if let Ok(Value::Object(mut form)) = serde_json::from_str::<Value>(last) {
        if form.get("subjects").is_some_and(Value::is_array) {
            return Ask::Plan(Value::Object(form));
        }
        if let Some(Value::Array(items)) = form.remove("items") {
            return Ask::Check(items);
        }
    }
    let task = last.lines().last().and_then(|line| serde_json::from_str(line).ok());
    match (task, contents.iter().find(|text| text.starts_with("<<<SOURCE "))) {
        (Some(task), Some(source)) => Ask::Quiz(Quiz { source, task }),
        _ => Ask::Other,
    }
}
