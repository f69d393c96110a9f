//! What can be set: each setting is declared once, and read, documented and reloaded by its declaration.

use super::Program;

mod table;

pub use table::{GROUPS, RETENTION_TITLE};

/// Settings that belong together.
#[derive(Debug)]
pub struct Group {
    /// What they are about.
    pub title: &'static str,
    /// They themselves.
    pub settings: &'static [Setting],
}

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name in the environment; in a file it is written in lower case.
    pub name: &'static str,
    /// Names it had before, which are read too.
    pub old: &'static [&'static str],
    /// What it can be.
    pub shape: Shape,
    /// What it is when nobody sets it.
    pub usual: Usual,
    /// What it does, in Markdown.
    pub meaning: &'static str,
    /// Whether it is never shown, and `NAME_FILE` may hold the path of a file with it.
    pub secret: bool,
    /// Whether SIGHUP applies it; else it needs a restart.
    pub reloads: bool,
    /// Who reads it.
    pub read_by: ReadBy,
}

/// What a setting can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// A whole number.
    Number,
    /// A number.
    Decimal,
    /// `on` or `off`.
    Switch,
    /// Seconds, or a number with `s`, `m`, `h` or `d`.
    Duration,
    /// Texts or numbers; in the environment separated by commas.
    List,
}

impl Shape {
    /// How it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Decimal => "decimal",
            Self::Switch => "switch",
            Self::Duration => "duration",
            Self::List => "list",
        }
    }
}

/// What a setting is when nobody sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// It is not there.
    Nothing,
    /// Always this.
    Is(&'static str),
    /// It depends: on what, in Markdown.
    Depends(&'static str),
}

/// Which programs read a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBy {
    /// The API.
    Api,
    /// Workers, and the API where it runs embedded.
    Worker,
    /// Both.
    Both,
}

impl ReadBy {
    /// Whether this program does.
    pub fn includes(self, program: Program) -> bool {
        program == Program::Api || self != Self::Api
    }
}

impl Setting {
    /// Its names, the present one first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.old.iter().copied())
    }

    const fn new(name: &'static str, shape: Shape, usual: Usual, meaning: &'static str) -> Self {
        let (secret, reloads) = (false, false);
        Self { name, old: &[], shape, usual, meaning, secret, reloads, read_by: ReadBy::Both }
    }

    const fn old(mut self, old: &'static [&'static str]) -> Self {
        self.old = old;
        self
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    const fn reloads(mut self) -> Self {
        self.reloads = true;
        self
    }

    const fn of_api(mut self) -> Self {
        self.read_by = ReadBy::Api;
        self
    }

    const fn of_workers(mut self) -> Self {
        self.read_by = ReadBy::Worker;
        self
    }
}

/// Every setting.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    GROUPS.iter().flat_map(|group| group.settings)
}

/// The setting of this present name.
pub fn find(name: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.name == name)
}

/// What a file may name: the key, the variable it stands for, and the setting.
pub fn keys() -> impl Iterator<Item = (String, String, &'static Setting)> {
    let variables = |setting: &'static Setting| {
        setting.names().flat_map(|name| {
            let file = setting.secret.then(|| format!("{name}_FILE"));
            [Some(name.to_owned()), file]
        })
    };
    all().flat_map(move |setting| {
        variables(setting).flatten().map(move |variable| (variable.to_lowercase(), variable, setting))
    })
}
