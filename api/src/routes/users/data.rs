//! Everything stored about a user: to have, and to have removed.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{
    domain::{Export, Id, Job, JobStatus, Timestamp},
    jobs::{JobKind, account_export::AccountExport},
    store::{JobFilter, Window},
};
use utoipa::ToSchema;

use crate::{
    app::App,
    extract::{Caller, Conditions, Json, Path, Tag, Wait},
    problem::{Problem, ProblemBody, Result},
    routes::{
        auth::confirmed,
        jobs::{JobView, answer, outcome},
    },
};

/// A copy of everything stored about a user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportView {
    #[schema(value_type = String)]
    id: Id,
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    legacy_id: Id,
    /// Where the ZIP file is, a path on this server.
    url: String,
    /// Its size in bytes.
    size: u64,
    created_at: Timestamp,
    /// When it is removed.
    expires_at: Timestamp,
}

impl From<Export> for ExportView {
    fn from(export: Export) -> Self {
        Self {
            id: export.id,
            legacy_id: export.id,
            url: format!("/users/me/exports/{}", export.id),
            size: export.size,
            created_at: export.created_at,
            expires_at: export.expires_at,
        }
    }
}

/// Copies everything stored about the caller into a ZIP file, which is kept until `expiresAt`. While a copy is being
/// made its job is answered again; only requests that come at the same moment may begin one each.
#[utoipa::path(post, path = "/users/me/export", tag = "users",
    params(("Prefer" = Option<String>, Header, description = "`wait=N`, at most 120 s")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 202, body = JobView, description = "Accepted: follow the job", headers(("Location" = String), ("Retry-After" = u32))),
        (status = 201, body = ExportView, description = "With `Prefer: wait=N`, when it is ready in time", headers(("Location" = String))),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn export(State(app): State<App>, caller: Caller, wait: Wait) -> Result<Response> {
    let user_id = caller.user.id;
    let filter = JobFilter {
        user_id: Some(user_id),
        kind: Some(AccountExport::KIND.to_owned()),
        ..JobFilter::default()
    };
    let latest = Window { limit: 1, skip: 0, after: None, descending: true };
    let latest = app.ledger.store.jobs(&filter, &latest).await?.items.pop();
    let job = match latest.filter(|job| !job.status.is_finished()) {
        Some(job) => job,
        None => {
            let id = app.ledger.clock.job_id();
            app.ledger.enqueue(id, Some(user_id), &AccountExport {}, None).await?
        }
    };
    answer(&app, job, wait, async |job| {
        let export = app.ledger.store.export(Id::for_job(job.id)).await?.ok_or_else(Problem::internal)?;
        let view = ExportView::from(export);
        let location = [(header::LOCATION, view.url.clone())];
        Ok((StatusCode::CREATED, location, Json(view)).into_response())
    })
    .await
}

/// A copy of everything stored about the caller, as a ZIP file.
#[utoipa::path(get, path = "/users/me/exports/{id}", tag = "users", params(("id" = String, Path)),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Vec<u8>, content_type = "application/zip",
            headers(("ETag" = String), ("Content-Disposition" = String))),
        (status = 304, description = "The caller has this file already"),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 404, body = ProblemBody, description = "`export.not_found`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn download(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
) -> Result<Response> {
    let missing = || {
        let detail = "There is no such copy, it is not yours, or its time is over. Ask for a new one.";
        Problem::not_found("export.not_found", detail)
    };
    let now = app.ledger.clock.now();
    let export = app.ledger.store.export(id).await?;
    let export = export.filter(|export| export.user_id == caller.user.id && now < export.expires_at);
    let export = export.ok_or_else(missing)?;
    let tag = Tag::of(&export.id)?;
    let mut response = if conditions.knows(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let bytes = app.ledger.store.blob(export.blob).await?.ok_or_else(missing)?;
        let day = export.created_at.to_string();
        let name = format!("attachment; filename=\"smartstudy-{}.zip\"", day.get(..10).unwrap_or_default());
        let kind = HeaderValue::from_static("application/zip");
        let name = HeaderValue::try_from(name).map_err(|_| Problem::internal())?;
        ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], bytes).into_response()
    };
    response.headers_mut().insert(header::ETAG, tag.header()?);
    Ok(response)
}

