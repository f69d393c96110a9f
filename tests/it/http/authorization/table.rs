//! The table: one line a route.

use serde_json::{Value, json};

use shared::domain::MailPurpose;

use super::things::Thing::{self, *};
use crate::support::{FAR, pages};

/// Whom a route serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody; nobody looks at a token.
    Public,
    /// Everybody, but a token that is sent must be good.
    Optional,
    /// Whoever is logged in.
    LoggedIn,
    /// Whoever is logged in; each sees their own only.
    OwnOnes,
    /// The owner; to others it does not exist.
    OwnerOnly,
    /// Admins; others are forbidden.
    AdminOnly,
}

use Access::*;

/// What is sent along.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// Nothing.
    Empty,
    /// JSON, in which `$1`, `$2` … stand for the thing's ids, and other words for what [`fill`] knows.
    Json(&'static str),
    /// A form with a PDF.
    Pdf,
    /// A form with a picture.
    Picture,
}

use Body::*;

/// How a route is called, and whom it serves.
#[derive(Debug)]
pub struct Row {
    /// `METHOD /path`, as in the document.
    pub route: &'static str,
    pub access: Access,
    /// What the owner has; its ids go into the path in order.
    pub thing: Thing,
    pub body: Body,
    /// What follows the path.
    pub query: &'static str,
    /// The code that whoever may call gets, where there is no simple success.
    pub gives: Option<&'static str>,
}

const fn row(route: &'static str, access: Access, thing: Thing, body: Body) -> Row {
    Row { route, access, thing, body, query: "", gives: None }
}

impl Row {
    const fn gives(mut self, code: &'static str) -> Self {
        self.gives = Some(code);
        self
    }

    const fn asking(mut self, query: &'static str) -> Self {
        self.query = query;
        self
    }

    /// Whether a call may change the thing.
    pub fn changes(&self) -> bool {
        !self.route.starts_with("GET ")
    }
}

