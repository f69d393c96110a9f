//! The jobs a worker runs, by the wire name of their kind.

use std::{sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
#[cfg(feature = "testing")]
use shared::jobs::noop::Noop;
use shared::{
    domain::{Job, JobError, JobResult},
    jobs::{
        JobKind, account_erase::AccountErase, account_export::AccountExport, pdf_extract::PdfExtract,
        plan_generate::PlanGenerate, plan_reschedule::PlanReschedule, quiz_generate::QuizGenerate,
        report_render::ReportRender,
    },
    store::StoreError,
};

use crate::{
    Context,
    run::{Run, Stop},
};

mod account_erase;
mod account_export;
mod pdf_extract;
mod plan_generate;
mod plan_reschedule;
mod quiz_generate;
mod reading;
mod report_render;

/// Kinds this worker takes.
pub(crate) const KINDS: &[&str] = shared::jobs::KINDS;

/// Longest a try of this kind may take.
pub(crate) fn timeout(kind: &str) -> Duration {
    match kind {
        PdfExtract::KIND => PdfExtract::TIMEOUT,
        PlanGenerate::KIND => PlanGenerate::TIMEOUT,
        PlanReschedule::KIND => PlanReschedule::TIMEOUT,
        AccountErase::KIND => AccountErase::TIMEOUT,
        AccountExport::KIND => AccountExport::TIMEOUT,
        QuizGenerate::KIND => QuizGenerate::TIMEOUT,
        ReportRender::KIND => ReportRender::TIMEOUT,
        #[cfg(feature = "testing")]
        Noop::KIND => Noop::TIMEOUT,
        _ => Duration::ZERO,
    }
}

/// Runs one try of a job.
pub(crate) async fn run(context: &Arc<Context>, run: &Arc<Run>, job: &Job) -> Result<JobResult, Stop> {
    match job.kind.as_str() {
        PdfExtract::KIND => pdf_extract::run(context, run, payload(job)?).await,
        PlanGenerate::KIND => plan_generate::run(context, run, payload(job)?).await,
        PlanReschedule::KIND => plan_reschedule::run(context, run, payload(job)?).await,
        AccountErase::KIND => account_erase::run(context, run, payload(job)?).await,
        AccountExport::KIND => account_export::run(context, run).await,
        QuizGenerate::KIND => quiz_generate::run(context, run, payload(job)?).await,
        ReportRender::KIND => report_render::run(context, run, payload(job)?).await,
        #[cfg(feature = "testing")]
        Noop::KIND => {
            let noop: Noop = payload(job)?;
            tokio::time::sleep(Duration::from_millis(noop.hold_ms)).await;
            if let Some(reason) = job.payload["crash"].as_str() {
                panic!("{reason}");
            }
            Ok(JobResult { kind: "nothing".into(), id: job.id.to_string(), url: format!("/jobs/{}", job.id) })
        }
        other => {
            Err(JobError::fatal("job.unknown_kind", format!("No worker knows the kind {other}.")).into())
        }
    }
}

/// Removes from the record of a finished job what only a try that may succeed would need.
pub(crate) fn forget_secrets(job: &mut Job) {
    let may_pass = job.error.as_ref().is_some_and(|error| error.retryable);
    let reads = matches!(job.kind.as_str(), PdfExtract::KIND | QuizGenerate::KIND);
    if job.status.is_finished() && !may_pass && reads {
        quiz_generate::forget_password(job);
    }
    if job.result.is_some() && job.kind == AccountErase::KIND {
        account_erase::forget_account(job);
    }
}

/// Removes what a finished job no longer needs. Of a failed or cancelled one its work is kept for a retry.
pub(crate) async fn clean_up(context: &Context, job: &Job) {
    if job.result.is_none() {
        return;
    }
    if let Err(error) = forget(context, job).await {
        tracing::warn!(%error, "what is left of the job's work was not removed");
    }
}

async fn forget(context: &Context, job: &Job) -> Result<(), StoreError> {
    let store = &context.ledger.store;
    if matches!(job.kind.as_str(), PlanGenerate::KIND | QuizGenerate::KIND) {
        store.delete_checkpoints(job.id).await?;
    }
    // An earlier try may have left one.
    match job.attempts.len() > 1 || job.retries > 0 {
        true => store.delete_transcript(job.id).await,
        false => Ok(()),
    }
}

fn payload<T: DeserializeOwned>(job: &Job) -> Result<T, Stop> {
    serde_json::from_value(job.payload.clone()).map_err(|error| {
        tracing::error!(%error, "the payload cannot be read");
        JobError::fatal("job.payload_unreadable", "This worker cannot read the job; update it and retry.")
            .into()
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};
    use shared::domain::{JobPriority, NewJob, Timestamp, When};

    use super::*;

    /// A job over a locked PDF in its last try, which ends as `end` has it; the password it still knows.
    fn password_after(kind: &'static str, end: impl Fn(&mut Job, i64)) -> Value {
        let now = Timestamp(0);
        let payload = json!({ "source": { "type": "pdf", "blob": "0", "password": "open sesame" } });
        let id = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let new = NewJob {
            id,
            kind,
            user_id: None,
            payload,
            max_attempts: 1,
            priority: JobPriority::Interactive,
            when: When::default(),
        };
        let mut job = Job::new(new, now);
        let token = job.claim("worker", Duration::from_secs(9), now).unwrap();
        end(&mut job, token);
        forget_secrets(&mut job);
        assert_eq!(job.payload["source"]["blob"], "0");
        job.payload["source"]["password"].clone()
    }

    #[test]
    fn a_password_is_known_for_as_long_as_a_try_may_succeed() {
        for kind in [QuizGenerate::KIND, PdfExtract::KIND] {
            let fail = |error: JobError| {
                password_after(kind, move |job, token| {
                    job.fail(token, error.clone(), Duration::ZERO, Timestamp(0)).unwrap();
                })
            };
            let result = JobResult { kind: "quiz".into(), id: "1".into(), url: "/quiz/1".into() };
            assert_eq!(fail(JobError::fatal("pdf.encrypted", "wrong")), Value::Null);
            let succeed = |job: &mut Job, token| job.succeed(token, result.clone(), Timestamp(0)).unwrap();
            assert_eq!(password_after(kind, succeed), Value::Null);
            assert_eq!(fail(JobError::transient("pdf.internal", "")), "open sesame");
            assert_eq!(password_after(kind, |_, _| {}), "open sesame");
        }
    }
}
