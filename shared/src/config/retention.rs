//! How long things are kept.

use std::time::Duration;

use super::reader::Reader;

/// A hundred years, within what an instant can be.
const DAYS_MAX: u32 = 36_500;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long things are kept, each of them `RETENTION_…_DAYS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// `UPLOADS`: documents that jobs read, after their last use.
    pub uploads: Duration,
    /// `EXPORTS`: files that jobs made for their owners.
    pub exports: Duration,
    /// `EVENTS`: events of jobs, after the job finished.
    pub events: Duration,
    /// `JOBS`: finished jobs, with what was saved of their work.
    pub jobs: Duration,
    /// `TRANSCRIPTS`: what was said between us and providers in tries that failed.
    pub transcripts: Duration,
    /// `CACHED_WORK`: texts of documents and questions of a model, after their last use.
    pub cached_work: Duration,
    /// `TRASH`: deleted notes.
    pub trash: Duration,
    /// `LOGINS`: logins, after they ended.
    pub logins: Duration,
    /// `GUESTS`: throwaway accounts, after which those go that nobody is logged in to.
    pub guests: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            uploads: 30 * DAY,
            exports: 7 * DAY,
            events: 7 * DAY,
            jobs: 90 * DAY,
            transcripts: 14 * DAY,
            cached_work: 30 * DAY,
            trash: 30 * DAY,
            logins: 30 * DAY,
            guests: 30 * DAY,
        }
    }
}

impl Retention {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let mut days = |name: &str, default: Duration| {
            let variable = format!("RETENTION_{name}_DAYS");
            let days: u32 = reader.number(&variable, (default.as_secs() / DAY.as_secs()) as u32);
            if !(1..=DAYS_MAX).contains(&days) {
                reader.mistake(format!("{variable} must be from 1 to {DAYS_MAX}"));
            }
            days * DAY
        };
        let default = Self::default();
        Self {
            uploads: days("UPLOADS", default.uploads),
            exports: days("EXPORTS", default.exports),
            events: days("EVENTS", default.events),
            jobs: days("JOBS", default.jobs),
            transcripts: days("TRANSCRIPTS", default.transcripts),
            cached_work: days("CACHED_WORK", default.cached_work),
            trash: days("TRASH", default.trash),
            logins: days("LOGINS", default.logins),
            guests: days("GUESTS", default.guests),
        }
    }
}