const PLAN: Body = Json(
    r#"{"subjects":[{"name":"Art","difficulty":"easy","priority":"low"}],"dailyStudyHours":0.5,"examDate":"2099-01-01"}"#,
);
const TASK: Body = Json(r#"{"title":"Read","subject":"Biology","estimatedDuration":30,"priority":"high"}"#);
const TEXT: Body = Json(r#"{"inputMethod":"text","textContent":"$text","questionCount":3}"#);

#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    row("POST /auth/register", Optional, Nothing, Json(r#"{"name":"Ada","email":"$email","password":"correct horse battery"}"#)),
    row("POST /auth/login", Public, Account, Json(r#"{"email":"$2","password":"correct horse battery"}"#)),
    row("POST /auth/guest", Public, Nothing, Empty),
    row("POST /auth/logout", LoggedIn, Nothing, Json("{}")),
    row("GET /auth/me", OwnOnes, Account, Empty),
    row("POST /auth/refresh", Public, Login, Json(r#"{"refreshToken":"$1"}"#)),
    row("POST /auth/change-password", LoggedIn, Nothing, Json(r#"{"currentPassword":"correct horse battery","newPassword":"another horse"}"#)),
    row("POST /auth/forgot-password", Public, Account, Json(r#"{"email":"$2"}"#)),
    row("POST /auth/reset-password", Public, MailToken(MailPurpose::ResetPassword), Json(r#"{"token":"$1","password":"another horse"}"#)),
    row("POST /auth/verify-email", Public, MailToken(MailPurpose::VerifyEmail), Json(r#"{"token":"$1"}"#)),

    row("POST /quiz/generate", LoggedIn, Nothing, TEXT),
    row("POST /quiz/generate-from-pdf", LoggedIn, Nothing, Pdf),
    row("GET /quiz", OwnOnes, Quiz, Empty),
    row("GET /quiz/{id}", OwnerOnly, Quiz, Empty),
    row("PUT /quiz/{id}", OwnerOnly, Quiz, Json(r#"{"title":"New"}"#)),
    row("DELETE /quiz/{id}", OwnerOnly, Quiz, Empty),
    row("POST /quiz/{id}/share", OwnerOnly, Quiz, Empty),
    row("DELETE /quiz/{id}/share", OwnerOnly, SharedQuiz, Empty),
    row("GET /quiz/shared/{token}", LoggedIn, ShareToken, Empty),
    row("GET /quiz/{id}/statistics", OwnerOnly, Quiz, Empty),
    row("GET /quiz/{id}/export", OwnerOnly, Quiz, Empty).asking("?format=moodle-xml"),
    row("POST /quiz/attempt", OwnerOnly, Quiz, Json(r#"{"quizId":"$1"}"#)),
    row("POST /quiz/submit", OwnerOnly, Attempt, Json(r#"{"attemptId":"$1","answers":{}}"#)),
    row("POST /quiz/{id}/submit", OwnerOnly, Quiz, Json(r#"{"answers":{}}"#)),
    row("PATCH /quiz/attempts/{attemptId}/answers", OwnerOnly, Attempt, Json(r#"{"answers":{}}"#)),
    row("GET /quiz/attempts/{quizId}", OwnerOnly, Quiz, Empty),
    row("GET /quiz/user/{userId}/history", OwnerOnly, Account, Empty),

    row("POST /study-sessions", LoggedIn, Nothing, Json(r#"{"durationMinutes":25}"#)),
    row("GET /study-sessions", OwnOnes, StudySession, Empty),
    row("GET /study-sessions/stats", LoggedIn, Nothing, Empty),
    row("GET /study-sessions/{id}", OwnerOnly, StudySession, Empty),
    row("PUT /study-sessions/{id}", OwnerOnly, StudySession, Json(r#"{"notes":"x"}"#)),
    row("PATCH /study-sessions/{id}", OwnerOnly, StudySession, Json(r#"{"notes":"x"}"#)),
    row("DELETE /study-sessions/{id}", OwnerOnly, StudySession, Empty),
    row("POST /study-sessions/{id}/finish", OwnerOnly, StudySession, Empty),
    row("GET /review/due", OwnOnes, Card, Empty),
    row("POST /review/{quizId}/{questionId}", OwnerOnly, Card, Json(r#"{"rating":"good"}"#)),

    row("GET /analytics/ai-usage", LoggedIn, Nothing, Empty),
    row("GET /analytics/dashboard", OwnOnes, Quiz, Empty),
    row("GET /analytics/quiz-performance", LoggedIn, Nothing, Empty),
    row("GET /analytics/report", LoggedIn, Nothing, Empty),
    row("GET /analytics/reports/{id}", OwnerOnly, RenderedReport, Empty),
    row("GET /analytics/study-time", LoggedIn, Nothing, Empty),
    row("POST /notes", LoggedIn, Nothing, Json(r#"{"title":"Cells"}"#)),
    row("GET /notes", OwnOnes, Note, Empty),
    row("GET /notes/{id}", OwnerOnly, Note, Empty),
    row("PUT /notes/{id}", OwnerOnly, Note, Json(r#"{"title":"Cells"}"#)),
    row("PATCH /notes/{id}", OwnerOnly, Note, Json(r#"{"title":"Cells"}"#)),
    row("DELETE /notes/{id}", OwnerOnly, Note, Empty),
    row("POST /notes/{id}/restore", OwnerOnly, TrashedNote, Empty),
    row("GET /notes/trash", OwnOnes, TrashedNote, Empty),
    row("DELETE /notes/trash/{id}", OwnerOnly, TrashedNote, Empty),
    row("GET /notes/tags", OwnOnes, NoteTag, Empty),
    row("GET /notes/categories", OwnOnes, NoteTag, Empty),
    row("POST /notes/upload", LoggedIn, Nothing, Json(r#"{"title":"Cells","content":"Cells are small."}"#)),
    row("POST /notes/search", OwnOnes, Note, Json(r#"{"query":"cells"}"#)),
    row("GET /users/me/stats", LoggedIn, Nothing, Empty),
    row("GET /users/me/report", LoggedIn, Nothing, Empty),

    row("POST /planner/generate", LoggedIn, Nothing, PLAN),
    row("GET /planner/plans", OwnOnes, StudyPlan, Empty),
    row("GET /planner/plans/{id}", OwnerOnly, StudyPlan, Empty),
    row("PUT /planner/plans/{id}", OwnerOnly, StudyPlan, Json(r#"{"title":"Finals"}"#)),
    row("DELETE /planner/plans/{id}", OwnerOnly, StudyPlan, Empty),
    row("PATCH /planner/plans/{id}/tasks/{taskId}", OwnerOnly, StudyPlan, Json(r#"{"completed":true}"#)),
    row("POST /planner/plans/{id}/reschedule", OwnerOnly, UnsettledPlan, Empty),
    row("POST /planner/plans/{id}/feed", OwnerOnly, StudyPlan, Empty),
    row("GET /planner/plans/{id}/calendar.ics", OwnerOnly, StudyPlan, Empty),
    row("GET /planner/feeds/{token}/calendar.ics", Public, PlanFeed, Empty),

    row("GET /jobs", OwnOnes, ScheduledJob, Empty),
    row("GET /jobs/{id}", OwnerOnly, ScheduledJob, Empty),
    row("GET /jobs/{id}/events", OwnerOnly, CancelledJob, Empty),
    row("POST /jobs/{id}/cancel", OwnerOnly, ScheduledJob, Empty),
    row("POST /jobs/{id}/retry", OwnerOnly, CancelledJob, Empty),

    row("GET /users/me", OwnOnes, Account, Empty),
    row("PUT /users/me", OwnOnes, Account, Json(r#"{"name":"Countess"}"#)),
    row("DELETE /users/me", LoggedIn, Nothing, Empty),
    row("PUT /users/me/avatar", LoggedIn, Nothing, Picture),
    row("POST /users/me/export", LoggedIn, Nothing, Empty),
    row("GET /users/me/exports/{id}", OwnerOnly, Export, Empty),
    row("POST /users/me/erase", LoggedIn, Nothing, Json(r#"{"password":"correct horse battery"}"#)),
    row("GET /users/{id}", LoggedIn, Account, Empty),
    row("GET /users/{id}/avatar", Public, Pictured, Empty),

    row("GET /admin/jobs", AdminOnly, Nothing, Empty),
    row("GET /admin/jobs/{id}", AdminOnly, ScheduledJob, Empty),
    row("POST /admin/jobs/{id}/cancel", AdminOnly, ScheduledJob, Empty),
    row("POST /admin/jobs/{id}/discard", AdminOnly, FailedJob, Empty),
    row("POST /admin/jobs/{id}/retry", AdminOnly, CancelledJob, Empty),
    row("POST /admin/jobs/retry", AdminOnly, Nothing, Json(r#"{"filter":{"errorCode":"none.such"}}"#)),
    row("GET /admin/queues", AdminOnly, Nothing, Empty),
    row("POST /admin/queues/{name}/pause", AdminOnly, Queue, Empty),
    row("POST /admin/queues/{name}/resume", AdminOnly, Queue, Empty),

    row("GET /health", Public, Nothing, Empty),
    row("GET /health/live", Public, Nothing, Empty),
    row("GET /health/ready", Public, Nothing, Empty),
    row("GET /metrics", Public, Nothing, Empty),
];

/// What is there, or is otherwise, in old frontend mode.
#[rustfmt::skip]
pub const OLD_FRONTEND: &[Row] = &[
    row("POST /quiz/generate", Optional, Nothing, TEXT),
    row("POST /quiz/generate-from-pdf", Optional, Nothing, Pdf),
    row("POST /quiz/generate-deepseek", Optional, Nothing, Json(r#"{"content":"$text","topic":"Cells"}"#)),
    row("GET /quiz/{id}", Optional, NobodysQuiz, Empty),
    row("POST /quiz/submit", Optional, NobodysQuiz, Json(r#"{"quizId":"$1","answers":{}}"#)),
    row("POST /quiz/{id}/submit", Optional, NobodysQuiz, Json(r#"{"answers":{}}"#)),
    row("POST /tasks", LoggedIn, Nothing, TASK),
    row("GET /tasks", OwnOnes, Task, Empty),
    row("GET /tasks/{id}", OwnerOnly, Task, Empty),
    row("PUT /tasks/{id}", OwnerOnly, Task, Json(r#"{"title":"Read more"}"#)),
    row("PATCH /tasks/{id}", OwnerOnly, Task, Json(r#"{"completed":true}"#)),
    row("DELETE /tasks/{id}", OwnerOnly, Task, Empty),
    row("POST /ai/generate-study-plan", Optional, Nothing, Json(r#"{"subjects":["Biology"],"availableHours":2,"goals":["Pass"]}"#)),
    row("POST /ai/optimize-schedule", Optional, Nothing, Json(r#"{"tasks":[],"preferences":{}}"#)),
];

/// What the document does not name: the page, its files and the document itself.
#[rustfmt::skip]
pub const UNDOCUMENTED: &[Row] = &[
    row("GET /", Public, Nothing, Empty),
    row("GET /reset-password", Public, Nothing, Empty),
    row("GET /verify-email", Public, Nothing, Empty),
    row("GET /web/app.js", Public, Nothing, Empty),
    row("GET /web/nothing.js", Public, Nothing, Empty).gives("route.not_found"),
    row("GET /web/admin.js", Public, Nothing, Empty),
    row("GET /openapi.json", Public, Nothing, Empty),
    row("GET /docs/index.html", Public, Nothing, Empty),
];

impl Body {
    /// The JSON that is sent, if any.
    pub fn json(self, ids: &[String]) -> Option<Value> {
        let Json(text) = self else { return None };
        let mut body = serde_json::from_str(text).expect("JSON");
        fill(&mut body, ids);
        Some(body)
    }
}

/// Puts in what the words that begin with `$` stand for.
fn fill(value: &mut Value, ids: &[String]) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|value| fill(value, ids)),
        Value::Array(values) => values.iter_mut().for_each(|value| fill(value, ids)),
        Value::String(word) => {
            let Some(name) = word.strip_prefix('$') else { return };
            *value = match name {
                "text" => json!(pages(1)),
                "far" => json!(FAR),
                "email" => json!(format!("new-{}-{}@example.com", std::process::id(), harness::unique())),
                number => json!(ids[number.parse::<usize>().expect("the number of an id") - 1]),
            };
        }
        _ => {}
    }
}
