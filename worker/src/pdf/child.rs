//! The child's side: confine yourself, read one document, answer, end.
//!
//! Input is one line of JSON (a [`Request`]) and then the document up to the end of the stream; output
//! is one JSON value (a [`Reply`]).

use std::{
    io::{self, BufRead, Read, Write},
    process::ExitCode,
};

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use super::{ChildCommand, Limits, Options, PdfError, engine, metadata, normalize, ocr, parent};
use crate::{document::Document, office};

/// The longest request line, in bytes.
const MAX_REQUEST: u64 = 64 << 10;

/// Open files the child may have: its three streams, and one to spare.
const MAX_FILES: u64 = 4;

/// The exit status of a child that was not spoken to properly.
const MISUSED: u8 = 2;

/// What the parent asks, ahead of the document's bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) ask: Ask,
    pub(super) options: Options,
    pub(super) limits: Limits,
}

/// What is wanted of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Ask {
    /// Its text, as a [`Reply`].
    Text,
    /// The numbers of those chosen pages that hold a picture of a page, as a list in a result.
    Scans,
    /// The picture on the page of this number, as its bytes alone; none if it cannot be taken out.
    Image(u32),
}

/// What the child answers about text.
pub(super) type Reply = Result<Document, Failure>;

/// The failures that lie in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Failure {
    Encrypted,
    NoText,
    Damaged,
    TooComplex,
    NoSuchPage { count: u32 },
}

impl From<office::Failure> for Failure {
    fn from(failure: office::Failure) -> Self {
        match failure {
            office::Failure::Damaged | office::Failure::OtherKind => Self::Damaged,
            office::Failure::TooComplex => Self::TooComplex,
            office::Failure::NoText => Self::NoText,
        }
    }
}

impl From<Failure> for PdfError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Encrypted => Self::Encrypted,
            Failure::NoText => Self::NoText,
            Failure::Damaged => Self::Damaged,
            Failure::TooComplex => Self::TooComplex,
            Failure::NoSuchPage { count } => Self::NoSuchPage { count },
        }
    }
}

/// Runs as the child: reads one request and one document from standard input and writes the answer to
/// standard output. Call it before any thread exists, as the limits it sets on the process are for good.
pub fn child_main() -> ExitCode {
    let mut more = std::env::args_os().skip(2);
    if more.next().is_some_and(|argument| argument == ocr::RECOGNIZE) {
        if let (Some(program), Some(languages)) =
            (more.next(), more.next().and_then(|arg| arg.into_string().ok()))
        {
            ocr::recognize(program.as_ref(), &languages);
        }
        return ExitCode::from(MISUSED);
    }
    match serve(&mut io::stdin().lock(), &mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(MISUSED),
    }
}

/// The numbers of those chosen pages that hold a picture of a page, with a child of `reader`.
pub(super) async fn scans(
    reader: &ChildCommand,
    bytes: &[u8],
    options: &Options,
    limits: &Limits,
) -> Result<Vec<u32>, PdfError> {
    let request = Request { ask: Ask::Scans, options: options.clone(), limits: *limits };
    parent::question(reader, bytes, request).await
}

fn serve(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<()> {
    let request = Request::read(input)?;
    confine(&request.limits, MAX_FILES)?;
    let mut document = Vec::new();
    input.read_to_end(&mut document)?;
    match request.ask {
        Ask::Text => serde_json::to_writer(&mut *output, &request.answer(document))?,
        Ask::Scans => {
            let scans = engine::scans(document, &request.options, &request.limits);
            serde_json::to_writer(&mut *output, &scans)?;
        }
        Ask::Image(number) => {
            output.write_all(&engine::image(document, &request.options, number).unwrap_or_default())?;
        }
    }
    output.flush()
}

/// Sets the limits of this process, before it has seen a byte of the document.
pub(super) fn confine(limits: &Limits, files: u64) -> io::Result<()> {
    let exactly = |value| Rlimit { current: Some(value), maximum: Some(value) };
    let cpu = limits.cpu.as_secs().max(1);
    setrlimit(Resource::Core, exactly(0))?;
    setrlimit(Resource::Fsize, exactly(0))?;
    setrlimit(Resource::Nofile, exactly(files))?;
    setrlimit(Resource::Cpu, Rlimit { current: Some(cpu), maximum: Some(cpu + 1) })?;
    setrlimit(Resource::As, exactly(limits.memory))?;
    Ok(())
}

impl Request {
    fn read(input: &mut impl BufRead) -> io::Result<Self> {
        let mut line = Vec::new();
        input.take(MAX_REQUEST).read_until(b'\n', &mut line)?;
        Ok(serde_json::from_slice(&line)?)
    }

    /// The line that goes ahead of the document.
    pub(super) fn to_line(&self) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }

    fn answer(&self, document: Vec<u8>) -> Reply {
        let kind = self.options.kind;
        if !kind.is_pdf() {
            let limits = office::Limits { text: self.limits.output as usize, ..office::Limits::default() };
            return office::read(kind, &document, &limits).map_err(Failure::from);
        }
        let reading = engine::read(document.clone(), &self.options, &self.limits)?;
        let text = normalize::document(reading.pages);
        match (is_readable(&text), reading.is_partial) {
            (true, _) => Ok(Document { title: metadata::title(&document, &self.options), ..text }),
            (false, true) => Err(Failure::Damaged),
            (false, false) => Err(Failure::NoText),
        }
    }
}

