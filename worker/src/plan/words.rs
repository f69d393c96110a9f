//! What tasks are called: in the words of a curriculum, or in plain ones.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use shared::domain::{PlanBrief, TaskKind};

use super::kinds::Lesson;

/// Longest list of subjects in a title, in characters.
const NAMES_MAX: usize = 80;
/// Characters of a topic that a description repeats.
const ABOUT_MAX: usize = 80;
/// Characters of the goals that tests remind of.
const GOALS_MAX: usize = 200;

/// What to learn, subject by subject in the order of the request, as a model proposes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Curriculum {
    /// Name of the plan.
    pub title: Option<String>,
    /// The units of each subject, in order.
    pub units: Vec<Vec<Unit>>,
}

/// One thing to learn or do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unit {
    /// Which tasks it is for.
    pub kind: TaskKind,
    /// Name of the tasks.
    pub title: String,
    /// How to go about it.
    pub description: String,
    /// Part of the subject.
    pub topic: Option<String>,
}

/// The words of a task.
pub(super) struct Text {
    pub title: String,
    pub description: String,
    pub topic: Option<String>,
}

/// Gives each lesson its words, in the order of time.
pub(super) struct Words<'a> {
    brief: &'a PlanBrief,
    curriculum: Option<&'a Curriculum>,
    totals: HashMap<(usize, TaskKind), usize>,
    given: HashMap<(usize, TaskKind), usize>,
}

impl<'a> Words<'a> {
    pub fn new(brief: &'a PlanBrief, curriculum: Option<&'a Curriculum>, lessons: &[Vec<Lesson>]) -> Self {
        let mut totals = HashMap::new();
        for lesson in lessons.iter().flatten() {
            *totals.entry((lesson.subject, lesson.kind)).or_default() += 1;
        }
        Self { brief, curriculum, totals, given: HashMap::new() }
    }

    /// The words of the next lesson.
    pub fn of(&mut self, lesson: Lesson) -> Text {
        let key = (lesson.subject, lesson.kind);
        let total = self.totals.get(&key).copied().unwrap_or(1);
        let number = self.given.entry(key).or_default();
        let place = *number;
        *number += 1;
        let units = self.curriculum.and_then(|curriculum| curriculum.units.get(lesson.subject));
        let units: Vec<&Unit> = units.into_iter().flatten().filter(|unit| unit.kind == lesson.kind).collect();
        match spread(&units, place, total) {
            Some((unit, part, parts)) => Text {
                title: numbered(&unit.title, part, parts),
                description: unit.description.clone(),
                topic: unit.topic.clone(),
            },
            None => self.plain(lesson, place + 1, total),
        }
    }

    fn plain(&self, lesson: Lesson, number: usize, total: usize) -> Text {
        let subject = &self.brief.subjects[lesson.subject];
        let about =
            subject.topic.as_ref().map_or_else(String::new, |topic| format!(" on {}", cut(topic, ABOUT_MAX)));
        let (what, how) = match lesson.kind {
            TaskKind::Study => (
                "new material",
                format!(
                    "Work through the next part of your material{about}. Take notes in your own words, and close \
                     with three questions that you could be asked."
                ),
            ),
            TaskKind::Practice => (
                "practice",
                format!(
                    "Solve exercises{about} without looking at your notes. Check them afterwards and write down \
                     what went wrong and why."
                ),
            ),
            TaskKind::Review => (
                "review",
                format!(
                    "Write down from memory what you have learned{about}, compare it with your notes, and repeat \
                     what was missing."
                ),
            ),
            TaskKind::Mock => (
                "mock test",
                format!(
                    "Answer questions{about} for {} minutes under the conditions of the exam, then mark them.{}",
                    lesson.minutes,
                    self.reminder()
                ),
            ),
            TaskKind::Break => ("break", String::new()),
        };
        Text {
            title: numbered(&format!("{}: {what}", subject.name), number, total),
            description: how,
            topic: subject.topic.clone(),
        }
    }

    fn reminder(&self) -> String {
        match self.brief.goals.as_deref().map(str::trim) {
            None | Some("") => String::new(),
            Some(goals) => format!(" Your goals: {}", cut(goals, GOALS_MAX)),
        }
    }
}

/// The unit for one of `total` tasks, which part of it that is and of how many: units are spread over the tasks in
/// order; where there are more units than tasks, the last ones are left out.
fn spread<'a>(units: &[&'a Unit], place: usize, total: usize) -> Option<(&'a Unit, usize, usize)> {
    let count = units.len().min(total);
    if count == 0 {
        return None;
    }
    let at = place * count / total;
    let first = (at * total).div_ceil(count);
    let next = ((at + 1) * total).div_ceil(count);
    Some((units[at], place - first + 1, next - first))
}

fn numbered(title: &str, number: usize, total: usize) -> String {
    if total == 1 { title.to_owned() } else { format!("{title} ({number} of {total})") }
}

/// The name of a plan.
pub(super) fn title(brief: &PlanBrief, curriculum: Option<&Curriculum>) -> String {
    if let Some(title) = curriculum.and_then(|curriculum| curriculum.title.clone()) {
        return title;
    }
    let names: Vec<&str> = brief.subjects.iter().map(|subject| subject.name.as_str()).collect();
    let fits = |count: &usize| names[..*count].join(", ").chars().count() <= NAMES_MAX;
    let shown = (1..=names.len()).take_while(fits).last().unwrap_or(1);
    let list = cut(&names[..shown].join(", "), NAMES_MAX);
    match names.len() - shown {
        0 => format!("Study plan: {list}"),
        more => format!("Study plan: {list} and {more} more"),
    }
}

/// The beginning of a text, of at most so many characters.
fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(title: &str) -> Unit {
        Unit { kind: TaskKind::Study, title: title.into(), description: String::new(), topic: None }
    }

    #[test]
    fn units_are_spread_over_the_tasks_in_order() {
        let units = [unit("a"), unit("b"), unit("c")];
        let units: Vec<&Unit> = units.iter().collect();
        let given = |total| -> Vec<String> {
            let each = (0..total).filter_map(|place| spread(&units, place, total));
            each.map(|(unit, part, parts)| format!("{}{part}/{parts}", unit.title)).collect()
        };
        assert_eq!(given(2), ["a1/1", "b1/1"]);
        assert_eq!(given(3), ["a1/1", "b1/1", "c1/1"]);
        assert_eq!(given(7), ["a1/3", "a2/3", "a3/3", "b1/2", "b2/2", "c1/2", "c2/2"]);
        assert_eq!(spread(&[], 0, 3).map(|(unit, ..)| unit), None);
    }
}
