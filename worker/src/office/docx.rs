//! Word documents (WordprocessingML, ECMA-376 part 1).

use std::collections::HashMap;

use super::{
    Failure, Limits,
    blocks::{Blocks, Kind},
    package::Package,
    xml::{self, Element, Node},
};
use crate::document::{Document, Page};

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Document, Failure> {
    let mut package = Package::open(bytes, limits)?;
    let kinds = match package.part("word/styles.xml")? {
        Some(styles) => kinds_of(&styles, limits)?,
        None => HashMap::new(),
    };
    let body = package.part("word/document.xml")?.ok_or(Failure::Damaged)?;
    let mut reader =
        Reader { kinds, limits, blocks: Blocks::default(), open: Vec::new(), rows: Vec::new(), skipped: 0 };
    xml::walk(&body, limits, |node| reader.visit(&node))?;
    let text = reader.blocks.into_text();
    Ok(Document { title: package.title(limits)?, pages: vec![Page { number: None, text }] })
}

/// What paragraphs of each style are, where they are more than paragraphs.
fn kinds_of(styles: &str, limits: &Limits) -> Result<HashMap<String, Kind>, Failure> {
    let mut kinds = HashMap::new();
    let mut style = String::new();
    xml::walk(styles, limits, |node| {
        let Node::Open(element) = node else { return Ok(()) };
        match element.name() {
            "style" => style = element.attribute("styleId").unwrap_or_default(),
            "name" => {
                let name = element.attribute("val").unwrap_or_default().to_lowercase();
                let level = name.strip_prefix("heading ").and_then(|level| level.parse().ok());
                let level = if name == "title" { Some(1) } else { level };
                kinds.extend(level.map(|level| (style.clone(), Kind::Heading(level))));
            }
            // Headings may be numbered too.
            "numPr" => {
                kinds.entry(style.clone()).or_insert(Kind::Item);
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(kinds)
}

/// A paragraph that is not yet at its end. One may hold others, in text boxes.
struct Paragraph {
    kind: Kind,
    text: String,
}

/// A row of a table, cell by cell. A table within a cell is part of the cell.
type Row = Vec<String>;

struct Reader<'a> {
    kinds: HashMap<String, Kind>,
    limits: &'a Limits,
    blocks: Blocks,
    open: Vec<Paragraph>,
    rows: Vec<Row>,
    /// Depth within something whose text is not the document's, or there a second time.
    skipped: usize,
}

impl Reader<'_> {
    fn visit(&mut self, node: &Node<'_>) -> Result<(), Failure> {
        match node {
            Node::Open(element) if is_skipped(element.name()) => self.skipped += 1,
            Node::Close(name) if is_skipped(name) => self.skipped = self.skipped.saturating_sub(1),
            _ if self.skipped > 0 => {}
            Node::Open(element) => self.open(element),
            Node::Close(name) => self.close(name),
            Node::Text(text) => self.text(text),
        }
        if self.blocks.len() > self.limits.text { Err(Failure::TooComplex) } else { Ok(()) }
    }

    fn open(&mut self, element: &Element<'_>) {
        match element.name() {
            "p" => self.open.push(Paragraph { kind: Kind::Paragraph, text: String::new() }),
            "tr" => self.rows.push(Row::new()),
            "tc" => self.rows.last_mut().into_iter().for_each(|row| row.push(String::new())),
            "tab" => self.text("\t"),
            "br" | "cr" => self.text("\n"),
            "noBreakHyphen" => self.text("-"),
            "pStyle" => {
                let kind = element.attribute("val").and_then(|style| self.kinds.get(&style).copied());
                self.take_for(kind);
            }
            "outlineLvl" => {
                let level = element.attribute("val").and_then(|level| level.parse::<usize>().ok());
                self.take_for(level.filter(|level| *level < 9).map(|level| Kind::Heading(level + 1)));
            }
            "numPr" => {
                let is_plain = self.open.last().is_some_and(|paragraph| paragraph.kind == Kind::Paragraph);
                self.take_for(is_plain.then_some(Kind::Item));
            }
            _ => {}
        }
    }

    fn take_for(&mut self, kind: Option<Kind>) {
        if let (Some(paragraph), Some(kind)) = (self.open.last_mut(), kind) {
            paragraph.kind = kind;
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" => {
                let Some(paragraph) = self.open.pop() else { return };
                match self.rows.last_mut().and_then(|row| row.last_mut()) {
                    Some(cell) => {
                        cell.push_str(&paragraph.text);
                        cell.push(' ');
                    }
                    None => self.blocks.push(paragraph.kind, &paragraph.text),
                }
            }
            "tr" => {
                let Some(row) = self.rows.pop() else { return };
                match self.rows.last_mut().and_then(|row| row.last_mut()) {
                    Some(cell) => cell.push_str(&row.join(" ")),
                    None => self.blocks.row(&row),
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(paragraph) = self.open.last_mut() {
            paragraph.text.push_str(text);
        }
    }
}

/// Whether an element's text is deleted, an instruction, or what older programs show in place of its sibling.
fn is_skipped(name: &str) -> bool {
    matches!(
        name,
        "delText"
            | "del"
            | "moveFrom"
            | "instrText"
            | "delInstrText"
            | "Fallback"
            | "tabs"
            | "rPrChange"
            | "pPrChange"
    )
}