/// Who really wants to go.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct Erase {
    /// The account's password; a guest has none.
    #[garde(inner(length(min = 1, max = 1024)))]
    #[schema(min_length = 1, max_length = 1024)]
    password: Option<String>,
}

/// Removes everything stored about the caller, for good: the account, all it made, its uploads, logins and jobs. The
/// account is shut at once. The answer's `Location` and `links.self` carry a key with which the job can be looked at
/// for an hour, as there is no login any more; so does that of an answer that says why the erasure failed.
#[utoipa::path(post, path = "/users/me/erase", tag = "users", request_body = Erase,
    params(("Prefer" = Option<String>, Header, description = "`wait=N`, at most 120 s")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 202, body = JobView, description = "Accepted: follow the job", headers(("Location" = String), ("Retry-After" = u32))),
        (status = 200, body = JobView, description = "With `Prefer: wait=N`, when it is done in time"),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.bad_credentials`, `auth.required`"),
        (status = 403, body = ProblemBody, description = "`auth.cross_site`, `account.deactivated`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn erase(
    State(app): State<App>,
    caller: Caller,
    wait: Wait,
    Json(ask): Json<Erase>,
) -> Result<Response> {
    let user_id = caller.user.id;
    if !caller.user.is_guest {
        let password = ask.password.ok_or_else(|| Problem::field("password", "password is missing"))?;
        confirmed(&app, user_id, password).await?;
    }
    let now = app.ledger.clock.now();
    let erasure = app.ledger.erase_account(user_id, async || {
        // Shut for good: an account that its owner did not merely deactivate cannot be reactivated.
        let shut = app.logins.change(user_id, |user| {
            user.shut(now);
            Ok(())
        });
        shut.await?;
        app.logins.end_all(user_id, None).await
    });
    let job = erasure.await?;
    let key = app.tokens.job_key(job.id, now).map_err(|error| {
        tracing::error!(%error, "no key for a job");
        Problem::internal()
    })?;
    Ok(erased(outcome(&app, job, wait).await?, &key))
}

/// Answers with what has become of an erasure, and where to look at it with this key.
fn erased(job: Job, key: &str) -> Response {
    let failure = job.error.clone().filter(|_| job.status == JobStatus::Failed);
    let status = if job.result.is_some() { StatusCode::OK } else { StatusCode::ACCEPTED };
    let view = JobView::with_key(job, key);
    let location = [(header::LOCATION, view.address().to_owned())];
    match failure {
        Some(error) => (location, Problem::of_job(&error)).into_response(),
        None => (status, location, [(header::RETRY_AFTER, "1")], Json(view)).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use shared::{
        domain::{JobError, JobPriority, JobResult, NewJob, Refusal, When},
        jobs::account_erase::AccountErase,
    };

    use super::*;

    /// What an erasure is answered with that ends as `end` has it.
    fn answered(end: impl Fn(&mut Job, i64) -> std::result::Result<(), Refusal>) -> StatusCode {
        let (id, kind) = ("01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap(), AccountErase::KIND);
        let payload = serde_json::Value::Null;
        let new = NewJob {
            id,
            kind,
            user_id: None,
            payload,
            max_attempts: 1,
            priority: JobPriority::Interactive,
            when: When::default(),
        };
        let mut job = Job::new(new, Timestamp(0));
        let token = job.claim("worker", Duration::from_secs(9), Timestamp(0)).unwrap();
        end(&mut job, token).unwrap();
        let response = erased(job, "secret");
        assert_eq!(response.headers()[header::LOCATION], format!("/jobs/{id}?key=secret"));
        response.status()
    }

    #[test]
    fn an_erasure_that_failed_is_not_said_to_be_done() {
        let fail = |error: JobError| {
            answered(move |job, token| job.fail(token, error.clone(), Duration::ZERO, Timestamp(0)))
        };
        let result = || JobResult { kind: "erasure".into(), id: "1".into(), url: "/jobs/1".into() };
        assert_eq!(fail(JobError::transient("store.unavailable", "")), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(fail(JobError::fatal("account.odd", "")), StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answered(|job, token| job.succeed(token, result(), Timestamp(0))), StatusCode::OK);
        assert_eq!(answered(|job, _| job.cancel(Timestamp(0))), StatusCode::ACCEPTED);
        assert_eq!(answered(|_, _| Ok(())), StatusCode::ACCEPTED);
    }
}
