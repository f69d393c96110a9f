//! Reading what was uploaded.

use serde::Serialize;
use sha2::{Digest, Sha256};
use shared::{
    domain::{Id, JobError},
    store::{BlobUse, StoreError},
};

use crate::{
    Context,
    document::Document,
    pdf::{self, PdfError},
    run::{Run, Stop},
};

/// The bytes of an upload.
pub(super) async fn blob(context: &Context, blob: Id) -> Result<Vec<u8>, Stop> {
    let (store, now) = (&context.ledger.store, context.ledger.clock.now());
    store.note_blob_use(blob, BlobUse::Upload, now).await?;
    let bytes = store.blob(blob).await?;
    bytes.ok_or_else(|| {
        JobError::fatal("upload.gone", "The upload is no longer kept. Upload it again.").into()
    })
}

/// The text of an uploaded PDF, or of some of its pages. Whoever uploads the same file and names the same pages and
/// password gets what was read before.
pub(super) async fn pdf(
    context: &Context,
    run: &Run,
    id: Id,
    pages: Option<&str>,
    password: Option<&str>,
) -> Result<Document, Stop> {
    let bytes = blob(context, id).await?;
    let pages = pages.map(str::parse).transpose().map_err(|error| {
        JobError::fatal("pdf.pages_invalid", format!("The pages cannot be understood: {error}"))
    })?;
    let options = pdf::Options { password: password.map(str::to_owned), pages };
    let key = text_key(&bytes, &options, context.ocr.as_ref())?;
    let owner = run.snapshot().await.user_id;
    if let Some(kept) = context.cache.get(&key, owner).await?
        && let Ok(document) = serde_json::from_str(&kept)
    {
        return Ok(document);
    }
    let _lead = context.cache.lead(&key).await;
    if let Some(kept) = context.cache.get(&key, owner).await?
        && let Ok(document) = serde_json::from_str(&kept)
    {
        return Ok(document);
    }
    let limits = pdf::Limits::default();
    let read = match &context.ocr {
        Some(ocr) => ocr.extract(&context.reader, &bytes, &options, &limits).await,
        None => {
            let document = pdf::extract(&context.reader, &bytes, &options, &limits).await;
            document.map(|document| pdf::Recognized { document, unread: 0 })
        }
    };
    if let (Err(error @ PdfError::Encrypted), Some(_)) = (&read, password) {
        let message = "The password does not open this PDF. Check it and upload the PDF again.";
        return Err(JobError::fatal(error.code(), message).into());
    }
    let pdf::Recognized { document, unread } = read?;
    if unread > 0 {
        // What lacks pages is not kept for others, who would not be told so.
        note_unread(run, unread).await?;
        return Ok(document);
    }
    context.cache.put(&key, json(&document)?, owner).await?;
    run.outlived().await?;
    Ok(document)
}

async fn note_unread(run: &Run, unread: usize) -> Result<(), Stop> {
    let notice =
        format!("Scanned pages that were not read: {unread}. Upload them by themselves to have them read.");
    run.note(|job| {
        if !job.notices.contains(&notice) {
            job.notices.push(notice.clone());
        }
    })
    .await
}

/// All that the text depends on: the file, what is read of it and how.
fn text_key(bytes: &[u8], options: &pdf::Options, ocr: Option<&pdf::Ocr>) -> Result<String, Stop> {
    let mut digest = Sha256::new();
    digest.update(pdf::VERSION);
    digest.update(json(options)?);
    digest.update(ocr.map(pdf::Ocr::key).unwrap_or_default());
    digest.update(Sha256::digest(bytes));
    Ok(format!("text-{}", hex::encode(digest.finalize())))
}

fn json(value: &impl Serialize) -> Result<String, Stop> {
    Ok(serde_json::to_string(value).map_err(|error| StoreError::Internal(error.into()))?)
}
