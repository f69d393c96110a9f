//! The product under test: the built binaries in one of their backend mixes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{interval, timeout};

use crate::client::Client;
use crate::process::{PATIENCE, Process};
use crate::services::{DatabaseName, Mongod, RedisServer};

type Env = BTreeMap<String, String>;

/// What of our own environment the binaries see; everything else would make tests depend on the machine.
const PASSED_ON: [&str; 5] = ["PATH", "TMPDIR", "RUST_BACKTRACE", "RUST_LOG", "LLVM_PROFILE_FILE"];

/// What production apps sign their tokens with.
pub const SECRET: &str = "a secret of the tests, long enough for production";

/// The binaries that an app runs.
#[derive(Clone, Debug)]
pub struct Programs {
    api: PathBuf,
    worker: PathBuf,
}

impl Programs {
    /// The build under test.
    pub fn tested() -> Self {
        Self { api: api_binary(), worker: worker_binary() }
    }

    /// An earlier build, where `SMARTSTUDY_OLD_API_BIN` and `SMARTSTUDY_OLD_WORKER_BIN` say where one lies.
    pub fn earlier() -> Option<Self> {
        let api = binary_from("SMARTSTUDY_OLD_API_BIN")?;
        let worker = binary_from("SMARTSTUDY_OLD_WORKER_BIN")?;
        Some(Self { api, worker })
    }
}

/// Changes to the environment that the binaries get, and to which binaries these are.
#[derive(Clone, Debug, Default)]
pub struct AppOptions {
    everywhere: Vec<(String, Option<String>)>,
    workers: Vec<(String, Option<String>)>,
    programs: Option<Programs>,
}

impl AppOptions {
    /// No changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a variable for all processes.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl ToString) -> Self {
        self.everywhere.push((name.to_owned(), Some(value.to_string())));
        self
    }

    /// Leaves out a variable that the harness sets.
    #[must_use]
    pub fn unset(mut self, name: &str) -> Self {
        self.everywhere.push((name.to_owned(), None));
        self
    }

    /// Sets a variable for the workers only.
    #[must_use]
    pub fn worker_env(mut self, name: &str, value: impl ToString) -> Self {
        self.workers.push((name.to_owned(), Some(value.to_string())));
        self
    }

    /// Over the databases of another app in production.
    #[must_use]
    pub fn over(self, app: &App) -> Self {
        let names = ["MONGODB_URL", "REDIS_URL", "DATABASE_NAME"];
        names
            .into_iter()
            .fold(self, |options, name| options.env(name, app.env(name).expect("an app in production")))
    }

    /// Starts these binaries in place of those under test.
    #[must_use]
    pub fn programs(mut self, programs: Programs) -> Self {
        self.programs = Some(programs);
        self
    }
}

/// An API process that is ready.
#[derive(Debug)]
pub struct Server {
    /// Where it listens, without a slash at the end.
    pub url: String,
    /// The process.
    pub process: Process,
}

impl Server {
    /// A client of this server that is not logged in.
    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }
}

/// The running product: one API process and, in the production mix, workers. All end with the value.
#[derive(Debug)]
pub struct App {
    /// Where the API listens, without a slash at the end.
    pub url: String,
    /// The API process.
    pub api: Process,
    /// The worker processes.
    pub workers: Vec<Process>,
    /// What further processes of it run.
    pub programs: Programs,
    env: Env,
    worker_env: Env,
    dir: TempDir,
    _database: Option<DatabaseName>,
}

impl App {
    /// Everything in one process: SQLite, the queue in memory, the worker inside.
    pub async fn embedded() -> Self {
        Self::embedded_with(AppOptions::new()).await
    }

    /// [`App::embedded`] with another environment.
    pub async fn embedded_with(options: AppOptions) -> Self {
        let dir = crate::temp_dir("app-");
        let mut env = base_env();
        set(&mut env, "DATA_DIR", dir.path().join("data").to_string_lossy());
        Self::start(dir, env, options, None, 0).await
    }

