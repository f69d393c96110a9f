//! What happens when things break: nothing is lost, nothing is done twice.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should panic")]

mod cuts;
mod gap;
mod kills;
mod mongodb_down;
mod redis_down;
mod rig;
mod secrets;
mod shutdown;
mod streams;
mod upgrade;
