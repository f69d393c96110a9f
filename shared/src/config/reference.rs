//! The table of settings as people and programs read it.

use std::fmt::Write;

use serde::Serialize;

use super::settings::{self, GROUPS, Group, ReadBy, Setting, Usual};

const HEAD: &str = "| variable | default | meaning | by | SIGHUP |\n| --- | --- | --- | --- | --- |\n";

/// A Markdown table of each group, under its title.
pub fn tables() -> String {
    let mut page = String::new();
    for group in GROUPS.iter().filter(|group| group.title != settings::RETENTION_TITLE) {
        // Writing to a string cannot fail.
        let _ = write!(page, "### {}\n\n{}\n", group.title, table(group));
    }
    page.trim_end().to_owned()
}

/// The Markdown table of what is kept how long.
pub fn retention() -> String {
    let group = GROUPS.iter().find(|group| group.title == settings::RETENTION_TITLE);
    let mut table = String::from("| variable | default | what goes |\n| --- | --- | --- |\n");
    for setting in group.iter().flat_map(|group| group.settings) {
        let _ = writeln!(table, "| {} | {} | {} |", names(setting), usual(setting), setting.meaning);
    }
    table.trim_end().to_owned()
}

fn table(group: &Group) -> String {
    let mut table = HEAD.to_owned();
    for setting in group.settings {
        let secret = if setting.secret { "; a secret" } else { "" };
        let by = read_by(setting);
        let reloads = if setting.reloads { "yes" } else { "" };
        let _ = writeln!(
            table,
            "| {} | {} | {}{secret} | {by} | {reloads} |",
            names(setting),
            usual(setting),
            setting.meaning
        );
    }
    table
}

fn names(setting: &Setting) -> String {
    let old: String = setting.old.iter().map(|old| format!(" (or `{old}`)")).collect();
    format!("`{}`{old}", setting.name)
}

fn usual(setting: &Setting) -> String {
    match setting.usual {
        Usual::Nothing => "none".to_owned(),
        Usual::Is(value) => format!("`{value}`"),
        Usual::Depends(on) => on.to_owned(),
    }
}

fn read_by(setting: &Setting) -> &'static str {
    match setting.read_by {
        ReadBy::Api => "API",
        ReadBy::Worker => "worker",
        ReadBy::Both => "both",
    }
}

/// A setting as programs read it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    group: &'static str,
    name: &'static str,
    old_names: &'static [&'static str],
    key: String,
    r#type: &'static str,
    default: Option<&'static str>,
    meaning: &'static str,
    secret: bool,
    reloads: bool,
    read_by: &'static str,
}

/// Every setting, in the order of the page.
pub fn rows() -> Vec<Row> {
    let row = |group: &'static Group, setting: &'static Setting| Row {
        group: group.title,
        name: setting.name,
        old_names: setting.old,
        key: setting.name.to_lowercase(),
        r#type: setting.shape.name(),
        default: match setting.usual {
            Usual::Nothing => None,
            Usual::Is(value) | Usual::Depends(value) => Some(value),
        },
        meaning: setting.meaning,
        secret: setting.secret,
        reloads: setting.reloads,
        read_by: read_by(setting),
    };
    GROUPS.iter().flat_map(|group| group.settings.iter().map(move |setting| row(group, setting))).collect()
}
