//! Small PDF files, written by hand: text that is seen, text that is not, and what stands beside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A document to be written.
#[derive(Debug, Clone, Default)]
pub struct Pdf {
    /// The text of each page; its lines are broken where they end.
    pub pages: Vec<String>,
    /// White text on the first page's white ground.
    pub hidden: Option<String>,
    /// The title, the subject and the keywords of the document's metadata.
    pub metadata: Option<String>,
    /// A note pinned to the first page.
    pub note: Option<String>,
    /// A comment in the file itself, which no reader shows.
    pub comment: Option<String>,
}

/// Characters of a line.
const LINE: usize = 80;
/// Characters of a line in a script whose characters are as wide as high.
const WIDE_LINE: usize = 40;
/// Points between two lines.
const LEADING: usize = 14;
/// Lines of a page.
const LINES: usize = 50;

impl Pdf {
    /// A document of one text.
    pub fn of(text: &str) -> Self {
        let lines: Vec<String> = text.lines().flat_map(wrapped).collect();
        Self { pages: lines.chunks(LINES).map(|lines| lines.join("\n")).collect(), ..Self::default() }
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut codes = BTreeMap::new();
        let page_ids: Vec<usize> = (0..self.pages.len()).map(|page| 7 + page * 2).collect();
        let contents: Vec<String> = self
            .pages
            .iter()
            .enumerate()
            .map(|(page, text)| {
                let hidden = self.hidden.as_deref().filter(|_| page == 0).unwrap_or_default();
                shown(text, "0 g", 800, &mut codes)
                    + &shown(&wrapped(hidden).join("\n"), "1 g", 60, &mut codes)
            })
            .collect();
        let mut file = Objects::new(self.comment.as_deref());
        file.add("<< /Type /Catalog /Pages 2 0 R >>");
        let kids: Vec<String> = page_ids.iter().map(|id| format!("{id} 0 R")).collect();
        file.add(&format!("<< /Type /Pages /Kids [{}] /Count {} >>", kids.join(" "), kids.len()));
        file.add("<< /Type /Font /Subtype /Type0 /BaseFont /Plain /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>");
        file.add(
            "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Plain /DW 500 /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        );
        file.stream(&to_unicode(&codes));
        let metadata = self.metadata.as_deref().map(text_string);
        file.add(&match metadata {
            Some(text) => format!("<< /Title {text} /Subject {text} /Keywords {text} >>"),
            None => "<< >>".to_owned(),
        });
        for (page, content) in contents.iter().enumerate() {
            let note = self.note.as_deref().filter(|_| page == 0).map(|note| {
                let text = text_string(note);
                format!(" /Annots [<< /Type /Annot /Subtype /Text /Rect [10 10 30 30] /Contents {text} >>]")
            });
            file.add(&format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> /Contents {} 0 R{} >>",
                page_ids[page] + 1,
                note.unwrap_or_default()
            ));
            file.stream(content);
        }
        file.end()
    }
}

/// A paragraph in lines of about the same length.
fn wrapped(paragraph: &str) -> Vec<String> {
    let wide = |char: char| ('\u{2e80}'..='\u{ffef}').contains(&char);
    if paragraph.chars().any(wide) {
        let chars: Vec<char> = paragraph.chars().collect();
        return chars.chunks(WIDE_LINE).map(|line| line.iter().collect()).collect();
    }
    let mut lines = vec![String::new()];
    for word in paragraph.split_whitespace() {
        let line = lines.last_mut().expect("a line");
        if !line.is_empty() && line.chars().count() + word.chars().count() >= LINE {
            lines.push(word.to_owned());
        } else {
            *line += if line.is_empty() { "" } else { " " };
            *line += word;
        }
    }
    lines
}

/// The operators that show a text, and the codes of its characters.
fn shown(text: &str, colour: &str, top: usize, codes: &mut BTreeMap<char, usize>) -> String {
    let mut content = String::new();
    for (number, line) in text.lines().enumerate() {
        let mut hex = String::new();
        for char in line.chars() {
            let next = codes.len() + 1;
            let code = *codes.entry(char).or_insert(next);
            // Writing to a string does not fail.
            let _ = write!(hex, "{code:04X}");
        }
        let y = top.saturating_sub(number * LEADING);
        let _ = writeln!(content, "BT {colour} /F 11 Tf 40 {y} Td <{hex}> Tj ET");
    }
    content
}

fn to_unicode(codes: &BTreeMap<char, usize>) -> String {
    let pairs: Vec<(char, usize)> = codes.iter().map(|(char, code)| (*char, *code)).collect();
    let mut map = String::from(
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Plain def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
    );
    // A block holds a hundred at most.
    for block in pairs.chunks(100) {
        let _ = writeln!(map, "{} beginbfchar", block.len());
        for (char, code) in block {
            let _ = writeln!(map, "<{code:04X}> <{}>", utf16(&char.to_string()));
        }
        map += "endbfchar\n";
    }
    map + "endcmap\nend\nend\n"
}

fn utf16(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("{unit:04X}")).collect()
}

fn text_string(text: &str) -> String {
    format!("<FEFF{}>", utf16(text))
}

struct Objects {
    file: Vec<u8>,
    offsets: Vec<usize>,
}

impl Objects {
    fn new(comment: Option<&str>) -> Self {
        let comment = comment.map(|text| format!("% {text}\n")).unwrap_or_default();
        Self { file: format!("%PDF-1.7\n{comment}").into_bytes(), offsets: Vec::new() }
    }

    fn add(&mut self, object: &str) {
        self.offsets.push(self.file.len());
        self.file.extend(format!("{} 0 obj\n{object}\nendobj\n", self.offsets.len()).bytes());
    }

    fn stream(&mut self, content: &str) {
        self.add(&format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()));
    }

    fn end(mut self) -> Vec<u8> {
        let start = self.file.len();
        let count = self.offsets.len() + 1;
        let mut table = format!("xref\n0 {count}\n0000000000 65535 f \n");
        for offset in &self.offsets {
            let _ = writeln!(table, "{offset:010} 00000 n ");
        }
        table +=
            &format!("trailer\n<< /Size {count} /Root 1 0 R /Info 6 0 R >>\nstartxref\n{start}\n%%EOF\n");
        self.file.extend(table.bytes());
        self.file
    }
}
