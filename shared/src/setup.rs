//! Opens the backends that the configuration names.

use std::{path::PathBuf, time::Duration};

use secrecy::ExposeSecret;

use crate::{
    cache::Cache,
    clock::Clock,
    config::{Backends, Config, Program},
    jobs::Ledger,
    limits::{Limits, LocalLimits, RedisLimits},
    notify::Notifier,
    permits::Permits,
    queue::{Queue, QueueError, RedisQueue},
    store::{Store, StoreError},
};

/// A backend cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The store.
    #[error("the store cannot be opened: {0}")]
    Store(#[from] StoreError),
    /// The queue's address.
    #[error("REDIS_URL cannot be used: {0}")]
    Queue(#[from] QueueError),
    /// This binary was built without the embedded mode.
    #[error("this binary needs MONGODB_URL and REDIS_URL: it was built without the embedded mode")]
    NotEmbedded,
    /// The directory has no database.
    #[error("there is no database in {}: set DATA_DIR, or MONGODB_URL and REDIS_URL", .0.display())]
    Nothing(PathBuf),
}

/// Whether this binary can keep its state in SQLite.
pub const EMBEDDED: bool = cfg!(feature = "sqlite");

/// The ledger over the configured store, queue and notifier. MongoDB must be up; Redis may be away.
pub async fn ledger(program: Program, config: &Config) -> Result<Ledger, SetupError> {
    open(program, &config.backends).await
}

/// [`ledger`] over these backends.
pub async fn open(program: Program, backends: &Backends) -> Result<Ledger, SetupError> {
    let clock = Clock::System;
    match backends {
        #[cfg(feature = "sqlite")]
        Backends::Embedded { data_dir } => Ok(Ledger {
            store: Store::sqlite(data_dir).await?,
            queue: Queue::Local(crate::queue::LocalQueue::default()),
            notifier: Notifier::local(),
            clock,
        }),
        #[cfg(not(feature = "sqlite"))]
        Backends::Embedded { .. } => Err(SetupError::NotEmbedded),
        Backends::Services { mongodb_url, redis_url, database } => {
            let queue = RedisQueue::new(redis_url.expose_secret(), database)?;
            Ok(Ledger {
                store: Store::mongo(mongodb_url.expose_secret(), database, patience(program)).await?,
                notifier: Notifier::redis(&queue),
                queue: Queue::Redis(queue),
                clock,
            })
        }
    }
}

/// [`open`] for commands over what is there: a directory without a database is rather the wrong one than a new one.
pub async fn existing(program: Program, backends: &Backends) -> Result<Ledger, SetupError> {
    #[cfg(feature = "sqlite")]
    if let Backends::Embedded { data_dir } = backends
        && !Store::is_in(data_dir)
    {
        return Err(SetupError::Nothing(data_dir.clone()));
    }
    open(program, backends).await
}

/// Where requests are counted.
pub fn limits(config: &Config) -> Result<Limits, SetupError> {
    match &config.backends {
        Backends::Embedded { .. } => Ok(Limits::Local(LocalLimits::default())),
        Backends::Services { redis_url, database, .. } => {
            let limits = RedisLimits::new(redis_url.expose_secret(), database).map_err(QueueError::from)?;
            Ok(Limits::Redis(limits))
        }
    }
}

/// What was done before, over the ledger's store.
pub fn cache(config: &Config, ledger: &Ledger) -> Result<Cache, SetupError> {
    let (store, clock) = (ledger.store.clone(), ledger.clock.clone());
    match &config.backends {
        Backends::Embedded { .. } => Ok(Cache::local(store, clock)),
        Backends::Services { redis_url, database, .. } => {
            Ok(Cache::redis(store, clock, redis_url.expose_secret(), database).map_err(QueueError::from)?)
        }
    }
}

/// At most so many calls of this name at once.
pub fn permits(config: &Config, ledger: &Ledger, name: &str, most: usize) -> Result<Permits, SetupError> {
    match &config.backends {
        Backends::Embedded { .. } => Ok(Permits::local(most)),
        Backends::Services { redis_url, database, .. } => {
            let (clock, url) = (ledger.clock.clone(), redis_url.expose_secret());
            Ok(Permits::redis(most, name, clock, url, database).map_err(QueueError::from)?)
        }
    }
}

/// How long a call to the store may take. A request answers within 2 s even when the database stands still; a
/// job rather waits than fails.
fn patience(program: Program) -> Duration {
    match program {
        Program::Api => Duration::from_millis(1500),
        Program::Worker => Duration::from_secs(10),
    }
}
