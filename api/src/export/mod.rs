//! Quizzes as files for other programs. Each format gets every question: as the type it has there, else as the nearest
//! one, with a note in the file that says so.

mod anki;
mod csv;
mod gift;
mod moodle;
mod page;
mod text;

use serde::Deserialize;
use shared::domain::Quiz;
use utoipa::ToSchema;

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Moodle's XML.
    MoodleXml,
    /// GIFT, the text format of Moodle and others.
    Gift,
    /// Notes for Anki's text import.
    Anki,
    /// A table; cells that a spreadsheet would run are quoted.
    Csv,
    /// A page to print, the key on a sheet of its own.
    Html,
}

/// A file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A template failed.
    #[error("a template failed: {0}")]
    Template(#[from] askama::Error),
    /// A table could not be written.
    #[error("a table could not be written: {0}")]
    Table(String),
}

impl Format {
    /// The file's media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::MoodleXml => "application/xml; charset=utf-8",
            Self::Gift | Self::Anki => "text/plain; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Html => "text/html; charset=utf-8",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::MoodleXml => "xml",
            Self::Gift => "gift",
            Self::Anki => "txt",
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }

    /// The file's content.
    pub fn write(self, quiz: &Quiz) -> Result<String, ExportError> {
        match self {
            Self::MoodleXml => moodle::write(quiz),
            Self::Gift => Ok(gift::write(quiz)),
            Self::Anki => anki::write(quiz),
            Self::Csv => csv::write(quiz),
            Self::Html => page::write(quiz),
        }
    }

    /// A value for `Content-Disposition` (RFC 6266): a page is shown, other files are kept. The name is the title, in
    /// letters and digits that every system takes, and as it is for those that take all.
    pub fn disposition(self, title: &str) -> String {
        let kind = if self == Self::Html { "inline" } else { "attachment" };
        let extension = self.extension();
        let (plain, full) = (text::file_name(title), text::encoded_file_name(title));
        format!("{kind}; filename=\"{plain}.{extension}\"; filename*=UTF-8''{full}.{extension}")
    }
}
