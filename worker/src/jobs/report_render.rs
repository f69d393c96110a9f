//! A report becomes a PDF, which its owner can fetch for a while.

use std::sync::Arc;

use shared::{
    domain::{JobError, JobResult, Progress},
    jobs::report_render::ReportRender,
    report::Subject,
    store::BlobUse,
    telemetry::blocking,
};

use crate::{
    Context,
    report::{Material, render},
    run::{Run, Stop, crashed},
};

/// Runs one try.
pub(super) async fn run(
    context: &Arc<Context>,
    run: &Arc<Run>,
    ask: ReportRender,
) -> Result<JobResult, Stop> {
    let progress = |percent, stage: &str, message: &str| Progress {
        percent,
        stage: stage.to_owned(),
        message: message.to_owned(),
        ..Progress::default()
    };
    let store = &context.ledger.store;
    let gone = || JobError::fatal("account.not_found", "The job belongs to no account.");
    let user_id = run.snapshot().await.user_id.ok_or_else(gone)?;
    let user = store.user(user_id).await?.ok_or_else(gone)?;

    run.progress(progress(10, "gathering", "Gathering what the report is about")).await?;
    let made = context.ledger.clock.now();
    let subject = Subject { user_id, from: ask.from, to: ask.to, zone: ask.zone };
    let (report, charts) = subject.report(store, made).await?;

    run.progress(progress(60, "drawing", "Drawing the report")).await?;
    let pdf = blocking(move || {
        let (name, zone) = (user.name.as_str(), &subject.zone);
        render(&Material { name, report: &report, charts: &charts, zone, made })
    });
    let pdf = pdf.await.map_err(|_| crashed())?.map_err(|error| {
        tracing::error!(%error, "a report cannot be drawn");
        crashed()
    })?;
    store.note_blob_use(ask.blob, BlobUse::Report, made).await?;
    run.put_file(ask.blob, pdf).await?;
    let id = run.id.to_string();
    Ok(JobResult { kind: "report".into(), url: format!("/analytics/reports/{id}"), id })
}
