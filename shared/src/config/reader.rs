//! Reads settings by their declarations. Written by hand because no library takes several names for one value,
//! `NAME_FILE` for secrets, and reports every mistake at once.

use std::{collections::BTreeMap, fmt::Display, str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};

use super::{
    Program,
    settings::{self, Setting},
    source::{Origin, Source},
};
use crate::domain::duration;

const DAY: u64 = 24 * 3600;

/// What a setting is, and why.
#[derive(Debug, Clone)]
pub struct Effective {
    /// Which.
    pub setting: &'static Setting,
    /// Where it comes from.
    pub origin: Origin,
    /// The variable that set it: an old name, or that of a file with the secret.
    pub variable: String,
    value: Option<SecretString>,
}

impl Effective {
    /// What may be shown of it: of a secret only that it is set.
    pub fn shown(&self) -> Option<&str> {
        let value = self.value.as_ref()?.expose_secret();
        Some(if self.setting.secret { "set" } else { value })
    }

    /// Whether the other one has the same value, wherever that comes from. What nobody sets follows other settings, and
    /// is the same as long as nobody does.
    pub fn is_as(&self, other: &Self) -> bool {
        let unset = |effective: &Self| effective.origin == Origin::Default;
        let expose =
            |effective: &Self| effective.value.as_ref().map(|value| value.expose_secret().to_owned());
        (unset(self) && unset(other)) || expose(self) == expose(other)
    }
}

/// Every setting that was read, by name.
pub type Effectives = BTreeMap<&'static str, Effective>;

/// Reads values and collects what is wrong with them.
pub(super) struct Reader<'a> {
    program: Program,
    source: &'a Source,
    mistakes: Vec<String>,
    effective: Effectives,
}

/// A value that was set.
struct Given {
    text: String,
    variable: String,
    origin: Origin,
}

impl<'a> Reader<'a> {
    pub(super) fn new(program: Program, source: &'a Source) -> Self {
        Self { program, source, mistakes: source.mistakes.clone(), effective: Effectives::new() }
    }

    pub(super) fn mistake(&mut self, mistake: String) {
        self.mistakes.push(mistake);
    }

    /// What was read, and what is wrong with it: with what could not be read at all, nothing else is told.
    pub(super) fn finish(self) -> (Effectives, Vec<String>) {
        let unreadable = &self.source.unreadable;
        (self.effective, if unreadable.is_empty() { self.mistakes } else { unreadable.clone() })
    }

    /// Whether somebody set what was read before.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.effective.get(name).is_some_and(|effective| effective.origin != Origin::Default)
    }

    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        let given = self.given(name);
        let text = given.as_ref().map(|given| given.text.clone());
        self.note(name, given, None);
        text
    }

    pub(super) fn text_or(&mut self, name: &str, usual: &str) -> String {
        let given = self.given(name);
        let text = given.as_ref().map_or(usual, |given| given.text.as_str()).to_owned();
        self.note(name, given, Some(usual.to_owned()));
        text
    }

    pub(super) fn secret(&mut self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    pub(super) fn number<T: FromStr<Err: Display> + Display>(&mut self, name: &str, usual: T) -> T {
        let told = usual.to_string();
        self.parsed(name, usual, told, |text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    pub(super) fn switch(&mut self, name: &str, usual: bool) -> bool {
        let told = if usual { "on" } else { "off" };
        self.parsed(name, usual, told.to_owned(), |text| match text.to_lowercase().as_str() {
            "1" | "true" | "on" | "yes" => Ok(true),
            "0" | "false" | "off" | "no" => Ok(false),
            _ => Err("use on or off".into()),
        })
    }

    pub(super) fn duration(&mut self, name: &str, usual: Duration) -> Duration {
        let seconds = usual.as_secs();
        let told = match seconds % DAY {
            0 => format!("{}d", seconds / DAY),
            _ => seconds.to_string(),
        };
        self.parsed(name, usual, told, duration)
    }

    /// What one of these words stands for.
    pub(super) fn choice<T: Copy>(&mut self, name: &str, usual: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text_or(name, usual);
        let chosen = choices.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant);
        if chosen.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            let (last, others) = words.split_last().unwrap_or((&"nothing", &[]));
            self.mistake(format!("{name} is {text:?}; use {} or {last}", others.join(", ")));
        }
        chosen
    }

    pub(super) fn list(&mut self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        usual: T,
        told: String,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> T {
        let given = self.given(name);
        let parsed = given.as_ref().map(|given| parse(&given.text).map_err(|why| (given.text.clone(), why)));
        self.note(name, given, Some(told));
        match parsed {
            None => usual,
            Some(Ok(value)) => value,
            Some(Err((text, why))) => {
                self.mistake(format!("{name} is {text:?}: {why}"));
                usual
            }
        }
    }

    /// The value of a declared setting, where it is set and the program reads it.
    fn given(&mut self, name: &str) -> Option<Given> {
        let setting = settings::find(name);
        debug_assert!(setting.is_some(), "{name} is not declared");
        let setting = setting.filter(|setting| setting.read_by.includes(self.program))?;
        let found = self.source.setting(setting)?;
        let (variable, origin) = (found.variable, found.origin);
        if !setting.secret || !variable.ends_with("_FILE") {
            return Some(Given { text: found.text.to_owned(), variable, origin });
        }
        match std::fs::read_to_string(found.text) {
            Ok(text) if text.trim().is_empty() => None,
            Ok(text) => Some(Given { text: text.trim().to_owned(), variable, origin }),
            Err(error) => {
                self.mistake(format!("{variable} cannot be read: {error}"));
                None
            }
        }
    }

    fn note(&mut self, name: &str, given: Option<Given>, usual: Option<String>) {
        let Some(setting) = settings::find(name).filter(|setting| setting.read_by.includes(self.program))
        else {
            return;
        };
        let (value, variable, origin) = match given {
            Some(Given { text, variable, origin }) => (Some(text), variable, origin),
            None => (usual, setting.name.to_owned(), Origin::Default),
        };
        let value = value.map(SecretString::from);
        self.effective.insert(setting.name, Effective { setting, origin, variable, value });
    }
}
