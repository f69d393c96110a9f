//! Which days are for study, and their sessions and breaks.

use jiff::civil::Weekday;
use shared::domain::{Day, Phase, PlanBrief};

use super::{BREAK, Start, TASK_MIN, WORK_MAX};

/// Most days with tasks. A plan is read and written as a whole, so it must not grow without end.
const DAYS_MAX: usize = 366;
/// Most sessions of all days, so that with the longest texts a plan still fits into one document.
const SESSIONS_MAX: usize = 2_000;
/// How many days before the exam a plan may begin.
const HORIZON: i64 = 3 * 366;
/// From how many days on one a week is free.
const FREE_DAYS_FROM: usize = 14;
/// Days before the exam in which no day is free.
const NO_FREE_DAY: i64 = 7;
/// From how many days on the last one before the exam is a short one.
const SHORT_EVE_FROM: usize = 3;
/// Shortest session that time is divided into, in minutes.
const SESSION_MIN: u32 = 15;
/// Sessions that a subject should have, which makes them shorter where time is short.
const SESSIONS_WANTED: u32 = 3;

/// Aim of a stretch of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aim {
    Foundation,
    Practice,
    Revision,
}

impl Aim {
    const ALL: [Self; 3] = [Self::Foundation, Self::Practice, Self::Revision];

    fn name(self) -> &'static str {
        match self {
            Self::Foundation => "Foundation",
            Self::Practice => "Practice",
            Self::Revision => "Revision",
        }
    }
}

/// A piece of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Work of so many minutes.
    Work(u32),
    /// A break.
    Break,
}

/// A day of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DayPlan {
    pub date: Day,
    pub aim: Aim,
    pub pieces: Vec<Piece>,
}

/// A stretch of work on one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Session {
    pub date: Day,
    pub minutes: u32,
    pub aim: Aim,
    /// Whether it is on the last day of the plan.
    pub last_day: bool,
}

/// The days of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Timetable {
    pub days: Vec<DayPlan>,
    eve: Day,
}

impl Timetable {
    /// All work in the order of time.
    pub fn sessions(&self) -> impl Iterator<Item = Session> {
        let last = self.days.last().map(|day| day.date);
        self.days.iter().flat_map(move |day| {
            day.pieces.iter().filter_map(move |piece| match piece {
                Piece::Work(minutes) => Some(Session {
                    date: day.date,
                    minutes: *minutes,
                    aim: day.aim,
                    last_day: Some(day.date) == last,
                }),
                Piece::Break => None,
            })
        })
    }

    /// The phases: each lasts until the next begins, the last one until the day before the exam.
    pub fn phases(&self) -> Vec<Phase> {
        let starts: Vec<(Aim, Day)> = Aim::ALL
            .into_iter()
            .filter_map(|aim| Some((aim, self.days.iter().find(|day| day.aim == aim)?.date)))
            .collect();
        let ends = starts.iter().skip(1).map(|(_, next)| next.plus(-1)).chain([self.eve]);
        let phase = |(&(aim, from), to): (&(Aim, Day), Day)| Phase { name: aim.name().to_owned(), from, to };
        starts.iter().zip(ends).map(phase).collect()
    }
}

/// Lays out the days up to the exam; none if there is no time on any of them.
pub(super) fn lay_out(brief: &PlanBrief, start: Start) -> Option<Timetable> {
    let days = study_days(brief, start);
    let subjects = u32::try_from(brief.subjects.len().max(1)).unwrap_or(u32::MAX);
    let total: u32 = days.iter().map(|(_, minutes)| minutes).sum();
    let length = (total / (SESSIONS_WANTED * subjects) / 5 * 5).clamp(SESSION_MIN, WORK_MAX);
    let count = days.len();
    let days: Vec<DayPlan> = days
        .into_iter()
        .enumerate()
        .map(|(place, (date, minutes))| DayPlan {
            date,
            aim: aim(place, count),
            pieces: pieces(minutes, length),
        })
        .collect();
    (!days.is_empty()).then(|| Timetable { days, eve: brief.exam_date.plus(-1) })
}

/// The days with time for study, and their minutes.
fn study_days(brief: &PlanBrief, start: Start) -> Vec<(Day, u32)> {
    let exam = brief.exam_date;
    let first = start.today.max(exam.plus(-HORIZON));
    let mut days: Vec<(Day, u32)> = (0..exam.since(first).max(0))
        .map(|days| first.plus(days))
        .map(|day| (day, start.minutes_on(brief, day)))
        .filter(|(_, minutes)| *minutes >= TASK_MIN)
        .collect();
    if days.len() >= FREE_DAYS_FROM
        && let Some(free) = free_weekday(brief)
    {
        days.retain(|(day, _)| day.0.weekday() != free || exam.since(*day) <= NO_FREE_DAY);
    }
    let sessions: u32 = days.iter().map(|(_, minutes)| minutes.div_ceil(WORK_MAX + BREAK)).sum();
    let sessions = usize::try_from(sessions).unwrap_or(usize::MAX).max(1);
    let most = (days.len() * SESSIONS_MAX / sessions).clamp(1, DAYS_MAX);
    let mut days = thinned(days, most);
    let count = days.len();
    if let Some((eve, minutes)) = days.last_mut()
        && count >= SHORT_EVE_FROM
        && exam.since(*eve) == 1
    {
        *minutes = (*minutes / 2).max(TASK_MIN);
    }
    days
}

