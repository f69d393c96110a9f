//! Spreading what was missed of a study plan over the days left.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::JobKind;
use crate::domain::{Id, Zone};

/// What the worker needs to know. New fields need a default: payloads of older versions stay in the
/// ledger and must be readable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanReschedule {
    /// The plan, in hexadecimal.
    pub plan: Id,
    /// Zone in which the student's days begin.
    #[serde(default)]
    pub time_zone: Zone,
}

impl JobKind for PlanReschedule {
    const KIND: &'static str = "plan.reschedule";
    const MAX_ATTEMPTS: u32 = 5;
    const TIMEOUT: Duration = Duration::from_secs(60);
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Every shape of payload that was ever written to a ledger.
    const WRITTEN: &str = include_str!("../../../tests/fixtures/payloads/plan.reschedule.json");

    #[test]
    fn payloads_of_every_version_are_read_and_written_back_alike() {
        let written: Vec<Value> = serde_json::from_str(WRITTEN).unwrap();
        for payload in written {
            let read: PlanReschedule = serde_json::from_value(payload.clone()).unwrap();
            let again = serde_json::to_value(&read).unwrap();
            for (name, value) in payload.as_object().unwrap() {
                assert_eq!(&again[name], value, "{name}");
            }
        }
    }
}
