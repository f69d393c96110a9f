//! Reading what was uploaded.

use serde::Serialize;
use sha2::{Digest, Sha256};
use shared::{
    domain::{DocumentKind, Id, JobError},
    store::{BlobUse, StoreError},
};

use crate::{
    Context,
    document::Document,
    office,
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

/// The text of an uploaded document, or of some pages of a PDF. Whoever uploads the same file and names the same pages
/// and password gets what was read before.
pub(super) async fn document(
    context: &Context,
    run: &Run,
    id: Id,
    kind: DocumentKind,
    pages: Option<&str>,
    password: Option<&str>,
) -> Result<Document, Stop> {
    let bytes = blob(context, id).await?;
    let pages = pages.map(str::parse).transpose().map_err(|error| {
        JobError::fatal("pdf.pages_invalid", format!("The pages cannot be understood: {error}"))
    })?;
    let options = pdf::Options { password: password.map(str::to_owned), pages, kind };
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
    let read = match context.ocr.as_ref().filter(|_| kind.is_pdf()) {
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
    let pdf::Recognized { document, unread } = read.map_err(|error| failed(error, kind))?;
    if unread > 0 {
        // What lacks pages is not kept for others, who would not be told so.
        let notice = format!(
            "Scanned pages that were not read: {unread}. Fewer pages at once, or another scan of them, may help."
        );
        run.notice(notice).await?;
        return Ok(document);
    }
    context.cache.put(&key, json(&document)?, owner).await?;
    run.outlived().await?;
    Ok(document)
}

/// A failure in words that fit the kind of document.
fn failed(error: PdfError, kind: DocumentKind) -> Stop {
    let other = match error {
        _ if kind.is_pdf() => None,
        PdfError::Damaged => Some(office::Failure::Damaged),
        PdfError::TooComplex => Some(office::Failure::TooComplex),
        PdfError::NoText => Some(office::Failure::NoText),
        _ => None,
    };
    match other {
        Some(failure) => JobError::fatal(error.code(), failure.to_string()).into(),
        None => error.into(),
    }
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
