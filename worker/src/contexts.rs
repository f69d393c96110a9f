//! The context of the jobs that begin: made of the configuration in force, and anew when that has changed.

use std::sync::{Arc, Mutex, PoisonError};

use shared::{
    clock::Clock,
    config::{Config, Endpoint},
    domain::Provider,
    jobs::Ledger,
    live::Live,
    setup,
};
use tokio::sync::Semaphore;

use crate::{Context, ContextError, llm, pdf};

/// Gives each job the context of its time.
pub struct Contexts {
    live: Live,
    http: reqwest::Client,
    present: Mutex<Present>,
}

struct Present {
    config: Arc<Config>,
    context: Arc<Context>,
}

impl Contexts {
    /// Those of this configuration, over this ledger.
    pub fn new(live: Live, ledger: Ledger) -> Result<Self, ContextError> {
        let config = live.now();
        let http = shared::http::client()?;
        let context = Context {
            providers: providers(&config, None, |name, endpoint| {
                provider((&config, &ledger, &http), name, endpoint)
            })?,
            ai: config.ai.clone(),
            cache: setup::cache(&config, &ledger)?,
            name: worker_name(&ledger.clock),
            jobs_per_user: jobs_per_user(&config),
            keep_exports: config.retention.exports,
            reader: pdf::ChildCommand::current()?,
            ocr: config.ocr.clone().and_then(pdf::Ocr::installed),
            generations: Arc::new(Semaphore::new(config.worker_concurrency)),
            ledger,
        };
        Ok(Self { live, http, present: Mutex::new(Present { config, context: Arc::new(context) }) })
    }

    /// The context for a job that begins now.
    pub fn now(&self) -> Arc<Context> {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        let config = self.live.now();
        if !Arc::ptr_eq(&config, &present.config) {
            match self.renewed(&present, &config) {
                Ok(context) => *present = Present { config, context: Arc::new(context) },
                Err(error) => tracing::error!(%error, "the job begins with what was configured before"),
            }
        }
        present.context.clone()
    }

    fn renewed(&self, present: &Present, config: &Config) -> Result<Context, ContextError> {
        let Context { providers: known, ledger, name, cache, reader, ocr, generations, .. } =
            &*present.context;
        let before = (&*present.config, &known[..]);
        Ok(Context {
            providers: providers(config, Some(before), |name, endpoint| {
                provider((config, ledger, &self.http), name, endpoint)
            })?,
            ai: config.ai.clone(),
            jobs_per_user: jobs_per_user(config),
            keep_exports: config.retention.exports,
            ledger: ledger.clone(),
            name: name.clone(),
            cache: cache.clone(),
            reader: reader.clone(),
            ocr: ocr.clone(),
            generations: generations.clone(),
        })
    }
}

/// The providers in their order. One whose settings are as before is the same as before, with all that is known of it.
fn providers<E>(
    config: &Config,
    before: Option<(&Config, &[Arc<llm::Provider>])>,
    make: impl Fn(Provider, &Endpoint) -> Result<llm::Provider, E>,
) -> Result<Vec<Arc<llm::Provider>>, E> {
    let mut providers = Vec::new();
    for name in [Provider::Deepseek, Provider::OpenaiCompatible] {
        let Some(wanted) = endpoint(config, name) else { continue };
        let same = before.filter(|(config, _)| endpoint(config, name) == Some(wanted));
        let known = same.and_then(|(_, known)| known.iter().find(|known| known.name == name));
        providers.push(match known {
            Some(known) => known.clone(),
            None => Arc::new(make(name, wanted)?),
        });
    }
    Ok(providers)
}

fn provider(
    (config, ledger, http): (&Config, &Ledger, &reqwest::Client),
    name: Provider,
    endpoint: &Endpoint,
) -> Result<llm::Provider, ContextError> {
    let client = llm::Client::new(http.clone(), settings(endpoint, name));
    let permits = setup::permits(config, ledger, &endpoint.model, endpoint.concurrency)?;
    Ok(llm::Provider::new(name, client, permits, ledger.clock.clone()))
}

fn endpoint(config: &Config, name: Provider) -> Option<&Endpoint> {
    match name {
        Provider::Deepseek => config.deepseek.as_ref(),
        Provider::OpenaiCompatible => config.ollama.as_ref(),
        _ => None,
    }
}

fn settings(endpoint: &Endpoint, name: Provider) -> llm::Settings {
    let dialect = match name {
        Provider::Deepseek => llm::Dialect::Deepseek,
        _ => llm::Dialect::OpenAi,
    };
    llm::Settings {
        base_url: endpoint.base_url.clone(),
        model: endpoint.model.clone(),
        api_key: endpoint.api_key.clone(),
        dialect,
        idle_timeout: endpoint.idle_timeout,
        deadline: endpoint.deadline,
        ..llm::Settings::default()
    }
}

fn jobs_per_user(config: &Config) -> Option<usize> {
    Some(config.jobs_per_user).filter(|most| *most > 0)
}

fn worker_name(clock: &Clock) -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "worker".into());
    format!("{host}-{}", clock.job_id())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use shared::{
        config::{Program, Source},
        permits::Permits,
    };

    use super::*;

    fn config(deepseek: &str, timeout: &str) -> Config {
        let ollama = [("OLLAMA_BASE_URL", "http://localhost:11434"), ("OLLAMA_MODEL", "m")];
        let [url, model] = ollama;
        let source = [
            ("DEEPSEEK_API_KEY", deepseek),
            ("OLLAMA_TIMEOUT", timeout),
            ("AI_CONSENT", "required"),
            url,
            model,
        ];
        Config::read(Program::Api, &Source::from(source)).unwrap()
    }

    #[test]
    fn a_provider_with_the_same_settings_stays_the_same() {
        let http = shared::http::client().unwrap();
        let make = |name: Provider, endpoint: &Endpoint| {
            let client = llm::Client::new(http.clone(), settings(endpoint, name));
            Ok::<_, Infallible>(llm::Provider::new(name, client, Permits::local(1), Clock::System))
        };
        let before = config("one", "60");
        let known = providers(&before, None, make).unwrap();
        assert_eq!(known.len(), 2);
        let with = |anew: &Config| {
            let renewed = providers(anew, Some((&before, &known)), make).unwrap();
            renewed.iter().map(|one| known.iter().any(|known| Arc::ptr_eq(known, one))).collect::<Vec<_>>()
        };
        assert_eq!(with(&config("one", "60")), [true, true]);
        assert_eq!(with(&config("two", "60")), [false, true]);
        assert_eq!(with(&config("one", "61")), [true, false]);
        assert_eq!(with(&config("", "60")), [true]);
    }
}
