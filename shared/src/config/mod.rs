//! Configuration, read at start and again at SIGHUP. All mistakes are reported together.

use std::{path::PathBuf, time::Duration};

use secrecy::SecretString;
use tracing_subscriber::EnvFilter;

mod accounts;
mod ai;
mod backends;
mod file;
mod observers;
mod ocr;
mod origins;
mod reader;
pub mod reference;
mod retention;
pub mod settings;
mod source;

pub use accounts::Accounts;
pub use ai::{Ai, Consent, Effort, Endpoint};
pub use backends::{Backends, database};
pub use observers::{Dsn, Observers, Traces};
pub use ocr::Ocr;
pub use reader::{Effective, Effectives};
pub use retention::Retention;
pub use source::{Origin, Source};

use reader::Reader;

/// Shortest secret that production accepts, in bytes.
const SECRET_BYTES_MIN: usize = 32;

/// Which program reads the configuration; each needs other values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `smartstudy-api`.
    Api,
    /// `smartstudy-worker`.
    Worker,
}

impl Program {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "smartstudy-api",
            Self::Worker => "smartstudy-worker",
        }
    }
}

/// What kind of place the process runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Forgiving defaults.
    Development,
    /// Refuses what would be unsafe.
    Production,
}

impl Environment {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Everything that can be set.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where state lives.
    pub backends: Backends,
    /// `HOST`: address to listen on; loopback when embedded.
    pub host: String,
    /// `PORT`; 0 picks a free one.
    pub port: u16,
    /// `PUBLIC_URL`: how the outside reaches the API, without a slash at the end; goes into links that leave it.
    pub public_url: String,
    /// `ENVIRONMENT`.
    pub environment: Environment,
    /// `JWT_SECRET` or `JWT_SECRET_KEY`; absent only when embedded, which keeps one in its directory.
    pub jwt_secret: Option<SecretString>,
    /// `JWT_SECRET_PREVIOUS`: verifies, never signs.
    pub jwt_secret_previous: Option<SecretString>,
    /// `JWT_EXPIRES_IN`.
    pub jwt_expires_in: Duration,
    /// `BCRYPT_COST`.
    pub bcrypt_cost: u32,
    /// `GUESTS`: whether throwaway accounts may be made.
    pub guests: bool,
    /// `LEGACY_COMPAT`: whether what the old frontend calls is served too.
    pub legacy_compat: bool,
    /// `ALLOWED_ORIGINS` or `CORS_ORIGINS`.
    pub allowed_origins: Vec<String>,
    /// `RATE_LIMITS`: whether requests beyond the limits are refused.
    pub rate_limits: bool,
    /// `TRUSTED_PROXIES`: proxies before the API that add to `X-Forwarded-For`.
    pub trusted_proxies: usize,
    /// `MAX_FILE_SIZE`, in bytes.
    pub max_file_size: usize,
    /// `WORKER_CONCURRENCY`: jobs a worker runs at once.
    pub worker_concurrency: usize,
    /// `JOBS_PER_USER`: jobs of a user that run at once, over all workers; 0 for as many as there are slots.
    pub jobs_per_user: usize,
    /// `METRICS_PORT` of a worker; 0 picks a free one.
    pub metrics_port: u16,
    /// DeepSeek, where a key is set.
    pub deepseek: Option<Endpoint>,
    /// What is asked when DeepSeek cannot answer or is not set: any endpoint that speaks its protocol.
    pub ollama: Option<Endpoint>,
    /// Who may use the providers, and what it costs.
    pub ai: Ai,
    /// Mail to users, and who operates the platform.
    pub accounts: Accounts,
    /// `OCR`, `OCR_LANGUAGES`, `OCR_PAGES`: how scans are read; not at all without it.
    pub ocr: Option<Ocr>,
    /// How long things are kept.
    pub retention: Retention,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `RUST_LOG`.
    pub log_filter: String,
    /// Who is told of traces and errors.
    pub observers: Observers,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {} mistake(s):\n{}", .0.len(), .0.iter().map(|m| format!("  - {m}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<String>);

/// A configuration as it was read: usable or not, and what each setting is.
#[derive(Debug)]
pub struct Examined {
    /// The configuration, unless it has mistakes.
    pub config: Result<Config, ConfigError>,
    /// Every setting that the program reads.
    pub effective: Effectives,
}

impl Config {
    /// Reads the given source.
    pub fn read(program: Program, source: &Source) -> Result<Self, ConfigError> {
        Self::examine(program, source).config
    }

    /// Reads the given source and tells what each setting is.
    pub fn examine(program: Program, source: &Source) -> Examined {
        let mut reader = Reader::new(program, source);
        let config = Self::from(&mut reader, program);
        let (effective, mistakes) = reader.finish();
        let config = if mistakes.is_empty() { Ok(config) } else { Err(ConfigError(mistakes)) };
        Examined { config, effective }
    }

