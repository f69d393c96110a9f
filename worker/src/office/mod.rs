//! Text out of documents other than PDF: Word, PowerPoint, web pages, Markdown and plain text.
//!
//! Pure functions over bytes, under limits of their own. They are meant for the confined child process that reads PDF
//! documents, because a stranger's file may still cost more than these limits foresee.

mod blocks;
mod docx;
mod encoding;
mod html;
mod package;
mod pptx;
#[cfg(test)]
mod tests;
mod xml;

use serde::{Deserialize, Serialize};
use shared::domain::{CHECKPOINT_MAX, DocumentKind};

use crate::document::{Document, Page};

/// What one reading may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// All parts of a package that are read, unpacked, in bytes.
    pub unpacked: u64,
    /// Parts of a package.
    pub parts: usize,
    /// Elements of an XML part within each other.
    pub depth: usize,
    /// Slides of a presentation.
    pub slides: u32,
    /// The text that comes out, in bytes of UTF-8.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { unpacked: 64 << 20, parts: 10_000, depth: 256, slides: 5_000, text: CHECKPOINT_MAX }
    }
}

/// Why no text came out, where the cause lies in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The parts that make it a document cannot be found or read.
    #[error("this document is damaged: open it, save it again and upload the new copy")]
    Damaged,
    /// A limit was hit.
    #[error("this document is too complex to read: save it as a PDF or as plain text and upload that")]
    TooComplex,
    /// It has no text.
    #[error("this document holds no text")]
    NoText,
    /// It is read elsewhere.
    #[error("this kind of document is not read here")]
    OtherKind,
}

/// The text of a document. A presentation has a page for each slide, numbered as there; any other document is one page
/// without a number. Headings are lines that begin with `#`, entries of lists with `- `; a row of a table is a line
/// with ` | ` between its cells. Markdown and plain text stay as they are.
///
/// # Errors
/// A [`Failure`] that says what is wrong with the document.
pub fn read(kind: DocumentKind, bytes: &[u8], limits: &Limits) -> Result<Document, Failure> {
    let document = match kind {
        DocumentKind::Docx => docx::read(bytes, limits)?,
        DocumentKind::Pptx => pptx::read(bytes, limits)?,
        DocumentKind::Html => html::read(&encoding::decode(bytes, encoding::Declared::InHtml), limits)?,
        DocumentKind::Markdown | DocumentKind::Text => {
            let text =
                encoding::decode(bytes, encoding::Declared::Nowhere).replace("\r\n", "\n").replace('\0', "");
            Document::from_pages(vec![Page { number: None, text }])
        }
        DocumentKind::Pdf => return Err(Failure::OtherKind),
    };
    let length: usize = document.pages.iter().map(|page| page.text.len()).sum();
    if length > limits.text {
        return Err(Failure::TooComplex);
    }
    let has_text = document.pages.iter().any(|page| page.text.chars().any(char::is_alphanumeric));
    if has_text { Ok(document) } else { Err(Failure::NoText) }
}
