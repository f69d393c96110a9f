//! Reads variables by their present and their old names. Written by hand because no library takes
//! several names for one value, `NAME_FILE` for secrets, and reports every mistake at once.

use std::{collections::HashMap, ffi::OsString, fmt::Display, path::Path, str::FromStr, time::Duration};

use secrecy::SecretString;

use super::ConfigError;
use crate::domain::duration;

/// A place that values come from could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be read: {why}")]
pub struct SourceError {
    what: String,
    why: String,
}

/// Variables by name.
#[derive(Debug, Clone, Default)]
pub struct Source(HashMap<String, String>);

impl Source {
    /// The process's environment over a `.env` file in the working directory.
    pub fn from_env() -> Result<Self, SourceError> {
        let mut values = HashMap::new();
        let file = Path::new(".env");
        if file.exists() {
            let failed = |error: dotenvy::Error| SourceError { what: ".env".into(), why: error.to_string() };
            for item in dotenvy::from_path_iter(file).map_err(failed)? {
                let (name, value) = item.map_err(failed)?;
                values.insert(name, value);
            }
        }
        let readable =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        values.extend(std::env::vars_os().filter_map(readable));
        Ok(Self(values))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Source {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }
}

/// Reads values and collects what is wrong with them.
pub(super) struct Reader<'a> {
    source: &'a Source,
    mistakes: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self { source, mistakes: Vec::new() }
    }

    pub(super) fn mistake(&mut self, mistake: String) {
        self.mistakes.push(mistake);
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.mistakes.is_empty() { Ok(value) } else { Err(ConfigError(self.mistakes)) }
    }

    pub(super) fn text(&mut self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.source.get(name)).map(str::to_owned)
    }

    pub(super) fn secret(&mut self, names: &[&str]) -> Option<SecretString> {
        for name in names {
            if let Some(value) = self.source.get(name) {
                return Some(value.into());
            }
            if let Some(path) = self.source.get(&format!("{name}_FILE")) {
                match std::fs::read_to_string(path) {
                    Ok(value) if value.trim().is_empty() => {}
                    Ok(value) => return Some(value.trim().into()),
                    Err(error) => self.mistake(format!("{name}_FILE cannot be read: {error}")),
                }
            }
        }
        None
    }

    pub(super) fn number<T: FromStr<Err: Display>>(&mut self, names: &[&str], default: T) -> T {
        self.parsed(names, default, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    pub(super) fn switch(&mut self, names: &[&str], default: bool) -> bool {
        self.parsed(names, default, |text| match text.to_lowercase().as_str() {
            "1" | "true" | "on" | "yes" => Ok(true),
            "0" | "false" | "off" | "no" => Ok(false),
            _ => Err("use on or off".into()),
        })
    }

    pub(super) fn duration(&mut self, names: &[&str], default: Duration) -> Duration {
        self.parsed(names, default, duration)
    }

    pub(super) fn list(&mut self, names: &[&str]) -> Vec<String> {
        let text = self.text(names).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    fn parsed<T>(&mut self, names: &[&str], default: T, parse: impl Fn(&str) -> Result<T, String>) -> T {
        let Some(text) = self.text(names) else { return default };
        match parse(&text) {
            Ok(value) => value,
            Err(why) => {
                self.mistake(format!("{} is {text:?}: {why}", names[0]));
                default
            }
        }
    }
}
