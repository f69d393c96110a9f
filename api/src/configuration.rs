//! `smartstudy-api config`: what is set, whether it holds, and what could be set.

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use shared::{
    config::{Config, ConfigError, Effective, Examined, Origin, Program, Source, reference, settings},
    table::table,
};

/// What to do with the configuration.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Tell all mistakes of the configuration, without starting anything; fail if there are any.
    Check {
        #[command(flatten)]
        whose: Whose,
    },
    /// Show what each setting is and where it comes from; of secrets only whether they are set.
    Show {
        #[command(flatten)]
        whose: Whose,
    },
    /// Print the page of all settings in Markdown, or their table with --json.
    Reference,
}

#[derive(Debug, Args)]
struct Whose {
    /// Which program's configuration.
    #[arg(long, value_enum, default_value_t = Of::Api)]
    program: Of,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Of {
    /// smartstudy-api.
    Api,
    /// smartstudy-worker.
    Worker,
}

impl Whose {
    fn examine(&self, source: &Source) -> Examined {
        let program = match self.program {
            Of::Api => Program::Api,
            Of::Worker => Program::Worker,
        };
        Config::examine(program, source)
    }
}

/// Does it. An error if the configuration has mistakes.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<()> {
    let json = arguments.json;
    match arguments.action {
        Action::Check { whose } => check(whose.examine(source), json),
        Action::Show { whose } => show(whose.examine(source), json),
        Action::Reference if json => print(&reference::rows()),
        Action::Reference => {
            print!("{}", api::reference::page());
            Ok(())
        }
    }
}

fn print(value: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

fn check(examined: Examined, json: bool) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Checked<'a> {
        ok: bool,
        mistakes: &'a [String],
    }
    let mistakes = match &examined.config {
        Ok(_) => &[][..],
        Err(ConfigError(mistakes)) => mistakes,
    };
    if json {
        print(&Checked { ok: mistakes.is_empty(), mistakes })?;
    } else if mistakes.is_empty() {
        println!("the configuration has no mistakes");
    }
    examined.config?;
    Ok(())
}

fn show(examined: Examined, json: bool) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Shown<'a> {
        name: &'static str,
        value: Option<&'a str>,
        secret: bool,
        from: Origin,
        variable: &'a str,
    }
    let effective: Vec<&Effective> =
        settings::all().filter_map(|setting| examined.effective.get(setting.name)).collect();
    if json {
        let shown = effective.iter().map(|effective| Shown {
            name: effective.setting.name,
            value: effective.shown(),
            secret: effective.setting.secret,
            from: effective.origin,
            variable: &effective.variable,
        });
        print(&shown.collect::<Vec<_>>())?;
    } else {
        let row = |effective: &&Effective| {
            let (name, variable) = (effective.setting.name, &effective.variable);
            let named = if variable == name { String::new() } else { format!(", as {variable}") };
            let from = format!("{}{named}", effective.origin);
            [name.to_owned(), from, effective.shown().unwrap_or("-").to_owned()]
        };
        let rows: Vec<[String; 3]> = effective.iter().map(row).collect();
        print!("{}", table(["setting", "from", "value"], &rows));
    }
    examined.config?;
    Ok(())
}
