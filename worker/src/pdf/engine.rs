//! The library that reads PDF documents, behind one function: [`read`].

use pdfboss_core::{Document, Error, Immediate, block_on};
use pdfboss_output::{
    Block as Part, FontCache, LayoutOptions, Line, PageLayout, ReadingOrder, Role, SkipCause, SkippedText,
    SkippedTextKind, page_layout_opts, retain_rulings_on_page, retain_spans_on_page,
};
use pdfboss_text::extract_spans_and_rulings_reporting_cached_with as spans_and_rulings;

use super::{
    Limits, Options,
    child::Failure,
    fonts::MendedFonts,
    images,
    normalize::{Block, Kind, RawPage},
    spans,
};

/// Closes an object that the end of a cut-off file left open. The last object is often the catalog,
/// and without a catalog there are no pages.
const CLOSING: &[u8] = b"\n>>\nendobj\n";

/// A step between lines beyond this multiple of the usual one parts two paragraphs.
const PARAGRAPH_GAP: f32 = 1.35;

/// A line narrower than this share of its block may be the last one of a paragraph.
const FULL_LINE: f32 = 0.85;

/// What could be read.
pub(super) struct Reading {
    /// The chosen pages as they stand in the document, blocks in reading order.
    pub(super) pages: Vec<RawPage>,
    /// Some page has content that is broken or too large to be read.
    pub(super) is_partial: bool,
}

/// Reads the chosen pages.
pub(super) fn read(bytes: Vec<u8>, options: &Options, limits: &Limits) -> Result<Reading, Failure> {
    let document = open(bytes, options.password.as_deref().unwrap_or_default())?;
    let chosen = chosen(&document, options, limits)?;
    let reader = Reader { fonts: FontCache::default(), layers: document.oc_state(), document };
    let mut reading = Reading { pages: Vec::with_capacity(chosen.len()), is_partial: false };
    for number in chosen {
        let (layout, is_partial) =
            reader.layout(number as usize - 1).unwrap_or_else(|_| (PageLayout { blocks: Vec::new() }, true));
        reading.pages.push(RawPage { number, blocks: blocks(layout) });
        reading.is_partial |= is_partial;
    }
    Ok(reading)
}

/// The numbers of the chosen pages that may be scans.
pub(super) fn scans(bytes: Vec<u8>, options: &Options, limits: &Limits) -> Result<Vec<u32>, Failure> {
    let document = open(bytes, options.password.as_deref().unwrap_or_default())?;
    let mut chosen = chosen(&document, options, limits)?;
    chosen.retain(|number| {
        document.page(*number as usize - 1).is_ok_and(|page| images::has_scan(&document, &page))
    });
    Ok(chosen)
}

/// The picture on a scanned page, where it can be taken out.
pub(super) fn image(bytes: Vec<u8>, options: &Options, number: u32) -> Option<Vec<u8>> {
    let document = open(bytes, options.password.as_deref().unwrap_or_default()).ok()?;
    let page = document.page((number as usize).checked_sub(1)?).ok()?;
    images::scan(&document, &page)
}

/// The numbers of the pages to read.
fn chosen(document: &Document, options: &Options, limits: &Limits) -> Result<Vec<u32>, Failure> {
    let count = u32::try_from(document.flattened_page_count()).map_err(|_| Failure::TooComplex)?;
    let chosen: Vec<u32> = match &options.pages {
        Some(pages) => pages.within(count).collect(),
        None => (1..=count).collect(),
    };
    if chosen.is_empty() {
        return Err(Failure::NoSuchPage { count });
    }
    if chosen.len() > limits.pages as usize {
        return Err(Failure::TooComplex);
    }
    Ok(chosen)
}

fn open(bytes: Vec<u8>, password: &str) -> Result<Document, Failure> {
    let load = |bytes| {
        Document::load_with_password(bytes, password).map_err(|error| match error {
            Error::Encrypted => Failure::Encrypted,
            _ => Failure::Damaged,
        })
    };
    let document = load(bytes)?;
    if document.flattened_page_count() > 0 {
        return Ok(document);
    }
    let document = load([document.bytes(), CLOSING].concat())?;
    if document.flattened_page_count() > 0 { Ok(document) } else { Err(Failure::Damaged) }
}

