//! How far a student is, counted from tasks. Breaks are not counted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PlanDay, PlanTask};
use crate::domain::Day;

/// What there is to do in a plan. Stored beside its days, so that lists need not read them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// Tasks that are done.
    pub tasks_done: u32,
    /// All tasks.
    pub tasks_total: u32,
    /// Minutes of the tasks that are done.
    pub minutes_done: u32,
    /// Minutes of all tasks.
    pub minutes_total: u32,
    /// Days on which something is still to be done, in order.
    pub open: Vec<OpenDay>,
}

/// What is still to be done on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDay {
    /// The day.
    pub date: Day,
    /// Tasks.
    pub tasks: u32,
    /// Their minutes.
    pub minutes: u32,
}

/// How far a student is with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanProgress {
    /// Tasks that are done.
    pub tasks_done: u32,
    /// All tasks; breaks are none.
    pub tasks_total: u32,
    /// Minutes of the tasks that are done.
    pub minutes_done: u32,
    /// Minutes of all tasks.
    pub minutes_total: u32,
    /// Share of the minutes that is done, 0–100, one decimal.
    #[schema(minimum = 0, maximum = 100)]
    pub percent: f64,
    /// Minutes that were due before today and are not done.
    pub behind_minutes: u32,
    /// Whether nothing was missed.
    pub on_track: bool,
}

impl Workload {
    /// Counts the tasks of these days.
    pub fn of(days: &[PlanDay]) -> Self {
        let mut load = Self::default();
        for day in days {
            let mut open = OpenDay { date: day.date, tasks: 0, minutes: 0 };
            for task in day.tasks.iter().filter(|task| task.is_work()) {
                let minutes = task.estimated_duration;
                load.tasks_total += 1;
                load.minutes_total += minutes;
                if PlanTask::is_open(task) {
                    open.tasks += 1;
                    open.minutes += minutes;
                } else {
                    load.tasks_done += 1;
                    load.minutes_done += minutes;
                }
            }
            if open.tasks > 0 {
                load.open.push(open);
            }
        }
        load
    }

    /// How far the student is today.
    pub fn progress(&self, today: Day) -> PlanProgress {
        let missed = self.open.iter().filter(|day| day.date < today);
        let behind_minutes = missed.map(|day| day.minutes).sum();
        let share = f64::from(self.minutes_done) / f64::from(self.minutes_total.max(1));
        PlanProgress {
            tasks_done: self.tasks_done,
            tasks_total: self.tasks_total,
            minutes_done: self.minutes_done,
            minutes_total: self.minutes_total,
            // A hundred only when nothing is left.
            percent: if share < 1.0 { ((share * 1000.0).round() / 10.0).min(99.9) } else { 100.0 },
            behind_minutes,
            on_track: behind_minutes == 0,
        }
    }

    /// How many tasks are still to be done on a day.
    pub fn due_on(&self, day: Day) -> u32 {
        self.open.iter().filter(|open| open.date == day).map(|open| open.tasks).sum()
    }
}
