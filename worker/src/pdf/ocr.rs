//! Text of scanned pages, by the program Tesseract where it is installed.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use shared::config;

use super::{
    ChildCommand, Limits, Options, PdfError,
    child::{self, Ask, Request},
    extract, images,
    normalize::{self, Block, Kind, RawPage},
    parent::{Talk, talk},
};
use crate::document::Document;

/// The argument after [`super::SUBCOMMAND`] with which a child becomes a confined recognizer.
pub(super) const RECOGNIZE: &str = "recognize";

/// The name of the program.
const PROGRAM: &str = "tesseract";

/// What reading one page may use; files are its own and those of the languages.
const PAGE: (Limits, u64) = (
    Limits {
        memory: 1 << 30,
        cpu: Duration::from_secs(30),
        wall: Duration::from_secs(60),
        output: 1 << 20,
        pages: 1,
    },
    64,
);

/// The installed recognizer and what it is asked for.
#[derive(Debug, Clone)]
pub struct Ocr {
    program: PathBuf,
    settings: config::Ocr,
}

/// What was read of a document.
#[derive(Debug)]
pub struct Recognized {
    /// The pages with text, drawn or scanned, in their order.
    pub document: Document,
    /// Scanned pages that were not read: beyond the limit, their pictures of another kind, or the recognizer failed.
    pub unread: usize,
}

impl Ocr {
    /// The program in one of the folders of `path`, as `PATH` lists them; `None` where it is not installed.
    pub fn find(settings: config::Ocr, path: &OsString) -> Option<Self> {
        let mut programs = std::env::split_paths(path).map(|folder| folder.join(PROGRAM));
        programs
            .find(|program| program.is_absolute() && program.is_file())
            .map(|program| Self { program, settings })
    }

    /// [`Ocr::find`] in the `PATH` of this process.
    pub fn installed(settings: config::Ocr) -> Option<Self> {
        Self::find(settings, &std::env::var_os("PATH")?)
    }

    /// All that the text of a page depends on, but for the page.
    pub fn key(&self) -> String {
        format!("ocr.v1 {} {}", self.settings.languages, self.settings.pages)
    }

    /// Reads what [`extract`] reads, and the text in the pictures of pages that have no other.
    ///
    /// # Errors
    /// As [`extract`]; [`PdfError::NoText`] if the pictures show none either.
    pub async fn extract(
        &self,
        reader: &ChildCommand,
        bytes: &[u8],
        options: &Options,
        limits: &Limits,
    ) -> Result<Recognized, PdfError> {
        let mut document = match extract(reader, bytes, options, limits).await {
            Err(PdfError::NoText) => Document::from_pages(Vec::new()),
            read => read?,
        };
        let drawn: BTreeSet<u32> = document.pages.iter().filter_map(|page| page.number).collect();
        let mut scans = child::scans(reader, bytes, options, limits).await?;
        scans.retain(|number| !drawn.contains(number));
        let mut pages = Vec::new();
        for number in scans.iter().copied().take(self.settings.pages) {
            match self.page(reader, bytes, options, limits, number).await {
                Ok(Some(page)) => pages.push(page),
                Ok(None) => tracing::info!(number, "a scanned page has a picture of a kind that is not read"),
                Err(error) => tracing::warn!(number, %error, "a scanned page was not read"),
            }
        }
        let unread = scans.len() - pages.len();
        document.pages.extend(normalize::document(pages).pages);
        document.pages.sort_by_key(|page| page.number);
        if document.pages.is_empty() {
            return Err(PdfError::NoText);
        }
        Ok(Recognized { document, unread })
    }

    async fn page(
        &self,
        reader: &ChildCommand,
        bytes: &[u8],
        options: &Options,
        limits: &Limits,
        number: u32,
    ) -> Result<Option<RawPage>, PdfError> {
        let limits = Limits { output: images::BYTES as u64 + 64, ..*limits };
        let request = Request { ask: Ask::Image(number), options: options.clone(), limits }.to_line()?;
        let (status, picture) = talk(
            reader.start(&[])?,
            Talk { request: &request, bytes, wall: limits.wall, output: limits.output },
        )
        .await?;
        if !status.success() {
            return Err(PdfError::Reader(status));
        }
        if picture.is_empty() {
            return Ok(None);
        }
        let languages = self.settings.languages.as_str();
        let recognizer = reader.start(&[RECOGNIZE.as_ref(), self.program.as_os_str(), languages.as_ref()])?;
        let (wall, output) = (PAGE.0.wall, PAGE.0.output);
        let (status, text) = talk(recognizer, Talk { request: &[], bytes: &picture, wall, output }).await?;
        if !status.success() {
            return Err(PdfError::Reader(status));
        }
        Ok(Some(RawPage { number, blocks: blocks(&String::from_utf8_lossy(&text)) }))
    }
}

/// Becomes the recognizer, which reads a picture from standard input and writes its text to standard output.
/// Returns only why that failed.
pub(super) fn recognize(program: &Path, languages: &str) -> io::Error {
    let (limits, files) = PAGE;
    if let Err(error) = child::confine(&limits, files) {
        return error;
    }
    Command::new(program)
        .args(["stdin", "stdout", "-l", languages, "--psm", "1"])
        .env_clear()
        .env("OMP_THREAD_LIMIT", "1")
        .exec()
}

/// The paragraphs, which a blank line parts.
fn blocks(text: &str) -> Vec<Block> {
    let lines: Vec<&str> = text.split(['\n', '\u{c}']).map(str::trim).collect();
    let paragraphs = lines.split(|line| line.is_empty()).filter(|lines| !lines.is_empty());
    paragraphs
        .map(|lines| Block {
            kind: Kind::Prose,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_part_paragraphs() {
        let lines: Vec<Vec<String>> =
            blocks("One\ntwo\n \nthree\n\u{c}").into_iter().map(|block| block.lines).collect();
        assert_eq!(lines, [vec!["One", "two"], vec!["three"]]);
    }

    #[test]
    fn only_an_installed_program_is_found() {
        assert!(Ocr::find(config::Ocr::default(), &"".into()).is_none());
        assert!(Ocr::find(config::Ocr::default(), &"/nonexistent:.".into()).is_none());
    }
}
