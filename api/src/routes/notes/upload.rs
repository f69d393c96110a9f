//! Files that become notes.

use axum::{
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    http::{StatusCode, header},
    response::Response,
};
use shared::{
    domain::{DocumentKind, Id, NOTE_CONTENT_MAX, NOTE_TITLE_MAX, NoteChange, is_visible, title_of},
    jobs::pdf_extract::{PdfExtract, PdfSource},
    store::BlobUse,
};
use utoipa::ToSchema;

use super::{ChangedNote, NOTE_JSON_MAX, NewNote, NoteView, add, created, own};
use crate::{
    app::App,
    extract::{Caller, Json, Wait},
    problem::{Problem, ProblemBody, Result},
    routes::{
        Routes,
        jobs::{JobView, answer},
        routes,
        upload::Upload,
    },
};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new().routes(routes!(upload))
}

/// A file that becomes a note, as a form; lists are repeated fields.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the form for the document; the form itself is read field by field")]
pub struct NoteFile {
    /// Text or Markdown in UTF-8, at most 1 MB, or a PDF, a Word document, a PowerPoint presentation or a web page, at
    /// most `MAX_FILE_SIZE`.
    #[schema(format = Binary, value_type = String)]
    file: Vec<u8>,
    /// Its name; the first heading or line, or the name of the file, when absent.
    #[schema(max_length = 200)]
    title: Option<String>,
    #[schema(max_items = 20)]
    tags: Option<Vec<String>>,
    #[schema(max_length = 100)]
    category: Option<String>,
    /// Pages of a PDF to read, such as `1-3,7`; all when absent.
    pages: Option<String>,
    /// Password that opens a PDF, at most 256 characters.
    #[schema(max_length = 256)]
    password: Option<String>,
}

/// A note, or a document to make one of.
pub enum Uploaded {
    Note(NoteChange),
    Document {
        bytes: Vec<u8>,
        kind: DocumentKind,
        pages: Option<String>,
        password: Option<String>,
        about: NoteChange,
    },
}

impl FromRequest<App> for Uploaded {
    type Rejection = Problem;

    async fn from_request(mut request: Request, app: &App) -> Result<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if !kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
            DefaultBodyLimit::max(NOTE_JSON_MAX).apply(&mut request);
            let Json(note) = Json::<NewNote>::from_request(request, app).await?;
            return Ok(Self::Note(note.into()));
        }
        let mut upload = Upload::from_request(request, app).await?;
        let bytes = upload.content()?;
        let mut about = NoteChange::from(ChangedNote::of_form(&mut upload)?);
        let kind = DocumentKind::of(&bytes, upload.file_name.as_deref());
        if let Some(
            kind @ (DocumentKind::Pdf | DocumentKind::Docx | DocumentKind::Pptx | DocumentKind::Html),
        ) = kind
        {
            let (pages, password) = (upload.pages()?, upload.password()?);
            return Ok(Self::Document { bytes, kind, pages, password, about });
        }
        let content = text_of(bytes)?;
        about.title =
            about.title.or_else(|| title_of(&content)).or_else(|| upload.file_name.as_deref().and_then(stem));
        about.content = Some(content);
        Ok(Self::Note(about))
    }
}

/// The text of a file, without the mark that some editors put at its beginning.
fn text_of(bytes: Vec<u8>) -> Result<String> {
    let not_text = || {
        let detail = "The file is neither a document that can be read nor text in UTF-8. Save it as UTF-8, or export it as a PDF.";
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "file.not_text", detail)
    };
    let mut text = String::from_utf8(bytes).map_err(|_| not_text())?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    if text.contains('\0') {
        return Err(not_text());
    }
    if !is_visible(&text) {
        return Err(Problem::bad_request("file.empty", "The file is empty. Choose one with content."));
    }
    if text.len() > NOTE_CONTENT_MAX {
        let detail = "A note holds at most 1 MB of text. Split the file.";
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file.too_large", detail));
    }
    Ok(text)
}

/// The name of a file without folders and ending.
fn stem(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let stem: String = stem.replace('\0', "").chars().take(NOTE_TITLE_MAX).collect();
    is_visible(&stem).then_some(stem)
}

/// Makes a note from JSON, from a file of text or Markdown, or from a PDF or another document, whose text a worker
/// extracts.
#[utoipa::path(post, path = "/notes/upload", tag = "notes",
    request_body(content((NewNote = "application/json"), (NoteFile = "multipart/form-data"))),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 201, body = NoteView, description = "The note; of a document with `Prefer: wait=N`, when it is ready in time", headers(("Location" = String))),
        (status = 202, body = JobView, description = "A PDF or another document is accepted: follow the job", headers(("Location" = String), ("Retry-After" = u32))),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`, `file.empty`"),
        (status = 401, body = ProblemBody, description = "`auth.required`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`, `auth.cross_site`"),
        (status = 404, body = ProblemBody, description = "With `Prefer: wait=N`: `note.not_found`, where it was deleted meanwhile"),
        (status = 413, body = ProblemBody, description = "`file.too_large`, `body.too_large`"),
        (status = 415, body = ProblemBody, description = "`file.not_text`, `body.unsupported_type`"),
        (status = 422, body = ProblemBody, description = "With `Prefer: wait=N`: the document is at fault"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn upload(
    State(app): State<App>,
    caller: Caller,
    wait: Wait,
    uploaded: Uploaded,
) -> Result<Response> {
    let (bytes, kind, pages, password, about) = match uploaded {
        Uploaded::Note(note) => return add(&app, &caller, note).await,
        Uploaded::Document { bytes, kind, pages, password, about } => (bytes, kind, pages, password, about),
    };
    let blob = app.ledger.clock.id();
    app.ledger.store.note_blob_use(blob, BlobUse::Upload, app.ledger.clock.now()).await?;
    app.ledger.store.put_blob(blob, bytes).await?;
    let payload = PdfExtract {
        source: PdfSource { blob, pages, password, kind },
        title: about.title,
        tags: about.tags.unwrap_or_default(),
        category: about.category.flatten(),
    };
    let id = app.ledger.clock.job_id();
    let job = app.ledger.enqueue(id, Some(caller.user.id), &payload, None).await?;
    answer(&app, job, wait, async |job| Ok(created(own(&app, &caller, Id::for_job(job.id)).await?))).await
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn a_file_is_named_without_folders_and_ending() {
        let named = |name| stem(name);
        assert_eq!(named("C:\\notes\\week 1.final.md").as_deref(), Some("week 1.final"));
        assert_eq!(named("../week").as_deref(), Some("week"));
        assert_eq!((named(".md"), named("")), (None, None));
    }
}
