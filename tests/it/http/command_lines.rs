//! The programs as operators call them: what they print, and the code they end with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Output;
use std::time::{Duration, Instant};

use harness::app::{api_binary, run, worker_binary};
use serde_json::Value;

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(a_server_tells_its_health);

/// A directory in which a program is called, and with what environment.
struct Place {
    dir: tempfile::TempDir,
    env: BTreeMap<String, String>,
}

impl Place {
    fn new(env: &[(&str, &str)]) -> Self {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { dir: harness::temp_dir("place-"), env }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    async fn api(&self, arguments: &[&str]) -> Output {
        run(&api_binary(), arguments, &self.env, self.dir.path()).await
    }

    async fn worker(&self, arguments: &[&str]) -> Output {
        run(&worker_binary(), arguments, &self.env, self.dir.path()).await
    }
}

/// What it printed, if it ended with this code.
#[track_caller]
fn told(output: &Output, code: i32) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, error) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{error}");
    (out, error)
}

#[tokio::test]
async fn help_names_every_command_and_what_exit_codes_mean() {
    let place = Place::new(&[]);
    let config = ["check", "show", "reference"];
    let jobs = ["list", "show", "retry", "cancel", "discard", "queues", "pause", "resume"];
    for (help, commands) in [
        (
            place.api(&["--help"]).await,
            &["serve", "openapi", "user", "config", "migrate", "health", "completion"][..],
        ),
        (place.api(&["user", "--help"]).await, &["promote", "demote"]),
        (place.api(&["config", "--help"]).await, &config),
        (place.api(&["migrate", "--help"]).await, &["plan", "apply", "validate", "rollback"]),
        (place.worker(&["--help"]).await, &["run", "jobs", "extract", "quiz", "health", "completion"]),
        (place.worker(&["jobs", "--help"]).await, &jobs),
    ] {
        let (help, _) = told(&help, 0);
        for command in commands {
            assert!(help.contains(&format!("\n  {command}")), "{command} is not in {help}");
        }
        assert!(help.contains("Exit codes: 0 done, 1 failed") && help.contains("--config"), "{help}");
    }
}

#[tokio::test]
async fn wrong_usage_ends_with_2() {
    let place = Place::new(&[]);
    for wrong in
        [&["serv"][..], &["config"], &["config", "check", "--program", "cook"], &["completion", "basic"]]
    {
        told(&place.api(wrong).await, 2);
    }
    for wrong in [
        &["jobs"][..],
        &["jobs", "show", "7"],
        &["jobs", "retry"],
        &["jobs", "retry", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--all"],
        &["jobs", "retry", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--dry-run"],
        &["jobs", "retry", "--all", "--status", "running"],
        &["jobs", "list", "--status", "bogus"],
        &["jobs", "list", "--limit", "0"],
        &["jobs", "list", "--older-than", "yesterday"],
    ] {
        told(&place.worker(wrong).await, 2);
    }
}

#[tokio::test]
async fn shells_get_scripts_that_complete() {
    let place = Place::new(&[]);
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let (script, _) = told(&place.api(&["completion", shell]).await, 0);
        assert!(script.contains("smartstudy-api") && script.contains("promote"), "{script}");
        let (script, _) = told(&place.worker(&["completion", shell]).await, 0);
        assert!(script.contains("smartstudy-worker") && script.contains("queues"), "{script}");
    }
}

#[tokio::test]
async fn a_configuration_is_checked_with_all_mistakes_at_once() {
    let place = Place::new(&[("BCRYPT_COST", "3"), ("GUESTS", "perhaps")]);
    let file = place.file("smartstudy.toml", "prot = 1\n");
    let file = file.to_str().unwrap();
    let (_, error) = told(&place.api(&["config", "check", "--config", file]).await, 1);
    for mistake in
        ["3 mistake(s)", "BCRYPT_COST must be 4 to 31", "GUESTS is \"perhaps\"", "is `port` meant?"]
    {
        assert!(error.contains(mistake), "{error}");
    }
    let (out, _) = told(&place.api(&["--config", file, "config", "check", "--json"]).await, 1);
    let checked: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&checked["ok"], items(&checked["mistakes"]).len()), (&Value::Bool(false), 3), "{out}");
    // A worker does not read those, and needs other ones.
    let (_, error) = told(&place.api(&["config", "check", "--program", "worker"]).await, 1);
    assert!(error.contains("1 mistake(s)") && error.contains("a worker needs MONGODB_URL"), "{error}");
    let good = Place::new(&[]);
    told(&good.api(&["config", "check"]).await, 0);
    let (out, _) = told(&good.api(&["config", "check", "--json"]).await, 0);
    let checked: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(checked, serde_json::json!({ "ok": true, "mistakes": [] }));
}

