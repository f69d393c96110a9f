//! Every store and queue keeps the same promises.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should panic")]

#[macro_use]
mod bench;
mod make;

mod accounts;
mod agreement;
mod ai_usage;
mod attempts;
mod blobs;
mod bulk;
mod cached;
mod checkpoints;
mod dispatch;
mod fencing;
mod histories;
mod idempotency;
mod job_lists;
mod job_records;
mod legacy_notes;
mod lifecycle;
mod limits;
mod mail_tokens;
mod note_agreement;
mod note_search;
mod notes;
mod old_accounts;
mod old_study_sessions;
mod owned;
mod plans;
mod queue;
mod queues;
mod quiz_edits;
mod quiz_search;
mod quizzes;
mod redis_faults;
mod results;
mod retention;
mod review;
mod sessions;
mod shares;
mod statistics;
mod study_sessions;
mod submissions;
mod tallies;
mod transcripts;
mod unreadable;
