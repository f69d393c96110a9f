//! Where values come from: the command line, the environment, a `.env` file, a configuration file, in this order.

use std::{collections::HashMap, ffi::OsString, fmt, path::Path};

use serde::Serialize;

use super::{file, settings::Setting};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Origin {
    /// An argument.
    #[serde(rename = "command line")]
    CommandLine,
    /// The process's environment.
    #[serde(rename = "environment")]
    Environment,
    /// The `.env` file of the working directory.
    #[serde(rename = ".env")]
    DotEnv,
    /// The configuration file.
    #[serde(rename = "file")]
    File,
    /// Nobody set it.
    #[serde(rename = "default")]
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CommandLine => "command line",
            Self::Environment => "environment",
            Self::DotEnv => ".env",
            Self::File => "file",
            Self::Default => "default",
        })
    }
}

/// Variables of one place, by name.
#[derive(Debug, Clone)]
struct Layer {
    origin: Origin,
    values: HashMap<String, String>,
}

/// Everything that was set, wherever.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// What stands first wins.
    layers: Vec<Layer>,
    /// What is wrong with what was read.
    pub(super) mistakes: Vec<String>,
    /// What could not be read at all.
    pub(super) unreadable: Vec<String>,
}

/// A variable as it was found.
pub(super) struct Found<'a> {
    pub variable: String,
    pub text: &'a str,
    pub origin: Origin,
}

impl Source {
    /// What is set at present: by the environment, by `.env` in the working directory, and by the file that is named
    /// here, else by `CONFIG_FILE`.
    pub fn open(config_file: Option<&Path>) -> Self {
        let mut source = Self::default();
        if let Some(path) = config_file {
            let named = ("CONFIG_FILE".to_owned(), path.to_string_lossy().into_owned());
            source.add(Origin::CommandLine, HashMap::from([named]));
        }
        let readable =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        source.add(Origin::Environment, std::env::vars_os().filter_map(readable).collect());
        match dot_env(Path::new(".env")) {
            Ok(values) => source.add(Origin::DotEnv, values),
            Err(error) => source.unreadable.push(format!(".env cannot be read: {error}")),
        }
        if let Some(path) = source.text("CONFIG_FILE") {
            source.add_file(Path::new(&path));
        }
        source
    }

    fn add(&mut self, origin: Origin, values: HashMap<String, String>) {
        self.layers.push(Layer { origin, values });
    }

    fn add_file(&mut self, path: &Path) {
        match file::read(path) {
            Ok(read) => {
                self.mistakes.extend(read.mistakes);
                self.add(Origin::File, read.values);
            }
            Err(error) => self.unreadable.push(error.to_string()),
        }
    }

    /// The variable from the first place that has it; there being empty means that it is not set.
    fn value(&self, variable: &str) -> Option<Found<'_>> {
        self.first([variable.to_owned()])
    }

    /// The text of a variable, for who needs nothing else.
    pub fn text(&self, variable: &str) -> Option<String> {
        self.value(variable).map(|found| found.text.to_owned())
    }

    /// A setting by any of its names.
    pub(super) fn setting(&self, setting: &Setting) -> Option<Found<'_>> {
        let names = setting.names().flat_map(|name| {
            let file = setting.secret.then(|| format!("{name}_FILE"));
            [Some(name.to_owned()), file].into_iter().flatten()
        });
        self.first(names.collect::<Vec<_>>())
    }

    fn first(&self, variables: impl AsRef<[String]>) -> Option<Found<'_>> {
        for layer in &self.layers {
            let present = variables.as_ref().iter().filter_map(|variable| {
                Some(Found {
                    text: layer.values.get(variable)?.trim(),
                    variable: variable.clone(),
                    origin: layer.origin,
                })
            });
            let present: Vec<Found<'_>> = present.collect();
            if !present.is_empty() {
                return present.into_iter().find(|found| !found.text.is_empty());
            }
        }
        None
    }
}

fn dot_env(path: &Path) -> Result<HashMap<String, String>, dotenvy::Error> {
    if !path.exists() {
        return Ok(HashMap::new());
    }
    dotenvy::from_path_iter(path)?.collect()
}

impl<const N: usize> From<[(&str, &str); N]> for Source {
    fn from(pairs: [(&str, &str); N]) -> Self {
        let values = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut source = Self::default();
        source.add(Origin::Environment, values.into());
        source
    }
}

#[cfg(test)]
impl Source {
    /// A file below what is set already.
    pub(super) fn over(mut self, path: &Path) -> Self {
        self.add_file(path);
        self
    }
}
