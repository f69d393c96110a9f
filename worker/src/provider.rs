//! Whether a user's text may go to the outside provider, and what its calls are counted as.

use shared::{
    config::Consent,
    domain::{Id, ProviderCall, Timestamp, Usage, Zone},
    store::{Result, StoreError},
};

use crate::{Context, llm};

/// Writes of one call's usage before it is given up.
const COUNT_TRIES: usize = 3;

/// Why a text stays here, where the local generator serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Withheld {
    /// No key is set: nobody's text goes out.
    Unconfigured,
    /// The student has not agreed.
    ConsentMissing,
    /// The student's tokens of the day are used up, until the given time.
    BudgetSpent(Timestamp),
}

impl Withheld {
    /// What the job's owner should know; nothing where it is so for everybody.
    pub(crate) fn notice(self) -> Option<String> {
        match self {
            Self::Unconfigured => None,
            Self::ConsentMissing => Some(
                "Your text was not sent to the AI service, because you have not agreed to that (aiConsent in your \
                 preferences); the local generator was used."
                    .to_owned(),
            ),
            Self::BudgetSpent(until) => Some(format!(
                "Your use of the AI service for today is used up; until {until} the local generator is used."
            )),
        }
    }
}

/// Under whom the calls are counted that were made for nobody's account; all of them share one budget.
const NOBODY: Id = Id([0; 12]);

impl Context {
    /// The outside provider for this user's text, or why it may not have it. Ask again before each call: budgets
    /// run out.
    pub(crate) async fn provider_for(
        &self,
        user: Option<Id>,
    ) -> Result<std::result::Result<&llm::Client, Withheld>> {
        let Some(client) = &self.llm else { return Ok(Err(Withheld::Unconfigured)) };
        if self.ai.consent == Consent::Required && !self.consents(user).await? {
            return Ok(Err(Withheld::ConsentMissing));
        }
        let user = user.unwrap_or(NOBODY);
        let today = Zone::UTC.day(self.ledger.clock.now());
        let used: u64 =
            self.ledger.store.ai_usage(user, today, today).await?.iter().map(|day| day.tokens()).sum();
        if used >= self.ai.daily_tokens {
            return Ok(Err(Withheld::BudgetSpent(Zone::UTC.start_of(today.plus(1)))));
        }
        Ok(Ok(client))
    }

    async fn consents(&self, user: Option<Id>) -> Result<bool> {
        let Some(user) = user else { return Ok(false) };
        Ok(self.ledger.store.user(user).await?.is_some_and(|user| user.preferences.ai_consent))
    }

    /// Counts a call that began at a time, under a name that no other call has; returns what it used, with the cost.
    pub(crate) async fn count_call(
        &self,
        key: String,
        user: Option<Id>,
        used: llm::Usage,
        began: Timestamp,
    ) -> Result<Usage> {
        let mut usage = Usage {
            prompt_tokens: used.prompt_tokens,
            completion_tokens: used.completion_tokens,
            cached_tokens: used.cached_tokens,
            cost: None,
        };
        usage.cost = self.ai.tariff.cost(&usage, began);
        let user_id = user.unwrap_or(NOBODY);
        let day = Zone::UTC.day(self.ledger.clock.now());
        let call = ProviderCall { key, user_id, day, usage };
        let mut counted = Ok(());
        for _ in 0..COUNT_TRIES {
            counted = self.ledger.store.count_call(&call).await;
            if !matches!(counted, Err(StoreError::Unavailable(_))) {
                break;
            }
        }
        counted.map(|()| call.usage)
    }
}
