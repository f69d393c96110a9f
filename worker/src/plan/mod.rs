//! Study plans without a model: which subject is studied when, for how long and in which way. The same request on the
//! same day gives the same plan. A model may bring the words; what is told here of days and minutes holds either way:
//!
//! - no day has more than its hours, breaks included, and nothing is due on the day of the exam or later;
//! - a subject of higher priority and difficulty has no less time than one of lower;
//! - every subject occurs where there are as many sessions as subjects, and its first task is to study it;
//! - no subject comes three times in a row on a day, and nobody works longer than [`WORK_MAX`] without a break.

mod allot;
mod kinds;
mod reschedule;
mod timetable;
mod words;

use shared::domain::{Day, Phase, PlanBrief, PlanDay, PlanTask, Priority, TaskKind, Timestamp, Zone};

pub(crate) use reschedule::reschedule;
pub(crate) use words::{Curriculum, Unit};

use kinds::Lesson;
use timetable::{Piece, Timetable};

/// Longest work without a break, in minutes.
const WORK_MAX: u32 = 50;
/// Length of a break, in minutes.
const BREAK: u32 = 10;
/// Shortest task, in minutes.
const TASK_MIN: u32 = 10;

/// From when on days can be planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    /// The student's present day.
    pub today: Day,
    /// Whole minutes that are left of it.
    pub minutes_left: u32,
}

impl Start {
    /// The present in a zone.
    pub fn at(now: Timestamp, zone: &Zone) -> Self {
        let today = zone.day(now);
        let left = zone.start_of(today.plus(1)).since(now).as_secs() / 60;
        Self { today, minutes_left: left.try_into().unwrap_or(u32::MAX) }
    }

    /// Minutes for study on a day, breaks included.
    fn minutes_on(self, brief: &PlanBrief, day: Day) -> u32 {
        let hours = brief.minutes_on(day);
        if day == self.today { hours.min(self.minutes_left) } else { hours }
    }
}

/// A plan without its owner.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Made {
    pub title: String,
    pub phases: Vec<Phase>,
    pub days: Vec<PlanDay>,
}

/// The days up to the exam, before their tasks have words.
pub(crate) struct Layout<'a> {
    brief: &'a PlanBrief,
    timetable: Timetable,
    lessons: Vec<Vec<Lesson>>,
}

impl<'a> Layout<'a> {
    /// Plans the days up to the exam; none if no day has time.
    pub fn new(brief: &'a PlanBrief, start: Start) -> Option<Self> {
        let timetable = timetable::lay_out(brief, start)?;
        let sessions: Vec<_> = timetable.sessions().collect();
        let subjects = allot::subjects(&brief.subjects, &sessions);
        let lessons = kinds::lessons(&sessions, &subjects);
        Some(Self { brief, timetable, lessons })
    }

    /// How many tasks of a kind a subject has, by its place in the request.
    pub fn count(&self, subject: usize, kind: TaskKind) -> usize {
        let same = |lesson: &&Lesson| lesson.subject == subject && lesson.kind == kind;
        self.lessons.iter().flatten().filter(same).count()
    }

    /// How many days have tasks.
    pub fn days(&self) -> usize {
        self.timetable.days.len()
    }

    /// The plan, in the words of a curriculum where there is one.
    pub fn write(&self, curriculum: Option<&Curriculum>) -> Made {
        let words = words::Words::new(self.brief, curriculum, &self.lessons);
        let mut writer = Writer { brief: self.brief, words, ids: 0 };
        let mut lessons = self.lessons.iter();
        let days = self.timetable.days.iter().map(|day| PlanDay {
            date: day.date,
            tasks: day.pieces.iter().flat_map(|piece| writer.tasks(*piece, &mut lessons)).collect(),
        });
        Made {
            days: days.collect(),
            title: words::title(self.brief, curriculum),
            phases: self.timetable.phases(),
        }
    }
}

/// Numbers tasks and gives them their words.
struct Writer<'a> {
    brief: &'a PlanBrief,
    words: words::Words<'a>,
    ids: u32,
}

impl Writer<'_> {
    fn tasks<'l>(
        &mut self,
        piece: Piece,
        lessons: &mut impl Iterator<Item = &'l Vec<Lesson>>,
    ) -> Vec<PlanTask> {
        match piece {
            Piece::Break => vec![rest(self.id())],
            Piece::Work(_) => lessons.next().into_iter().flatten().map(|lesson| self.task(*lesson)).collect(),
        }
    }

    fn task(&mut self, lesson: Lesson) -> PlanTask {
        let subject = &self.brief.subjects[lesson.subject];
        let text = self.words.of(lesson);
        PlanTask {
            id: self.id(),
            title: text.title,
            description: text.description,
            subject: subject.name.clone(),
            topic: text.topic,
            estimated_duration: lesson.minutes,
            priority: subject.priority,
            kind: lesson.kind,
            completed: false,
            completed_at: None,
        }
    }

    fn id(&mut self) -> String {
        self.ids += 1;
        format!("t{}", self.ids)
    }
}

/// A break.
fn rest(id: String) -> PlanTask {
    PlanTask {
        id,
        title: "Break".to_owned(),
        description: "Leave the desk, move and drink something.".to_owned(),
        subject: String::new(),
        topic: None,
        estimated_duration: BREAK,
        priority: Priority::Low,
        kind: TaskKind::Break,
        completed: false,
        completed_at: None,
    }
}

#[cfg(test)]
mod tests;
