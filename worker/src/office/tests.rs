use std::{
    fs,
    io::{Cursor, Write},
};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

fn fixture(name: &str) -> Vec<u8> {
    fs::read(format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/office/{}"), name)).unwrap()
}

fn text(kind: DocumentKind, bytes: &[u8]) -> Result<String, Failure> {
    let document = read(kind, bytes, &Limits::default())?;
    Ok(document.pages.into_iter().map(|page| page.text).collect::<Vec<_>>().join("\u{c}"))
}

fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A Word document with this body.
fn word(body: &str) -> Vec<u8> {
    package(&[("word/document.xml", format!("<w:document><w:body>{body}</w:body></w:document>").as_bytes())])
}

#[test]
fn a_word_document_keeps_its_structure() {
    let bytes = fixture("lecture.docx");
    assert_eq!(DocumentKind::of(&bytes, None), Some(DocumentKind::Docx));
    let document = read(DocumentKind::Docx, &bytes, &Limits::default()).unwrap();
    assert_eq!(document.title.as_deref(), Some("The Cell: an Introduction"));
    assert_eq!((document.pages.len(), document.pages[0].number), (1, None));
    assert_eq!(
        document.pages[0].text,
        "# The Cell\n\n# Membranes\n\nEvery cell is enclosed by a plasma membrane, which is about 8 nm thick & flexible.\n\n\
         It is made of:\n\n- phospholipids\n- proteins\n- cholesterol\n\n## Organelles\n\nOrganelle | Task\n\
         Mitochondrion | makes ATP\nRibosome | builds proteins\n\nGröße, naïve, клетка, 细胞."
    );
}

#[test]
fn a_presentation_has_a_page_for_each_slide_with_text() {
    let bytes = fixture("slides.pptx");
    assert_eq!(DocumentKind::of(&bytes, None), Some(DocumentKind::Pptx));
    let document = read(DocumentKind::Pptx, &bytes, &Limits::default()).unwrap();
    assert_eq!(document.title.as_deref(), Some("Photosynthesis"));
    let pages: Vec<(Option<u32>, &str)> =
        document.pages.iter().map(|page| (page.number, page.text.as_str())).collect();
    assert_eq!(
        pages,
        [
            (Some(1), "# Photosynthesis\n\nBiology, week 4"),
            (
                Some(2),
                "# Where it happens\n\n- In chloroplasts\n- In the thylakoid membrane\n- In the stroma"
            ),
            (
                Some(4),
                "# Two stages\n\nLight reactions | make ATP and NADPH\nCalvin cycle | fixes carbon dioxide"
            ),
        ]
    );
}

#[test]
fn a_web_page_is_read_without_what_it_does_not_show() {
    let document = read(DocumentKind::Html, &fixture("page.html"), &Limits::default()).unwrap();
    assert_eq!(document.title.as_deref(), Some("Plate tectonics & us"));
    assert_eq!(
        document.pages[0].text,
        "# Plate tectonics\n\nThe outer shell of the Earth is broken into plates, which move a few centimetres a \
         year—about as fast as nails grow.\n\nAn unclosed paragraph\nwith a break.\n\n## Boundaries\n\n- divergent\n\
         - convergent\n- transform\n\nBoundary | Example\ntransform | San Andreas <fault>\n\nfirst line\nsecond line"
    );
}

#[test]
fn text_and_markdown_stay_as_they_are() {
    let written = b"# Cells\r\n\r\n* one  two\r\n";
    assert_eq!(text(DocumentKind::Markdown, written).unwrap(), "# Cells\n\n* one  two\n");
    assert_eq!(text(DocumentKind::Text, b"\xef\xbb\xbfa\0b").unwrap(), "ab");
    assert_eq!(text(DocumentKind::Text, b" \n"), Err(Failure::NoText));
    assert_eq!(text(DocumentKind::Pdf, b"%PDF-1.7"), Err(Failure::OtherKind));
}

#[test]
fn what_word_deletes_or_repeats_is_left_out() {
    let body = "<w:p><w:r><w:t>kept</w:t></w:r><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>\
                <w:r><w:instrText>PAGE</w:instrText></w:r></w:p>\
                <w:p><mc:AlternateContent><mc:Choice><w:p><w:r><w:t>box</w:t></w:r></w:p></mc:Choice>\
                <mc:Fallback><w:p><w:r><w:t>box</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent></w:p>\
                <w:p><w:r><w:t>a</w:t><w:br/><w:t>b&#233;&amp;</w:t></w:r></w:p>";
    assert_eq!(text(DocumentKind::Docx, &word(body)).unwrap(), "kept\n\nbox\n\na\nbé&");
}

#[test]
fn a_bomb_is_too_complex() {
    let limits = Limits { unpacked: 3 << 20, ..Limits::default() };
    let blank = vec![b' '; 2 << 20];
    let bomb = package(&[("word/document.xml", &blank.repeat(5))]);
    assert!(bomb.len() < 20_000);
    assert_eq!(read(DocumentKind::Docx, &bomb, &limits), Err(Failure::TooComplex));
    let two = package(&[("word/styles.xml", &blank), ("word/document.xml", &blank)]);
    assert_eq!(read(DocumentKind::Docx, &two, &limits), Err(Failure::TooComplex), "all parts together");
}

#[test]
fn a_part_that_lies_about_its_size_is_no_more_than_the_limit() {
    let mut bytes = package(&[("word/document.xml", &vec![b'<'; 1 << 20])]);
    let at = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    bytes[at + 24..at + 28].copy_from_slice(&9_u32.to_le_bytes());
    assert!(text(DocumentKind::Docx, &bytes).is_err());
}

#[test]
fn a_damaged_part_is_told() {
    let bytes = word("<w:p><w:r><w:t>some text that is long enough to be found</w:t></w:r></w:p>");
    for at in (30..bytes.len()).step_by(7) {
        let mut broken = bytes.clone();
        broken[at] ^= 0x55;
        match text(DocumentKind::Docx, &broken) {
            Ok(text) => assert_eq!(text, "some text that is long enough to be found", "{at}"),
            Err(failure) => {
                assert!(matches!(failure, Failure::Damaged | Failure::NoText), "{at} {failure:?}")
            }
        }
    }
    assert_eq!(text(DocumentKind::Docx, &bytes[..bytes.len() / 2]), Err(Failure::Damaged));
    assert_eq!(text(DocumentKind::Docx, b"PK\x03\x04"), Err(Failure::Damaged));
    assert_eq!(text(DocumentKind::Pptx, &bytes), Err(Failure::Damaged), "a document of another kind");
}

#[test]
fn too_many_parts_are_too_complex() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for number in 0..=Limits::default().parts {
        zip.start_file(format!("{number}"), SimpleFileOptions::default()).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    assert_eq!(text(DocumentKind::Docx, &bytes), Err(Failure::TooComplex));
}

#[test]
fn entities_do_not_expand() {
    let body = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c SYSTEM \"file:///etc/passwd\">]>\
                <w:document><w:p><w:r><w:t>x &b; &c;</w:t></w:r></w:p></w:document>";
    assert_eq!(
        text(DocumentKind::Docx, &package(&[("word/document.xml", body.as_bytes())])),
        Err(Failure::Damaged)
    );
}

#[test]
fn deep_nesting_ends() {
    let deep = "<w:p>".repeat(100_000) + &"</w:p>".repeat(100_000);
    assert_eq!(text(DocumentKind::Docx, &word(&deep)), Err(Failure::TooComplex));
    let html = "<div>".repeat(300_000) + "x";
    assert_eq!(text(DocumentKind::Html, html.as_bytes()).unwrap(), "x");
    let tables = "<table><tr><td>".repeat(100_000) + "x";
    assert!(text(DocumentKind::Html, tables.as_bytes()).is_ok());
}

#[test]
fn more_text_than_allowed_is_too_complex() {
    let limits = Limits { text: 1_000, ..Limits::default() };
    let long = "word ".repeat(300);
    for (kind, bytes) in [
        (DocumentKind::Text, long.clone().into_bytes()),
        (DocumentKind::Html, format!("<p>{long}").into_bytes()),
        (DocumentKind::Docx, word(&format!("<w:p><w:t>{long}</w:t></w:p>"))),
    ] {
        assert_eq!(read(kind, &bytes, &limits), Err(Failure::TooComplex), "{kind:?}");
    }
}

#[test]
fn more_slides_than_allowed_are_too_complex() {
    let limits = Limits { slides: 3, ..Limits::default() };
    assert_eq!(read(DocumentKind::Pptx, &fixture("slides.pptx"), &limits), Err(Failure::TooComplex));
}