    /// The API and `workers` worker processes over MongoDB and Redis, with a database of its own in each.
    pub async fn production(mongod: &Mongod, redis: &RedisServer, workers: usize) -> Self {
        Self::production_with(mongod, redis, workers, AppOptions::new()).await
    }

    /// [`App::production`] with another environment: say, `REDIS_URL` through a proxy.
    pub async fn production_with(
        mongod: &Mongod,
        redis: &RedisServer,
        workers: usize,
        options: AppOptions,
    ) -> Self {
        let mut env = base_env();
        set(&mut env, "MONGODB_URL", mongod.url());
        let database = mongod.database();
        set(&mut env, "DATABASE_NAME", &*database);
        set(&mut env, "REDIS_URL", redis.database_url());
        set(&mut env, "JWT_SECRET", SECRET);
        Self::start(crate::temp_dir("app-"), env, options, Some(database), workers).await
    }

    async fn start(
        dir: TempDir,
        mut env: Env,
        options: AppOptions,
        database: Option<DatabaseName>,
        workers: usize,
    ) -> Self {
        apply(&mut env, options.everywhere);
        let mut worker_env = env.clone();
        apply(&mut worker_env, options.workers);
        let programs = options.programs.unwrap_or_else(Programs::tested);
        let Server { url, process: api } = start_api(&programs.api, &env, dir.path()).await;
        let mut app =
            Self { url, api, workers: Vec::new(), programs, env, worker_env, dir, _database: database };
        for _ in 0..workers {
            app.add_worker();
        }
        app
    }

    /// A client that is not logged in.
    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// The directory in which the processes run; an embedded one keeps its state in `data` there.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The value of a variable as the API got it.
    pub fn env(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str)
    }

    /// Starts one more worker.
    pub fn add_worker(&mut self) -> &Process {
        let worker = spawn("worker", &self.programs.worker, &self.worker_env, self.dir());
        self.workers.push(worker);
        &self.workers[self.workers.len() - 1]
    }

    /// Starts a second API process over the same services; it belongs to the caller.
    pub async fn add_api(&self) -> Server {
        start_api(&self.programs.api, &self.env, self.dir()).await
    }

    /// Runs the API's binary with these arguments, in the API's environment, to its end.
    pub async fn command(&self, arguments: &[&str]) -> std::process::Output {
        run(&self.programs.api, arguments, &self.env, self.dir()).await
    }

    /// Runs the worker's binary with these arguments, in the workers' environment, to its end.
    pub async fn worker_command(&self, arguments: &[&str]) -> std::process::Output {
        run(&self.programs.worker, arguments, &self.worker_env, self.dir()).await
    }

    /// All its processes, the API first.
    pub fn processes(&self) -> impl Iterator<Item = &Process> {
        std::iter::once(&self.api).chain(&self.workers)
    }

    /// Kills the API process without a warning and starts it again, on another port.
    pub async fn crash_and_restart(&mut self) {
        self.api.kill_hard();
        self.start_again().await;
    }

    /// Ends the API process as an operator would and starts it again, on another port.
    pub async fn restart(&mut self) {
        self.api.terminate().await;
        self.start_again().await;
    }

    async fn start_again(&mut self) {
        let started = start_api(&self.programs.api, &self.env, self.dir.path());
        Server { url: self.url, process: self.api } = started.await;
    }
}

fn base_env() -> Env {
    let passed = PASSED_ON.iter().filter_map(|&name| Some((name.to_owned(), std::env::var(name).ok()?)));
    let mut env: Env = passed.collect();
    for (name, value) in [
        ("ENVIRONMENT", "development"),
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
        ("METRICS_PORT", "0"),
        ("BCRYPT_COST", "4"),
        ("LOG_FORMAT", "text"),
        // All tests come from one address.
        ("RATE_LIMITS", "off"),
    ] {
        set(&mut env, name, value);
    }
    env
}

