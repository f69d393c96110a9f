//! What was missed finds a place on the days left.

use std::cmp::Reverse;

use shared::domain::{Day, Plan, PlanDay, PlanTask, TaskKind};

use super::{BREAK, Start, WORK_MAX, rest};

/// How many days ahead places are looked for.
const HORIZON: i64 = 3 * 366;

/// Days anew, and what found no place on them and so stays on the day it was on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rescheduled {
    pub days: Vec<PlanDay>,
    pub left_out: Vec<PlanTask>,
}

/// A day from today to the exam.
struct Room {
    date: Day,
    /// Minutes for everything on the day.
    hours: u32,
    /// Minutes for what is still to be done.
    open_hours: u32,
    done: Vec<PlanTask>,
    open: Vec<PlanTask>,
    changed: bool,
}

/// Moves what was missed, what stands on the exam's day or later and what a day has no time for to the days left: to
/// the one that is least full and has room, the most important first. What is done stays where it is, and so does
/// what is ahead, unless something that matters more has no other place. Nothing is lost: what has no place at all stays
/// on its day, however full or long ago that is. None if there is nothing to do.
pub(crate) fn reschedule(plan: &Plan, start: Start) -> Option<Rescheduled> {
    if !plan.is_unsettled(start.today) {
        return None;
    }
    let mut rooms = rooms(plan, start);
    let mut homeless: Vec<PlanTask> = misplaced(plan, start.today);
    for room in &mut rooms {
        while !room.fits(None, &[])
            && let Some(last) = room.by_value().first()
        {
            homeless.extend(room.take(&[*last]));
        }
    }
    let mut left_out = Vec::new();
    while let Some((next, _)) = homeless.iter().enumerate().min_by_key(|(_, task)| Reverse(value(task))) {
        let task = homeless.remove(next);
        match place_for(&mut rooms, &task) {
            Some((room, lower)) => {
                // They matter less, so this comes to an end.
                homeless.extend(room.take(&lower));
                room.add(task);
            }
            None => left_out.push(task),
        }
    }
    let mut again = Plan { days: days(plan, start.today, rooms), ..plan.clone() };
    for task in &left_out {
        if let Some((date, _)) = plan.task(&task.id) {
            again.day_mut(date).tasks.push(task.clone());
        }
    }
    Some(Rescheduled { days: again.days, left_out })
}

/// What matters more comes later: by priority, then new material, tests, practice, revision.
fn value(task: &PlanTask) -> (shared::domain::Priority, u8) {
    let kind = match task.kind {
        TaskKind::Study => 4,
        TaskKind::Mock => 3,
        TaskKind::Practice => 2,
        TaskKind::Review => 1,
        TaskKind::Break => 0,
    };
    (task.priority, kind)
}

fn rooms(plan: &Plan, start: Start) -> Vec<Room> {
    let exam = plan.brief.exam_date;
    let dates = (0..exam.since(start.today).clamp(0, HORIZON)).map(|days| start.today.plus(days));
    let room = |date| {
        let tasks = plan.days.iter().find(|day| day.date == date).map(|day| day.tasks.as_slice());
        let work = tasks.unwrap_or_default().iter().filter(|task| task.is_work()).cloned();
        let (done, open) = work.partition(|task| task.completed);
        let (hours, open_hours) = (plan.brief.minutes_on(date), start.minutes_on(&plan.brief, date));
        Room { date, hours, open_hours, done, open, changed: false }
    };
    dates.map(room).collect()
}

/// Open tasks before today, and on the day of the exam or later.
fn misplaced(plan: &Plan, today: Day) -> Vec<PlanTask> {
    let elsewhere = plan.days.iter().filter(|day| day.date < today || day.date >= plan.brief.exam_date);
    elsewhere.flat_map(|day| &day.tasks).filter(|task| task.is_open()).cloned().collect()
}

/// The day a task goes to, and which of its tasks have to give way.
fn place_for<'a>(rooms: &'a mut [Room], task: &PlanTask) -> Option<(&'a mut Room, Vec<usize>)> {
    let free = rooms.iter().enumerate().filter(|(_, room)| room.fits(Some(task), &[]));
    let emptiest = free.min_by(|(_, one), (_, other)| one.fullness().total_cmp(&other.fullness()));
    let (place, lower) = match emptiest {
        Some((place, _)) => (place, Vec::new()),
        None => {
            let places = rooms.iter().enumerate().filter_map(|(at, room)| Some((at, room.giving_way(task)?)));
            places.min_by_key(|(at, lower)| rooms[*at].minutes_of(lower))?
        }
    };
    Some((&mut rooms[place], lower))
}

