//! `smartstudy-api migrate`, as an operator runs it.

use std::process::{Command, ExitStatus, Output, Stdio};

use serde_json::Value;

use crate::app::api_binary;

/// The database that is migrated.
#[derive(Clone, Debug)]
pub struct Migrate {
    url: String,
    database: String,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// Its lines, each an event.
    pub events: Vec<Value>,
    /// What it said besides.
    pub complaint: String,
}

impl Migrate {
    /// Of a database.
    pub fn of(url: &str, database: &str) -> Self {
        Self { url: url.to_owned(), database: database.to_owned() }
    }

    /// A command with JSON for its output.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(api_binary());
        command.arg("migrate").args(arguments).arg("--json").env_clear();
        command.env("MONGODB_URL", &self.url).env("DATABASE_NAME", &self.database);
        command.current_dir(std::env::temp_dir());
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = tokio::process::Command::from(self.command(arguments));
        Ran::of(command.stdin(Stdio::null()).output().await.expect("the binary runs"))
    }

    /// Runs a command that must succeed.
    pub async fn done(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments).await;
        assert!(ran.status.success(), "migrate {arguments:?}: {}: {:?}", ran.complaint, ran.failures());
        ran
    }
}

impl Ran {
    /// From what a command printed.
    pub fn of(output: Output) -> Self {
        let text = String::from_utf8(output.stdout).expect("text");
        let events = text.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect();
        Self {
            status: output.status,
            events,
            complaint: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// A count of the report, of all collections or of one.
    pub fn count(&self, name: &str, collection: Option<&str>) -> u64 {
        let counts = self.report()["collections"].as_array().expect("collections");
        let wanted = |counts: &&Value| collection.is_none_or(|name| counts["collection"] == name);
        counts.iter().filter(wanted).map(|counts| counts[name].as_u64().expect(name)).sum()
    }

    /// The report at the end.
    pub fn report(&self) -> &Value {
        self.events.last().filter(|event| event["event"] == "report").expect("a report")
    }

    /// What is wrong with documents: collection, id and reason.
    pub fn findings(&self) -> Vec<(String, String, String)> {
        let text = |event: &Value, name: &str| event[name].as_str().expect(name).to_owned();
        let findings = self.events.iter().filter(|event| event["event"] == "finding");
        findings.map(|event| (text(event, "collection"), text(event, "id"), text(event, "reason"))).collect()
    }

    /// What must not be.
    pub fn failures(&self) -> Vec<&Value> {
        self.events.iter().filter(|event| event["event"] == "failure").take(10).collect()
    }
}
