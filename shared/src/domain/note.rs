//! Notes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::{Id, Timestamp, words::fold_case};

/// Most characters of a note's title.
pub const NOTE_TITLE_MAX: usize = 200;
/// Most bytes of a note's content in UTF-8.
pub const NOTE_CONTENT_MAX: usize = 1 << 20;
/// Most tags of a note.
pub const NOTE_TAGS_MAX: usize = 20;
/// Most characters of a tag.
pub const NOTE_TAG_MAX: usize = 50;
/// Most characters of a category.
pub const NOTE_CATEGORY_MAX: usize = 100;
/// Most bytes of a note's metadata as JSON.
pub const NOTE_METADATA_MAX: usize = 16 << 10;
/// Most levels of a note's metadata, the object itself included.
pub const NOTE_METADATA_DEPTH: usize = 8;
/// Most characters of a name within a note's metadata.
pub const NOTE_METADATA_NAME_MAX: usize = 100;
/// Characters of a content that lists show.
pub const EXCERPT_MAX: usize = 200;
/// Characters of a content that an excerpt is made of.
pub const EXCERPT_SOURCE: usize = 1000;
/// The name of a note without one.
const UNTITLED: &str = "Untitled";
/// Where a category stands in the metadata, as the old backend has it.
const CATEGORY: &str = "category";

/// What a note says about itself beyond its fields.
pub type Metadata = Map<String, Value>;

/// A note. Its category stands in its metadata as well, under `category`: there the old backend has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// The note's id.
    pub id: Id,
    /// Whose it is.
    pub user_id: Id,
    /// Its name.
    pub title: String,
    /// Its text, mostly Markdown.
    pub content: String,
    /// Its tags, distinct without regard to case.
    pub tags: Vec<String>,
    /// What it is filed under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Anything else.
    pub metadata: Metadata,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed; later with each change.
    pub updated_at: Timestamp,
}

/// What a new note holds, or which fields of a note change and to what.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NoteChange {
    /// The title.
    pub title: Option<String>,
    /// The content.
    pub content: Option<String>,
    /// All tags.
    pub tags: Option<Vec<String>>,
    /// The category; `Some(None)` takes it away.
    pub category: Option<Option<String>>,
    /// All metadata. A category in it counts when none is given beside it.
    pub metadata: Option<Metadata>,
}

impl NoteChange {
    /// The change in the form in which it is stored: space around names cut off, tags distinct, the category out of
    /// the metadata, whole numbers as such.
    pub fn cleaned(self) -> Self {
        let trimmed = |text: String| text.trim().to_owned();
        let mut metadata = self.metadata;
        let within = metadata.as_mut().and_then(|metadata| metadata.remove(CATEGORY));
        let within = within.map(|value| value.as_str().map(str::to_owned));
        if let Some(metadata) = &mut metadata {
            metadata.values_mut().for_each(whole_numbers);
        }
        Self {
            title: self.title.map(trimmed),
            content: self.content,
            tags: self.tags.map(distinct_tags),
            category: self.category.or(within).map(|category| category.map(trimmed)),
            metadata,
        }
    }
}

impl Note {
    /// A new note; without a title it takes one from its content.
    pub fn new(id: Id, user_id: Id, change: NoteChange, now: Timestamp) -> Self {
        let mut note = Self {
            id,
            user_id,
            title: String::new(),
            content: String::new(),
            tags: Vec::new(),
            category: None,
            metadata: Metadata::new(),
            created_at: now,
            updated_at: now,
        };
        note.apply(change);
        if note.title.is_empty() {
            note.title = title_of(&note.content).unwrap_or_else(|| UNTITLED.to_owned());
        }
        note
    }

    /// The note after a change.
    pub fn changed(mut self, change: NoteChange, now: Timestamp) -> Self {
        self.updated_at = now.max(Timestamp(self.updated_at.0 + 1));
        self.apply(change);
        self
    }

    fn apply(&mut self, change: NoteChange) {
        let change = change.cleaned();
        if let Some(title) = change.title {
            self.title = title;
        }
        if let Some(content) = change.content {
            self.content = content;
        }
        if let Some(tags) = change.tags {
            self.tags = tags;
        }
        if let Some(metadata) = change.metadata {
            self.metadata = metadata;
        }
        if let Some(category) = change.category {
            self.category = category;
        }
        match &self.category {
            Some(category) => drop(self.metadata.insert(CATEGORY.to_owned(), category.as_str().into())),
            None => drop(self.metadata.remove(CATEGORY)),
        }
    }
}

/// A deleted note.
#[derive(Debug, Clone, PartialEq)]
pub struct Trashed<T> {
    /// The note.
    pub note: T,
    /// When it was deleted.
    pub deleted_at: Timestamp,
}

/// The form in which tags are compared: without space around and without regard to case.
pub fn tag_key(tag: &str) -> String {
    fold_case(tag.trim())
}