/// The weekday to keep free: the one with the least time, the later of several; none where a day is free anyway.
fn free_weekday(brief: &PlanBrief) -> Option<Weekday> {
    let week = Weekday::Monday.cycle_forward().take(7);
    let least = week.min_by_key(|day| (brief.minutes(*day), -day.to_monday_zero_offset()))?;
    (brief.minutes(least) >= TASK_MIN).then_some(least)
}

/// At most so many of the days, spread evenly, the last one among them.
fn thinned(days: Vec<(Day, u32)>, most: usize) -> Vec<(Day, u32)> {
    let count = days.len();
    if count <= most {
        return days;
    }
    (1..=most).map(|place| days[place * count / most - 1]).collect()
}

/// A fifth of the days revises, and of the others five in eight lay foundations. Of two or three days there is one
/// each, the last for revision.
fn aim(place: usize, count: usize) -> Aim {
    let revision = (count / 5).max(if count > 3 { 2 } else { 1 });
    let foundation = ((count - revision) * 5 + 4) / 8;
    if place >= count - revision {
        Aim::Revision
    } else if place < foundation {
        Aim::Foundation
    } else {
        Aim::Practice
    }
}

/// Divides a day into sessions of at most `length` minutes, with a break before work would last too long.
fn pieces(minutes: u32, length: u32) -> Vec<Piece> {
    let (mut pieces, mut left, mut worked) = (Vec::new(), minutes, 0);
    loop {
        let mut session = length.min(left);
        if worked + session > WORK_MAX {
            let after_break = length.min(left.saturating_sub(BREAK));
            if after_break >= TASK_MIN {
                pieces.push(Piece::Break);
                (left, worked, session) = (left - BREAK, 0, after_break);
            } else {
                session = WORK_MAX - worked;
            }
        }
        if session < TASK_MIN {
            return pieces;
        }
        pieces.push(Piece::Work(session));
        (left, worked) = (left - session, worked + session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(minutes: u32, length: u32) -> Vec<u32> {
        pieces(minutes, length)
            .iter()
            .map(|piece| if let Piece::Work(work) = piece { *work } else { 0 })
            .collect()
    }

    #[test]
    fn a_day_has_a_break_before_work_lasts_too_long() {
        assert_eq!(shape(120, 50), [50, 0, 50]);
        assert_eq!(shape(180, 50), [50, 0, 50, 0, 50]);
        assert_eq!(shape(60, 50), [50]);
        assert_eq!(shape(30, 50), [30]);
        assert_eq!(shape(90, 15), [15, 15, 15, 0, 15, 15]);
        assert_eq!(shape(9, 50), [0_u32; 0]);
        assert_eq!(shape(65, 35), [35, 0, 20]);
        assert_eq!(shape(50, 35), [35, 15]);
    }

    #[test]
    fn a_few_days_have_one_aim_each_and_end_in_revision() {
        use Aim::{Foundation, Practice, Revision};
        let aims = |count| (0..count).map(|place| aim(place, count)).collect::<Vec<_>>();
        assert_eq!(aims(1), [Revision]);
        assert_eq!(aims(2), [Foundation, Revision]);
        assert_eq!(aims(3), [Foundation, Practice, Revision]);
        assert_eq!(aims(4), [Foundation, Practice, Revision, Revision]);
        let of_ten = aims(10);
        let count = |aim| of_ten.iter().filter(|other| **other == aim).count();
        assert_eq!((count(Foundation), count(Practice), count(Revision)), (5, 3, 2));
        assert!(of_ten.is_sorted());
    }

    #[test]
    fn many_days_are_thinned_evenly_and_keep_the_last() {
        let first: Day = "2026-01-01".parse().unwrap();
        let days: Vec<_> = (0..1000).map(|day| (first.plus(day), 60)).collect();
        let kept = thinned(days.clone(), 366);
        assert_eq!((kept.len(), kept.last()), (366, days.last()));
        let gaps: Vec<_> = kept.windows(2).map(|pair| pair[1].0.since(pair[0].0)).collect();
        assert!(gaps.iter().all(|gap| (2..=3).contains(gap)));
    }
}
