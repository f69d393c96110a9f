//! Reading what was uploaded.

use shared::domain::{Id, JobError};

use crate::{
    Context,
    document::Document,
    pdf::{self, PdfError},
    run::Stop,
};

/// The bytes of an upload.
pub(super) async fn blob(context: &Context, blob: Id) -> Result<Vec<u8>, Stop> {
    let bytes = context.ledger.store.blob(blob).await?;
    bytes.ok_or_else(|| {
        JobError::fatal("upload.gone", "The upload is no longer kept. Upload it again.").into()
    })
}

/// The text of an uploaded PDF, or of some of its pages.
pub(super) async fn pdf(
    context: &Context,
    id: Id,
    pages: Option<&str>,
    password: Option<&str>,
) -> Result<Document, Stop> {
    let bytes = blob(context, id).await?;
    let pages = pages.map(str::parse).transpose().map_err(|error| {
        JobError::fatal("pdf.pages_invalid", format!("The pages cannot be understood: {error}"))
    })?;
    let options = pdf::Options { password: password.map(str::to_owned), pages };
    let read = pdf::extract(&context.reader, &bytes, &options, &pdf::Limits::default()).await;
    if let (Err(error @ PdfError::Encrypted), Some(_)) = (&read, password) {
        let message = "The password does not open this PDF. Check it and upload the PDF again.";
        return Err(JobError::fatal(error.code(), message).into());
    }
    Ok(read?)
}
