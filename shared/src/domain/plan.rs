//! Study plans: what was asked for, the days with their tasks, and how far the student is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Day, Generation, Id, Timestamp};

mod brief;
mod progress;

pub use brief::{Availability, PlanBrief, Priority, Subject, SubjectDifficulty};
pub use progress::{OpenDay, PlanProgress, Workload};

/// What a task is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// Learning something new.
    Study,
    /// Applying what was learned.
    Practice,
    /// Recalling what was learned before.
    Review,
    /// A test under the conditions of the exam.
    Mock,
    /// Rest between tasks; counted nowhere.
    Break,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanTask {
    /// Opaque, unique inside its plan.
    pub id: String,
    /// What to do, in a few words.
    pub title: String,
    /// How to do it.
    pub description: String,
    /// The subject's name; empty for a break.
    pub subject: String,
    /// Part of the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Minutes.
    pub estimated_duration: u32,
    /// How much it matters.
    pub priority: Priority,
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: TaskKind,
    /// Whether it is done.
    pub completed: bool,
    /// When it was ticked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
}

impl PlanTask {
    /// Whether it counts as work: everything but breaks does.
    pub fn is_work(&self) -> bool {
        self.kind != TaskKind::Break
    }

    /// Whether it is work that is still to be done.
    pub fn is_open(&self) -> bool {
        self.is_work() && !self.completed
    }
}

/// The tasks of one day, in the order to do them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanDay {
    /// The day.
    pub date: Day,
    /// Its tasks.
    pub tasks: Vec<PlanTask>,
}

impl PlanDay {
    /// Minutes of everything on the day, breaks included.
    pub fn minutes(&self) -> u32 {
        self.tasks.iter().map(|task| task.estimated_duration).sum()
    }
}

/// A stretch of the plan with one aim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Phase {
    /// Its aim in a word or two.
    pub name: String,
    /// Its first day.
    pub from: Day,
    /// Its last day.
    pub to: Day,
}

/// A study plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The plan's id; it comes from the job that made it.
    #[serde(rename = "_id")]
    pub id: Id,
    /// Whose plan it is.
    pub user_id: Id,
    /// Shown name.
    pub title: String,
    /// What it was made from, and what a reschedule keeps to.
    pub brief: PlanBrief,
    /// By what it was generated.
    pub generation: Generation,
    /// Its phases, in order.
    pub phases: Vec<Phase>,
    /// Days with tasks, in order; each date once.
    pub days: Vec<PlanDay>,
    /// Opens the calendar feed without a login.
    pub feed_token: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Rises with every write.
    pub rev: i64,
}

/// A change to a task; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskChange {
    /// The day to do it on.
    pub date: Option<Day>,
    /// Whether it is done.
    pub completed: Option<bool>,
    /// What to do.
    pub title: Option<String>,
    /// How to do it.
    pub description: Option<String>,
    /// The subject's name.
    pub subject: Option<String>,
    /// Part of the subject; empty for none.
    pub topic: Option<String>,
    /// Minutes.
    pub estimated_duration: Option<u32>,
    /// How much it matters.
    pub priority: Option<Priority>,
    /// What it is for.
    pub kind: Option<TaskKind>,
}

impl Plan {
    /// Bytes that its tasks take when stored, at most; whether they are done makes no difference.
    pub fn bulk(&self) -> usize {
        /// Names of fields, numbers, dates and the like.
        const BESIDE_TEXTS: usize = 400;
        let tasks = self.days.iter().flat_map(|day| &day.tasks);
        let texts = |task: &PlanTask| {
            let topic = task.topic.as_ref().map_or(0, String::len);
            task.title.len() + task.description.len() + task.subject.len() + topic
        };
        tasks.map(|task| BESIDE_TEXTS + texts(task)).sum()
    }

    /// What there is to do in it.
    pub fn workload(&self) -> Workload {
        Workload::of(&self.days)
    }

    /// A task and the day it is on.
    pub fn task(&self, id: &str) -> Option<(Day, &PlanTask)> {
        let mut tasks = self.days.iter().flat_map(|day| day.tasks.iter().map(|task| (day.date, task)));
        tasks.find(|(_, task)| task.id == id)
    }

    /// Whether a reschedule has something to do today: an open task was due before, stands on the exam's day or
    /// later, or on a day that has more tasks than hours.
    pub fn is_unsettled(&self, today: Day) -> bool {
        self.days.iter().any(|day| {
            let open = day.tasks.iter().any(PlanTask::is_open);
            let misplaced = day.date < today || day.date >= self.brief.exam_date;
            open && (misplaced || day.minutes() > self.brief.minutes_on(day.date))
        })
    }

    /// Changes a task; false if there is none with this id. One that moves goes to the end of its new day.
    pub fn change_task(&mut self, id: &str, change: &TaskChange, now: Timestamp) -> bool {
        let place = self.days.iter().enumerate().find_map(|(day, tasks)| {
            tasks.tasks.iter().position(|task| task.id == id).map(|task| (day, task))
        });
        let Some((day, at)) = place else { return false };
        change.apply(&mut self.days[day].tasks[at], now);
        if let Some(date) = change.date.filter(|date| *date != self.days[day].date) {
            let task = self.days[day].tasks.remove(at);
            self.day_mut(date).tasks.push(task);
            self.drop_idle_days();
        }
        true
    }

    /// A day, made when the plan has none.
    pub fn day_mut(&mut self, date: Day) -> &mut PlanDay {
        let at = self.days.binary_search_by_key(&date, |day| day.date).unwrap_or_else(|at| {
            self.days.insert(at, PlanDay { date, tasks: Vec::new() });
            at
        });
        &mut self.days[at]
    }

    /// Removes days on which there is nothing to do but rest.
    pub fn drop_idle_days(&mut self) {
        self.days.retain(|day| day.tasks.iter().any(PlanTask::is_work));
    }
}

impl TaskChange {
    /// Makes the change, but for the day.
    pub fn apply(&self, task: &mut PlanTask, now: Timestamp) {
        fn set<T: Clone>(field: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                field.clone_from(value);
            }
        }
        set(&mut task.title, self.title.as_ref());
        set(&mut task.description, self.description.as_ref());
        set(&mut task.subject, self.subject.as_ref());
        set(&mut task.estimated_duration, self.estimated_duration.as_ref());
        set(&mut task.priority, self.priority.as_ref());
        set(&mut task.kind, self.kind.as_ref());
        if let Some(topic) = &self.topic {
            task.topic = Some(topic.clone()).filter(|topic| !topic.is_empty());
        }
        match self.completed {
            Some(true) if !task.completed => (task.completed, task.completed_at) = (true, Some(now)),
            Some(false) => (task.completed, task.completed_at) = (false, None),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
