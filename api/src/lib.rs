//! The HTTP API of SmartStudy: it validates, reads, writes small things and enqueues the rest.

pub mod app;
mod board;
mod drain;
mod export;
mod extract;
mod frame;
mod icalendar;
mod idempotency;
mod limits;
mod logins;
mod mail;
mod negotiation;
pub mod openapi;
mod passwords;
mod pictures;
mod problem;
pub mod reference;
mod routes;
mod tokens;
