//! The runtime of both programs.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Bytes of each thread's stack. Only what is used of it takes memory; in a build without optimisation a job that
/// shows a question, checks its key and calls the database is polled through more frames than the usual 2 MiB hold.
const STACK: usize = 8 << 20;

/// A runtime with as many threads as there are cores.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build()
}
