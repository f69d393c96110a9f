//! A page's text, block by block.

use unicode_normalization::UnicodeNormalization;

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A paragraph.
    Paragraph,
    /// A heading and its level, from 1.
    Heading(usize),
    /// An entry of a list.
    Item,
    /// A row of a table.
    Row,
}

/// Deepest heading that Markdown has.
const LEVEL_MAX: usize = 6;

/// The blocks so far, parted by blank lines; entries of a list and rows of a table follow each other closely.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    text: String,
    last: Option<Kind>,
}

impl Blocks {
    /// Adds a block, in NFKC with single spaces. One without text is left out.
    pub(super) fn push(&mut self, kind: Kind, text: &str) {
        let lines: Vec<String> = text.split('\n').map(tidy).filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            return;
        }
        let is_close = self.last == Some(kind) && matches!(kind, Kind::Item | Kind::Row);
        match (self.text.is_empty(), is_close) {
            (true, _) => {}
            (false, true) => self.text.push('\n'),
            (false, false) => self.text.push_str("\n\n"),
        }
        match kind {
            Kind::Paragraph | Kind::Row => {}
            Kind::Heading(level) => {
                self.text.extend(std::iter::repeat_n('#', level.clamp(1, LEVEL_MAX)));
                self.text.push(' ');
            }
            Kind::Item => self.text.push_str("- "),
        }
        let join = if matches!(kind, Kind::Paragraph | Kind::Item) { "\n" } else { " " };
        self.text.push_str(&lines.join(join));
        self.last = Some(kind);
    }

    /// Adds a row of a table.
    pub(super) fn row(&mut self, cells: &[String]) {
        let cells: Vec<String> = cells.iter().map(|cell| tidy(cell)).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            self.push(Kind::Row, &cells.join(" | "));
        }
    }

    /// Bytes so far.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// A line in NFKC with single spaces and nothing invisible.
fn tidy(line: &str) -> String {
    let visible: String = line.nfkc().filter(|char| char.is_whitespace() || !is_invisible(*char)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}
