//! Real servers: a `mongod` and a `redis-server` of the tests' own, on loopback ports of their own.
//!
//! Most tests use the shared instances, each in a database of its own. A test that stops, freezes or
//! empties a server starts a private one.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use mongodb::bson::doc;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio::sync::mpsc::UnboundedSender;

use crate::process::Process;

/// Databases of a Redis server; each costs it nothing until used.
const REDIS_DATABASES: u32 = 4096;

const IDLE_FILES_CLOSE: &str =
    "file_manager=(close_idle_time=5,close_scan_interval=2,close_handle_minimum=200)";

/// Memory of a MongoDB that only tests use.
const SMALL_CACHE_GB: f32 = 0.25;

/// How many ports are tried when somebody else is faster.
const PORT_ATTEMPTS: usize = 10;

/// A MongoDB server that ends with the value.
#[derive(Debug)]
pub struct Mongod {
    process: Process,
    port: u16,
    replica_set: bool,
    cache_gb: f32,
    /// Where databases are dropped that nobody needs any more.
    dropped: Option<UnboundedSender<String>>,
    dir: TempDir,
}

/// The name of a database that nobody else has. Where many tests share a server, it is dropped with the value: every file
/// that is there slows the making of others.
#[derive(Debug)]
pub struct DatabaseName {
    name: String,
    dropped: Option<UnboundedSender<String>>,
}

impl Deref for DatabaseName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

impl Drop for DatabaseName {
    fn drop(&mut self) {
        if let Some(dropped) = &self.dropped {
            // A server that is gone keeps nothing.
            dropped.send(std::mem::take(&mut self.name)).ok();
        }
    }
}

impl Mongod {
    /// The instance that the tests of this process share.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<Mongod> = OnceCell::const_new();
        let start = async || {
            let mongod = Self::start().await;
            Self { dropped: Some(drop_databases(mongod.url())), ..mongod }
        };
        SHARED.get_or_init(start).await
    }

    /// Starts a private instance.
    pub async fn start() -> Self {
        Self::launch(false, SMALL_CACHE_GB).await
    }

    /// Starts a private instance that may keep this much in memory.
    pub async fn start_with_cache_gb(cache_gb: f32) -> Self {
        Self::launch(false, cache_gb).await
    }

    /// Starts a private replica set of one member: with transactions and change streams.
    pub async fn start_replica_set() -> Self {
        let mongod = Self::launch(true, SMALL_CACHE_GB).await;
        let client = mongodb::Client::with_uri_str(mongod.url()).await.expect("a MongoDB client");
        let member = doc! { "_id": 0, "host": format!("127.0.0.1:{}", mongod.port) };
        let config = doc! { "_id": "tests", "members": [member] };
        let admin = client.database("admin");
        admin.run_command(doc! { "replSetInitiate": config }).await.expect("a replica set");
        mongod.primary().await;
        mongod
    }

    async fn launch(replica_set: bool, cache_gb: f32) -> Self {
        let dir = crate::temp_dir("mongod-");
        let spawn = |port| Self::spawn(port, dir.path(), replica_set, cache_gb);
        let (process, port) = on_a_free_port(spawn, Self::ready).await;
        Self { process, port, replica_set, cache_gb, dropped: None, dir }
    }

    fn spawn(port: u16, dir: &Path, replica_set: bool, cache_gb: f32) -> Process {
        let mut command = Command::new(program("SMARTSTUDY_TEST_MONGOD", &["mongod"]));
        command.arg("--dbpath").arg(dir).args(["--port", &port.to_string(), "--bind_ip", "127.0.0.1"]);
        command.args(["--nounixsocket", "--quiet", "--wiredTigerCacheSizeGB", &cache_gb.to_string()]);
        command.args(["--setParameter", "diagnosticDataCollectionEnabled=false"]);
        // The databases of all tests together have more files than a process may hold open.
        command.args(["--wiredTigerEngineConfigString", IDLE_FILES_CLOSE]);
        if replica_set {
            command.args(["--replSet", "tests", "--oplogSize", "64"]);
        }
        Process::spawn("mongod", command)
    }

    fn ready(line: &str) -> bool {
        line.contains("Waiting for connections")
    }

    async fn primary(&self) {
        let elected =
            self.process.line(|line| line.contains("Transition to primary complete").then_some(())).await;
        assert!(elected.is_some(), "mongod ended:\n{}", self.process.log().text());
    }

    /// The address, without a database.
    pub fn url(&self) -> String {
        // A driver that discovers the members by itself would go round a proxy.
        format!("mongodb://127.0.0.1:{}/?directConnection=true", self.port)
    }

    /// A database name that nobody else has.
    pub fn database(&self) -> DatabaseName {
        let name = format!("test_{}_{}", std::process::id(), crate::unique());
        DatabaseName { name, dropped: self.dropped.clone() }
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Kills the server as a power cut would.
    pub fn kill_hard(&mut self) {
        self.process.kill_hard();
    }

    /// Ends the server in good order.
    pub async fn stop(&mut self) {
        self.process.terminate().await;
    }

    /// Starts the server again on its port, with its data. Kills it first if it still runs.
    pub async fn restart(&mut self) {
        self.process.kill_hard();
        self.process = Self::spawn(self.port, self.dir.path(), self.replica_set, self.cache_gb);
        became_ready(&self.process, Self::ready).await;
        if self.replica_set {
            self.primary().await;
        }
    }
}

