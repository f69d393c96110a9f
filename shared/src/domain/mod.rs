//! What the platform is about, without I/O: types, rules and state machines.

pub mod agenda;
mod attempt;
mod document_kind;
mod export;
mod fold;
mod id;
mod item_statistics;
mod job;
mod mail_token;
mod mark;
mod note;
mod pages;
mod plan;
mod question_rules;
mod quiz;
mod quota;
mod report;
mod review;
mod search;
mod sentence;
mod session;
mod share;
mod stats;
mod study_session;
mod tally;
mod task;
mod time;
mod transcript;
mod usage;
mod user;
mod words;
mod worker;
mod zone;

pub use attempt::{Attempt, Given, QuestionResult, Submission};
pub use document_kind::DocumentKind;
pub use export::Export;
pub use fold::fold;
pub use id::{Id, InvalidId, JobId};
pub use item_statistics::{AnswerGroup, ItemFlag, ItemStatistics, QuizStatistics, Responses, has_options};
pub use job::{
    AttemptRecord, CHECKPOINT_MAX, Event, EventBody, Job, JobError, JobPriority, JobResult, JobStatus, Lease,
    NewJob, Progress, RETRIES_MAX, RETRYABLE, Refusal, Ring, When, uploads_of,
};
pub use mail_token::{MailPurpose, MailToken};
pub use mark::{Marks, mark, submit};
pub use note::{
    EXCERPT_SOURCE, Metadata, NOTE_CATEGORY_MAX, NOTE_CONTENT_MAX, NOTE_TAG_MAX, NOTE_TAGS_MAX,
    NOTE_TITLE_MAX, Note, NoteChange, Trashed, counted, distinct_tags, excerpt, is_visible, metadata_fault,
    tag_key, title_of,
};
pub use pages::{PageRanges, PageRangesError};
pub use plan::{
    Availability, OpenDay, Phase, Plan, PlanBrief, PlanDay, PlanProgress, PlanTask, Priority, Subject,
    SubjectDifficulty, TaskChange, TaskKind, Workload,
};
pub use question_rules::{
    ACCEPTED_MAX, EXPLANATION_MAX, Flaw, ITEMS_MAX, OPTION_MAX, POINTS, QUESTION_MAX, QUESTIONS_MAX,
    TEXT_MAX, flaws,
};
pub use quiz::{
    Answer, Bloom, Difficulty, Edition, Generation, Key, Method, Pairs, Provider, Question, QuestionType,
    Quiz, QuizStatus, Settings, Source, SourceSize,
};
pub use quota::{Quota, Standing};
pub use report::{
    Behind, Charts, Facts, Finding, Present, QuizScores, Recommendation, Report, Run, STRONG, ScorePoint,
    StudyBar, StudyTime, TopicResult, Trend, WEAK, phrases,
};
pub use review::{Card, CardState, Rating, scheduled};
pub use search::{Highlight, Query, highlights};
pub use sentence::sentence;
pub use session::Session;
pub use share::Share;
pub use stats::{EVER, ScoreTotals, Streak, StudyTotals, streak};
pub use study_session::{
    CLOSED_AFTER, PLANNED_MINUTES_MAX, SESSION_MINUTES_MAX, SessionTimes, SessionType, StudySession, minutes,
    minutes_between,
};
pub use tally::{Grouping, Outcome, Sum, Tally, grouped, one_decimal};
pub use task::Task;
pub use time::{Timestamp, duration};
pub use transcript::{ANSWER_MAX, EXCHANGES_MAX, Exchange, MESSAGE_MAX, Said, Transcript};
pub use usage::{Cost, DayUsage, Prices, ProviderCall, Tariff, Usage};
pub use user::{Preferences, Role, Theme, USERNAME_MAX, User, email_key, handle_of, is_handle_char};
pub use words::{fold_case, is_written_together, words};
pub use worker::Worker;
pub use zone::{Day, InvalidDay, Shift, UnknownZone, Zone};
