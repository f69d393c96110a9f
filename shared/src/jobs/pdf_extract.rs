//! Making a note out of a PDF or another document.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::JobKind;
use crate::domain::{DocumentKind, Id};

/// What the worker needs to know. New fields need a default: payloads of older versions stay in the
/// ledger and must be readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PdfExtract {
    /// The document.
    pub source: PdfSource,
    /// Name of the note; the document's own, or its first line, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Tags of the note.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What the note is filed under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

/// A PDF, or another document. Its bytes are in the blob store, never in the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PdfSource {
    /// Blob that holds it.
    pub blob: Id,
    /// Pages to read, such as `1-3,7`; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<String>,
    /// Password that opens it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// What kind of document it is.
    #[serde(default, skip_serializing_if = "DocumentKind::is_pdf")]
    pub kind: DocumentKind,
}

impl JobKind for PdfExtract {
    const KIND: &'static str = "pdf.extract";
    const MAX_ATTEMPTS: u32 = 5;
    const TIMEOUT: Duration = Duration::from_secs(900);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_of_every_version_are_read_and_written_back_alike() {
        crate::jobs::payloads::<PdfExtract>(include_str!(
            "../../../tests/fixtures/payloads/pdf.extract.json"
        ));
    }
}
