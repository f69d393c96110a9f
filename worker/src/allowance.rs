//! Whether a user's text may go to an outside provider, and what its calls are counted as.

use shared::{
    config::Consent,
    domain::{Id, Provider, ProviderCall, Timestamp, Usage, Zone},
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
    /// The student's tokens of the day do not cover the call, until the given time.
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
                "Your use of the AI service for today does not cover this any more; until {until} the local \
                 generator is used."
            )),
        }
    }
}

/// Under whom the calls are counted that were made for nobody's account; all of them share one budget.
const NOBODY: Id = Id([0; 12]);

impl Context {
    /// Why a user's text may not go out now, if so. The next call will use about so many tokens: one that the rest of
    /// the day's budget does not cover is not made. Ask again before each call.
    pub(crate) async fn withheld(&self, user: Option<Id>, tokens: u64) -> Result<Option<Withheld>> {
        if self.providers.is_empty() {
            return Ok(Some(Withheld::Unconfigured));
        }
        if self.ai.consent == Consent::Required && !self.consents(user).await? {
            return Ok(Some(Withheld::ConsentMissing));
        }
        let user = user.unwrap_or(NOBODY);
        let today = Zone::UTC.day(self.ledger.clock.now());
        let days = self.ledger.store.ai_usage(user, today, today).await?;
        let used: u64 = days.iter().map(|day| day.tokens()).sum();
        let covers = used.saturating_add(tokens) <= self.ai.daily_tokens;
        Ok((!covers).then(|| Withheld::BudgetSpent(Zone::UTC.start_of(today.plus(1)))))
    }

    async fn consents(&self, user: Option<Id>) -> Result<bool> {
        let Some(user) = user else { return Ok(false) };
        Ok(self.ledger.store.user(user).await?.is_some_and(|user| user.preferences.ai_consent))
    }

    /// Tells metrics what a call used that was made just now. Whoever gets kept work is counted its calls too, but
    /// they are not made again.
    pub(crate) fn paid(&self, provider: &llm::Provider, used: llm::Usage) {
        let model = &provider.client.settings().model;
        let cached = used.cached_tokens.min(used.prompt_tokens);
        let name = || ("provider", provider.name.as_str().to_owned());
        for (sort, tokens) in [
            ("cached", cached),
            ("fresh", used.prompt_tokens - cached),
            ("completion", used.completion_tokens),
        ] {
            let labels = [name(), ("model", model.clone()), ("sort", sort.to_owned())];
            metrics::counter!("smartstudy_llm_tokens_total", &labels).increment(tokens);
        }
        let usage = Usage {
            prompt_tokens: used.prompt_tokens,
            completion_tokens: used.completion_tokens,
            cached_tokens: cached,
            cost: None,
        };
        let cost = self.ai.tariff.cost(&usage, self.ledger.clock.now());
        if let Some(cost) = cost.filter(|_| provider.name == Provider::Deepseek) {
            let labels = [name(), ("model", model.clone()), ("currency", cost.currency.clone())];
            metrics::counter!("smartstudy_llm_cost_nanos_total", &labels)
                .increment(cost.nanos().unsigned_abs());
        }
    }

    /// Counts a call that began at a time, under a name that no other call has; returns what it used, with the cost.
    pub(crate) async fn count_call(
        &self,
        key: String,
        user: Option<Id>,
        provider: Provider,
        used: llm::Usage,
        began: Timestamp,
    ) -> Result<Usage> {
        let mut usage = Usage {
            prompt_tokens: used.prompt_tokens,
            completion_tokens: used.completion_tokens,
            cached_tokens: used.cached_tokens,
            cost: None,
        };
        // Of others no price is known.
        usage.cost = self.ai.tariff.cost(&usage, began).filter(|_| provider == Provider::Deepseek);
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