    fn from(reader: &mut Reader<'_>, program: Program) -> Self {
        // Named for those who look; the source has read it.
        reader.text("CONFIG_FILE");
        let backends = backends::read(reader);
        let embedded = matches!(backends, Some(Backends::Embedded { .. }));
        let environment = reader.choice(
            "ENVIRONMENT",
            "development",
            &[
                ("development", Environment::Development),
                ("production", Environment::Production),
                ("test", Environment::Development),
            ],
        );
        let environment = environment.unwrap_or(Environment::Development);
        let production = environment == Environment::Production;
        let jwt_secret = reader.secret("JWT_SECRET");
        match program {
            Program::Api => check_secret(reader, jwt_secret.as_ref(), embedded, production),
            Program::Worker if embedded => reader.mistake("a worker needs MONGODB_URL and REDIS_URL".into()),
            Program::Worker => {}
        }
        let port = reader.number("PORT", 4000);
        let model = reader.text_or("DEEPSEEK_MODEL", "deepseek-flash");
        let public_url = reader.text_or("PUBLIC_URL", &format!("http://localhost:{port}"));
        let public_url = public_url.trim_end_matches('/').to_owned();
        let log_format = reader.choice(
            "LOG_FORMAT",
            if production { "json" } else { "text" },
            &[("json", LogFormat::Json), ("text", LogFormat::Text)],
        );
        let config = Self {
            accounts: accounts::accounts(reader, &public_url, production),
            host: reader.text_or("HOST", if embedded { "127.0.0.1" } else { "0.0.0.0" }),
            port,
            public_url,
            environment,
            jwt_secret,
            jwt_secret_previous: reader.secret("JWT_SECRET_PREVIOUS"),
            jwt_expires_in: reader.duration("JWT_EXPIRES_IN", Duration::from_secs(7 * 24 * 3600)),
            bcrypt_cost: reader.number("BCRYPT_COST", 10),
            guests: reader.switch("GUESTS", embedded || !production),
            legacy_compat: reader.switch("LEGACY_COMPAT", false),
            allowed_origins: origins::read(reader),
            rate_limits: reader.switch("RATE_LIMITS", true),
            trusted_proxies: reader.number("TRUSTED_PROXIES", 0),
            max_file_size: reader.number("MAX_FILE_SIZE", 10 << 20),
            worker_concurrency: reader.number("WORKER_CONCURRENCY", 4),
            jobs_per_user: reader.number("JOBS_PER_USER", 3),
            metrics_port: reader.number("METRICS_PORT", 9464),
            ai: ai::ai(reader, &model),
            deepseek: ai::deepseek(reader, model),
            ollama: ai::ollama(reader),
            ocr: Ocr::read(reader),
            retention: Retention::read(reader),
            log_filter: log_filter(reader),
            observers: Observers::read(reader, program),
            log_format: log_format.unwrap_or(LogFormat::Text),
            backends: backends.unwrap_or(Backends::Embedded { data_dir: PathBuf::new() }),
        };
        if !(4..=31).contains(&config.bcrypt_cost) {
            reader.mistake("BCRYPT_COST must be 4 to 31".into());
        }
        if config.worker_concurrency == 0 {
            reader.mistake("WORKER_CONCURRENCY must be at least 1".into());
        }
        config
    }

    /// This configuration, with what a running process can change taken from `anew`.
    #[must_use]
    pub fn reloaded(&self, anew: Self) -> Self {
        Self {
            allowed_origins: anew.allowed_origins,
            rate_limits: anew.rate_limits,
            jobs_per_user: anew.jobs_per_user,
            deepseek: anew.deepseek,
            ollama: anew.ollama,
            ai: anew.ai,
            retention: anew.retention,
            log_filter: anew.log_filter,
            ..self.clone()
        }
    }
}

fn log_filter(reader: &mut Reader<'_>) -> String {
    let filter = reader.text_or("RUST_LOG", "info");
    if let Err(error) = EnvFilter::builder().parse(&filter) {
        reader.mistake(format!("RUST_LOG is {filter:?}: {error}"));
    }
    filter
}

fn check_secret(reader: &mut Reader<'_>, secret: Option<&SecretString>, embedded: bool, production: bool) {
    use secrecy::ExposeSecret;
    match secret {
        None if production || !embedded => reader.mistake("JWT_SECRET is missing".into()),
        Some(secret) if production && secret.expose_secret().len() < SECRET_BYTES_MIN => {
            reader.mistake(format!("JWT_SECRET is shorter than {SECRET_BYTES_MIN} bytes"));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
