//! Copying everything stored about a user into one file.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::JobKind;

/// What the worker needs to know: nothing but the job's owner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountExport {}

impl JobKind for AccountExport {
    const KIND: &'static str = "account.export";
    const MAX_ATTEMPTS: u32 = 5;
    const TIMEOUT: Duration = Duration::from_secs(1800);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_of_every_version_are_read() {
        crate::jobs::payloads::<AccountExport>(include_str!(
            "../../../tests/fixtures/payloads/account.export.json"
        ));
    }
}
