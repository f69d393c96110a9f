//! The fonts, and how much room text takes in them.

use krilla::text::{Font, TextDirection};
use rustybuzz::{Face as Shaper, UnicodeBuffer};

/// How text stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// As most text.
    Regular,
    /// Headings and figures.
    Bold,
}

/// A font as it is measured and as it is drawn with.
struct Face {
    measure: Shaper<'static>,
    draw: Font,
}

/// The fonts of a report.
pub struct Faces {
    regular: Face,
    bold: Face,
}

impl Face {
    fn load(bytes: &'static [u8]) -> Option<Self> {
        Some(Self { measure: Shaper::from_slice(bytes, 0)?, draw: Font::new(bytes.to_vec().into(), 0)? })
    }
}

impl Faces {
    /// The fonts that are compiled in; they have the letters of Europe, Arabic and Hebrew among others.
    pub fn load() -> Option<Self> {
        Some(Self { regular: Face::load(dejavu::sans::regular())?, bold: Face::load(dejavu::sans::bold())? })
    }

    fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// The font to draw with.
    pub fn font(&self, weight: Weight) -> Font {
        self.face(weight).draw.clone()
    }

    /// Points that a line of text takes.
    pub fn width(&self, text: &str, size: f32, weight: Weight) -> f32 {
        let shaper = &self.face(weight).measure;
        let advance = |(run, _): &(String, TextDirection)| {
            let mut buffer = UnicodeBuffer::new();
            buffer.push_str(run);
            let shaped = rustybuzz::shape(shaper, &[], buffer);
            shaped.glyph_positions().iter().map(|glyph| glyph.x_advance).sum::<i32>()
        };
        runs(text).iter().map(advance).sum::<i32>() as f32 * size / shaper.units_per_em() as f32
    }

    /// The text in lines that are no wider than so many points. Words too long for a line are broken.
    pub fn lines(&self, text: &str, size: f32, weight: Weight, room: f32) -> Vec<String> {
        let fits = |line: &str| self.width(line, size, weight) <= room;
        let mut lines = vec![String::new()];
        for word in text.split_whitespace() {
            let last = lines.len() - 1;
            let longer =
                if lines[last].is_empty() { word.to_owned() } else { format!("{} {word}", lines[last]) };
            if fits(&longer) {
                lines[last] = longer;
                continue;
            }
            if !lines[last].is_empty() {
                lines.push(String::new());
            }
            for letter in word.chars() {
                let last = lines.len() - 1;
                if !lines[last].is_empty() && !fits(&format!("{}{letter}", lines[last])) {
                    lines.push(letter.to_string());
                } else {
                    lines[last].push(letter);
                }
            }
        }
        lines
    }

    /// As much of the text as fits into one line, with an ellipsis where something is left out.
    pub fn cut(&self, text: &str, size: f32, weight: Weight, room: f32) -> String {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.width(&line, size, weight) <= room {
            return line;
        }
        let mut letters: Vec<char> = line.chars().collect();
        while letters.pop().is_some() {
            let shorter: String = letters.iter().chain(['…'].iter()).collect();
            if self.width(&shorter, size, weight) <= room {
                return shorter;
            }
        }
        String::new()
    }
}

/// The stretches of a line that are read in one direction. What has none, such as spaces and digits, goes from right
/// to left only between letters that do.
pub fn runs(line: &str) -> Vec<(String, TextDirection)> {
    let mut runs: Vec<(String, TextDirection)> = Vec::new();
    // What has no direction, until it is known what follows.
    let mut neutral = String::new();
    for letter in line.chars() {
        let direction = match letter {
            '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' => {
                TextDirection::RightToLeft
            }
            letter if letter.is_alphabetic() => TextDirection::LeftToRight,
            neither => {
                neutral.push(neither);
                continue;
            }
        };
        let before = runs.last().map(|(_, direction)| *direction);
        if direction == TextDirection::RightToLeft && before != Some(TextDirection::RightToLeft) {
            add(&mut runs, &std::mem::take(&mut neutral), TextDirection::LeftToRight);
        }
        neutral.push(letter);
        add(&mut runs, &std::mem::take(&mut neutral), direction);
    }
    add(&mut runs, &neutral, TextDirection::LeftToRight);
    runs
}

fn add(runs: &mut Vec<(String, TextDirection)>, text: &str, direction: TextDirection) {
    match runs.last_mut() {
        _ if text.is_empty() => {}
        Some((run, last)) if *last == direction => run.push_str(text),
        _ => runs.push((text.to_owned(), direction)),
    }
}
