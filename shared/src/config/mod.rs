//! Configuration, read once at start. All mistakes are reported together.

use std::{path::PathBuf, time::Duration};

use secrecy::SecretString;

mod accounts;
mod ai;
mod ocr;
mod retention;
mod source;

pub use accounts::Accounts;
pub use ai::{Ai, Consent, Effort, Endpoint};
pub use ocr::Ocr;
pub use retention::Retention;
pub use source::{Source, SourceError};

use source::Reader;

/// Shortest secret that production accepts, in bytes.
const SECRET_BYTES_MIN: usize = 32;

/// Where state lives.
#[derive(Debug, Clone)]
pub enum Backends {
    /// Everything in this process, under a directory.
    Embedded {
        /// `DATA_DIR`.
        data_dir: PathBuf,
    },
    /// MongoDB and Redis.
    Services {
        /// `MONGODB_URL` or `MONGODB_URI`.
        mongodb_url: SecretString,
        /// `REDIS_URL`.
        redis_url: SecretString,
        /// `DATABASE_NAME`; also the prefix of all Redis keys.
        database: String,
    },
}

/// Which program reads the configuration; each needs other values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `smartstudy-api`.
    Api,
    /// `smartstudy-worker`.
    Worker,
}

/// What kind of place the process runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Forgiving defaults.
    Development,
    /// Refuses what would be unsafe.
    Production,
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
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {} mistake(s):\n{}", .0.len(), .0.iter().map(|m| format!("  - {m}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads the environment and a `.env` file in the working directory.
    pub fn from_env(program: Program) -> Result<Self, ConfigError> {
        let source = Source::from_env().map_err(|error| ConfigError(vec![error.to_string()]))?;
        Self::read(program, &source)
    }

    /// Reads the given source.
    pub fn read(program: Program, source: &Source) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(source);
        let backends = backends(&mut reader);
        let embedded = matches!(backends, Some(Backends::Embedded { .. }));
        let environment = match reader.text(&["ENVIRONMENT", "NODE_ENV"]).as_deref() {
            None | Some("development" | "test") => Environment::Development,
            Some("production") => Environment::Production,
            Some(other) => {
                reader.mistake(format!("ENVIRONMENT is {other:?}; use development or production"));
                Environment::Development
            }
        };
        let production = environment == Environment::Production;
        let jwt_secret = reader.secret(&["JWT_SECRET", "JWT_SECRET_KEY"]);
        match program {
            Program::Api => check_secret(&mut reader, jwt_secret.as_ref(), embedded, production),
            Program::Worker if embedded => reader.mistake("a worker needs MONGODB_URL and REDIS_URL".into()),
            Program::Worker => {}
        }
        let port = reader.number(&["PORT"], 4000);
        let model = reader.text(&["DEEPSEEK_MODEL"]).unwrap_or_else(|| "deepseek-flash".into());
        let public_url = reader
            .text(&["PUBLIC_URL"])
            .map_or_else(|| format!("http://localhost:{port}"), |url| url.trim_end_matches('/').to_owned());
        let config = Self {
            accounts: accounts::accounts(&mut reader, &public_url, production),
            host: reader
                .text(&["HOST"])
                .unwrap_or_else(|| if embedded { "127.0.0.1" } else { "0.0.0.0" }.into()),
            port,
            public_url,
            environment,
            jwt_secret,
            jwt_secret_previous: reader.secret(&["JWT_SECRET_PREVIOUS"]),
            jwt_expires_in: reader.duration(&["JWT_EXPIRES_IN"], Duration::from_secs(7 * 24 * 3600)),
            bcrypt_cost: reader.number(&["BCRYPT_COST"], 10),
            guests: reader.switch(&["GUESTS"], embedded || !production),
            legacy_compat: reader.switch(&["LEGACY_COMPAT"], false),
            allowed_origins: origins(&mut reader),
            rate_limits: reader.switch(&["RATE_LIMITS"], true),
            trusted_proxies: reader.number(&["TRUSTED_PROXIES"], 0),
            max_file_size: reader.number(&["MAX_FILE_SIZE"], 10 << 20),
            worker_concurrency: reader.number(&["WORKER_CONCURRENCY"], 4),
            jobs_per_user: reader.number(&["JOBS_PER_USER"], 3),
            metrics_port: reader.number(&["METRICS_PORT"], 9464),
            ai: ai::ai(&mut reader, &model),
            deepseek: ai::deepseek(&mut reader, model),
            ollama: ai::ollama(&mut reader),
            ocr: Ocr::read(&mut reader),
            retention: Retention::read(&mut reader),
            log_filter: reader.text(&["RUST_LOG"]).unwrap_or_else(|| "info".into()),
            log_format: match reader.text(&["LOG_FORMAT"]).as_deref() {
                Some("json") => LogFormat::Json,
                Some("text") => LogFormat::Text,
                None if production => LogFormat::Json,
                None => LogFormat::Text,
                Some(other) => {
                    reader.mistake(format!("LOG_FORMAT is {other:?}; use json or text"));
                    LogFormat::Text
                }
            },
            backends: backends.unwrap_or(Backends::Embedded { data_dir: PathBuf::new() }),
        };
        if !(4..=31).contains(&config.bcrypt_cost) {
            reader.mistake("BCRYPT_COST must be 4 to 31".into());
        }
        if config.worker_concurrency == 0 {
            reader.mistake("WORKER_CONCURRENCY must be at least 1".into());
        }
        reader.finish(config)
    }
}

