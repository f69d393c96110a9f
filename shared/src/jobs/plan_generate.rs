//! Making a study plan.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::JobKind;
use crate::domain::{PlanBrief, Zone};

/// What the worker needs to know. New fields need a default: payloads of older versions stay in the
/// ledger and must be readable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanGenerate {
    /// What is to be planned.
    pub brief: PlanBrief,
    /// Zone in which the student's days begin.
    #[serde(default)]
    pub time_zone: Zone,
}

impl JobKind for PlanGenerate {
    const KIND: &'static str = "plan.generate";
    const MAX_ATTEMPTS: u32 = 3;
    const TIMEOUT: Duration = Duration::from_secs(900);
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Every shape of payload that was ever written to a ledger.
    const WRITTEN: &str = include_str!("../../../tests/fixtures/payloads/plan.generate.json");

    #[test]
    fn payloads_of_every_version_are_read_and_written_back_alike() {
        let written: Vec<Value> = serde_json::from_str(WRITTEN).unwrap();
        for payload in written {
            let read: PlanGenerate = serde_json::from_value(payload.clone()).unwrap();
            let again = serde_json::to_value(&read).unwrap();
            for (name, value) in payload.as_object().unwrap() {
                assert_eq!(&again[name], value, "{name}");
            }
        }
    }
}
