//! The font encodings of LaTeX, for bitmap fonts that name their characters by number only.
//!
//! Source: "LaTeX font encodings" (encguide), the tables of OT1, T1 (Cork) and T2A.

/// A font encoding of LaTeX.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Ot1,
    T1,
    T2a,
}

/// OT1 from 0x00 to 0x1F.
const OT1_LOW: [&str; 32] = [
    "Γ", "Δ", "Θ", "Λ", "Ξ", "Π", "Σ", "Υ", "Φ", "Ψ", "Ω", "ff", "fi", "fl", "ffi", "ffl", "ı", "ȷ", "`",
    "´", "ˇ", "˘", "¯", "˚", "¸", "ß", "æ", "œ", "ø", "Æ", "Œ", "Ø",
];

/// T1 and T2A from 0x00 to 0x1F.
const T1_LOW: [&str; 32] = [
    "`", "´", "ˆ", "˜", "¨", "˝", "˚", "ˇ", "˘", "¯", "˙", "¸", "˛", "‚", "‹", "›", "“", "”", "„", "«", "»",
    "–", "—", "", "", "ı", "ȷ", "ff", "fi", "fl", "ffi", "ffl",
];

/// T1 from 0x80.
const T1_HIGH: &str = "ĂĄĆČĎĚĘĞĹĽŁŃŇŊŐŔŘŚŠŞŤŢŰŮŸŹŽŻĲİđ§ăąćčďěęğĺľłńňŋőŕřśšşťţűůÿźžżĳ¡¿£\
                       ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖŒØÙÚÛÜÝÞẞàáâãäåæçèéêëìíîïðñòóôõöœøùúûüýþß";

/// T2A from 0x80 to 0xBF; the Russian alphabet follows in the order of Unicode.
const T2A_HIGH: &str = "ҐҒЂЋҺҖҘЉЇҚҠҞӔҢҤЅӨҪЎҮҰҲЏҸҶЄӘЊЁ№¤§ґғђћһҗҙљїқҡҟӕңҥѕөҫўүұҳџҹҷєәњё„«»";

impl Encoding {
    /// The encoding in which a font that uses these codes makes sense; none for a font of symbols.
    pub(super) fn of(codes: &[u8]) -> Option<Self> {
        let count = |wanted: fn(u8) -> bool| codes.iter().filter(|code| wanted(**code)).count();
        let latin = count(|code| code.is_ascii_alphanumeric());
        let high = count(|code| code >= 0xC0);
        if latin + high == 0 {
            return None;
        }
        if high > count(|code| code.is_ascii_alphabetic()) {
            return Some(Self::T2a);
        }
        let t1 = count(|code| matches!(code, 0x15 | 0x16 | 0x1B..=0x1F | 0x80..));
        let ot1 = count(|code| matches!(code, 0x0B..=0x14 | 0x18 | 0x19 | b'{' | b'|' | 0x7F));
        Some(if ot1 > t1 && count(|code| code >= 0x80) == 0 { Self::Ot1 } else { Self::T1 })
    }

    /// What `code` shows.
    pub(super) fn text(self, code: u8) -> String {
        let nth = |table: &str, index: u8| table.chars().nth(index.into()).into_iter().collect();
        match (self, code) {
            (Self::Ot1, ..0x20) => OT1_LOW[usize::from(code)].into(),
            (_, ..0x20) => T1_LOW[usize::from(code)].into(),
            (_, b'\'') => "’".into(),
            (_, b'`') => "‘".into(),
            (Self::Ot1, b'"') => "”".into(),
            (Self::Ot1, b'\\') => "“".into(),
            (Self::Ot1, b'<') => "¡".into(),
            (Self::Ot1, b'>') => "¿".into(),
            (Self::Ot1, b'^') => "ˆ".into(),
            (Self::Ot1, b'_') => "˙".into(),
            (Self::Ot1, b'{') => "–".into(),
            (Self::Ot1, b'|') => "—".into(),
            (Self::Ot1, b'}') => "˝".into(),
            (Self::Ot1, b'~') => "˜".into(),
            (Self::Ot1, 0x7F) => "¨".into(),
            (_, 0x7F) => "-".into(),
            (_, 0x20..0x80) => char::from(code).into(),
            (Self::T1, 0x80..) => nth(T1_HIGH, code - 0x80),
            (Self::T2a, 0x80..0xC0) => nth(T2A_HIGH, code - 0x80),
            (Self::T2a, 0xC0..) => char::from_u32(0x0410 + u32::from(code) - 0xC0).into_iter().collect(),
            (Self::Ot1, 0x80..) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(encoding: Encoding, codes: &[u8]) -> String {
        codes.iter().map(|code| encoding.text(*code)).collect()
    }

    #[test]
    fn the_tables_are_whole() {
        assert_eq!((T1_HIGH.chars().count(), T2A_HIGH.chars().count()), (128, 64));
        assert_eq!(text(Encoding::T1, b"\xE9t\xE9 a\x1Eer \xD7\xFF\xBB"), "été affier Œßż");
        assert_eq!(text(Encoding::Ot1, b"e\x0Ecient {| \x19"), "efficient –— ß");
        assert_eq!(text(Encoding::T2a, b"\xCF\xF0\xE8\xE2\xE5\xF2 \xBC\x9D\xBF"), "Привет ё№»");
    }

    #[test]
    fn an_encoding_is_known_by_what_it_alone_holds() {
        for (codes, encoding) in [
            (&b"abc\x0Cde"[..], Some(Encoding::Ot1)),
            (b"abc\x1Cde", Some(Encoding::T1)),
            (b"abcdef\xE9\xE8", Some(Encoding::T1)),
            (b"\xCF\xF0\xE8\xE2x", Some(Encoding::T2a)),
            (b"\x00\x01\x14", None),
        ] {
            assert_eq!(Encoding::of(codes), encoding, "{codes:x?}");
        }
    }
}
