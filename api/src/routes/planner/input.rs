//! What callers send about plans, and its rules.

use std::collections::{BTreeMap, HashMap, HashSet};

use garde::Validate;
use serde::Deserialize;
use shared::domain::{
    Availability, Day, Phase, Plan, PlanDay, PlanTask, Priority, Subject, SubjectDifficulty, TaskChange,
    TaskKind, Timestamp, Zone,
};
use utoipa::ToSchema;

use crate::problem::{Problem, Result};

/// A subject of the exam.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct SubjectBody {
    /// Its name.
    #[garde(length(chars, max = 100), custom(not_blank))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    name: String,
    /// The part of it that matters.
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    topic: Option<String>,
    /// How hard it is to you.
    #[garde(skip)]
    difficulty: SubjectDifficulty,
    /// How much it matters.
    #[garde(skip)]
    priority: Priority,
}

/// What to change of a plan; what is absent stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanChange {
    #[garde(inner(length(chars, max = 200), custom(not_blank)))]
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    title: Option<String>,
    #[garde(length(min = 1, max = 20), custom(distinct_if_any), dive)]
    #[schema(min_items = 1, max_items = 20)]
    subjects: Option<Vec<SubjectBody>>,
    #[garde(inner(range(min = 0.5, max = 16.0)))]
    #[schema(minimum = 0.5, maximum = 16)]
    daily_study_hours: Option<f64>,
    /// Another day of the exam, after today.
    #[garde(skip)]
    #[schema(value_type = Option<Day>)]
    exam_date: Option<String>,
    /// Empty for none.
    #[garde(inner(length(chars, max = 2000)))]
    #[schema(max_length = 2000)]
    goals: Option<String>,
    /// Hours by weekday, 0–24 each and not all 0; a day that is absent has `dailyStudyHours`.
    #[garde(inner(custom(hours)))]
    availability: Option<Availability>,
    #[garde(length(max = 20), dive)]
    #[schema(max_items = 20)]
    phases: Option<Vec<PhaseBody>>,
    /// All days of the plan, each date once.
    #[garde(length(max = 1000), dive)]
    #[schema(max_items = 1000)]
    days: Option<Vec<DayBody>>,
}

/// A phase.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct PhaseBody {
    #[garde(length(chars, max = 100), custom(not_blank))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    name: String,
    #[garde(skip)]
    #[schema(value_type = Day)]
    from: String,
    #[garde(skip)]
    #[schema(value_type = Day)]
    to: String,
}

/// A day and its tasks.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct DayBody {
    #[garde(skip)]
    #[schema(value_type = Day)]
    date: String,
    #[garde(length(max = 100), dive)]
    #[schema(max_items = 100)]
    tasks: Vec<TaskBody>,
}

/// A task: a new one, or with the `id` of one of the plan's what is to change of it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaskBody {
    #[garde(skip)]
    id: Option<String>,
    /// A new task needs one.
    #[garde(inner(length(chars, max = 200), custom(not_blank)))]
    #[schema(min_length = 1, max_length = 200, pattern = r"\S")]
    title: Option<String>,
    #[garde(inner(length(chars, max = 2000)))]
    #[schema(max_length = 2000)]
    description: Option<String>,
    #[garde(inner(length(chars, max = 100)))]
    #[schema(max_length = 100)]
    subject: Option<String>,
    #[garde(inner(length(chars, max = 200)))]
    #[schema(max_length = 200)]
    topic: Option<String>,
    /// Minutes; a new task has 50 when it does not say.
    #[garde(inner(range(min = 1, max = 1440)))]
    #[schema(minimum = 1, maximum = 1440)]
    estimated_duration: Option<u32>,
    #[garde(skip)]
    priority: Option<Priority>,
    #[garde(skip)]
    #[serde(rename = "type")]
    kind: Option<TaskKind>,
    #[garde(skip)]
    completed: Option<bool>,
}

/// Minutes of a new task that does not say.
const TASK_MINUTES: u32 = 50;

/// Something other than white space.
pub fn not_blank(text: &str, _: &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be empty")) } else { Ok(()) }
}

/// No two subjects have the same name, in whatever case.
pub fn distinct(subjects: &[SubjectBody], _: &()) -> garde::Result {
    let mut names = HashSet::new();
    match subjects.iter().find(|subject| !names.insert(subject.name.trim().to_lowercase())) {
        Some(twice) => {
            Err(garde::Error::new(format!("must have different names; {:?} comes twice", twice.name)))
        }
        None => Ok(()),
    }
}

fn distinct_if_any(subjects: &Option<Vec<SubjectBody>>, context: &()) -> garde::Result {
    subjects.as_deref().map_or(Ok(()), |subjects| distinct(subjects, context))
}

/// Hours that days have.
pub fn hours(week: &Availability, _: &()) -> garde::Result {
    let each = week.by_weekday();
    if let Some((day, _)) =
        each.iter().find(|(_, hours)| hours.is_some_and(|hours| !(0.0..=24.0).contains(&hours)))
    {
        return Err(garde::Error::new(format!("must have 0 to 24 hours on {day}")));
    }
    if each.iter().all(|(_, hours)| *hours == Some(0.0)) {
        return Err(garde::Error::new("must have hours on one day at least"));
    }
    Ok(())
}

/// A day as a field names it; an instant stands for the day it falls on.
pub fn day(field: &str, text: &str, zone: &Zone) -> Result<Day> {
    let day = match text.parse::<jiff::Timestamp>() {
        Ok(instant) => Some(zone.day(Timestamp(instant.as_millisecond()))),
        Err(_) => text.parse::<Day>().ok(),
    };
    // What calendars and other programs can show.
    day.filter(|day| (1900..=9999).contains(&day.0.year())).ok_or_else(|| {
        Problem::field(field, format!("{field} must be a day such as 2026-11-22, from the year 1900 on"))
    })
}

