//! Who is told of traces and errors, besides the log.

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::{Program, reader::Reader};

/// Who is told of traces and errors. Nobody, unless it is set.
#[derive(Debug, Clone)]
pub struct Observers {
    /// Where traces go.
    pub traces: Option<Traces>,
    /// `SENTRY_DSN`: where errors go.
    pub errors: Option<Dsn>,
}

/// Where traces go, and which.
#[derive(Debug, Clone)]
pub struct Traces {
    /// The collector's address for traces, from `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub endpoint: Url,
    /// `OTEL_SERVICE_NAME`: what this process is called.
    pub service: String,
    /// `TRACES_SAMPLED`: the share of traces that are kept, 0 to 1.
    pub sampled: f64,
}

/// The address of a project at a server that speaks Sentry's protocol.
#[derive(Debug, Clone)]
pub struct Dsn {
    /// Where envelopes go.
    pub endpoint: Url,
    /// What they are let in by.
    pub key: SecretString,
}

impl Observers {
    pub(super) fn read(reader: &mut Reader<'_>, program: Program) -> Self {
        let endpoint = reader.text("OTEL_EXPORTER_OTLP_ENDPOINT");
        let service = reader.text_or("OTEL_SERVICE_NAME", program.name());
        let sampled = reader.number("TRACES_SAMPLED", 1.0);
        if !(0.0..=1.0).contains(&sampled) {
            reader.mistake("TRACES_SAMPLED must be 0 to 1".into());
        }
        let endpoint = endpoint.and_then(|text| {
            let endpoint = collector(&text);
            if endpoint.is_none() {
                reader.mistake(
                    "OTEL_EXPORTER_OTLP_ENDPOINT must be an address such as http://localhost:4318".into(),
                );
            }
            endpoint
        });
        let errors = reader.secret("SENTRY_DSN").and_then(|text| {
            let dsn = Dsn::parse(text.expose_secret());
            if dsn.is_none() {
                reader.mistake("SENTRY_DSN must be like https://KEY@HOST/PROJECT".into());
            }
            dsn
        });
        Self { traces: endpoint.map(|endpoint| Traces { endpoint, service, sampled }), errors }
    }
}

/// The address for traces below a collector's own.
fn collector(text: &str) -> Option<Url> {
    let url = web(&format!("{}/v1/traces", text.trim_end_matches('/')))?;
    (url.query().is_none() && url.fragment().is_none()).then_some(url)
}

fn web(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

impl Dsn {
    /// Reads `https://KEY@HOST/PROJECT`, where a path may stand before the project.
    pub fn parse(text: &str) -> Option<Self> {
        let mut endpoint = web(text)?;
        let key = SecretString::from(endpoint.username());
        let (path, project) = endpoint.path().rsplit_once('/')?;
        if key.expose_secret().is_empty() || project.is_empty() {
            return None;
        }
        let path = format!("{path}/api/{project}/envelope/");
        endpoint.set_path(&path);
        endpoint.set_query(None);
        endpoint.set_fragment(None);
        endpoint.set_username("").ok()?;
        endpoint.set_password(None).ok()?;
        Some(Self { endpoint, key })
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;

    #[test]
    fn nobody_is_told_anything_by_itself() {
        let observers = Config::read(Program::Api, &Source::from([])).unwrap().observers;
        assert!(observers.traces.is_none() && observers.errors.is_none());
    }

    #[test]
    fn addresses_are_those_of_the_protocols() {
        let source = Source::from([
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318/"),
            ("TRACES_SAMPLED", "0.25"),
            ("SENTRY_DSN", "https://public:old@errors.example.org:8443/below/42"),
        ]);
        let Observers { traces, errors } = Config::read(Program::Api, &source).unwrap().observers;
        let (traces, errors) = (traces.unwrap(), errors.unwrap());
        assert_eq!(traces.endpoint.as_str(), "http://localhost:4318/v1/traces");
        assert_eq!((traces.service.as_str(), traces.sampled), ("smartstudy-api", 0.25));
        assert_eq!(errors.endpoint.as_str(), "https://errors.example.org:8443/below/api/42/envelope/");
        assert_eq!(errors.key.expose_secret(), "public");
    }

    #[test]
    fn mistakes_are_told_without_the_secret() {
        for (name, wrong) in [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318?tenant=1"),
            ("TRACES_SAMPLED", "1.5"),
            ("TRACES_SAMPLED", "NaN"),
            ("SENTRY_DSN", "https://hunter2.example.org/"),
            ("SENTRY_DSN", "hunter2"),
        ] {
            let error = Config::read(Program::Api, &Source::from([(name, wrong)])).unwrap_err();
            assert!(error.0.len() == 1 && error.0[0].starts_with(name), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
