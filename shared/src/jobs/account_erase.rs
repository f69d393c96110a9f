//! Removing everything stored about a user.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{JobKind, Ledger};
use crate::{
    domain::{Id, Job, JobPriority},
    store::StoreError,
};

/// What the worker needs to know. The job itself belongs to nobody, as its record outlives the account; when it is
/// done the record forgets the account too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountErase {
    /// The account to erase.
    pub user: Id,
}

impl AccountErase {
    /// When everything is erased once more: by then nobody can still be at writing who was logged in when the
    /// account was shut, a request of another replica with a login that it had cached, or a job before its last step.
    pub const AGAIN_AFTER: Duration = Duration::from_secs(60);
}

impl Ledger {
    /// Has everything of an account erased that `shut` shuts, now and once more a little later; the first of the two
    /// jobs.
    pub async fn erase_account<E: From<StoreError>>(
        &self,
        user: Id,
        shut: impl AsyncFnOnce() -> Result<(), E>,
    ) -> Result<Job, E> {
        let payload = AccountErase { user };
        // The second round first: whatever breaks off from here on, it is recorded, and does it all.
        let later = self.clock.now() + AccountErase::AGAIN_AFTER;
        self.enqueue(self.clock.job_id(), None, &payload, Some(later)).await?;
        shut().await?;
        Ok(self.enqueue(self.clock.job_id(), None, &payload, None).await?)
    }
}

impl JobKind for AccountErase {
    const KIND: &'static str = "account.erase";
    const MAX_ATTEMPTS: u32 = 10;
    const TIMEOUT: Duration = Duration::from_secs(1800);
    const PRIORITY: JobPriority = JobPriority::Background;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_of_every_version_are_read() {
        crate::jobs::payloads::<AccountErase>(include_str!(
            "../../../tests/fixtures/payloads/account.erase.json"
        ));
    }
}
