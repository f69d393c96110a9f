//! What the black-box suites stand on: real servers, our binaries, a client and a network that can fail.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a harness that cannot go on should panic")]

pub mod app;
pub mod balancer;
pub mod client;
pub mod collector;
pub mod corpus;
pub mod deepseek;
pub mod events;
pub mod generation;
pub mod legacy;
pub mod mail;
pub mod migrate;
pub mod old;
pub mod pdf;
pub mod process;
pub mod proxy;
mod scrape;
pub mod services;
pub mod shift;

pub use app::{App, AppOptions};
pub use client::Client;
pub use collector::Collector;
pub use mail::Mailbox;
pub use migrate::Migrate;
pub use old::Old;
pub use proxy::Proxy;
pub use services::{Mongod, RedisServer};
pub use shift::Shift;

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

/// A number this process has not had before.
pub fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A loopback port nothing listens on, below the range from which systems take ports for outgoing
/// connections: so a server that is down for a while finds its port free when it comes back.
pub fn free_port() -> u16 {
    const FIRST: u64 = 15_000;
    const COUNT: u64 = 17_000;
    // Test processes that run side by side start their search in different places.
    let start = u64::from(std::process::id()).wrapping_mul(7919);
    (0..COUNT)
        .map(|_| FIRST + start.wrapping_add(unique()) % COUNT)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .expect("a free loopback port between 15000 and 32000")
}

/// A directory that goes with the value, or at the latest when the next test process starts.
pub fn temp_dir(prefix: &str) -> TempDir {
    tempfile::Builder::new().prefix(prefix).tempdir_in(&SCRATCH.path).expect("a temporary directory")
}

static SCRATCH: LazyLock<Scratch> =
    LazyLock::new(|| Scratch::open(&std::env::temp_dir().join("smartstudy-tests")));

/// The directory of this process. Shared servers live in statics, which are never dropped; so what a
/// process left behind is removed by the next one, which knows it by its lock being free.
struct Scratch {
    path: PathBuf,
    _lock: File,
}

impl Scratch {
    fn open(base: &Path) -> Self {
        fs::create_dir_all(base).expect("a directory for the tests' data");
        let door = File::create(base.join("lock")).expect("a lock file");
        door.lock().expect("the lock on the tests' data");
        for entry in fs::read_dir(base).into_iter().flatten().flatten() {
            let lock = entry.path().join("lock");
            if File::open(lock).is_ok_and(|lock| lock.try_lock().is_ok()) {
                // Best effort: a second user's directory stays.
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        let path = tempfile::Builder::new()
            .prefix("run-")
            .tempdir_in(base)
            .expect("a directory for this process")
            .keep();
        let lock = File::create(path.join("lock")).expect("a lock file");
        lock.lock().expect("the lock of this process");
        Self { path, _lock: lock }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_dead_processes_left_is_removed() {
        let base = TempDir::new().unwrap();
        let first = Scratch::open(base.path());
        fs::write(first.path.join("data"), "x").unwrap();
        let second = Scratch::open(base.path());
        assert!(first.path.join("data").exists());
        let gone = first.path.clone();
        drop(first);
        let _third = Scratch::open(base.path());
        assert!(!gone.exists());
        assert!(second.path.exists());
    }

    #[test]
    fn ports_differ() {
        assert_ne!(free_port(), free_port());
    }
}