/// The tags without space around, without empty ones, each once, as it was first written.
pub fn distinct_tags(tags: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    let tags = tags.into_iter().map(|tag| tag.trim().to_owned());
    tags.filter(|tag| !tag.is_empty() && seen.insert(tag_key(tag))).collect()
}

/// How often each name occurs, most often first, then by name. Names that are the same by `key` count as one, in the
/// spelling that most have, of several the first.
pub fn counted(
    names: impl IntoIterator<Item = (String, u64)>,
    key: impl Fn(&str) -> String,
) -> Vec<(String, u64)> {
    let mut spellings = std::collections::BTreeMap::<String, std::collections::BTreeMap<String, u64>>::new();
    for (name, count) in names {
        *spellings.entry(key(&name)).or_default().entry(name).or_default() += count;
    }
    let usual = |spellings: std::collections::BTreeMap<String, u64>| {
        let total = spellings.values().sum();
        let (name, _) = spellings.into_iter().rev().max_by_key(|(_, count)| *count)?;
        Some((name, total))
    };
    let mut names: Vec<(String, u64)> = spellings.into_values().filter_map(usual).collect();
    names.sort_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then_with(|| a.cmp(b)));
    names
}

/// The beginning of a content in one line, from its first [`EXCERPT_SOURCE`] characters.
pub fn excerpt(content: &str) -> String {
    let head: String = content.chars().take(EXCERPT_SOURCE).collect();
    let line = head.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(EXCERPT_MAX).collect();
    line.trim_end().to_owned()
}

/// The first line of a text with a letter or digit in it, without what makes it a heading in Markdown; cut to the
/// length of a title.
pub fn title_of(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.chars().any(char::is_alphanumeric))?;
    let line = line.trim().trim_start_matches('#').trim().trim_end_matches('#').trim_end();
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= NOTE_TITLE_MAX {
        return Some(line);
    }
    let head: String = line.chars().take(NOTE_TITLE_MAX - 1).collect();
    Some(format!("{}…", head.trim_end()))
}

/// Whether a text shows anything: it has more than white space and control characters.
pub fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !c.is_control())
}

/// Why metadata cannot be stored; none if it can.
pub fn metadata_fault(metadata: &Metadata) -> Option<String> {
    let size = serde_json::to_string(metadata).map_or(usize::MAX, |json| json.len());
    if size > NOTE_METADATA_MAX {
        return Some(format!("must have at most {NOTE_METADATA_MAX} bytes as JSON"));
    }
    metadata.iter().find_map(|(name, value)| value_fault(name, value, 2))
}

fn value_fault(name: &str, value: &Value, depth: usize) -> Option<String> {
    let length = name.chars().count();
    if length == 0 || length > NOTE_METADATA_NAME_MAX {
        return Some(format!("must have names of 1 to {NOTE_METADATA_NAME_MAX} characters"));
    }
    if name.starts_with('$') || name.contains(['.', '\0']) {
        return Some("must have names that do not begin with $ and hold neither . nor U+0000".to_owned());
    }
    element_fault(value, depth)
}

fn element_fault(value: &Value, depth: usize) -> Option<String> {
    let too_deep = || Some(format!("must have at most {NOTE_METADATA_DEPTH} levels"));
    match value {
        Value::String(text) if text.contains('\0') => Some("must not hold U+0000".to_owned()),
        Value::Array(items) if depth <= NOTE_METADATA_DEPTH => {
            items.iter().find_map(|item| element_fault(item, depth + 1))
        }
        Value::Object(fields) if depth <= NOTE_METADATA_DEPTH => {
            fields.iter().find_map(|(name, value)| value_fault(name, value, depth + 1))
        }
        Value::Array(_) | Value::Object(_) => too_deep(),
        _ => None,
    }
}