/// Whether most of what is written can be read: a font that does not say which characters its shapes
/// are leaves replacement characters and private ones.
fn is_readable(document: &Document) -> bool {
    let (mut letters, mut unknown) = (0_usize, 0_usize);
    for char in document.pages.iter().flat_map(|page| page.text.chars()) {
        match char {
            '\u{fffd}' | '\u{e000}'..='\u{f8ff}' => unknown += 1,
            _ if char.is_alphanumeric() => letters += 1,
            _ => {}
        }
    }
    letters > unknown
}

#[cfg(test)]
mod tests {
    use shared::domain::DocumentKind;

    use super::*;
    use crate::document::Page;

    fn answer(document: &[u8], options: Options) -> Reply {
        Request { ask: Ask::Text, options, limits: Limits::default() }.answer(document.to_vec())
    }

    fn fixture(name: &str) -> Vec<u8> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/pdf/");
        std::fs::read(format!("{path}{name}")).unwrap()
    }

    #[test]
    fn a_request_survives_the_way() {
        let options = Options {
            password: Some("line\nbreak".into()),
            pages: Some("1-3,7".parse().unwrap()),
            ..Options::default()
        };
        let request = Request { ask: Ask::Text, options: options.clone(), limits: Limits::default() };
        let mut line = request.to_line().unwrap();
        line.extend_from_slice(b"%PDF-1.7");
        let mut input = &line[..];
        let read = Request::read(&mut input).unwrap();
        assert_eq!((read.options, read.limits), (options, Limits::default()));
        assert_eq!(input, b"%PDF-1.7");
        assert!(Request::read(&mut &b"no json\n"[..]).is_err());
    }

    #[test]
    fn a_reply_survives_the_way() {
        let document = Document::from_pages(vec![Page { number: Some(2), text: "é\n\n\"x\"".into() }]);
        let answer = serde_json::to_vec(&Reply::Ok(document.clone())).unwrap();
        let saved = serde_json::to_value(&document).unwrap().to_string();
        assert!(saved.len() < answer.len(), "what may be answered can be saved");
        for reply in [Ok(document), Err(Failure::NoSuchPage { count: 9 }), Err(Failure::Encrypted)] {
            let json = serde_json::to_vec(&reply).unwrap();
            assert_eq!(serde_json::from_slice::<Reply>(&json).unwrap(), reply);
        }
    }

    #[test]
    fn a_lecture_comes_out_as_it_was_written() {
        let document = answer(&fixture("lecture.pdf"), Options::default()).unwrap();
        let truth = String::from_utf8(fixture("lecture.txt")).unwrap();
        let text: Vec<&str> = document.pages.iter().map(|page| page.text.as_str()).collect();
        assert_eq!(text.join("\n\n"), truth.trim_end());
        let numbers: Vec<_> = document.pages.iter().map(|page| page.number).collect();
        assert_eq!(numbers, (1..=10).map(Some).collect::<Vec<_>>());
    }

    #[test]
    fn only_the_chosen_pages_come_out() {
        let choose = |pages: &str| Options { pages: Some(pages.parse().unwrap()), ..Options::default() };
        let document = answer(&fixture("lecture.pdf"), choose("2,9-12")).unwrap();
        let numbers: Vec<_> = document.pages.iter().filter_map(|page| page.number).collect();
        assert_eq!(numbers, [2, 9, 10]);
        assert_eq!(answer(&fixture("lecture.pdf"), choose("11")), Err(Failure::NoSuchPage { count: 10 }));
    }

    #[test]
    fn a_protected_document_opens_with_its_password_only() {
        let with = |password: &str| Options { password: Some(password.into()), ..Options::default() };
        let protected = fixture("encrypted.pdf");
        assert_eq!(answer(&protected, Options::default()), Err(Failure::Encrypted));
        assert_eq!(answer(&protected, with("wrong")), Err(Failure::Encrypted));
        assert!(answer(&protected, with("open sesame")).is_ok());
        assert!(answer(&fixture("encrypted_empty_user.pdf"), Options::default()).is_ok());
    }

    #[test]
    fn what_holds_no_text_is_said_to_hold_none() {
        assert_eq!(answer(&fixture("scan.pdf"), Options::default()), Err(Failure::NoText));
        assert_eq!(answer(&fixture("damaged.pdf"), Options::default()), Err(Failure::Damaged));
    }

    #[test]
    fn other_kinds_of_document_come_out_too() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/office/slides.pptx");
        let slides = std::fs::read(path).unwrap();
        let of = |kind| Options { kind, ..Options::default() };
        assert_eq!(answer(&slides, of(DocumentKind::Pptx)).unwrap().pages.len(), 3);
        assert_eq!(answer(&slides, of(DocumentKind::Docx)), Err(Failure::Damaged));
    }

    #[test]
    fn the_picture_of_a_scanned_page_comes_out() {
        let ask = |ask: Ask| {
            let request = Request { ask, options: Options::default(), limits: Limits::default() };
            let document = fixture("mixed.pdf");
            match request.ask {
                Ask::Image(number) => engine::image(document, &request.options, number),
                _ => serde_json::to_vec(&engine::scans(document, &request.options, &request.limits)).ok(),
            }
        };
        assert_eq!(ask(Ask::Scans).unwrap(), br#"{"Ok":[2]}"#);
        let picture = ask(Ask::Image(2)).unwrap();
        assert!(picture.starts_with(b"P6 1240 1754 255\n"), "{:?}", picture.get(..20));
        assert_eq!((ask(Ask::Image(1)), ask(Ask::Image(0)), ask(Ask::Image(3))), (None, None, None));
    }

    #[test]
    fn more_pages_than_allowed_are_too_complex() {
        let limits = Limits { pages: 9, ..Limits::default() };
        let request = Request { ask: Ask::Text, options: Options::default(), limits };
        assert_eq!(request.answer(fixture("lecture.pdf")), Err(Failure::TooComplex));
    }
}
