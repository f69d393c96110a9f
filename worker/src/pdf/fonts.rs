//! What fonts do not say about their characters and can be told from elsewhere.

use std::fmt::Write;

use pdfboss_core::{Dict, Document, Name, ObjRef, Object, Result, Stream, source::ObjectSource};

use super::tex;

/// Predefined CMaps whose codes are Unicode already begin and go on like this. What the font's
/// character collection makes of their glyphs is a detour, and a wrong one if the two do not belong together.
const UNICODE_CMAPS: (&str, [&str; 2]) = ("Uni", ["-UCS2-", "-UTF16-"]);

/// Every code of two bytes shows the character of that number.
const IDENTITY: &str =
    "1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfrange <0000> <FFFF> <0000> endbfrange";

/// A document whose fonts are mended when they are fetched.
pub(super) struct MendedFonts<'a>(pub(super) &'a Document);

impl ObjectSource for MendedFonts<'_> {
    fn get(&self, reference: ObjRef) -> Result<Object> {
        Ok(self.mend(self.0.get(reference)?))
    }

    fn stream_data(&self, stream: &Stream) -> Result<Vec<u8>> {
        self.0.stream_data(stream)
    }

    fn resolve(&self, object: &Object) -> Result<Object> {
        Ok(self.mend(self.0.resolve(object)?))
    }
}

impl MendedFonts<'_> {
    fn mend(&self, object: Object) -> Object {
        match object {
            Object::Dict(mut font) if is(&font, "Type", "Font") => {
                let map = if font.get("ToUnicode").is_some() { None } else { self.characters(&font) };
                if let Some(map) = map {
                    font.insert(
                        Name("ToUnicode".into()),
                        Object::Stream(Stream { dict: Dict::new(), data: map.into_bytes() }),
                    );
                }
                if is(&font, "Subtype", "Type3") {
                    self.scale_widths(&mut font);
                }
                Object::Dict(font)
            }
            other => other,
        }
    }

    /// The characters of `font` as a CMap, where they can be told.
    fn characters(&self, font: &Dict) -> Option<String> {
        if is(font, "Subtype", "Type0") {
            let (start, kinds) = UNICODE_CMAPS;
            let encoding = &font.get_name("Encoding")?.0;
            let is_unicode = encoding.starts_with(start) && kinds.iter().any(|kind| encoding.contains(kind));
            return is_unicode.then(|| IDENTITY.into());
        }
        if is(font, "Subtype", "Type3") {
            let codes = self.numbered_codes(font)?;
            let encoding = tex::Encoding::of(&codes)?;
            return Some(map(codes.iter().map(|code| (*code, encoding.text(*code)))));
        }
        None
    }

    /// The codes in use of a font that names each character by a letter and its code, as TeX's bitmap
    /// fonts do: `a65`. None if it names one in another way.
    fn numbered_codes(&self, font: &Dict) -> Option<Vec<u8>> {
        let encoding = self.0.resolve(font.get("Encoding")?).ok()?;
        let differences = self.0.resolve(encoding.as_dict()?.get("Differences")?).ok()?;
        let (mut code, mut codes) = (0_i64, Vec::new());
        for entry in differences.as_array()? {
            match entry {
                Object::Name(name) => {
                    if name.0 != ".notdef" {
                        let number = name.0.strip_prefix(|first: char| first.is_ascii_alphabetic())?;
                        codes.push(u8::try_from(code).ok().filter(|code| number == code.to_string())?);
                    }
                    code = code.checked_add(1)?;
                }
                other => code = other.as_int()?,
            }
        }
        Some(codes)
    }

    /// Puts the widths of a Type 3 font, which are in its own units, into thousandths of the size, as
    /// the reader of the pages takes them.
    fn scale_widths(&self, font: &mut Dict) {
        let array = |key| font.get(key).and_then(|value| self.0.resolve(value).ok());
        let (Some(matrix), Some(widths)) = (array("FontMatrix"), array("Widths")) else { return };
        let scale =
            matrix.as_array().and_then(|matrix| matrix.first()?.as_f64()).map(|unit| unit.abs() * 1000.0);
        let (Some(scale), Some(widths)) = (scale.filter(|scale| *scale > 0.0), widths.as_array()) else {
            return;
        };
        let scaled = |width: &Object| {
            let width = self.0.resolve(width).ok().and_then(|width| width.as_f64());
            Object::Real(width.unwrap_or_default() * scale)
        };
        let widths = widths.iter().map(scaled).collect();
        font.insert(Name("Widths".into()), Object::Array(widths));
    }
}

fn is(dict: &Dict, key: &str, value: &str) -> bool {
    dict.get_name(key).is_some_and(|name| name.0 == value)
}

/// A CMap from codes of one byte to texts.
fn map(texts: impl Iterator<Item = (u8, String)>) -> String {
    let mut map = "1 begincodespacerange <00> <FF> endcodespacerange 255 beginbfchar\n".to_owned();
    for (code, text) in texts {
        let units: String = text.encode_utf16().fold(String::new(), |mut units, unit| {
            // Writing to a String does not fail.
            let _ = write!(units, "{unit:04X}");
            units
        });
        let _ = writeln!(map, "<{code:02X}> <{units}>");
    }
    map + "endbfchar"
}

#[cfg(test)]
mod tests {
    use super::super::samples::page;

    #[test]
    fn codes_that_are_unicode_are_taken_as_they_are() {
        // The glyphs of this encoding and of this collection do not belong together.
        let font = "/Type/Font/Subtype/Type0/BaseFont/MSung-Light/Encoding/UniGB-UCS2-H/DescendantFonts[<</Type/Font\
                    /Subtype/CIDFontType0/BaseFont/MSung-Light/CIDSystemInfo<</Registry(Adobe)/Ordering(CNS1)/Supplement 1>>>>]";
        assert_eq!(page(font, "BT /F 10 Tf 20 50 Td <672C7BC7> Tj ET"), "本篇");
    }

    #[test]
    fn bitmap_fonts_of_tex_have_characters_and_widths() {
        let font = "/Type/Font/Subtype/Type3/FontMatrix[.01 0 0 .01 0 0]/FontBBox[0 0 60 60]/CharProcs<<>>/FirstChar 97\
                    /Widths[50 50 50]/Encoding<</Differences[97/a97/a98/a99 233/a233]>>";
        // b follows a where a ends: no space belongs between them.
        let content = "BT /F 10 Tf 20 50 Td (a) Tj 5 0 Td (b\\351) Tj ET";
        assert_eq!(page(font, content), "abé");
        let named = font.replace("97/a97", "97/alpha");
        assert_ne!(page(&named, content), "abé", "a font that names its characters otherwise is left alone");
    }
}
