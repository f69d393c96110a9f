//! `smartstudy-api migrate`: the old backends' data, as an operator moves it. See docs/migration.md.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::ExposeSecret;
use serde::Serialize;
use shared::{
    clock::Clock,
    config::{self, Source},
    store::migration::{Checked, Counts, Event, Finding, Migration, Report},
};

/// What is to be done with the old backends' data, and how.
#[derive(Debug, Args)]
#[command(after_help = crate::EXIT_CODES)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// Look at no more documents a second than this.
    #[arg(long, global = true, value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Print one JSON object a line instead of text.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say what would be added and what is wrong; write nothing.
    Plan,
    /// Add what is missing. May be stopped at any point; the same command goes on.
    Apply,
    /// Compare every document with what it was, and read it as the API does.
    Validate {
        /// Fail also if somebody wrote since: for a rehearsal on a copy.
        #[arg(long)]
        strict: bool,
    },
    /// Remove what `apply` added; keep what was written since.
    Rollback,
}

/// Does it. An error if the command failed or `validate` found something that must not be.
pub fn run(arguments: Arguments, source: &Source) -> anyhow::Result<()> {
    // What is computed here is little beside what the database does, so one thread is enough.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(migrate(arguments, source))
}

async fn migrate(arguments: Arguments, source: &Source) -> anyhow::Result<()> {
    let (url, database) = config::database(source)?;
    let migration = Migration::open(url.expose_secret(), &database, Clock::System, arguments.rate).await;
    let migration = migration.context("the database that MONGODB_URL names cannot be opened")?;
    let mut output = Output::new(arguments.json);
    match arguments.action {
        Action::Plan => {
            let report = migration.plan(|event| output.tell(event)).await?;
            output.finish("plan", &report, "to build")
        }
        Action::Apply => {
            let report = migration.apply(|event| output.tell(event)).await?;
            output.finish("apply", &report, "built")
        }
        Action::Validate { strict } => {
            let report = migration.validate(|event| output.tell(event)).await?;
            output.finish("validate", &report, "missing")?;
            judge(&report, strict)
        }
        Action::Rollback => {
            let report = migration.rollback(|event| output.tell(event)).await?;
            output.finish("rollback", &report, "removed")
        }
    }
}

fn judge(report: &Report<Checked>, strict: bool) -> anyhow::Result<()> {
    let sum = |count: fn(&Checked) -> u64| report.collections.iter().map(|of| count(&of.counts)).sum::<u64>();
    let (failed, removed) = (sum(|checked| checked.failed), sum(|checked| checked.removed));
    let (new, changed) = (sum(|checked| checked.new), sum(|checked| checked.changed_since));
    if failed > 0 {
        bail!("{failed} document(s) are not as they must be");
    }
    if !report.indexes.is_empty() {
        bail!("{} index(es) are missing", report.indexes.len());
    }
    if strict && new + removed + changed > 0 {
        bail!("somebody wrote since: {new} document(s) are new, {changed} changed, {removed} removed");
    }
    Ok(())
}

/// Where a run says what it does: results on the standard output, progress beside them.
struct Output {
    json: bool,
    bar: ProgressBar,
}

impl Output {
    fn new(json: bool) -> Self {
        let bar = if json { ProgressBar::hidden() } else { ProgressBar::new(0) };
        let style = ProgressStyle::with_template("{msg:16} {bar:32} {human_pos}/{human_len} {per_sec} {eta}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { json, bar }
    }

    fn tell(&mut self, event: Event) {
        if self.json {
            return self.line(&event);
        }
        match event {
            Event::Collection { name, documents } => {
                self.bar.reset();
                self.bar.set_length(documents);
                self.bar.set_message(name);
            }
            Event::Progress { documents, .. } => self.bar.inc(documents),
            Event::Finding(Finding { collection, id, reason, left }) => {
                let outcome = if left { "left as it is" } else { "noted" };
                self.say(&format!("{collection} {id}: {outcome}: {}", reason.explanation()));
            }
            Event::Sample { collection, id, adds } => {
                self.say(&format!("{collection} {id}: would get {adds}"))
            }
            Event::Failure { collection, id, problem } => {
                self.say(&format!("{collection} {id}: FAILED: {problem}"));
            }
        }
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| println!("{line}"));
    }

    fn line(&self, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(line) => println!("{line}"),
            Err(error) => tracing::error!(%error, "an event cannot be written"),
        }
    }

    fn finish<T: Counts + Serialize>(
        &self,
        command: &'static str,
        report: &Report<T>,
        indexes: &str,
    ) -> anyhow::Result<()> {
        #[derive(Serialize)]
        #[serde(tag = "event", rename = "report")]
        struct Finished<'a, T> {
            command: &'static str,
            #[serde(flatten)]
            report: &'a Report<T>,
        }
        self.bar.finish_and_clear();
        if self.json {
            self.line(&Finished { command, report });
            return Ok(());
        }
        if report.collections.is_empty() {
            println!("nothing was applied");
        }
        for (at, of) in report.collections.iter().enumerate() {
            let counts = of.counts.named();
            if at == 0 {
                let heads = counts.iter().map(|(name, _)| format!("{name:>15}")).collect::<String>();
                println!("{:16}{heads}", "");
            }
            let values = counts.iter().map(|(_, count)| format!("{count:>15}")).collect::<String>();
            println!("{:16}{values}", of.collection);
        }
        for index in &report.indexes {
            println!("index {indexes}: {index}");
        }
        Ok(())
    }
}
