//! Processes that are told to read their configuration anew (SIGHUP).

use std::path::PathBuf;
use std::sync::Arc;

use harness::App;
use harness::client::Reply as HttpReply;
use harness::deepseek::{Deepseek, Reply};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::mix::{Mix, ORIGIN};
use crate::support::*;

on_each_mix!(
    origins_and_limits_change_and_what_needs_a_restart_is_told,
    a_configuration_with_mistakes_is_refused_as_a_whole,
    the_next_job_asks_the_new_provider_and_a_running_one_keeps_to_its_own,
    log_lines_are_chosen_anew,
);

/// An app with a configuration file.
struct Configured {
    app: App,
    file: PathBuf,
    _dir: TempDir,
}

impl Configured {
    async fn start(mix: Mix, settings: &str) -> Self {
        let dir = harness::temp_dir("config-");
        let file = dir.path().join("smartstudy.toml");
        std::fs::write(&file, settings).unwrap();
        let options = Mix::options().unset("ALLOWED_ORIGINS").unset("RATE_LIMITS").unset("RUST_LOG");
        let app = mix.start(options.env("CONFIG_FILE", file.display())).await;
        Self { app, file, _dir: dir }
    }

    /// Has all processes read the file anew that has these settings now, and waits until each says this.
    async fn reload(&self, settings: &str, says: &str) {
        let has_started =
            |line: &str| ["listening on", "working"].iter().any(|told| line.contains(told)).then_some(());
        for process in self.app.processes() {
            process.line(has_started).await.expect("a process that starts");
        }
        std::fs::write(&self.file, settings).unwrap();
        self.app.processes().for_each(|process| process.signal(Signal::HUP));
        for process in self.app.processes() {
            process.line(|line| line.contains(says).then_some(())).await.expect("a process that goes on");
        }
    }

    async fn ask(&self, origin: &str) -> HttpReply {
        let client = self.app.client();
        client.send(client.request(Method::GET, "/jobs").header("Origin", origin)).await
    }

    /// Logs nobody in, from a page of this origin.
    async fn login(&self, origin: &str) -> HttpReply {
        let client = self.app.client();
        let nobody = json!({ "email": "nobody@example.com", "password": "wrong password" });
        client.send(client.request(Method::POST, "/auth/login").header("Origin", origin).json(&nobody)).await
    }

    async fn reloads(&self, outcome: &str) -> bool {
        let metrics = self.app.client().get("/metrics").await.expect(200).text();
        metrics.contains(&format!("smartstudy_config_reloads_total{{outcome=\"{outcome}\"}} 1"))
    }
}

async fn origins_and_limits_change_and_what_needs_a_restart_is_told(mix: Mix) {
    let other = "https://another.example";
    let before = format!("allowed_origins = [\"{ORIGIN}\"]\nrate_limits = false\n");
    let configured = Configured::start(mix, &before).await;
    let reply = configured.ask(other).await;
    assert!(!reply.headers.contains_key("access-control-allow-origin"), "{reply}");
    assert!(!reply.headers.contains_key("ratelimit"), "{reply}");
    assert_problem(&configured.login(other).await, 403, "auth.cross_site");

    let after = format!("allowed_origins = [\"{other}\"]\nrate_limits = true\ndatabase_name = \"another\"\n");
    // Workers read no origins; and where the harness names a database, the file does not.
    let told = match mix {
        Mix::Embedded => "ALLOWED_ORIGINS, RATE_LIMITS changed; DATABASE_NAME changed, but needs a restart",
        Mix::Production => "the configuration was reloaded: ",
    };
    configured.reload(&after, told).await;
    assert!(configured.app.api.log().contains("ALLOWED_ORIGINS, RATE_LIMITS changed"));
    let reply = configured.ask(other).await;
    assert_eq!(reply.header("access-control-allow-origin"), other, "{reply}");
    assert!(reply.headers.contains_key("ratelimit"), "{reply}");
    assert_problem(&configured.login(other).await, 401, "auth.bad_credentials");
    assert_problem(&configured.login(ORIGIN).await, 403, "auth.cross_site");
    assert!(!configured.ask(ORIGIN).await.headers.contains_key("access-control-allow-origin"));
    assert!(configured.reloads("applied").await);
}

async fn a_configuration_with_mistakes_is_refused_as_a_whole(mix: Mix) {
    let before = format!("allowed_origins = [\"{ORIGIN}\"]\n");
    let configured = Configured::start(mix, &before).await;
    let broken =
        "allowed_origins = [\"https://another.example\"]\nprot = 1\nocr_pages = 0\ndeepseek_api_key = 7\n";
    configured.reload(broken, "was not reloaded").await;
    for process in configured.app.processes() {
        let log = process.log().text();
        let told = log.lines().find(|line| line.contains("was not reloaded")).unwrap();
        for mistake in
            ["is `port` meant?", "OCR_PAGES must be at least 1", "`deepseek_api_key` must be a text"]
        {
            assert!(told.contains(mistake), "{told}");
        }
    }
    assert_eq!(configured.ask(ORIGIN).await.header("access-control-allow-origin"), ORIGIN);
    assert!(configured.reloads("refused").await);
    configured.reload("", "the configuration was reloaded").await;
    assert!(!configured.ask(ORIGIN).await.headers.contains_key("access-control-allow-origin"));
}

async fn the_next_job_asks_the_new_provider_and_a_running_one_keeps_to_its_own(mix: Mix) {
    let (first, second) = (Deepseek::start().await, Deepseek::start().await);
    let through = |provider: &Deepseek| {
        format!("deepseek_api_key = \"sk-1\"\ndeepseek_base_url = \"{}\"\n", provider.url())
    };
    let configured = Configured::start(mix, &through(&first)).await;
    let learner = configured.app.client().register().await;
    let go_on = Arc::new(Notify::new());
    first.push(Reply::When(go_on.clone()));
    let running = learner.post("/quiz/generate", &ask(2)).await.expect(202);
    first.received(1).await;

    configured.reload(&through(&second), "the configuration was reloaded: DEEPSEEK_BASE_URL changed").await;
    let next = learner.post("/quiz/generate", &ask(3)).await.expect(202);
    let next = learner.wait_job(next.id()).await;
    assert_eq!((&next["status"], &next["notices"]), (&json!("succeeded"), &json!([])), "{next:#}");
    let (of_first, of_second) = (first.count(), second.count());
    assert!(of_first == 1 && of_second > 0, "{of_first} {of_second}");

    go_on.notify_one();
    let running = learner.wait_job(running.id()).await;
    assert_eq!((&running["status"], &running["notices"]), (&json!("succeeded"), &json!([])), "{running:#}");
    assert!(first.count() > 1, "its keys were checked elsewhere");
    assert_eq!(second.count(), of_second);
}

async fn log_lines_are_chosen_anew(mix: Mix) {
    let configured = Configured::start(mix, "rust_log = \"info\"\n").await;
    configured.ask(ORIGIN).await;
    assert!(!configured.app.api.log().contains("answered"));
    configured.reload("rust_log = \"info,api=debug\"\n", "RUST_LOG changed").await;
    configured.ask(ORIGIN).await;
    configured
        .app
        .api
        .line(|line| line.contains("answered").then_some(()))
        .await
        .expect("a line of debugging");
}
