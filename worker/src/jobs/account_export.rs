//! Everything stored about a user becomes one ZIP file: a file of JSON for each collection, the uploads, the picture.

use std::{collections::BTreeSet, sync::Arc};

use futures::TryStreamExt;
use serde_json::json;
use shared::{
    domain::{Export, Id, JobError, JobResult},
    store::{OwnedSource, StoreError},
};

use super::quiz_generate::progress;
use crate::{
    Context,
    archive::{Archive, ArchiveError},
    run::{Run, Stop, crashed},
};

mod hidden;

use hidden::Hidden;

impl From<ArchiveError> for Stop {
    fn from(error: ArchiveError) -> Self {
        tracing::error!(%error, "an export could not be written");
        crashed().into()
    }
}

/// Runs one try.
pub(super) async fn run(context: &Arc<Context>, run: &Arc<Run>) -> Result<JobResult, Stop> {
    let (store, clock) = (&context.ledger.store, &context.ledger.clock);
    let owner = run.snapshot().await.user_id;
    let Some(user_id) = owner else {
        return Err(JobError::fatal("account.not_found", "The job belongs to no account.").into());
    };
    store.remove_expired_exports(clock.now()).await?;
    let sources: Vec<OwnedSource> =
        store.owned_sources().into_iter().filter(|source| source.exported).collect();
    let archive = Archive::begin();
    let mut contents = Vec::new();
    let mut files = BTreeSet::new();
    let mut hidden = Hidden::from(user_id, store.clone());
    for (done, source) in sources.iter().enumerate() {
        let percent = (5 + done * 80 / sources.len()) as u32;
        run.progress(progress(percent, "collecting", "Collecting your data", done, sources.len())).await?;
        let documents = documents(context, &archive, source.name, user_id, &mut hidden).await?;
        if documents > 0 {
            contents.push(json!({ "file": file_name(source.name), "documents": documents }));
        }
        for blob in store.owned_blobs(source.name, user_id).await? {
            // Several documents may name one upload.
            if files.insert(blob) {
                contents.extend(upload(context, run, &archive, blob).await?);
            }
        }
    }
    let now = clock.now();
    archive.file("contents.json").await?;
    archive.add(pretty(&json!({ "user": user_id, "createdAt": now, "contents": contents }))).await?;
    let bytes = archive.finish().await?;

    run.progress(progress(90, "saving", "Saving the file", sources.len(), sources.len())).await?;
    let id = Id::for_job(run.id);
    let size = bytes.len() as u64;
    // The record first: a file that no record names would stay for ever.
    let export =
        Export { id, user_id, blob: id, size, created_at: now, expires_at: now + context.keep_exports };
    store.put_export(&export).await?;
    run.put_file(id, bytes).await?;
    Ok(JobResult { kind: "export".into(), id: id.to_string(), url: format!("/users/me/exports/{id}") })
}

fn file_name(source: &str) -> String {
    format!("{source}.json")
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}")
}

/// Writes the documents of one collection as one JSON array; how many there are. Without any there is no file.
async fn documents(
    context: &Context,
    archive: &Archive,
    source: &str,
    user_id: Id,
    hidden: &mut Hidden,
) -> Result<u64, Stop> {
    let mut documents = context.ledger.store.owned(source, user_id).await?;
    let mut count = 0;
    while let Some(mut document) = documents.try_next().await? {
        hidden.strip(&mut document).await?;
        if count == 0 {
            archive.file(file_name(source)).await?;
        }
        let before = if count == 0 { "[\n" } else { ",\n" };
        archive.add(format!("{before}{}", pretty(&document))).await?;
        count += 1;
    }
    if count > 0 {
        archive.add("\n]\n").await?;
    }
    Ok(count)
}

/// Writes an uploaded file; what it is, for the list of contents.
async fn upload(
    context: &Context,
    run: &Run,
    archive: &Archive,
    blob: Id,
) -> Result<Option<serde_json::Value>, Stop> {
    let bytes = match context.ledger.store.blob(blob).await {
        Ok(Some(bytes)) => bytes,
        // Uploads are kept for a time, what names them longer.
        Ok(None) => return Ok(None),
        Err(StoreError::Corrupt(why)) => {
            tracing::warn!(%blob, why, "an upload is damaged and not in the export");
            run.note(|job| job.notices.push(format!("The upload {blob} is damaged and is left out.")))
                .await?;
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let name = format!("files/{blob}.{}", extension(&bytes));
    let size = bytes.len();
    archive.file(&name).await?;
    archive.add(bytes).await?;
    Ok(Some(json!({ "file": name, "bytes": size })))
}

fn extension(bytes: &[u8]) -> &'static str {
    let head = &bytes[..bytes.len().min(1024)];
    match head {
        [0x89, b'P', b'N', b'G', ..] => "png",
        [0xff, 0xd8, 0xff, ..] => "jpg",
        _ if head.windows(5).any(|window| window == b"%PDF-") => "pdf",
        _ if std::str::from_utf8(bytes).is_ok() => "txt",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::extension;

    #[test]
    fn files_are_named_by_what_they_are() {
        for (bytes, name) in [
            (&b"\x89PNG\r\n"[..], "png"),
            (b"\xff\xd8\xff\xe0", "jpg"),
            (b"\n%PDF-1.7", "pdf"),
            ("déjà vu".as_bytes(), "txt"),
            (b"", "txt"),
            (b"\xff\xfe", "bin"),
        ] {
            assert_eq!(extension(bytes), name);
        }
    }
}
