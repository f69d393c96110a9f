//! Presentations (PresentationML, ECMA-376 part 1).

use std::collections::HashMap;

use super::{
    Failure, Limits,
    blocks::{Blocks, Kind},
    package::Package,
    xml::{self, Node},
};
use crate::document::{Document, Page};

pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Document, Failure> {
    let mut package = Package::open(bytes, limits)?;
    let order = package.part("ppt/presentation.xml")?.ok_or(Failure::Damaged)?;
    let targets = package.part("ppt/_rels/presentation.xml.rels")?.ok_or(Failure::Damaged)?;
    let targets = targets_of(&targets, limits)?;
    let mut slides = Vec::new();
    xml::walk(&order, limits, |node| {
        if let Node::Open(element) = node
            && element.name() == "sldId"
        {
            slides.extend(element.exactly("r:id").and_then(|id| targets.get(&id).cloned()));
        }
        Ok(())
    })?;
    if slides.len() > limits.slides as usize {
        return Err(Failure::TooComplex);
    }
    let (mut pages, mut length) = (Vec::new(), 0);
    for (number, part) in (1..).zip(slides) {
        let slide = package.part(&part)?.ok_or(Failure::Damaged)?;
        let text = slide_text(&slide, limits)?;
        length += text.len();
        if length > limits.text {
            return Err(Failure::TooComplex);
        }
        if !text.is_empty() {
            pages.push(Page { number: Some(number), text });
        }
    }
    Ok(Document { title: package.title(limits)?, pages })
}

/// The parts that the presentation's relationships lead to, by their ids.
fn targets_of(relationships: &str, limits: &Limits) -> Result<HashMap<String, String>, Failure> {
    let mut targets = HashMap::new();
    xml::walk(relationships, limits, |node| {
        if let Node::Open(element) = node
            && let (Some(id), Some(target)) = (element.attribute("Id"), element.attribute("Target"))
        {
            let part = target.strip_prefix('/').map_or_else(|| format!("ppt/{target}"), str::to_owned);
            targets.insert(id, part);
        }
        Ok(())
    })?;
    Ok(targets)
}

/// A shape's paragraphs and what they are.
struct Shape {
    kind: Kind,
    paragraphs: Vec<String>,
}

fn slide_text(slide: &str, limits: &Limits) -> Result<String, Failure> {
    let mut blocks = Blocks::default();
    let mut shape = Shape { kind: Kind::Paragraph, paragraphs: Vec::new() };
    let mut row: Option<Vec<String>> = None;
    let (mut paragraph, mut is_text, mut fallback) = (String::new(), false, 0_usize);
    xml::walk(slide, limits, |node| {
        match node {
            Node::Open(element) if element.name() == "Fallback" => fallback += 1,
            Node::Close("Fallback") => fallback = fallback.saturating_sub(1),
            _ if fallback > 0 => {}
            Node::Open(element) => match element.name() {
                "sp" => shape = Shape { kind: Kind::Paragraph, paragraphs: Vec::new() },
                "ph" => {
                    shape.kind = match element.attribute("type").as_deref() {
                        Some("title" | "ctrTitle") => Kind::Heading(1),
                        None | Some("body" | "obj") => Kind::Item,
                        Some(_) => Kind::Paragraph,
                    }
                }
                "p" => paragraph.clear(),
                "t" => is_text = true,
                "br" => paragraph.push('\n'),
                "tr" => row = Some(Vec::new()),
                "tc" => row.iter_mut().for_each(|row| row.push(String::new())),
                _ => {}
            },
            Node::Close("t") => is_text = false,
            Node::Close("p") => match row.as_mut().and_then(|row| row.last_mut()) {
                Some(cell) => {
                    cell.push_str(&paragraph);
                    cell.push(' ');
                }
                None => shape.paragraphs.push(std::mem::take(&mut paragraph)),
            },
            Node::Close("tr") => blocks.row(&row.take().unwrap_or_default()),
            Node::Close("sp") => flush(&mut blocks, &mut shape),
            Node::Close(_) => {}
            Node::Text(text) if is_text => paragraph.push_str(text),
            Node::Text(_) => {}
        }
        if blocks.len() + paragraph.len() > limits.text { Err(Failure::TooComplex) } else { Ok(()) }
    })?;
    flush(&mut blocks, &mut shape);
    Ok(blocks.into_text())
}

/// Adds what a shape says. One paragraph by itself is no list.
fn flush(blocks: &mut Blocks, shape: &mut Shape) {
    let paragraphs = std::mem::take(&mut shape.paragraphs);
    let filled = paragraphs.iter().filter(|paragraph| !paragraph.trim().is_empty()).count();
    let kind = if shape.kind == Kind::Item && filled < 2 { Kind::Paragraph } else { shape.kind };
    for paragraph in paragraphs {
        blocks.push(kind, &paragraph);
    }
}
