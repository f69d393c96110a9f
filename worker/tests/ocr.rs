//! Scanned pages, read by the Tesseract that is installed here.

use shared::config;
use worker::pdf::{ChildCommand, Limits, Ocr, Options, PdfError};

fn fixture(name: &str) -> std::io::Result<Vec<u8>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/pdf/");
    std::fs::read(format!("{path}{name}"))
}

fn installed(languages: &str) -> Option<Ocr> {
    let ocr = Ocr::installed(config::Ocr { languages: languages.into(), ..config::Ocr::default() });
    if ocr.is_none() {
        println!("left out: tesseract is not installed");
    }
    ocr
}

#[tokio::test]
async fn scanned_pages_join_the_written_ones() {
    let Some(ocr) = installed("eng") else { return };
    let reader = ChildCommand::new(env!("CARGO_BIN_EXE_smartstudy-worker"));
    let (options, limits) = (Options::default(), Limits::default());
    let read = ocr.extract(&reader, &fixture("mixed.pdf").unwrap(), &options, &limits).await.unwrap();
    let numbers: Vec<_> = read.document.pages.iter().filter_map(|page| page.number).collect();
    assert_eq!((numbers, read.unread), (vec![1, 2], 0));
    assert!(read.document.pages[1].text.contains("Leaves turn light into sugar."));
    let scan = ocr.extract(&reader, &fixture("scan.pdf").unwrap(), &options, &limits).await;
    assert!(
        matches!(scan, Err(PdfError::NoText)),
        "pictures within a page's commands are not read: {scan:?}"
    );
}

#[tokio::test]
async fn a_page_that_the_recognizer_fails_on_is_counted() {
    let Some(ocr) = installed("none_such") else { return };
    let reader = ChildCommand::new(env!("CARGO_BIN_EXE_smartstudy-worker"));
    let read = ocr
        .extract(&reader, &fixture("mixed.pdf").unwrap(), &Options::default(), &Limits::default())
        .await
        .unwrap();
    assert_eq!((read.document.pages.len(), read.unread), (1, 1));
}
