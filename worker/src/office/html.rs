//! Web pages. They are read token by token and no tree is built, so nesting costs nothing.

use std::cell::{Cell, RefCell};

use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
        states::{Rawtext, Rcdata, ScriptData},
    },
};

use super::{
    Failure, Limits,
    blocks::{Blocks, Kind},
};
use crate::document::{Document, Page};

pub(super) fn read(text: &str, limits: &Limits) -> Result<Document, Failure> {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(text.replace('\0', "")));
    let tokenizer = Tokenizer::new(Sink { limit: limits.text, ..Sink::default() }, TokenizerOpts::default());
    // Scripts are never run, so the tokenizer stops at the end only.
    drop(tokenizer.feed(&input));
    tokenizer.end();
    let sink = tokenizer.sink;
    sink.end_row();
    if sink.is_full.get() {
        return Err(Failure::TooComplex);
    }
    let title = sink.title.into_inner().split_whitespace().collect::<Vec<_>>().join(" ");
    let page = Page { number: None, text: sink.blocks.into_inner().into_text() };
    Ok(Document { title: (!title.is_empty()).then_some(title), pages: vec![page] })
}

#[derive(Default)]
struct Sink {
    blocks: RefCell<Blocks>,
    /// The block that is not yet at its end.
    open: RefCell<String>,
    kind: Cell<Option<Kind>>,
    title: RefCell<String>,
    in_title: Cell<bool>,
    /// The cells of the row that is not yet at its end.
    row: RefCell<Option<Vec<String>>>,
    in_pre: Cell<bool>,
    /// The element whose content is not shown, and how many of its name are open.
    hidden: RefCell<Option<(String, usize)>>,
    limit: usize,
    is_full: Cell<bool>,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) => return self.tag(&tag),
            Token::CharacterTokens(text) => self.text(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Sink {
    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let opens = tag.kind == TagKind::StartTag;
        if !self.hides(tag, name, opens) {
            self.shown(name, opens);
        }
        match name {
            "script" if opens => TokenSinkResult::RawData(ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" if opens => TokenSinkResult::RawData(Rawtext),
            "title" | "textarea" if opens => TokenSinkResult::RawData(Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }

    /// Whether this tag is within an element that is not shown, or its own.
    fn hides(&self, tag: &Tag, name: &str, opens: bool) -> bool {
        let mut hidden = self.hidden.borrow_mut();
        if let Some((element, depth)) = hidden.as_mut() {
            if element == name && opens && !tag.self_closing {
                *depth += 1;
            } else if element == name && !opens {
                *depth -= 1;
                if *depth == 0 {
                    *hidden = None;
                }
            }
            return true;
        }
        if opens && !tag.self_closing && !is_void(name) && (is_hidden(name) || is_marked_hidden(tag)) {
            *hidden = Some((name.to_owned(), 1));
            return true;
        }
        false
    }

    fn shown(&self, name: &str, opens: bool) {
        match name {
            "title" => self.in_title.set(opens),
            "br" => self.text("\u{b}"),
            "td" | "th" if self.row.borrow().is_some() => {
                let cell = std::mem::take(&mut *self.open.borrow_mut());
                let mut row = self.row.borrow_mut();
                let Some(row) = row.as_mut() else { return };
                match row.last_mut() {
                    Some(last) => last.push_str(&cell),
                    None if !cell.trim().is_empty() => row.push(cell),
                    None => {}
                }
                if opens {
                    row.push(String::new());
                }
            }
            "tr" => {
                self.end_row();
                self.row.replace(opens.then(Vec::new));
            }
            "table" => self.end_row(),
            // A cell is one line, whatever blocks it holds.
            _ if self.row.borrow().is_some() && is_block(name) => self.text(" "),
            "pre" => {
                self.flush();
                self.in_pre.set(opens);
            }
            _ if is_block(name) => {
                self.flush();
                let level = name.strip_prefix('h').and_then(|level| level.parse().ok());
                match (level, name) {
                    (Some(level), _) => self.kind.set(opens.then_some(Kind::Heading(level))),
                    (None, "li") => self.kind.set(opens.then_some(Kind::Item)),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Ends the open block, and the row it may be in.
    fn end_row(&self) {
        self.flush();
        if let Some(row) = self.row.take() {
            self.blocks.borrow_mut().row(&row);
        }
    }

    fn text(&self, text: &str) {
        if self.hidden.borrow().is_some() {
            return;
        }
        if self.in_title.get() {
            self.title.borrow_mut().push_str(text);
            return;
        }
        let mut open = self.open.borrow_mut();
        if open.len() + self.blocks.borrow().len() + text.len() > self.limit {
            self.is_full.set(true);
            return;
        }
        if self.in_pre.get() {
            open.push_str(text);
        } else {
            open.extend(text.chars().map(|char| if char == '\n' { ' ' } else { char }));
        }
    }

    /// Ends the open block, or goes on within the open cell.
    fn flush(&self) {
        let text = std::mem::take(&mut *self.open.borrow_mut()).replace('\u{b}', "\n");
        if let Some(cell) = self.row.borrow_mut().as_mut().and_then(|row| row.last_mut()) {
            cell.push_str(&text);
            return;
        }
        self.blocks.borrow_mut().push(self.kind.get().unwrap_or(Kind::Paragraph), &text);
    }
}

fn is_marked_hidden(tag: &Tag) -> bool {
    tag.attrs.iter().any(|attribute| {
        let value = attribute.value.to_lowercase().replace(' ', "");
        match &*attribute.name.local {
            "hidden" => true,
            "style" => value.contains("display:none") || value.contains("visibility:hidden"),
            _ => false,
        }
    })
}

/// Elements whose content is not a part of the text.
fn is_hidden(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "template"
            | "noscript"
            | "svg"
            | "iframe"
            | "object"
            | "nav"
            | "select"
            | "button"
            | "textarea"
            | "noframes"
            | "noembed"
            | "xmp"
    )
}

/// Elements that have no end.
fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Elements that begin on a line of their own.
fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "head"
            | "header"
            | "hr"
            | "html"
            | "legend"
            | "li"
            | "main"
            | "menu"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tbody"
            | "tfoot"
            | "thead"
            | "ul"
    )
}
