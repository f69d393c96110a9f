//! Which characters bytes stand for.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::Encoding;

/// Where a text may say how it is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Declared {
    /// In a `meta` element near its beginning.
    InHtml,
    /// In the declaration it begins with.
    InXml,
    /// Nowhere but in a byte order mark.
    Nowhere,
}

/// How far into a text its declaration may stand, in bytes, as the HTML standard has it.
const WINDOW: usize = 1024;

/// The text: by its byte order mark, as UTF-8 if it is, as it declares, else by what its bytes look like.
pub(super) fn decode(bytes: &[u8], declared: Declared) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default()).0;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    let encoding = label(bytes, declared).and_then(Encoding::for_label).unwrap_or_else(|| {
        let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
        detector.feed(bytes, true);
        detector.guess(None, Utf8Detection::Deny)
    });
    encoding.decode_without_bom_handling(bytes).0
}

fn label(bytes: &[u8], declared: Declared) -> Option<&[u8]> {
    let name: &[u8] = match declared {
        Declared::InHtml => b"charset=",
        Declared::InXml => b"encoding=",
        Declared::Nowhere => return None,
    };
    let head = bytes.get(..bytes.len().min(WINDOW))?;
    let at = head.windows(name.len()).position(|window| window.eq_ignore_ascii_case(name))? + name.len();
    let rest = head.get(at..)?;
    let rest = rest.strip_prefix(b"\"").or(rest.strip_prefix(b"'")).unwrap_or(rest);
    let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && !b"-_:.".contains(byte))?;
    rest.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_is_told() {
        let utf16: Vec<u8> = "\u{feff}Zelle é".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let russian = encoding_rs::WINDOWS_1251.encode("Клетка является основной единицей жизни.").0;
        for (bytes, declared, text) in [
            (&b"\xef\xbb\xbfcaf\xc3\xa9"[..], Declared::Nowhere, "café"),
            (b"caf\xc3\xa9", Declared::Nowhere, "café"),
            (&utf16, Declared::Nowhere, "Zelle é"),
            (b"un caf\xe9 \x93noir\x94", Declared::Nowhere, "un café “noir”"),
            (&russian, Declared::Nowhere, "Клетка является основной единицей жизни."),
            (b"<meta charset='iso-8859-2'>\xb1", Declared::InHtml, "<meta charset='iso-8859-2'>ą"),
            (b"<?xml encoding=\"KOI8-R\"?>\xc1", Declared::InXml, "<?xml encoding=\"KOI8-R\"?>а"),
        ] {
            assert_eq!(decode(bytes, declared), text);
        }
    }
}
