//! Draws what was laid out.

use krilla::{
    Document,
    color::rgb,
    geom::{PathBuilder, Point, Rect},
    metadata::{DateTime, Metadata},
    page::PageSettings,
    paint::{Fill, Stroke},
    surface::Surface,
};
use shared::domain::{Zone, phrases::date};

use super::{
    Material, RenderError,
    face::{Faces, Weight, runs},
    layout::{HEIGHT, Mark, Sheet, WIDTH},
};

/// A colour of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Text.
    Black,
    /// What explains.
    Grey,
    /// Rules and frames.
    Line,
    /// Beneath bars.
    Track,
    /// Bars and curves.
    Accent,
    /// What goes well.
    Good,
    /// What does not.
    Bad,
}

impl Ink {
    fn colour(self) -> rgb::Color {
        match self {
            Self::Black => rgb::Color::new(31, 34, 40),
            Self::Grey => rgb::Color::new(93, 98, 109),
            Self::Line => rgb::Color::new(223, 218, 205),
            Self::Track => rgb::Color::new(238, 236, 230),
            Self::Accent => rgb::Color::new(47, 70, 153),
            Self::Good => rgb::Color::new(23, 112, 74),
            Self::Bad => rgb::Color::new(168, 50, 42),
        }
    }
}

/// The sheets as a PDF.
pub fn draw(material: &Material<'_>, sheets: &[Sheet], faces: &Faces) -> Result<Vec<u8>, RenderError> {
    let mut document = Document::new();
    document.set_metadata(metadata(material));
    for sheet in sheets {
        let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| RenderError("no page".into()))?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for mark in &sheet.marks {
            put(&mut surface, mark, faces);
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(|error| RenderError(format!("{error:?}")))
}

fn metadata(material: &Material<'_>) -> Metadata {
    let (from, to) = (date(material.report.from), date(material.report.to));
    let made = Zone::UTC.day(material.made).0;
    let number = |number: i8| number.unsigned_abs();
    let day = DateTime::new(made.year().unsigned_abs()).month(number(made.month())).day(number(made.day()));
    Metadata::new()
        .title(format!("Study report, {from} to {to}"))
        .authors(vec!["SmartStudy".to_owned()])
        .language("en".to_owned())
        .creation_date(day)
}

fn put(surface: &mut Surface<'_>, mark: &Mark, faces: &Faces) {
    match mark {
        Mark::Text { at, text, size, weight, ink } => {
            text_at(surface, faces, *at, text, (*size, *weight), *ink)
        }
        Mark::Box { at: (x, y), size: (width, height), ink } => {
            let Some(area) = Rect::from_xywh(*x, *y, *width, *height) else { return };
            let mut path = PathBuilder::new();
            path.push_rect(area);
            fill(surface, path, *ink);
        }
        Mark::Curve { points, ink, width } => {
            let mut path = PathBuilder::new();
            for (place, (x, y)) in points.iter().enumerate() {
                if place == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
            }
            let Some(path) = path.finish() else { return };
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke {
                paint: ink.colour().into(),
                width: *width,
                ..Stroke::default()
            }));
            surface.draw_path(&path);
            surface.set_stroke(None);
        }
        Mark::Dot { at: (x, y), radius, ink } => {
            // A circle of four curves.
            let (r, k) = (*radius, radius * 0.552_285);
            let mut path = PathBuilder::new();
            path.move_to(x + r, *y);
            path.cubic_to(x + r, y + k, x + k, y + r, *x, y + r);
            path.cubic_to(x - k, y + r, x - r, y + k, x - r, *y);
            path.cubic_to(x - r, y - k, x - k, y - r, *x, y - r);
            path.cubic_to(x + k, y - r, x + r, y - k, x + r, *y);
            path.close();
            fill(surface, path, *ink);
        }
    }
}

fn fill(surface: &mut Surface<'_>, path: PathBuilder, ink: Ink) {
    let Some(path) = path.finish() else { return };
    surface.set_fill(Some(Fill { paint: ink.colour().into(), ..Fill::default() }));
    surface.draw_path(&path);
}

fn text_at(
    surface: &mut Surface<'_>,
    faces: &Faces,
    (x, y): (f32, f32),
    text: &str,
    (size, weight): (f32, Weight),
    ink: Ink,
) {
    surface.set_fill(Some(Fill { paint: ink.colour().into(), ..Fill::default() }));
    let mut x = x;
    for (run, direction) in runs(text) {
        surface.draw_text(Point::from_xy(x, y), faces.font(weight), size, &run, false, direction);
        x += faces.width(&run, size, weight);
    }
}
