//! The API from outside, on each mix of backends.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should panic")]

#[macro_use]
mod mix;
mod people;
mod plan_support;
mod support;
mod tour;
mod walk;

mod accounts;
mod admin;
mod admin_queues;
mod agreement;
mod ai_usage;
mod analytics;
mod attempts;
mod authorization;
mod avatars;
mod bad_documents;
mod bad_requests;
mod calendars;
mod command_lines;
mod conventions;
mod cookies;
mod dashboard;
mod deepseek;
mod deepseek_plans;
mod erasure;
mod events;
mod exports;
mod generate;
mod idempotency;
mod jobs;
mod journey;
mod legacy;
mod limits;
mod lists;
mod note_uploads;
mod notes;
mod observers;
mod openapi;
mod operation;
mod operator_page;
mod operators;
mod operators_jobs;
mod other_documents;
mod passwords;
mod plan_reschedules;
mod plan_tasks;
mod plans;
mod private_logs;
mod query_plans;
mod quiz_edit;
mod reloads;
mod reports;
mod retention;
mod review;
mod shares;
mod statistics;
mod study_sessions;
mod tokens;
mod transcripts;
mod user_stats;
mod users;