/// Refuses an exam that is not ahead.
pub fn after(exam: Day, today: Day) -> Result<()> {
    if exam > today {
        Ok(())
    } else {
        Err(Problem::field("examDate", format!("examDate must be after today ({today})")))
    }
}

impl SubjectBody {
    /// The subject it stands for.
    pub fn read(&self) -> Subject {
        Subject {
            name: self.name.trim().to_owned(),
            topic: filled(self.topic.as_deref()),
            difficulty: self.difficulty,
            priority: self.priority,
        }
    }
}

/// A text without space around it, unless it is empty.
pub fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A change to a plan with its days understood.
pub struct Change {
    asked: PlanChange,
    exam_date: Option<Day>,
    phases: Option<Vec<Phase>>,
    days: Option<BTreeMap<Day, Vec<TaskBody>>>,
}

impl PlanChange {
    /// Understands the days it names.
    pub fn read(mut self, zone: &Zone) -> Result<Change> {
        let exam_date = self.exam_date.take().map(|date| day("examDate", &date, zone)).transpose()?;
        let phase = |(at, phase): (usize, PhaseBody)| {
            let (from, to) = (
                day(&format!("phases[{at}].from"), &phase.from, zone)?,
                day(&format!("phases[{at}].to"), &phase.to, zone)?,
            );
            if to < from {
                return Err(Problem::field(&format!("phases[{at}].to"), "to must not be before from"));
            }
            Ok(Phase { name: phase.name, from, to })
        };
        let phases = self.phases.take();
        let phases = phases.map(|phases| phases.into_iter().enumerate().map(phase).collect::<Result<_>>());
        let days = self.days.take().map(|days| by_date(days, zone));
        Ok(Change { exam_date, phases: phases.transpose()?, days: days.transpose()?, asked: self })
    }
}

fn by_date(days: Vec<DayBody>, zone: &Zone) -> Result<BTreeMap<Day, Vec<TaskBody>>> {
    let mut by_date = BTreeMap::new();
    for (at, body) in days.into_iter().enumerate() {
        let field = format!("days[{at}].date");
        let date = day(&field, &body.date, zone)?;
        if by_date.insert(date, body.tasks).is_some() {
            return Err(Problem::field(&field, format!("{date} comes twice")));
        }
    }
    Ok(by_date)
}

impl Change {
    /// Changes the plan; new tasks get their ids from `id`.
    pub fn apply(
        &self,
        plan: &mut Plan,
        today: Day,
        now: Timestamp,
        id: impl FnMut() -> String,
    ) -> Result<()> {
        let asked = &self.asked;
        if let Some(exam) = self.exam_date.filter(|exam| *exam != plan.brief.exam_date) {
            after(exam, today)?;
            plan.brief.exam_date = exam;
        }
        if let Some(title) = &asked.title {
            title.trim().clone_into(&mut plan.title);
        }
        if let Some(subjects) = &asked.subjects {
            plan.brief.subjects = subjects.iter().map(SubjectBody::read).collect();
        }
        plan.brief.daily_study_hours = asked.daily_study_hours.unwrap_or(plan.brief.daily_study_hours);
        plan.brief.availability = asked.availability.or(plan.brief.availability);
        if asked.goals.is_some() {
            plan.brief.goals = filled(asked.goals.as_deref());
        }
        if let Some(phases) = &self.phases {
            plan.phases.clone_from(phases);
        }
        match &self.days {
            Some(days) => replace(plan, days, now, id),
            None => Ok(()),
        }
    }
}

/// Replaces a plan's days.
fn replace(
    plan: &mut Plan,
    days: &BTreeMap<Day, Vec<TaskBody>>,
    now: Timestamp,
    mut id: impl FnMut() -> String,
) -> Result<()> {
    let old = std::mem::take(&mut plan.days);
    let mut known: HashMap<String, PlanTask> =
        old.into_iter().flat_map(|day| day.tasks).map(|task| (task.id.clone(), task)).collect();
    for (date, bodies) in days {
        let mut tasks = Vec::with_capacity(bodies.len());
        for body in bodies {
            let mut task = match &body.id {
                Some(id) => known.remove(id).ok_or_else(|| {
                    let detail = format!("days name the task {id:?} twice, or the plan has none");
                    Problem::field("days", detail)
                })?,
                None if body.title.is_none() => {
                    return Err(Problem::field(
                        "days",
                        format!("days have a new task without title on {date}"),
                    ));
                }
                None => blank(id()),
            };
            body.change().apply(&mut task, now);
            tasks.push(task);
        }
        plan.days.push(PlanDay { date: *date, tasks });
    }
    plan.drop_idle_days();
    Ok(())
}

impl TaskBody {
    fn change(&self) -> TaskChange {
        TaskChange {
            date: None,
            completed: self.completed,
            title: self.title.clone(),
            description: self.description.clone(),
            subject: self.subject.clone(),
            topic: self.topic.clone(),
            estimated_duration: self.estimated_duration,
            priority: self.priority,
            kind: self.kind,
        }
    }
}

fn blank(id: String) -> PlanTask {
    PlanTask {
        id,
        title: String::new(),
        description: String::new(),
        subject: String::new(),
        topic: None,
        estimated_duration: TASK_MINUTES,
        priority: Priority::Medium,
        kind: TaskKind::Study,
        completed: false,
        completed_at: None,
    }
}