#[tokio::test]
async fn values_are_shown_with_where_they_come_from_and_secrets_are_not() {
    let place = Place::new(&[("PORT", "4711"), ("JWT_SECRET", "hunter2"), ("OLLAMA_MODEL", "")]);
    place.file(".env", "PORT=4712\nCORS_ORIGINS=https://a.example\nDEEPSEEK_API_KEY_FILE=key\n");
    place.file("key", "hunter3\n");
    let settings = "port = 4713\nallowed_origins = [\"https://b.example\"]\nworker_concurrency = 2\nollama_model = \"m\"\n";
    let file = place.file("smartstudy.toml", settings);
    let (out, _) =
        told(&place.api(&["config", "show", "--json", "--config", file.to_str().unwrap()]).await, 0);
    assert!(!out.contains("hunter"), "{out}");
    let shown: Value = serde_json::from_str(&out).unwrap();
    let of = |name: &str| {
        let setting = items(&shown).iter().find(|setting| setting["name"] == name).expect("a setting");
        let text = |field: &str| setting[field].as_str().unwrap_or("null").to_owned();
        (text("value"), text("from"), text("variable"))
    };
    for (name, value, from, variable) in [
        ("PORT", "4711", "environment", "PORT"),
        ("JWT_SECRET", "set", "environment", "JWT_SECRET"),
        ("ALLOWED_ORIGINS", "https://a.example", ".env", "CORS_ORIGINS"),
        ("DEEPSEEK_API_KEY", "set", ".env", "DEEPSEEK_API_KEY_FILE"),
        ("WORKER_CONCURRENCY", "2", "file", "WORKER_CONCURRENCY"),
        ("OLLAMA_MODEL", "null", "default", "OLLAMA_MODEL"),
        ("HOST", "127.0.0.1", "default", "HOST"),
        ("CONFIG_FILE", file.to_str().unwrap(), "command line", "CONFIG_FILE"),
    ] {
        assert_eq!(of(name), (value.to_owned(), from.to_owned(), variable.to_owned()), "{name}");
    }
    let (out, _) = told(&place.api(&["config", "show"]).await, 0);
    let line = out.lines().find(|line| line.starts_with("ALLOWED_ORIGINS")).expect("a line");
    assert!(line.contains(".env, as CORS_ORIGINS") && line.ends_with("https://a.example"), "{line}");
    assert!(!out.contains("hunter"), "{out}");
}

#[tokio::test]
async fn the_table_of_settings_is_json_too() {
    let (out, _) = told(&Place::new(&[]).api(&["config", "reference", "--json"]).await, 0);
    let rows: Value = serde_json::from_str(&out).unwrap();
    let row = items(&rows).iter().find(|row| row["name"] == "JWT_SECRET").expect("a setting");
    assert_eq!(row["oldNames"], serde_json::json!(["JWT_SECRET_KEY"]));
    assert_eq!(
        (&row["secret"], &row["reloads"], &row["key"]),
        (&true.into(), &false.into(), &"jwt_secret".into())
    );
}

#[tokio::test]
async fn an_account_or_a_job_is_not_looked_for_where_nothing_was_kept() {
    let place = Place::new(&[]);
    for output in [place.api(&["user", "promote", "a@b.c"]).await, place.worker(&["jobs", "list"]).await] {
        let (_, error) = told(&output, 1);
        assert!(error.contains("there is no database in ./data"), "{error}");
    }
    assert!(!place.dir.path().join("data").exists());
}

/// Whoever asks needs no configuration but the address, however much else is wrong.
async fn a_server_tells_its_health(mix: Mix) {
    let app = mix.start(Mix::options()).await;
    let port = app.url.rsplit_once(':').unwrap().1.to_owned();
    let place =
        Place::new(&[("PORT", &port), ("HOST", "0.0.0.0"), ("BCRYPT_COST", "soon"), ("CONFIG_FILE", "none")]);
    told(&place.api(&["health"]).await, 0);
    for worker in &app.workers {
        let port = worker.line(|line| {
            let (_, address) = line.split_once("metrics on http://127.0.0.1:")?;
            Some(address.split_once('/')?.0.to_owned())
        });
        let place = Place::new(&[("METRICS_PORT", &port.await.expect("a worker that starts"))]);
        told(&place.worker(&["health"]).await, 0);
    }
    app.api.freeze();
    let began = Instant::now();
    let (_, error) = told(&place.api(&["health"]).await, 1);
    assert!(error.contains("/health/ready does not answer: not within 3 s"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10));
    app.api.thaw();
    app.api.kill_hard();
    let (_, error) = told(&place.api(&["health"]).await, 1);
    assert!(error.contains("does not answer"), "{error}");
    let (_, error) = told(&Place::new(&[("PORT", "0")]).api(&["health"]).await, 1);
    assert!(error.contains("PORT is \"0\""), "{error}");
}
