//! The configuration in force, which SIGHUP changes while the process runs.

use std::{path::PathBuf, sync::Arc};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use crate::{
    config::{Config, ConfigError, Effectives, Examined, Program, Source},
    telemetry::{self, LogFilter, Telemetry, TelemetryError},
};

/// The configuration in force. Cheap to clone; ask it once for each piece of work.
#[derive(Debug, Clone)]
pub struct Live(watch::Receiver<Arc<Config>>);

impl Live {
    /// One that does not change.
    pub fn fixed(config: Config) -> Self {
        Self(watch::channel(Arc::new(config)).1)
    }

    /// The configuration at this moment.
    pub fn now(&self) -> Arc<Config> {
        self.0.borrow().clone()
    }
}

/// The process cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration has mistakes.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The system does not pass the signal on.
    #[error("SIGHUP cannot be waited for: {0}")]
    Signal(#[from] std::io::Error),
    /// Traces or errors cannot be sent out.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
}

/// Reads the configuration, starts logging and what else it asks for, and reads it again at each SIGHUP. Call it within
/// a runtime.
pub fn start(program: Program, config_file: Option<PathBuf>) -> Result<(Live, Telemetry), StartError> {
    let hangups = signal(SignalKind::hangup())?;
    let Examined { config, effective } = Config::examine(program, &Source::open(config_file.as_deref()));
    let config = config?;
    let (logs, telemetry) = telemetry::start(program, &config)?;
    let (sender, live) = watch::channel(Arc::new(config));
    tokio::spawn(Reloader { program, config_file, effective, sender, logs }.run(hangups));
    Ok((Live(live), telemetry))
}

struct Reloader {
    program: Program,
    config_file: Option<PathBuf>,
    /// What is in force.
    effective: Effectives,
    sender: watch::Sender<Arc<Config>>,
    logs: LogFilter,
}

impl Reloader {
    async fn run(mut self, mut hangups: Signal) {
        while hangups.recv().await.is_some() {
            let outcome = self.reload();
            metrics::counter!("smartstudy_config_reloads_total", "outcome" => outcome).increment(1);
        }
    }

    fn reload(&mut self) -> &'static str {
        let source = Source::open(self.config_file.as_deref());
        let Examined { config, effective } = Config::examine(self.program, &source);
        let config = match config {
            Ok(config) => config,
            Err(ConfigError(mistakes)) => {
                let mistakes = mistakes.join("; ");
                tracing::error!(%mistakes, "the configuration was not reloaded, the old one stays in force");
                return "refused";
            }
        };
        let config = self.sender.borrow().reloaded(config);
        self.logs.set(&config.log_filter);
        self.sender.send_replace(Arc::new(config));
        let changes = Changes::take_over(&mut self.effective, effective);
        tracing::info!("the configuration was reloaded: {}", changes.told());
        "applied"
    }
}

/// The names of what changed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    applied: Vec<&'static str>,
    needs_restart: Vec<&'static str>,
}

impl Changes {
    /// Puts in force what can be. What cannot is told again each time, until the process starts anew.
    fn take_over(in_force: &mut Effectives, anew: Effectives) -> Self {
        let mut changes = Self::default();
        for (name, value) in anew {
            let same = in_force.get(name).is_some_and(|before| before.is_as(&value));
            match value.setting.reloads {
                true => {
                    in_force.insert(name, value);
                    changes.applied.extend((!same).then_some(name));
                }
                false => changes.needs_restart.extend((!same).then_some(name)),
            }
        }
        changes
    }

    fn told(&self) -> String {
        let told = [(&self.applied, "changed"), (&self.needs_restart, "changed, but needs a restart")];
        let told: Vec<String> = told
            .into_iter()
            .filter(|(names, _)| !names.is_empty())
            .map(|(names, what)| format!("{} {what}", names.join(", ")))
            .collect();
        if told.is_empty() { "nothing changed".to_owned() } else { told.join("; ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effective(source: Source) -> Effectives {
        Config::examine(Program::Api, &source).effective
    }

    #[test]
    fn what_changed_is_told_by_name_and_what_needs_a_restart_again_and_again() {
        let mut in_force = effective(Source::from([("DEEPSEEK_API_KEY", "one"), ("PORT", "4000")]));
        let anew = [("DEEPSEEK_API_KEY", "two"), ("PORT", "4001"), ("GUESTS", "on"), ("RUST_LOG", "warn")];
        let changes = Changes::take_over(&mut in_force, effective(Source::from(anew)));
        let told = "DEEPSEEK_API_KEY, RUST_LOG changed; PORT changed, but needs a restart";
        assert_eq!(changes.told(), told);
        let changes = Changes::take_over(&mut in_force, effective(Source::from(anew)));
        assert_eq!(changes.told(), "PORT changed, but needs a restart");
        let before = [("DEEPSEEK_API_KEY", "two"), ("RUST_LOG", "warn")];
        let changes = Changes::take_over(&mut in_force, effective(Source::from(before)));
        assert_eq!(changes.told(), "nothing changed");
    }
}
