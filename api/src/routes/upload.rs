//! Multipart forms with one file, read within bounds.

use std::collections::HashMap;

use axum::{
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, multipart::MultipartError},
    http::StatusCode,
};

use shared::domain::{DocumentKind, PageRanges};

use crate::{
    app::App,
    problem::{Problem, Result},
};

/// A form's `file`, and its other fields, each with all its values.
#[derive(Debug, Default)]
pub struct Upload {
    pub file: Option<Vec<u8>>,
    /// The name it has at the sender's.
    pub file_name: Option<String>,
    fields: HashMap<String, Vec<String>>,
}

/// Most bytes of a field other than the file.
const FIELD_MAX: usize = 64 << 10;
/// Most characters of a document's password.
const PASSWORD_MAX: usize = 256;
/// Most fields.
const FIELDS_MAX: usize = 100;

impl FromRequest<App> for Upload {
    type Rejection = Problem;

    async fn from_request(mut request: Request, app: &App) -> Result<Self> {
        DefaultBodyLimit::max(app.document_max()).apply(&mut request);
        let mut form = Multipart::from_request(request, app).await.map_err(|rejection| {
            tracing::debug!(%rejection, "not a form");
            let detail = "Send the form as multipart/form-data.";
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "body.unsupported_type", detail)
        })?;
        let mut upload = Self::default();
        let mut count = 0;
        while let Some(mut field) = form.next_field().await.map_err(unreadable)? {
            count += 1;
            if count > FIELDS_MAX {
                return Err(Problem::bad_request(
                    "body.malformed",
                    format!("More than {FIELDS_MAX} fields."),
                ));
            }
            let name = field.name().unwrap_or_default().to_owned();
            if name != "file" && field.file_name().is_some() {
                continue;
            }
            if name == "file" {
                upload.file_name = field.file_name().map(str::to_owned);
            }
            let limit = if name == "file" { app.max_file_size } else { FIELD_MAX };
            let mut bytes = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
                if bytes.len() + chunk.len() > limit {
                    return Err(too_large(&name, limit));
                }
                bytes.extend_from_slice(&chunk);
            }
            if name == "file" {
                upload.file = Some(bytes);
            } else {
                let text = String::from_utf8(bytes)
                    .map_err(|_| Problem::field(&name, format!("{name} must be text in UTF-8")))?;
                upload.fields.entry(name).or_default().push(text);
            }
        }
        Ok(upload)
    }
}

impl Upload {
    /// A field's value; an empty one counts as absent.
    pub fn text(&mut self, name: &str) -> Option<String> {
        let values = self.fields.remove(name)?;
        values.into_iter().map(|value| value.trim().to_owned()).find(|value| !value.is_empty())
    }

    /// All values of a repeated field; commas part several in one.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        let values = self.fields.remove(name).unwrap_or_default();
        let parts = values.iter().flat_map(|value| value.split(','));
        parts.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
    }

    /// Which pages of a document to read, as `1-3,7`.
    pub fn pages(&mut self) -> Result<Option<String>> {
        let pages = self.text("pages");
        if let Some(Err(error)) = pages.as_deref().map(str::parse::<PageRanges>) {
            return Err(Problem::field("pages", format!("pages cannot be understood: {error}")));
        }
        Ok(pages)
    }

    /// The password that opens a document.
    pub fn password(&mut self) -> Result<Option<String>> {
        let password = self.text("password");
        if password.as_ref().is_some_and(|password| password.chars().count() > PASSWORD_MAX) {
            let message = format!("password must have at most {PASSWORD_MAX} characters");
            return Err(Problem::field("password", message));
        }
        Ok(password)
    }

    /// The file, which must have something in it.
    pub fn content(&mut self) -> Result<Vec<u8>> {
        let file = self.file.take().ok_or_else(|| Problem::field("file", "file is missing"))?;
        if file.is_empty() {
            return Err(Problem::bad_request("file.empty", "The file is empty. Choose one with content."));
        }
        Ok(file)
    }

    /// The file, which must be of a kind that text is read from.
    pub fn document(&mut self) -> Result<(Vec<u8>, DocumentKind)> {
        let file = self.content()?;
        let kind = DocumentKind::of(&file, self.file_name.as_deref()).ok_or_else(|| {
            let detail = "The file is neither a PDF nor another document that can be read. \
                          Upload a PDF, a Word document, a PowerPoint presentation, a web page or a text.";
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "file.not_pdf", detail)
        })?;
        Ok((file, kind))
    }
}

fn too_large(name: &str, limit: usize) -> Problem {
    let detail = format!("{name} is larger than {} MB.", limit as f64 / f64::from(1 << 20));
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file.too_large", detail)
}

fn unreadable(error: MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file.too_large", "The upload is too large.")
        }
        _ => Problem::bad_request("body.malformed", "The form cannot be read. Send it again."),
    }
}
