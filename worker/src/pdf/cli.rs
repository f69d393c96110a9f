//! `smartstudy-worker extract`: the text of PDF files, from the command line.

use std::path::{Path, PathBuf};

use anyhow::Context;
use tokio::fs;

use super::{ChildCommand, Limits, Ocr, Options, PdfError, extract};
use crate::document::Document;

/// The file that says what became of each document.
const STATUS: &str = "status.tsv";

/// Extracts each of `files` into `out` (made if missing): `NAME.txt` in UTF-8, pages parted by a blank
/// line, for each `NAME.pdf` that has text, and `status.tsv` with a line `NAME<tab>STATUS` for every
/// file, where STATUS is `text`, `scan`, `encrypted`, `notpdf`, `damaged` or `too_complex`.
/// With `ocr` scanned pages are read too.
///
/// # Errors
/// If a file cannot be read or written, or no reading process can be run. A document without text is
/// no error.
pub async fn run(files: &[PathBuf], out: &Path, ocr: Option<&Ocr>) -> anyhow::Result<()> {
    let command = ChildCommand::current().context("cannot tell which binary this is")?;
    fs::create_dir_all(out).await.with_context(|| format!("cannot make {}", out.display()))?;
    let mut table = String::new();
    for file in files {
        let name = file.file_stem().with_context(|| format!("{} names no file", file.display()))?;
        let bytes = fs::read(file).await.with_context(|| format!("cannot read {}", file.display()))?;
        let outcome = match ocr {
            Some(ocr) => ocr
                .extract(&command, &bytes, &Options::default(), &Limits::default())
                .await
                .map(|read| read.document),
            None => extract(&command, &bytes, &Options::default(), &Limits::default()).await,
        };
        let status = status(&outcome);
        match outcome {
            Ok(document) => {
                let path = out.join(name).with_added_extension("txt");
                fs::write(&path, text(&document))
                    .await
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
            Err(error) if error.is_permanent() => {}
            Err(error) => return Err(error).with_context(|| format!("cannot extract {}", file.display())),
        }
        table.push_str(&format!("{}\t{status}\n", name.to_string_lossy()));
    }
    let path = out.join(STATUS);
    fs::write(&path, table).await.with_context(|| format!("cannot write {}", path.display()))
}

fn text(document: &Document) -> String {
    let pages: Vec<&str> = document.pages.iter().map(|page| page.text.as_str()).collect();
    pages.join("\n\n") + "\n"
}

fn status(outcome: &Result<Document, PdfError>) -> &'static str {
    match outcome {
        Ok(_) => "text",
        Err(PdfError::NoText) => "scan",
        Err(PdfError::Encrypted) => "encrypted",
        Err(PdfError::NotPdf) => "notpdf",
        Err(PdfError::TooComplex) => "too_complex",
        Err(PdfError::Damaged) => "damaged",
        Err(PdfError::NoSuchPage { .. } | PdfError::Io(_) | PdfError::Reader(_)) => "failed",
    }
}