/// Writes numbers as databases keep them: whole ones as integers of 64 bits, others as doubles.
fn whole_numbers(value: &mut Value) {
    /// From here on doubles leave out whole numbers.
    const EXACT: f64 = (1_u64 << 53) as f64;
    match value {
        Value::Number(number) if number.as_i64().is_none() => {
            if let Some(double) = number.as_f64() {
                let whole = double.fract() == 0.0 && double.abs() <= EXACT;
                let kept = if whole { Some(Number::from(double as i64)) } else { Number::from_f64(double) };
                *number = kept.unwrap_or_else(|| Number::from(0));
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn metadata(value: Value) -> Metadata {
        value.as_object().unwrap().clone()
    }

    fn note(change: NoteChange) -> Note {
        Note::new(Id([1; 12]), Id([2; 12]), change, Timestamp(1000))
    }

    #[test]
    fn a_category_stands_in_the_metadata_too() {
        let filed = note(NoteChange {
            category: Some(Some(" Biology ".into())),
            metadata: Some(metadata(json!({ "category": "Other", "colour": "red" }))),
            ..Default::default()
        });
        assert_eq!(filed.category.as_deref(), Some("Biology"));
        assert_eq!(filed.metadata, metadata(json!({ "category": "Biology", "colour": "red" })));

        let renamed = filed.clone().changed(
            NoteChange { metadata: Some(metadata(json!({ "category": "Physics" }))), ..Default::default() },
            Timestamp(1000),
        );
        assert_eq!(renamed.category.as_deref(), Some("Physics"));
        assert_eq!(renamed.metadata, metadata(json!({ "category": "Physics" })));

        let kept = renamed.clone().changed(
            NoteChange { metadata: Some(metadata(json!({ "n": 1.0 }))), ..Default::default() },
            Timestamp(1000),
        );
        assert_eq!(kept.metadata, metadata(json!({ "category": "Physics", "n": 1 })));
        for change in [
            NoteChange { category: Some(None), ..Default::default() },
            NoteChange {
                metadata: Some(metadata(json!({ "category": null, "n": 1 }))),
                ..Default::default()
            },
        ] {
            let unfiled = kept.clone().changed(change, Timestamp(1000));
            assert_eq!((unfiled.category, unfiled.metadata), (None, metadata(json!({ "n": 1 }))));
        }
    }

    #[test]
    fn each_change_is_later() {
        let first = note(NoteChange::default());
        let second = first.clone().changed(NoteChange::default(), Timestamp(1000));
        assert_eq!(second.updated_at, Timestamp(1001));
        assert_eq!(
            second.clone().changed(NoteChange::default(), Timestamp(5000)).updated_at,
            Timestamp(5000)
        );
        assert_eq!(second.created_at, first.created_at);
    }

    #[test]
    fn a_note_without_a_title_takes_its_first_line() {
        let title = |content: &str| {
            note(NoteChange { content: Some(content.to_owned()), ..Default::default() }).title
        };
        assert_eq!(title("---\n\n## The cell ##\nis small"), "The cell");
        assert_eq!(title(" \n"), "Untitled");
        let long = title(&"word ".repeat(100));
        assert!(long.ends_with('…') && long.chars().count() <= NOTE_TITLE_MAX, "{long}");
    }

    #[test]
    fn tags_are_distinct_without_regard_to_case() {
        let tags = ["Bio", " bio ", "", "BÍO", "bío", "chem"].map(str::to_owned);
        assert_eq!(distinct_tags(tags), ["Bio", "BÍO", "chem"]);
    }

    #[test]
    fn names_are_counted_in_their_usual_spelling() {
        let names = [("b", 1), ("B", 2), ("a", 3), ("c", 5), ("C", 5)].map(|(name, n)| (name.to_owned(), n));
        assert_eq!(counted(names, tag_key), [("C".to_owned(), 10), ("B".to_owned(), 3), ("a".to_owned(), 3)]);
    }

    #[test]
    fn an_excerpt_is_the_beginning_in_one_line() {
        assert_eq!(excerpt("# Cells\n\n  are\tsmall. "), "# Cells are small.");
        assert_eq!(excerpt(&"ü".repeat(5000)).chars().count(), EXCERPT_MAX);
    }

    #[test]
    fn metadata_has_bounds() {
        let fault = |value: Value| metadata_fault(&metadata(value)).is_some();
        let deep = |levels: usize| (1..levels).fold(json!(1), |inner, _| json!({ "a": inner }));
        assert!(!fault(json!({ "a": [1, null, "x", { "b": true }] })) && !fault(json!({})));
        assert!(!fault(deep(NOTE_METADATA_DEPTH + 1)));
        assert!(fault(deep(NOTE_METADATA_DEPTH + 2)));
        for bad in [
            json!({ "$set": 1 }),
            json!({ "a.b": 1 }),
            json!({ "": 1 }),
            json!({ "a": { "b\0": 1 } }),
            json!({ "a": ["\0"] }),
            json!({ "x".repeat(101): 1 }),
            json!({ "a": "x".repeat(NOTE_METADATA_MAX) }),
        ] {
            assert!(fault(bad.clone()), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn an_excerpt_is_one_short_line(content in "[a é\n\t]{0,1500}") {
            let excerpt = excerpt(&content);
            prop_assert!(excerpt.chars().count() <= EXCERPT_MAX);
            prop_assert!(!excerpt.contains(['\n', '\t']));
            prop_assert_eq!(excerpt.trim(), &excerpt);
        }

        #[test]
        fn cleaning_twice_is_cleaning_once(
            title in "[ a-c]{0,9}", tags in prop::collection::vec("[ aAbB]{0,3}", 0..5), n in prop::num::f64::NORMAL
        ) {
            let change = NoteChange {
                title: Some(title),
                tags: Some(tags),
                metadata: Some(metadata(json!({ "n": n, "category": " x" }))),
                ..Default::default()
            };
            let once = change.cleaned();
            prop_assert_eq!(once.clone().cleaned(), once);
        }
    }
}
