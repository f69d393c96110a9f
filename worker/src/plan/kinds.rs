//! What each session is for: new material first, revision of it after growing intervals, tests before the exam.

use shared::domain::{Day, TaskKind};

use super::timetable::{Aim, Session};

/// Days after which something studied is revised, again and again; the last one repeats.
const INTERVALS: [i64; 5] = [2, 5, 12, 30, 60];
/// Minutes of revision within a longer session.
const REVIEW: u32 = 15;
/// Shortest session that is divided into revision and something else.
const DIVIDED_FROM: u32 = 30;
/// Shortest test.
const MOCK_MIN: u32 = 25;

/// One task to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lesson {
    /// Place of the subject in the request.
    pub subject: usize,
    pub kind: TaskKind,
    pub minutes: u32,
}

/// What became of a subject so far.
#[derive(Debug, Clone, Copy, Default)]
struct Memory {
    /// When it is to be revised; none while it was not studied.
    due: Option<Day>,
    revised: usize,
    tests: usize,
    last: Option<TaskKind>,
}

/// The lessons of each session.
pub(super) fn lessons(sessions: &[Session], subjects: &[usize]) -> Vec<Vec<Lesson>> {
    let mut memories = vec![Memory::default(); subjects.iter().max().map_or(0, |most| most + 1)];
    let each = sessions.iter().zip(subjects);
    each.map(|(session, &subject)| {
        let parts = memories[subject].take(session);
        parts.into_iter().map(|(kind, minutes)| Lesson { subject, kind, minutes }).collect()
    })
    .collect()
}

impl Memory {
    fn take(&mut self, session: &Session) -> Vec<(TaskKind, u32)> {
        let parts = self.parts(session);
        for (kind, _) in &parts {
            match kind {
                TaskKind::Review => {
                    self.revised += 1;
                    self.due = Some(session.date.plus(INTERVALS[self.revised.min(INTERVALS.len() - 1)]));
                }
                TaskKind::Mock => self.tests += 1,
                _ if self.due.is_none() => self.due = Some(session.date.plus(INTERVALS[0])),
                _ => {}
            }
            self.last = Some(*kind);
        }
        parts
    }

    fn parts(&self, session: &Session) -> Vec<(TaskKind, u32)> {
        let whole = |kind| vec![(kind, session.minutes)];
        let Some(due) = self.due else { return whole(TaskKind::Study) };
        let work = match session.aim {
            Aim::Foundation => TaskKind::Study,
            Aim::Practice => TaskKind::Practice,
            Aim::Revision if session.last_day || self.last == Some(TaskKind::Mock) => {
                return whole(TaskKind::Review);
            }
            Aim::Revision if session.minutes >= MOCK_MIN => return whole(TaskKind::Mock),
            Aim::Revision if self.last == Some(TaskKind::Practice) => return whole(TaskKind::Review),
            Aim::Revision => return whole(TaskKind::Practice),
        };
        if session.date < due {
            whole(work)
        } else if session.minutes >= DIVIDED_FROM {
            vec![(TaskKind::Review, REVIEW), (work, session.minutes - REVIEW)]
        } else if self.last == Some(TaskKind::Review) {
            whole(work)
        } else {
            whole(TaskKind::Review)
        }
    }
}