struct Reader {
    document: Document,
    fonts: FontCache,
    layers: Option<pdfboss_core::OcState>,
}

impl Reader {
    /// What stands where on the page at `index` (from 0), and whether something there cannot be read.
    fn layout(&self, index: usize) -> pdfboss_core::Result<(PageLayout, bool)> {
        let page = self.document.page(index)?;
        let (mut spans, mut rulings, report) = block_on(spans_and_rulings(
            Immediate(MendedFonts(&self.document)),
            &page,
            &self.fonts,
            self.layers.as_ref(),
            None,
            ReadingOrder::Content,
        ))?;
        spans::mend(&mut spans);
        // A cropped page hides what belongs to its neighbours; text that runs off a whole page was
        // meant to be on it.
        if page.crop_box != page.media_box {
            retain_spans_on_page(&mut spans, &page);
            retain_rulings_on_page(&mut rulings, &page);
        }
        let layout = page_layout_opts(&spans, &rulings, report.order, &LayoutOptions::default());
        Ok((layout, report.skipped.iter().any(is_lost)))
    }
}

/// Whether text was lost. A missing or foreign object, a picture among them, holds none.
fn is_lost(skipped: &SkippedText) -> bool {
    matches!(skipped.kind, SkippedTextKind::PageContents | SkippedTextKind::Form)
        && matches!(skipped.cause, SkipCause::Unreadable | SkipCause::Parse | SkipCause::LimitExceeded)
}

fn blocks(layout: PageLayout) -> Vec<Block> {
    let item = |lines: &[Line]| Block { kind: Kind::Item, lines: lines.iter().map(text).collect() };
    let mut blocks = Vec::new();
    for part in layout.blocks {
        match part {
            Part::Paragraph { role: Role::PageHeader | Role::PageFooter, .. } => {}
            Part::Paragraph { lines, .. } => {
                let paragraphs = paragraphs(&lines).into_iter();
                blocks.extend(
                    paragraphs
                        .map(|lines| Block { kind: Kind::Prose, lines: lines.iter().map(text).collect() }),
                );
            }
            Part::Heading { lines, .. } => blocks.push(item(&lines)),
            Part::List { items, .. } => blocks.extend(items.iter().map(|entry| item(&entry.lines))),
            Part::Table { rows, .. } => blocks.extend(rows.iter().map(|row| {
                let cells: Vec<String> = row.iter().filter_map(|cell| cell.line.as_ref()).map(text).collect();
                Block { kind: Kind::Item, lines: vec![cells.join(" ")] }
            })),
        }
    }
    blocks
}

fn text(line: &Line) -> String {
    line.inlines.iter().map(|inline| inline.text.as_str()).collect()
}

/// The paragraphs within lines that the engine took for one: it looks for wide gaps only.
fn paragraphs(lines: &[Line]) -> Vec<&[Line]> {
    let mut steps: Vec<f32> =
        lines.windows(2).map(|pair| pair[0].y - pair[1].y).filter(|step| *step > 0.0).collect();
    steps.sort_by(f32::total_cmp);
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(f32::INFINITY);
    let left = lines.iter().map(|line| line.x).fold(f32::INFINITY, f32::min);
    let right = lines.iter().map(|line| line.end_x).fold(f32::NEG_INFINITY, f32::max);
    let goes_on = |above: &Line, below: &Line| {
        let near = above.y - below.y <= usual * PARAGRAPH_GAP;
        let full = above.end_x - above.x >= (right - left) * FULL_LINE;
        let opens = text(below).trim_start().chars().next().is_some_and(|first| !first.is_lowercase());
        near && (full || !(opens && ends_sentence(&text(above))))
    };
    lines.chunk_by(goes_on).collect()
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end()
        .trim_end_matches(['"', '\'', '”', '’', '»', ')'])
        .ends_with(['.', '!', '?', ':', '。', '！', '？'])
}
