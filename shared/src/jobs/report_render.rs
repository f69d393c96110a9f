//! Making a report into a PDF.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::JobKind;
use crate::domain::{Day, Id, Zone};

/// What the worker needs to know; the student is the job's owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportRender {
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// Where days begin.
    pub zone: Zone,
    /// Blob that the PDF goes into.
    pub blob: Id,
}

impl JobKind for ReportRender {
    const KIND: &'static str = "report.render";
    const MAX_ATTEMPTS: u32 = 3;
    const TIMEOUT: Duration = Duration::from_secs(120);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_of_every_version_are_read_and_written_back_alike() {
        let written = include_str!("../../../tests/fixtures/payloads/report.render.json");
        let written: Vec<serde_json::Value> = serde_json::from_str(written).unwrap();
        for payload in written {
            let read: ReportRender = serde_json::from_value(payload.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), payload);
        }
    }
}
