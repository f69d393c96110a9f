//! What the API and the workers share: the domain, the store, the queue, configuration and telemetry.

pub mod cache;
pub mod clock;
pub mod config;
pub mod domain;
#[cfg(feature = "testing")]
pub mod fault;
pub mod http;
pub mod jobs;
pub mod limits;
pub mod live;
pub mod notify;
pub mod permits;
pub mod probe;
pub mod queue;
pub mod report;
pub mod setup;
pub mod store;
pub mod table;
pub mod telemetry;