/// Drops databases of a server by the names that it is sent, on a thread that outlives each test.
fn drop_databases(url: String) -> UnboundedSender<String> {
    let (dropped, mut names) = tokio::sync::mpsc::unbounded_channel::<String>();
    let dropping = async move {
        let client = mongodb::Client::with_uri_str(url).await.expect("a MongoDB client");
        while let Some(name) = names.recv().await {
            client.database(&name).drop().await.expect("a database is dropped");
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    std::thread::spawn(move || runtime.block_on(dropping));
    dropped
}

/// A Redis server that ends with the value.
#[derive(Debug)]
pub struct RedisServer {
    process: Process,
    port: u16,
    durable: bool,
    next_database: AtomicU32,
    dir: TempDir,
}

impl RedisServer {
    /// The instance that the tests of this process share.
    pub async fn shared() -> &'static Self {
        static SHARED: OnceCell<RedisServer> = OnceCell::const_new();
        SHARED.get_or_init(Self::start).await
    }

    /// Starts a private instance that forgets everything when it ends.
    pub async fn start() -> Self {
        Self::launch(false).await
    }

    /// Starts a private instance that has written to disk what it has acknowledged.
    pub async fn start_durable() -> Self {
        Self::launch(true).await
    }

    async fn launch(durable: bool) -> Self {
        let dir = crate::temp_dir("redis-");
        let (process, port) =
            on_a_free_port(|port| Self::spawn(port, dir.path(), durable), Self::ready).await;
        Self { process, port, durable, next_database: AtomicU32::new(1), dir }
    }

    fn spawn(port: u16, dir: &Path, durable: bool) -> Process {
        let mut command = Command::new(program("SMARTSTUDY_TEST_REDIS", &["redis-server", "valkey-server"]));
        command
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .arg("--dir")
            .arg(dir);
        command.args(["--databases", &REDIS_DATABASES.to_string()]);
        if durable {
            command.args(["--appendonly", "yes", "--appendfsync", "always"]);
        }
        Process::spawn("redis", command)
    }

    fn ready(line: &str) -> bool {
        line.contains("Ready to accept connections")
    }

    /// The address of database 0.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The address of a numbered database that nobody else has. Pub/sub channels know no databases:
    /// what is published is heard in all of them.
    pub fn database_url(&self) -> String {
        let number = self.next_database.fetch_add(1, Ordering::Relaxed);
        assert!(number < REDIS_DATABASES, "more than {REDIS_DATABASES} Redis databases in one test process");
        format!("{}/{number}", self.url())
    }

    /// The process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Kills the server as a power cut would.
    pub fn kill_hard(&mut self) {
        self.process.kill_hard();
    }

    /// Ends the server in good order.
    pub async fn stop(&mut self) {
        self.process.terminate().await;
    }

    /// Starts the server again on its port: empty, unless it is a durable one. Kills it first if it still runs.
    pub async fn restart(&mut self) {
        self.process.kill_hard();
        self.process = Self::spawn(self.port, self.dir.path(), self.durable);
        became_ready(&self.process, Self::ready).await;
    }
}

async fn on_a_free_port(spawn: impl Fn(u16) -> Process, ready: fn(&str) -> bool) -> (Process, u16) {
    for _ in 0..PORT_ATTEMPTS {
        let port = crate::free_port();
        let process = spawn(port);
        if process.line(|line| ready(line).then_some(())).await.is_some() {
            return (process, port);
        }
        let log = process.log().text();
        assert!(log.to_lowercase().contains("address already in use"), "a server does not start:\n{log}");
    }
    panic!("{PORT_ATTEMPTS} ports were taken before a server could listen on them");
}

async fn became_ready(process: &Process, ready: fn(&str) -> bool) {
    let found = process.line(|line| ready(line).then_some(())).await;
    assert!(found.is_some(), "a server does not start again:\n{}", process.log().text());
}

/// A server's program: from the environment, from PATH, or from where `tests/run.py` puts what it fetches.
fn program(variable: &str, names: &[&str]) -> PathBuf {
    if let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) {
        return path.into();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join(".cache").join("bin");
    let places: Vec<PathBuf> = std::env::split_paths(&path).chain([cache]).collect();
    let mut candidates = places.iter().flat_map(|place| names.iter().map(move |name| place.join(name)));
    candidates.find(|candidate| candidate.is_file()).unwrap_or_else(|| {
        panic!(
            "no {} on this machine: run `python3 tests/run.py --only services`, which fetches it, or set {variable} to its path",
            names[0]
        )
    })
}
