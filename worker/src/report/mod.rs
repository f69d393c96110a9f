//! The report on paper: laid out here, drawn into a PDF without any other program.

mod face;
mod ink;
mod layout;

use shared::domain::{Charts, Report, Timestamp, Zone};

use face::Faces;

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    /// The student's name.
    pub name: &'a str,
    /// The report.
    pub report: &'a Report,
    /// The figures of its charts.
    pub charts: &'a Charts,
    /// Whose days and hours they are.
    pub zone: &'a Zone,
    /// When it is made.
    pub made: Timestamp,
}

/// The report cannot be drawn; a defect.
#[derive(Debug, thiserror::Error)]
#[error("the report cannot be drawn: {0}")]
pub struct RenderError(String);

/// The report as a PDF.
pub fn render(material: &Material<'_>) -> Result<Vec<u8>, RenderError> {
    let faces = Faces::load().ok_or_else(|| RenderError("the fonts cannot be read".into()))?;
    let sheets = layout::lay_out(material, &faces);
    ink::draw(material, &sheets, &faces)
}

#[cfg(test)]
mod tests;