/// The database alone, for commands that need nothing else: its address and its name.
pub fn database_from_env() -> Result<(SecretString, String), ConfigError> {
    let source = Source::from_env().map_err(|error| ConfigError(vec![error.to_string()]))?;
    let mut reader = Reader::new(&source);
    let url = reader.secret(&["MONGODB_URL", "MONGODB_URI"]);
    if url.is_none() {
        reader.mistake("MONGODB_URL is missing: it names the database whose data is to be moved".into());
    }
    let name = database_name(&mut reader);
    reader.finish((url.unwrap_or_default(), name))
}

fn database_name(reader: &mut Reader<'_>) -> String {
    reader.text(&["DATABASE_NAME"]).unwrap_or_else(|| "smartstudy".into())
}

fn backends(reader: &mut Reader<'_>) -> Option<Backends> {
    let mongodb = reader.secret(&["MONGODB_URL", "MONGODB_URI"]);
    let redis = reader.secret(&["REDIS_URL"]);
    let database = database_name(reader);
    let data_dir = reader.text(&["DATA_DIR"]).unwrap_or_else(|| "./data".into());
    match (mongodb, redis) {
        (None, None) => Some(Backends::Embedded { data_dir: data_dir.into() }),
        (Some(mongodb_url), Some(redis_url)) => Some(Backends::Services { mongodb_url, redis_url, database }),
        (Some(_), None) => {
            reader.mistake(
                "MONGODB_URL is set but REDIS_URL is not: set both, or neither to run embedded".into(),
            );
            None
        }
        (None, Some(_)) => {
            reader.mistake(
                "REDIS_URL is set but MONGODB_URL is not: set both, or neither to run embedded".into(),
            );
            None
        }
    }
}

/// Origins as browsers send them: scheme, host and port, without a path.
/// In lower case, and without the port that the scheme has anyway.
fn as_browsers_send(origin: &str) -> String {
    let origin = origin.to_ascii_lowercase();
    let port = if origin.starts_with("https:") { ":443" } else { ":80" };
    origin.strip_suffix(port).unwrap_or(&origin).to_owned()
}

fn origins(reader: &mut Reader<'_>) -> Vec<String> {
    let origins: Vec<String> = reader
        .list(&["ALLOWED_ORIGINS", "CORS_ORIGINS"])
        .iter()
        .map(|origin| as_browsers_send(origin.trim_matches(['[', ']', '"', '\'']).trim_end_matches('/')))
        .filter(|origin| !origin.is_empty())
        .collect();
    for origin in &origins {
        let host = origin.strip_prefix("https://").or(origin.strip_prefix("http://"));
        let is_origin = host.is_some_and(|host| {
            !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c))
        });
        if !is_origin {
            reader.mistake(format!(
                "ALLOWED_ORIGINS has {origin:?}; name each origin, such as https://study.example.org"
            ));
        }
    }
    origins
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
