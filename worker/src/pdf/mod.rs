//! Text out of PDF documents.
//!
//! A PDF is a program written by a stranger, so none is opened in this process: the bytes go to a child
//! that runs this same binary under [`SUBCOMMAND`], confines itself and answers with typed data. What
//! the child does to itself (crash, hang, run out of memory) is [`PdfError::TooComplex`] here.

mod child;
pub mod cli;
mod engine;
mod error;
mod fonts;
mod images;
mod metadata;
mod normalize;
mod ocr;
mod parent;
mod running;
#[cfg(test)]
mod samples;
mod spans;
mod tex;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::domain::{CHECKPOINT_MAX, DocumentKind, PageRanges};

pub use self::{
    child::child_main,
    error::PdfError,
    ocr::{Ocr, Recognized},
    parent::{ChildCommand, extract},
};

/// Version of what is read and how it is normalized. Whoever changes either changes this, so that texts read before are
/// not taken for what would be read now.
pub const VERSION: &str = "pdf.v2";

/// The hidden first argument with which a binary must call [`child_main`] and nothing else.
pub const SUBCOMMAND: &str = "extract-child";

/// How far into a file its `%PDF-` may stand, in bytes, as PDF readers have it.
const HEADER_WINDOW: usize = 1024;

/// What the owner of a document says about it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// Opens a protected document; the user's or the owner's password.
    pub password: Option<String>,
    /// The pages to read; all of them without it.
    pub pages: Option<PageRanges>,
    /// What kind of document it is. Of others than PDF everything is read.
    #[serde(default, skip_serializing_if = "DocumentKind::is_pdf")]
    pub kind: DocumentKind,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("password", &self.password.as_ref().map(|_| "***"))
            .field("pages", &self.pages)
            .field("kind", &self.kind)
            .finish()
    }
}

/// What one extraction may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Address space of the child, in bytes.
    pub memory: u64,
    /// Processor time of the child, counted in whole seconds.
    pub cpu: Duration,
    /// From start to answer by the clock on the wall.
    pub wall: Duration,
    /// The child's answer, in bytes of JSON.
    pub output: u64,
    /// Pages read in one extraction.
    pub pages: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 512 << 20,
            cpu: Duration::from_secs(10),
            wall: Duration::from_secs(14),
            // What is read is saved as this JSON, without what wraps it.
            output: CHECKPOINT_MAX as u64,
            pages: 5_000,
        }
    }
}

/// Whether `bytes` claim to be a PDF document: they start like one and define at least one object.
pub fn looks_like_pdf(bytes: &[u8]) -> bool {
    let holds =
        |haystack: &[u8], needle: &[u8]| haystack.windows(needle.len()).any(|window| window == needle);
    holds(&bytes[..bytes.len().min(HEADER_WINDOW)], b"%PDF-") && holds(bytes, b" obj")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdf_is_known_by_its_header_and_objects() {
        assert!(looks_like_pdf(b"\xef\xbb\xbf%PDF-1.7\n1 0 obj\n<<>>\nendobj"));
        for other in [&b""[..], b"%PDF-1.7\n", b"\x89PNG\r\n\x1a\n obj", b"PK\x03\x04"] {
            assert!(!looks_like_pdf(other));
        }
        let late = [vec![b' '; HEADER_WINDOW], b"%PDF-1.7 1 0 obj".to_vec()].concat();
        assert!(!looks_like_pdf(&late));
    }

    #[test]
    fn a_password_is_not_printed() {
        let options = Options { password: Some("hunter2".into()), ..Options::default() };
        assert!(!format!("{options:?}").contains("hunter2"));
    }
}
