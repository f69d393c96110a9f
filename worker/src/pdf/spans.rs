//! Mends the runs of text on a page before they are put in order.

use pdfboss_text::TextSpan;
use unicode_normalization::char::compose;

/// How far into its letter, in sizes of the font, an accent may begin.
const ACCENT_REACH: f32 = 0.4;

/// About how wide an accent is, in sizes of the font.
const ACCENT_WIDTH: f32 = 0.4;

/// The share of an accent's width that must lie over its letter.
const ACCENT_COVER: f32 = 0.6;

/// Puts right what programs write in pieces or in the order of drawing.
pub(super) fn mend(spans: &mut Vec<TextSpan>) {
    join_accents(spans);
    for span in spans.iter_mut() {
        unswap_ligatures(span);
    }
    for span in spans.iter_mut().filter(|span| !span.glyph_x.is_empty() && !span.vertical) {
        turn_ligatures(span);
        if span.logical {
            trim(span);
        }
    }
}

/// Writes ligatures right whose characters Ghostscript 10.0 put down with their bytes in the wrong order:
/// U+6600 for U+0066, f. A letter of the Latin alphabet beside them tells them from Han characters.
fn unswap_ligatures(span: &mut TextSpan) {
    const SWAPPED: [(&str, &str); 5] = [
        ("\u{6600}\u{cf00}", "ffi"),
        ("\u{6600}\u{6600}", "ff"),
        ("\u{6600}\u{6900}", "fi"),
        ("\u{6600}\u{6c00}", "fl"),
        ("\u{6600}\u{7400}", "ft"),
    ];
    if span.text.contains('\u{6600}') && span.text.chars().any(|char| char.is_ascii_lowercase()) {
        for (swapped, right) in SWAPPED {
            span.text = span.text.replace(swapped, right);
        }
        span.glyph_x = Box::default();
    }
}

/// Joins accents drawn on their own with the letters they stand over, as in old TeX fonts: the accent
/// comes first, alone or at the end of a run, then the run that begins with its letter.
fn join_accents(spans: &mut Vec<TextSpan>) {
    let mut joined: Vec<TextSpan> = Vec::with_capacity(spans.len());
    for mut span in spans.drain(..) {
        let letter = span.text.chars().next().map(dotted);
        let accent = joined.last().and_then(|before| accent_over(before, &span));
        if let (Some((accent, mark)), Some(letter)) = (accent, letter)
            && let Some(whole) = compose(letter, mark)
            && let Some(before) = joined.last_mut()
        {
            before.text.truncate(before.text.len() - accent.len_utf8());
            before.end_x = before.end_x.min(span.x);
            before.bbox.x1 = before.bbox.x1.min(span.x);
            if before.text.is_empty() {
                joined.pop();
            }
            let rest = span.text.chars().skip(1);
            span.text = std::iter::once(whole).chain(rest).collect();
        }
        joined.push(span);
    }
    *spans = joined;
}

/// The accent that ends `before` and its combining form, if it stands over the start of `letter`.
fn accent_over(before: &TextSpan, letter: &TextSpan) -> Option<(char, char)> {
    let accent = before.text.chars().last()?;
    let mark = combining(accent)?;
    let is_alone = before.text.len() == accent.len_utf8();
    let start = if is_alone { before.x } else { before.end_x - before.size * ACCENT_WIDTH };
    let covered = before.end_x - start.max(letter.x);
    let near = start - letter.x < before.size * ACCENT_REACH
        && covered > (before.end_x - start) * ACCENT_COVER
        && (before.y - letter.y).abs() < before.size
        && before.rotate == letter.rotate
        && before.glyph_x.is_empty();
    near.then_some((accent, mark))
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

/// Turns the letters of right-to-left shapes to the order that the run has. A run in the order of drawing
/// is turned as a whole later, and so must not hold the letters of one shape as they are read; a turned run
/// must. Some programs draw lam and alef as two shapes at one place, which are in order already.
fn turn_ligatures(span: &mut TextSpan) {
    let everywhere_same = span.glyph_x.iter().all(|x| *x == span.glyph_x[0]);
    if !span.text.chars().any(is_right_to_left) || (span.logical && everywhere_same) {
        return;
    }
    let mut chars: Vec<(char, f32)> = span.text.chars().zip(span.glyph_x.iter().copied()).collect();
    for shape in chars.chunk_by_mut(|one, next| one.1 == next.1) {
        let is_turned = matches!(shape, [(first, _), (second, _)] if is_alef(*first) && *second == LAM);
        if is_turned == span.logical && shape.iter().all(|(char, _)| is_right_to_left(*char)) {
            shape.reverse();
        }
    }
    span.text = chars.into_iter().map(|(char, _)| char).collect();
}

/// The letter that makes one shape with an alef after it.
const LAM: char = 'ل';

fn is_alef(char: char) -> bool {
    matches!(char, 'ا' | 'أ' | 'إ' | 'آ' | 'ٱ')
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

#[cfg(test)]
mod tests {
    use super::super::samples::page;

    const ACCENTED: &str =
        "/Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[1/dieresis/cedilla/dotlessi]>>";

    #[test]
    fn accents_join_the_letters_they_stand_over() {
        let text = page(ACCENTED, "BT /F 10 Tf 20 50 Td (m) Tj 8.5 0 Td (\\001) Tj -.2 0 Td (ussen) Tj ET");
        assert_eq!(text, "müssen");
        let raised = page(ACCENTED, "BT /F 10 Tf 20 50 Td 2 2 Td (\\001) Tj -1.5 -2 Td (Uben) Tj ET");
        assert_eq!(raised, "Üben");
        let at_the_end = page(ACCENTED, "BT /F 10 Tf 20 50 Td [(fa\\002)350(cade)] TJ ET");
        assert_eq!(at_the_end, "façade");
        let dotless = page(ACCENTED, "BT /F 10 Tf 20 50 Td (na) Tj 11 0 Td (\\001) Tj (\\003f) Tj ET");
        assert_ne!(dotless, "naïf", "an accent beside a letter is not over it");
    }

    #[test]
    fn the_shape_of_lam_and_alef_is_read_lam_first() {
        let font = |shape: &str| {
            format!(
                "/Type/Font/Subtype/Type1/BaseFont/A/ToUnicode 6 0 R>>\nendobj\n6 0 obj\n<</Length 200>>\nstream\n\
                 1 begincodespacerange <00> <FF> endcodespacerange 3 beginbfchar <41> {shape} <42> <0628> endbfchar\n\
                 endstream\nendobj\n7 0 obj\n<<"
            )
        };
        // Drawn from the left: the ligature, then beh; read from the right, beh comes first.
        let text = page(&font("<06440627>"), "BT /F 10 Tf 20 50 Td (AB) Tj ET");
        assert_eq!(text, "بلا");
    }
}
