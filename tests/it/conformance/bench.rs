//! What a case runs on: a store of its own, with the queue that the product pairs it with.

use std::{path::PathBuf, sync::Arc, time::Duration};

use futures::{StreamExt, stream::BoxStream};
use harness::{Mongod, RedisServer, services::DatabaseName};
use shared::{
    clock::Clock,
    domain::{Id, JobId, Timestamp},
    jobs::{Dispatcher, JobKind, Ledger, noop::Noop},
    notify::Notifier,
    queue::{LocalQueue, Queue, RedisQueue},
    store::{Store, Window},
};
use tempfile::TempDir;
use tokio::sync::Barrier;

/// How long something that must happen may take.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How long leases last here.
pub const LEASE: Duration = Duration::from_secs(60);

/// Runs each case on both stores: SQLite with the queue in memory, MongoDB with Redis.
macro_rules! on_every_store {
    ($($case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                super::$case(&crate::bench::Bench::sqlite().await).await;
            })*
        }
        mod mongo {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                super::$case(&crate::bench::Bench::mongo().await).await;
            })*
        }
    };
}

/// A store, a queue and a clock that nobody else uses.
pub struct Bench {
    pub store: Store,
    pub queue: Queue,
    pub ledger: Ledger,
    pub dispatcher: Dispatcher,
    pub clock: Clock,
    data: Data,
}

/// What goes with a store of a bench's own.
enum Data {
    Folder(TempDir),
    Database { _name: DatabaseName },
    Elsewhere,
}

impl Bench {
    pub async fn sqlite() -> Self {
        let dir = harness::temp_dir("sqlite-");
        let store = Store::sqlite(dir.path()).await.unwrap();
        Self::new(store, Queue::Local(LocalQueue::default()), Notifier::local(), Data::Folder(dir))
    }

    pub async fn mongo() -> Self {
        let mongod = Mongod::shared().await;
        let name = mongod.database();
        let store = Store::mongo(&mongod.url(), &name, harness::process::PATIENCE).await.unwrap();
        let redis = RedisServer::shared().await.database_url();
        let queue = RedisQueue::new(&redis, &name).unwrap();
        let notifier = Notifier::redis(&queue);
        Self::new(store, Queue::Redis(queue), notifier, Data::Database { _name: name })
    }

    fn new(store: Store, queue: Queue, notifier: Notifier, data: Data) -> Self {
        // MongoDB drops old keys by its own clock, so this one begins at the present.
        let clock = Clock::manual(Clock::System.now());
        let ledger = Ledger { store: store.clone(), queue: queue.clone(), notifier, clock: clock.clone() };
        Self { store, queue, dispatcher: Dispatcher::new(ledger.clone()), ledger, clock, data }
    }

    /// The same store with another queue.
    pub fn with_queue(&self, queue: Queue) -> Self {
        Self::new(self.store.clone(), queue, Notifier::local(), Data::Elsewhere)
    }

    /// The file of SQLite's database, for what no store does.
    pub fn database(&self) -> PathBuf {
        match &self.data {
            Data::Folder(dir) => dir.path().join("smartstudy.db"),
            Data::Database { .. } | Data::Elsewhere => panic!("only SQLite has a file"),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An id that sorts after those before it.
    pub fn id(&self) -> Id {
        self.clock.advance(Duration::from_millis(1));
        self.clock.id()
    }

    /// A job id that sorts after those before it.
    pub fn job_id(&self) -> JobId {
        self.clock.advance(Duration::from_millis(1));
        self.clock.job_id()
    }

    /// Takes the next ring of the kind that does nothing.
    pub async fn rung_for(&self) -> JobId {
        soon(listen(&self.queue, &[Noop::KIND]).next()).await.unwrap()
    }
}

/// Rings of these kinds, however many jobs of a user run.
pub fn listen(queue: &Queue, kinds: &[&'static str]) -> BoxStream<'static, JobId> {
    queue.listen(kinds, Arc::new(|| None)).map(|heard| heard.job).boxed()
}

/// Runs `count` tasks that begin together, and gathers what they return.
pub async fn at_once<F, T>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|number| {
            let (start, task) = (Arc::clone(&start), task(number));
            tokio::spawn(async move {
                start.wait().await;
                task.await
            })
        })
        .collect();
    futures::future::join_all(tasks).await.into_iter().map(Result::unwrap).collect()
}

/// Waits for what must come soon.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("what must come soon")
}

/// The first items of a list.
pub fn first(limit: u32) -> Window {
    Window { limit, skip: 0, after: None, descending: false }
}

/// The last items of a list, newest first.
pub fn newest(limit: u32) -> Window {
    Window { descending: true, ..first(limit) }
}

/// The windows through which any list is read in these tests, each with the places it must show of a
/// list of seven, whose item with the cursor stands at place 3, and whether others follow.
pub fn windows_of_seven(cursor: &str) -> Vec<(Window, Vec<usize>, bool)> {
    let after = |window: Window| Window { after: Some(cursor.to_owned()), ..window };
    vec![
        (first(100), vec![0, 1, 2, 3, 4, 5, 6], false),
        (first(7), vec![0, 1, 2, 3, 4, 5, 6], false),
        (newest(100), vec![6, 5, 4, 3, 2, 1, 0], false),
        (first(3), vec![0, 1, 2], true),
        (Window { skip: 3, ..first(3) }, vec![3, 4, 5], true),
        (Window { skip: 4, ..first(3) }, vec![4, 5, 6], false),
        (Window { skip: 6, ..first(3) }, vec![6], false),
        (Window { skip: 7, ..first(3) }, vec![], false),
        (Window { skip: 2, ..newest(2) }, vec![4, 3], true),
        (after(first(2)), vec![4, 5], true),
        (after(first(3)), vec![4, 5, 6], false),
        (after(first(100)), vec![4, 5, 6], false),
        (after(newest(2)), vec![2, 1], true),
        (after(newest(3)), vec![2, 1, 0], false),
        (after(newest(100)), vec![2, 1, 0], false),
    ]
}