fn set(env: &mut Env, name: &str, value: impl ToString) {
    env.insert(name.to_owned(), value.to_string());
}

fn apply(env: &mut Env, changes: Vec<(String, Option<String>)>) {
    for (name, value) in changes {
        match value {
            Some(value) => env.insert(name, value),
            None => env.remove(&name),
        };
    }
}

/// The API's binary.
pub fn api_binary() -> PathBuf {
    binary("SMARTSTUDY_API_BIN", "smartstudy-api")
}

/// The worker's binary.
pub fn worker_binary() -> PathBuf {
    binary("SMARTSTUDY_WORKER_BIN", "smartstudy-worker")
}

/// A binary from the environment, else from where Cargo built this program: beside it, or for a test one level up.
fn binary(variable: &str, name: &str) -> PathBuf {
    if let Some(path) = binary_from(variable) {
        return path;
    }
    let this = std::env::current_exe().expect("the path of this program");
    this.ancestors().skip(1).take(2).map(|dir| dir.join(name)).find(|path| path.is_file()).unwrap_or_else(|| {
        panic!(
            "{name} is not built: run `cargo build --workspace` first, set {variable}, or start all tests with \
             `python3 tests/run.py`"
        )
    })
}

fn binary_from(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).filter(|path| !path.is_empty())?;
    // It starts in another directory than this program.
    Some(std::path::absolute(path).expect("the current directory"))
}

fn spawn(name: &str, program: &Path, env: &Env, dir: &Path) -> Process {
    let mut command = Command::new(program);
    // Not the checkout, where a developer's `.env` may lie.
    command.env_clear().envs(env).current_dir(dir);
    Process::spawn(name, command)
}

/// Runs a binary to its end, with this environment and no other.
pub async fn run(
    program: &Path,
    arguments: &[&str],
    env: &BTreeMap<String, String>,
    dir: &Path,
) -> std::process::Output {
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).env_clear().envs(env).current_dir(dir);
    command.output().await.expect("the binary runs")
}

async fn start_api(program: &Path, env: &Env, dir: &Path) -> Server {
    let process = spawn("api", program, env, dir);
    let Some(port) = process.line(listening_port).await else {
        panic!("the API ended with {} before it listened:\n{}", process.ended().await, process.log().text());
    };
    let url = format!("http://127.0.0.1:{port}");
    if timeout(PATIENCE, ready(&url, &process)).await.is_err() {
        panic!("the API does not become ready:\n{}", process.log().text());
    }
    Server { url, process }
}

/// The port from the line `listening on http://127.0.0.1:PORT`.
fn listening_port(line: &str) -> Option<u16> {
    let (_, address) = line.split_once("listening on http://")?;
    let (_, port) = address.split_once(':')?;
    let digits = port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len());
    port[..digits].parse().ok()
}

async fn ready(url: &str, process: &Process) {
    let client = Client::new(url);
    let mut ticks = interval(Duration::from_millis(20));
    loop {
        ticks.tick().await;
        if client.try_get("/health/ready").await.is_some_and(|reply| reply.status == 200) {
            return;
        }
        if let Some(status) = process.exit_status() {
            panic!("the API ended with {status} before it was ready:\n{}", process.log().text());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_the_log_line() {
        assert_eq!(
            listening_port("2026-01-01T00:00:00Z  INFO api: listening on http://127.0.0.1:4711"),
            Some(4711)
        );
        assert_eq!(listening_port("listening on http://127.0.0.1:80\u{1b}[0m host=x"), Some(80));
        assert_eq!(listening_port("listening on a socket"), None);
    }

    #[test]
    fn later_changes_win() {
        let mut env = base_env();
        let options = AppOptions::new().env("PORT", 1).unset("HOST").env("PORT", 2);
        apply(&mut env, options.everywhere);
        assert_eq!(env.get("PORT").map(String::as_str), Some("2"));
        assert_eq!(env.get("HOST"), None);
    }
}
