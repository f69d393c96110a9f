//! The old backends' data moves over: the tool, on real databases, beside the old backends themselves.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should panic")]

mod beside;
mod dirt;
mod kills;
mod logins;
mod port;
mod rig;
mod shift;
mod since;
mod tool;
