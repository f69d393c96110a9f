//! What kind of document an upload is, told by its bytes.

use serde::{Deserialize, Serialize};

/// The kinds of document that text is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentKind {
    /// A PDF.
    #[default]
    Pdf,
    /// A Word document (Office Open XML).
    Docx,
    /// A PowerPoint presentation (Office Open XML).
    Pptx,
    /// A web page.
    Html,
    /// Text with Markdown.
    Markdown,
    /// Plain text.
    Text,
}

/// Where PDF readers look for the header, in bytes.
const HEADER_WINDOW: usize = 1024;

/// Byte order marks of UTF-16, in whose text every other byte may be zero.
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

impl DocumentKind {
    /// The kind of a file; `None` for pictures, programs, other archives and whatever else is no text. Its name only
    /// tells the kinds of text from each other.
    pub fn of(file: &[u8], name: Option<&str>) -> Option<Self> {
        let head = file.get(..file.len().min(HEADER_WINDOW)).unwrap_or_default();
        if holds(head, b"%PDF-") {
            return Some(Self::Pdf);
        }
        if file.starts_with(b"PK\x03\x04") {
            // Names of parts stand in an archive as they are.
            let parts: [(&[u8], Self); 2] =
                [(b"word/document.xml", Self::Docx), (b"ppt/presentation.xml", Self::Pptx)];
            return parts.into_iter().find(|(part, _)| holds(file, part)).map(|(_, kind)| kind);
        }
        if !is_text(file) {
            return None;
        }
        let start = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_lowercase();
        if ["<svg", "{\\rtf", "%!ps"].iter().any(|other| start.starts_with(other)) {
            return None;
        }
        let ending = name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_lowercase());
        let is_page = start.starts_with("<!doctype html")
            || start.starts_with("<html")
            || (start.starts_with("<?xml") && start.contains("<html"));
        match ending.as_deref() {
            // What claims to be one of these and is none would not be what its owner takes it for.
            Some("pdf" | "docx" | "pptx") => None,
            Some("md" | "markdown") => Some(Self::Markdown),
            Some("txt" | "text") => Some(Self::Text),
            Some("html" | "htm" | "xhtml") => Some(Self::Html),
            _ if is_page => Some(Self::Html),
            _ => Some(Self::Text),
        }
    }

    /// Whether this is the kind that payloads without one are about.
    pub fn is_pdf(&self) -> bool {
        *self == Self::Pdf
    }
}

/// Whether no byte stands for a control character that no text has.
fn is_text(file: &[u8]) -> bool {
    let controls =
        |bytes: &[u8]| bytes.iter().any(|byte| matches!(byte, 0..=8 | 0xe..=0x1a | 0x1c..=0x1f | 0x7f));
    UTF16_MARKS.iter().any(|mark| file.starts_with(mark)) || !controls(file)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_bytes_and_texts_by_name() {
        use DocumentKind::{Docx, Html, Markdown, Pdf, Pptx, Text};
        for (file, name, kind) in [
            (&b"\xef\xbb\xbf%PDF-1.7\n"[..], "notes.docx", Some(Pdf)),
            (b"PK\x03\x04\x14\x00word/document.xml", "x", Some(Docx)),
            (b"PK\x03\x04\x14\x00ppt/presentation.xml", "x", Some(Pptx)),
            (b"PK\x03\x04\x14\x00xl/workbook.xml", "x.docx", None),
            (b" <!DOCTYPE html><p>x", "x", Some(Html)),
            (b"<!DOCTYPE html><p>x", "x.txt", Some(Text)),
            (b"hello", "x.pdf", None),
            (b"<?xml version='1.0'?><html>", "x", Some(Html)),
            (b"<p>x", "page.HTM", Some(Html)),
            (b"# x", "x.md", Some(Markdown)),
            (b"caf\xe9", "x.txt", Some(Text)),
            (b"\xff\xfex\0", "x.txt", Some(Text)),
            (b"\x89PNG\r\n\x1a\n", "x.txt", None),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "x.md", None),
            (b"\x7fELF\x02", "x.txt", None),
            (b"<svg xmlns='x'>", "x.html", None),
            (b"{\\rtf1 x}", "x.txt", None),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.doc", None),
        ] {
            assert_eq!(DocumentKind::of(file, Some(name)), kind, "{name} {file:?}");
        }
    }
}