impl Room {
    /// Whether the day has time for its tasks, with one more and without some.
    fn fits(&self, more: Option<&PlanTask>, without: &[usize]) -> bool {
        let open = self.open.iter().enumerate().filter(|(at, _)| !without.contains(at)).map(|(_, task)| task);
        let open: Vec<&PlanTask> = open.chain(more).collect();
        let all = || self.done.iter().chain(open.iter().copied());
        open.is_empty() || (minutes(open.iter().copied()) <= self.open_hours && minutes(all()) <= self.hours)
    }

    /// The share of the day that is taken.
    fn fullness(&self) -> f64 {
        f64::from(minutes(self.done.iter().chain(&self.open))) / f64::from(self.hours.max(1))
    }

    /// The places of the open tasks, the least important first, of equals the last.
    fn by_value(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.open.len()).rev().collect();
        places.sort_by_key(|at| value(&self.open[*at]));
        places
    }

    /// The tasks that matter less without which there is time for this one.
    fn giving_way(&self, task: &PlanTask) -> Option<Vec<usize>> {
        let mut lower = self.by_value();
        lower.retain(|at| value(&self.open[*at]) < value(task));
        (1..=lower.len())
            .map(|count| &lower[..count])
            .find(|lower| self.fits(Some(task), lower))
            .map(<[_]>::to_vec)
    }

    fn minutes_of(&self, places: &[usize]) -> u32 {
        places.iter().map(|at| self.open[*at].estimated_duration).sum()
    }

    fn add(&mut self, task: PlanTask) {
        self.open.push(task);
        self.changed = true;
    }

    fn take(&mut self, places: &[usize]) -> Vec<PlanTask> {
        self.changed = true;
        let (taken, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.open).into_iter().enumerate().partition(|(at, _)| places.contains(at));
        self.open = kept.into_iter().map(|(_, task)| task).collect();
        taken.into_iter().map(|(_, task)| task).collect()
    }
}

/// Minutes of tasks with the breaks they need.
fn minutes<'a>(tasks: impl Iterator<Item = &'a PlanTask>) -> u32 {
    with_breaks(tasks).map(|(task, rests)| task.estimated_duration + if rests { BREAK } else { 0 }).sum()
}

/// Each task, and whether a break comes before it.
fn with_breaks<'a>(tasks: impl Iterator<Item = &'a PlanTask>) -> impl Iterator<Item = (&'a PlanTask, bool)> {
    let mut worked = 0;
    tasks.map(move |task| {
        let rests = worked > 0 && worked + task.estimated_duration > WORK_MAX;
        worked = if rests { task.estimated_duration } else { worked + task.estimated_duration };
        (task, rests)
    })
}

/// All days: those before today and from the exam on with what was done on them, those between with what found a place.
fn days(plan: &Plan, today: Day, rooms: Vec<Room>) -> Vec<PlanDay> {
    let mut breaks = 0;
    let mut days: Vec<PlanDay> = Vec::new();
    let over = |day: &&PlanDay| day.date < today || day.date >= plan.brief.exam_date;
    for day in plan.days.iter().filter(over) {
        let done = day.tasks.iter().filter(|task| task.is_work() && task.completed).cloned();
        days.push(PlanDay { date: day.date, tasks: done.collect() });
    }
    for room in rooms {
        let before = plan.days.iter().find(|day| day.date == room.date && day.minutes() <= room.hours);
        if let (false, Some(before)) = (room.changed, before) {
            days.push(before.clone());
            continue;
        }
        let mut tasks = Vec::new();
        for (task, rests) in with_breaks(room.done.iter().chain(&room.open)) {
            if rests {
                breaks += 1;
                tasks.push(rest(format!("b{}-{breaks}", plan.rev + 1)));
            }
            tasks.push(task.clone());
        }
        days.push(PlanDay { date: room.date, tasks });
    }
    days.retain(|day| !day.tasks.is_empty());
    days.sort_by_key(|day| day.date);
    days
}

#[cfg(test)]
mod tests;
