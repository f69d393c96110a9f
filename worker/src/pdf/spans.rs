//! Mends the runs of text on a page before they are put in order.

use pdfboss_text::{ArtifactKind, TextSpan};
use unicode_normalization::char::compose;

/// How far into its letter, in sizes of the font, an accent may begin.
const ACCENT_REACH: f32 = 0.4;

/// The share of an accent's width that must lie over its letter.
const ACCENT_COVER: f32 = 0.6;

/// Puts right what programs write in pieces or in the order of drawing.
pub(super) fn mend(spans: &mut Vec<TextSpan>) {
    drop_running(spans);
    join_accents(spans);
    for span in spans.iter_mut().filter(|span| !span.glyph_x.is_empty() && !span.vertical) {
        if span.logical {
            trim(span);
        } else {
            turn_ligatures(span);
        }
    }
}

/// Takes out headers, footers and page numbers that the document itself marks as such, unless nothing
/// else is on the page.
fn drop_running(spans: &mut Vec<TextSpan>) {
    let is_running = |span: &TextSpan| {
        span.artifact.as_ref().is_some_and(|artifact| artifact.kind == ArtifactKind::Pagination)
    };
    let chars = |running| -> usize {
        spans.iter().filter(|span| is_running(span) == running).map(|span| span.text.len()).sum()
    };
    if chars(false) > chars(true) {
        spans.retain(|span| !is_running(span));
    }
}

/// Joins accents drawn on their own with the letters they stand over, as in old TeX fonts: the accent
/// comes first, then the run that begins with its letter.
fn join_accents(spans: &mut Vec<TextSpan>) {
    let mut joined: Vec<TextSpan> = Vec::with_capacity(spans.len());
    for mut span in spans.drain(..) {
        let accent = joined.last().and_then(|before| stands_over(before, &span));
        let letter = span.text.chars().next();
        if let (Some(accent), Some(letter)) = (accent, letter)
            && let Some(whole) = compose(dotted(letter), accent)
        {
            span.text.replace_range(..letter.len_utf8(), whole.encode_utf8(&mut [0; 4]));
            joined.pop();
        }
        joined.push(span);
    }
    *spans = joined;
}

/// The combining form of the accent `accent`, if it is one and nothing else, and stands over the start
/// of `letter`.
fn stands_over(accent: &TextSpan, letter: &TextSpan) -> Option<char> {
    let mut chars = accent.text.chars();
    let (Some(mark), None) = (chars.next(), chars.next()) else { return None };
    let covered = accent.end_x - accent.x.max(letter.x);
    let near = accent.x - letter.x < accent.size * ACCENT_REACH
        && covered > (accent.end_x - accent.x) * ACCENT_COVER
        && (accent.y - letter.y).abs() < accent.size
        && accent.rotate == letter.rotate;
    combining(mark).filter(|_| near)
}

/// The combining mark for an accent with a place of its own.
fn combining(accent: char) -> Option<char> {
    Some(match accent {
        '`' | 'ˋ' => '\u{300}',
        '´' | 'ˊ' => '\u{301}',
        '^' | 'ˆ' => '\u{302}',
        '~' | '˜' => '\u{303}',
        '¯' | 'ˉ' => '\u{304}',
        '˘' => '\u{306}',
        '˙' => '\u{307}',
        '¨' => '\u{308}',
        '˚' | '°' => '\u{30a}',
        '˝' => '\u{30b}',
        'ˇ' => '\u{30c}',
        '¸' => '\u{327}',
        '˛' => '\u{328}',
        '\u{300}'..='\u{36f}' => accent,
        _ => return None,
    })
}

/// The letter with its dot, which TeX takes off under an accent.
fn dotted(letter: char) -> char {
    match letter {
        'ı' => 'i',
        'ȷ' => 'j',
        other => other,
    }
}

/// Turns the letters of right-to-left ligatures around: all of a run is in the order of drawing, but the
/// letters of one shape are written as they are read.
fn turn_ligatures(span: &mut TextSpan) {
    if !span.text.chars().any(is_right_to_left) {
        return;
    }
    let mut chars: Vec<(char, f32)> = span.text.chars().zip(span.glyph_x.iter().copied()).collect();
    for shape in chars.chunk_by_mut(|one, next| one.1 == next.1) {
        if shape.iter().all(|(char, _)| is_right_to_left(*char)) {
            shape.reverse();
        }
    }
    span.text = chars.into_iter().map(|(char, _)| char).collect();
}

/// Takes the spaces off the ends of a right-to-left run that is in reading order: at which side of it
/// they were drawn, only the positions say.
fn trim(span: &mut TextSpan) {
    let trimmed = span.text.trim();
    if trimmed.len() == span.text.len() || !trimmed.chars().any(is_right_to_left) {
        return;
    }
    let (mut blank, mut inked) = (Vec::new(), Vec::new());
    for (char, x) in span.text.chars().zip(span.glyph_x.iter().copied()) {
        if char.is_whitespace() { blank.push(x) } else { inked.push(x) }
    }
    let (first, last) = (
        inked.iter().copied().fold(f32::INFINITY, f32::min),
        inked.iter().copied().fold(f32::NEG_INFINITY, f32::max),
    );
    if let Some(x) = blank.iter().copied().filter(|x| *x > last).reduce(f32::min) {
        span.end_x = x;
        span.bbox.x1 = x;
    }
    if blank.iter().any(|x| *x < first) {
        span.x = first;
        span.bbox.x0 = first;
    }
    let text = trimmed.to_owned();
    let skipped = span.text.chars().take_while(|char| char.is_whitespace()).count();
    span.glyph_x = span.glyph_x.iter().copied().skip(skipped).take(text.chars().count()).collect();
    span.text = text;
}

/// Hebrew, Arabic and the scripts among them, presentation forms included.
fn is_right_to_left(char: char) -> bool {
    matches!(char, '\u{5d0}'..='\u{5f2}' | '\u{620}'..='\u{64a}' | '\u{66e}'..='\u{6d5}' | '\u{6fa}'..='\u{7ff}'
        | '\u{8a0}'..='\u{8c9}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}
