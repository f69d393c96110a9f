//! Reading of scanned pages.

use super::reader::Reader;

/// How scanned pages are read, where the program that does it is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ocr {
    /// `OCR_LANGUAGES`: Tesseract's names of them, joined by `+`.
    pub languages: String,
    /// `OCR_PAGES`: scanned pages read of one document.
    pub pages: usize,
}

impl Default for Ocr {
    fn default() -> Self {
        Self { languages: "eng".into(), pages: 50 }
    }
}

impl Ocr {
    /// `None` where `OCR` is `off`.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let usual = Self::default();
        let is_on = reader.choice("OCR", "auto", &[("auto", true), ("off", false)]);
        let languages = reader.text_or("OCR_LANGUAGES", &usual.languages);
        let pages = reader.number("OCR_PAGES", usual.pages);
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !languages.split('+').all(is_name) {
            reader.mistake(format!("OCR_LANGUAGES is {languages:?}; use names of Tesseract such as eng+deu"));
        }
        if pages == 0 {
            reader.mistake("OCR_PAGES must be at least 1; OCR=off reads no scans".into());
        }
        is_on.filter(|on| *on).map(|_| Self { languages, pages })
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;

    #[test]
    fn scans_are_read_unless_that_is_off() {
        let read = |name, value| Config::read(Program::Api, &Source::from([(name, value)]));
        assert_eq!(read("OCR", "auto").unwrap().ocr, Some(Ocr::default()));
        assert_eq!(read("OCR", "off").unwrap().ocr, None);
        assert_eq!(read("OCR_LANGUAGES", "eng+chi_sim").unwrap().ocr.unwrap().languages, "eng+chi_sim");
        for (name, wrong) in
            [("OCR", "yes"), ("OCR_PAGES", "0"), ("OCR_LANGUAGES", "-c"), ("OCR_LANGUAGES", "eng+")]
        {
            assert!(read(name, wrong).is_err(), "{name}={wrong}");
        }
    }
}
