//! What can go wrong with a PDF, and what its owner can do about it.

use std::{io, process::ExitStatus};

/// Why no text came out of a PDF. The message says what to do; [`PdfError::code`] is for programs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PdfError {
    /// The document needs a password, or the one given does not open it.
    #[error("this PDF is protected: give the password that opens it, or upload a copy without one")]
    Encrypted,
    /// There are pages but no usable text on them, as in a scan.
    #[error(
        "this PDF holds no text, only pictures of it: run text recognition (OCR) over it, or upload the text"
    )]
    NoText,
    /// The file starts like a PDF, but its pages cannot be found.
    #[error("this PDF is damaged: open it in a PDF reader, save it again and upload the new copy")]
    Damaged,
    /// The file is something else.
    #[error("this file is not a PDF: upload a PDF document or plain text")]
    NotPdf,
    /// Memory, processor time, waiting time, pages or text went beyond the limits, or the reader crashed.
    #[error("this PDF is too complex to read: choose fewer pages, or print it to a new PDF and upload that")]
    TooComplex,
    /// None of the requested pages exists.
    #[error("none of the requested pages exists: its last page is {count}")]
    NoSuchPage {
        /// Pages in the document.
        count: u32,
    },
    /// The reading process could not be started or talked to.
    #[error("cannot run the PDF reader")]
    Io(#[from] io::Error),
    /// The reading process did not speak the protocol, as when another program was started.
    #[error("the PDF reader failed ({0})")]
    Reader(ExitStatus),
}

impl PdfError {
    /// The stable code of this kind of failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Encrypted => "pdf.encrypted",
            Self::NoText => "pdf.no_text",
            Self::Damaged => "pdf.damaged",
            Self::NotPdf => "pdf.not_pdf",
            Self::TooComplex => "pdf.too_complex",
            Self::NoSuchPage { .. } => "pdf.no_such_page",
            Self::Io(_) | Self::Reader(_) => "pdf.internal",
        }
    }

    /// Whether the document itself is the cause, so that trying again cannot help.
    pub fn is_permanent(&self) -> bool {
        !matches!(self, Self::Io(_) | Self::Reader(_))
    }
}
