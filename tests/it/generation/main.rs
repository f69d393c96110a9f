//! Questions that can be trusted, whatever the provider and the documents do. The bench does the same in full size.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should panic")]

mod faults;
mod injections;
mod long;
mod provider;
mod sharing;

use harness::{App, AppOptions, Mongod, RedisServer};

/// The API and two workers.
async fn app(options: AppOptions) -> App {
    App::production_with(Mongod::shared().await, RedisServer::shared().await, 2, options).await
}
