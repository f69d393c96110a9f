//! The configuration file: TOML, with the settings under their names in lower case.

use std::{collections::HashMap, path::Path};

use toml::{Table, Value};

use super::settings::{self, Setting, Shape};

/// How alike a wrong name and a known one must be to be told as meant.
const ALIKE: f64 = 0.8;

/// What a file has.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// By the variables that the keys stand for.
    pub values: HashMap<String, String>,
    pub mistakes: Vec<String>,
}

/// A file cannot be read. What stands in it is not told: it may be a secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    #[error("{path} cannot be read: {source}")]
    Unreadable { path: String, source: std::io::Error },
    #[error("{path} is no TOML: {message} in line {line}")]
    Malformed { path: String, message: String, line: usize },
}

pub(super) fn read(path: &Path) -> Result<Read, FileError> {
    let name = || path.display().to_string();
    let text =
        std::fs::read_to_string(path).map_err(|source| FileError::Unreadable { path: name(), source })?;
    let table: Table = text.parse().map_err(|error: toml::de::Error| FileError::Malformed {
        path: name(),
        message: error.message().to_owned(),
        line: error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count()),
    })?;
    let mut read = Read::default();
    for (key, value) in &table {
        match settings::keys().find(|(known, ..)| known == key) {
            None => read.mistakes.push(format!("{}: {}", name(), unknown(key))),
            Some((_, variable, setting)) => match as_variable(&variable, setting, value) {
                Ok(text) => drop(read.values.insert(variable, text)),
                Err(needed) => {
                    let mistake = format!("{}: `{key}` must be {needed}, not {}", name(), value.type_str());
                    read.mistakes.push(mistake);
                }
            },
        }
    }
    Ok(read)
}

fn unknown(key: &str) -> String {
    let alike =
        settings::keys().map(|(known, ..)| (strsim::jaro_winkler(&known, &key.to_lowercase()), known));
    match alike.max_by(|(one, _), (other, _)| one.total_cmp(other)).filter(|(score, _)| *score >= ALIKE) {
        Some((_, known)) => format!("there is no `{key}`; is `{known}` meant?"),
        None => format!("there is no `{key}`"),
    }
}

/// The value as the environment would have it, else what it must be.
fn as_variable(variable: &str, setting: &Setting, value: &Value) -> Result<String, &'static str> {
    // The path of a secret is a text, whatever the secret is.
    let shape = if variable.ends_with("_FILE") { Shape::Text } else { setting.shape };
    match (shape, value) {
        (Shape::Text | Shape::Duration | Shape::Switch, Value::String(text)) => Ok(text.clone()),
        (Shape::Number | Shape::Decimal | Shape::Duration, Value::Integer(number)) => Ok(number.to_string()),
        (Shape::Decimal, Value::Float(number)) => Ok(number.to_string()),
        (Shape::Switch, Value::Boolean(on)) => Ok(if *on { "on" } else { "off" }.to_owned()),
        (Shape::List, Value::Array(items)) => {
            let items: Option<Vec<String>> = items.iter().map(item).collect();
            items.map(|items| items.join(",")).ok_or("a list of texts or numbers")
        }
        (Shape::Text, _) => Err("a text"),
        (Shape::Number, _) => Err("a whole number"),
        (Shape::Decimal, _) => Err("a number"),
        (Shape::Switch, _) => Err("true or false"),
        (Shape::Duration, _) => Err("seconds, or a text such as \"7d\""),
        (Shape::List, _) => Err("a list"),
    }
}

fn item(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::*;

    fn read(text: &str, environment: Source) -> (Result<Config, ConfigError>, String) {
        let path =
            std::env::temp_dir().join(format!("smartstudy-{}.toml", crate::clock::Clock::System.token()));
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        let config = Config::read(Program::Api, &environment.over(&path));
        std::fs::remove_file(&path).unwrap();
        (config, path.display().to_string())
    }

    #[test]
    fn a_file_has_numbers_lists_and_switches_and_the_environment_wins() {
        let text = "
            port = 4711
            guests = false
            rate_limits = \"off\"
            jwt_expires_in = 900
            allowed_origins = [\"https://a.example\", \"https://b.example\"]
            deepseek_prices = [0, 0.5, 2]
            deepseek_peak_factor = 1.5
            mongodb_uri = \"mongodb://file\"
            redis_url = \"redis://file\"
            jwt_secret_file = \"/dev/null\"
        ";
        let environment =
            Source::from([("PORT", "4712"), ("MONGODB_URL", "mongodb://env"), ("JWT_SECRET", "s")]);
        let config = read(text, environment).0.unwrap();
        assert_eq!((config.port, config.guests, config.rate_limits), (4712, false, false));
        assert_eq!(config.jwt_expires_in.as_secs(), 900);
        assert_eq!(config.allowed_origins, ["https://a.example", "https://b.example"]);
        assert_eq!(config.ai.tariff.prices.unwrap().completion, 2.0);
        let Backends::Services { mongodb_url, .. } = config.backends else { panic!("not embedded") };
        // An old name in a place that wins, wins over the present one in another, and the other way round.
        assert_eq!(secrecy::ExposeSecret::expose_secret(&mongodb_url), "mongodb://env");
    }

    #[test]
    fn all_mistakes_of_a_file_are_told_with_those_of_other_places() {
        let text =
            "prot = 1\nport = \"4000\"\nguests = 1\nallowed_origins = \"https://a.example\"\nzzz = 2\n";
        let (config, path) = read(text, Source::from([("BCRYPT_COST", "soon")]));
        let mut mistakes = config.unwrap_err().0;
        mistakes.sort();
        let expected = [
            "`allowed_origins` must be a list, not string",
            "`guests` must be true or false, not integer",
            "`port` must be a whole number, not string",
            "there is no `prot`; is `port` meant?",
            "there is no `zzz`",
        ];
        let mut expected: Vec<String> = expected.iter().map(|told| format!("{path}: {told}")).collect();
        expected.push("BCRYPT_COST is \"soon\": invalid digit found in string".into());
        expected.sort();
        assert_eq!(mistakes, expected);
    }

    #[test]
    fn a_file_that_is_no_toml_is_told_by_its_line_and_not_by_what_stands_there() {
        let (config, path) = read("port = 1\njwt_secret = \"hunter2\n", Source::from([]));
        let mistakes = config.unwrap_err().0;
        assert!(mistakes.len() == 1 && mistakes[0].starts_with(&path), "{mistakes:?}");
        assert!(mistakes[0].ends_with("line 2") && !mistakes[0].contains("hunter2"), "{mistakes:?}");
        let mistakes =
            Config::read(Program::Api, &Source::from([]).over("/nowhere.toml".as_ref())).unwrap_err().0;
        assert!(
            mistakes.len() == 1 && mistakes[0].starts_with("/nowhere.toml cannot be read"),
            "{mistakes:?}"
        );
    }
}
