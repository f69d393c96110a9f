//! Where everything goes on the sheets.

use shared::domain::{
    Finding, Grouping, STRONG, WEAK,
    phrases::{axis, bar_name, date, duration, named},
};

use super::{
    Material,
    face::{Faces, Weight},
    ink::Ink,
};

/// A4, in points.
pub const WIDTH: f32 = 595.0;
pub const HEIGHT: f32 = 842.0;
const LEFT: f32 = 51.0;
const RIGHT: f32 = WIDTH - 51.0;
const TOP: f32 = 54.0;
const BOTTOM: f32 = HEIGHT - 62.0;
const ROOM: f32 = RIGHT - LEFT;
/// Text, in points, and from line to line.
const TEXT: f32 = 10.0;
const LINE: f32 = 14.5;
const SMALL: f32 = 8.0;
const HEADING: f32 = 14.0;
/// Charts.
const CHART: f32 = 130.0;
const SCALE: f32 = 56.0;
const NAMES: usize = 9;

/// Something on a sheet. Text stands on its `y`.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line of text.
    Text { at: (f32, f32), text: String, size: f32, weight: Weight, ink: Ink },
    /// A filled rectangle by its upper left corner.
    Box { at: (f32, f32), size: (f32, f32), ink: Ink },
    /// Straight lines from point to point.
    Curve { points: Vec<(f32, f32)>, ink: Ink, width: f32 },
    /// A disc.
    Dot { at: (f32, f32), radius: f32, ink: Ink },
}

/// One page.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    /// What is on it.
    pub marks: Vec<Mark>,
}

/// Sheets that fill up from above.
struct Sheets<'a> {
    faces: &'a Faces,
    all: Vec<Sheet>,
    /// Where the last sheet is filled up to.
    y: f32,
}

/// Lays out the report.
pub fn lay_out(material: &Material<'_>, faces: &Faces) -> Vec<Sheet> {
    let mut sheets = Sheets { faces, all: vec![Sheet::default()], y: TOP };
    head(&mut sheets, material);
    figures(&mut sheets, material);
    advice(&mut sheets, material);
    study(&mut sheets, material);
    scores(&mut sheets, material);
    topics(&mut sheets, material);
    hours(&mut sheets, material);
    foot(&mut sheets, material);
    let pages = sheets.all.len();
    for (number, sheet) in sheets.all.iter_mut().enumerate() {
        let text = format!("Page {} of {pages}", number + 1);
        let x = RIGHT - faces.width(&text, SMALL, Weight::Regular);
        let at = (x, HEIGHT - 34.0);
        sheet.marks.push(Mark::Text { at, text, size: SMALL, weight: Weight::Regular, ink: Ink::Grey });
    }
    sheets.all
}

impl Sheets<'_> {
    fn put(&mut self, mark: Mark) {
        if let Some(sheet) = self.all.last_mut() {
            sheet.marks.push(mark);
        }
    }

    /// Goes to a new sheet unless there is so much room on this one.
    fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > TOP {
            self.all.push(Sheet::default());
            self.y = TOP;
        }
    }

    fn text(&mut self, at: (f32, f32), text: &str, size: f32, weight: Weight, ink: Ink) {
        self.put(Mark::Text { at, text: text.to_owned(), size, weight, ink });
    }

    /// Text that ends at a place.
    fn text_before(&mut self, (x, y): (f32, f32), text: &str, size: f32, ink: Ink) {
        let x = x - self.faces.width(text, size, Weight::Regular);
        self.text((x, y), text, size, Weight::Regular, ink);
    }

    /// Text around a place.
    fn text_around(&mut self, (x, y): (f32, f32), text: &str, size: f32, ink: Ink) {
        let x = x - self.faces.width(text, size, Weight::Regular) / 2.0;
        self.text((x, y), text, size, Weight::Regular, ink);
    }

    /// A paragraph over the whole width.
    fn paragraph(&mut self, text: &str, size: f32, ink: Ink) {
        for line in self.faces.lines(text, size, Weight::Regular, ROOM) {
            let height = size * 1.45;
            self.need(height);
            self.y += height;
            self.text((LEFT, self.y - size * 0.35), &line, size, Weight::Regular, ink);
        }
    }

    /// A heading that stays with what follows it.
    fn heading(&mut self, text: &str, following: f32) {
        self.need(30.0 + following);
        self.y += if self.y > TOP { 30.0 } else { HEADING };
        self.text((LEFT, self.y), text, HEADING, Weight::Bold, Ink::Black);
        self.y += 10.0;
    }
}

fn head(sheets: &mut Sheets<'_>, material: &Material<'_>) {
    sheets.y += TEXT;
    sheets.text((LEFT, sheets.y), "Study report", TEXT, Weight::Bold, Ink::Accent);
    for line in sheets.faces.lines(material.name, 22.0, Weight::Bold, ROOM).into_iter().take(3) {
        sheets.y += 27.0;
        sheets.text((LEFT, sheets.y), &line, 22.0, Weight::Bold, Ink::Black);
    }
    sheets.y += 18.0;
    let period = format!("{} to {}", date(material.report.from), date(material.report.to));
    sheets.text((LEFT, sheets.y), &period, TEXT, Weight::Regular, Ink::Grey);
}

fn figures(sheets: &mut Sheets<'_>, material: &Material<'_>) {
    let (time, quizzes) = (&material.report.study_time, &material.report.quizzes);
    let average =
        if quizzes.completed > 0 { format!("{}%", quizzes.average_score) } else { "–".to_owned() };
    let figures = [
        ("Study time", duration(time.minutes), time.comparison()),
        ("Quizzes taken", quizzes.completed.to_string(), String::new()),
        ("Average score", average, quizzes.comparison()),
    ];
    let (top, gap) = (sheets.y + 16.0, 12.0);
    let width = (ROOM - 2.0 * gap) / 3.0;
    let mut bottom = top;
    for (place, (name, figure, beside)) in figures.iter().enumerate() {
        let x = LEFT + place as f32 * (width + gap);
        sheets.put(Mark::Box { at: (x, top), size: (width, 1.5), ink: Ink::Accent });
        sheets.text((x, top + 17.0), name, 9.0, Weight::Regular, Ink::Grey);
        sheets.text((x, top + 38.0), figure, 18.0, Weight::Bold, Ink::Black);
        let mut y = top + 42.0;
        for line in sheets.faces.lines(beside, 9.0, Weight::Regular, width) {
            y += 12.5;
            sheets.text((x, y), &line, 9.0, Weight::Regular, Ink::Grey);
        }
        bottom = f32::max(bottom, y);
    }
    sheets.y = bottom;
}

fn advice(sheets: &mut Sheets<'_>, material: &Material<'_>) {
    sheets.heading("What to do next", 40.0);
    if material.report.recommendations.is_empty() {
        sheets.paragraph("All is well: there is nothing that needs your attention.", TEXT, Ink::Grey);
        return;
    }
    for recommendation in &material.report.recommendations {
        let lines = sheets.faces.lines(&recommendation.text, TEXT, Weight::Regular, ROOM - 14.0);
        let height = lines.len() as f32 * LINE;
        sheets.need(height + 6.0);
        let ink = match recommendation.finding {
            Finding::RisingScore { .. } | Finding::MoreStudy { .. } | Finding::LongStreak { .. } => Ink::Good,
            Finding::BehindPlan { .. } | Finding::WeakTopic { .. } | Finding::FallingScore { .. } => Ink::Bad,
            _ => Ink::Accent,
        };
        sheets.put(Mark::Box { at: (LEFT, sheets.y + 3.0), size: (3.0, height), ink });
        for line in lines {
            sheets.y += LINE;
            sheets.text((LEFT + 14.0, sheets.y - 1.0), &line, TEXT, Weight::Regular, Ink::Black);
        }
        sheets.y += 6.0;
    }
}

fn study(sheets: &mut Sheets<'_>, material: &Material<'_>) {
    let charts = material.charts;
    let title = match charts.group_by {
        Grouping::Week => "Study time by week",
        Grouping::Month => "Study time by month",
        _ => "Study time by day",
    };
    sheets.heading(title, CHART + 24.0);
    if charts.study_time.iter().all(|bar| bar.minutes == 0) {
        sheets.paragraph("No study was recorded in this period.", TEXT, Ink::Grey);
        return;
    }
    let bars: Vec<(String, u64)> =
        charts.study_time.iter().map(|bar| (bar_name(&bar.key, charts.group_by), bar.minutes)).collect();
    bar_chart(sheets, &bars);
}

fn hours(sheets: &mut Sheets<'_>, material: &Material<'_>) {
    if material.charts.by_hour.iter().all(|minutes| *minutes == 0) {
        return;
    }
    sheets.heading("When you study", CHART + 24.0);
    let hours = material.charts.by_hour.iter().enumerate();
    let bars: Vec<(String, u64)> = hours.map(|(hour, minutes)| (format!("{hour}:00"), *minutes)).collect();
    bar_chart(sheets, &bars);
}

/// The lines of a chart's scale, from the lowest at `bottom` to the highest at `top`.
fn scale(sheets: &mut Sheets<'_>, names: &[String], (top, bottom): (f32, f32)) {
    let step = (bottom - top) / (names.len() - 1).max(1) as f32;
    for (place, name) in names.iter().enumerate() {
        let y = bottom - step * place as f32;
        sheets.put(Mark::Curve { points: vec![(LEFT + SCALE, y), (RIGHT, y)], ink: Ink::Line, width: 0.6 });
        sheets.text_before((LEFT + SCALE - 6.0, y + 2.8), name, SMALL, Ink::Grey);
    }
}

fn bar_chart(sheets: &mut Sheets<'_>, bars: &[(String, u64)]) {
    let (top, bottom) = (sheets.y + 8.0, sheets.y + CHART);
    let lines = axis(bars.iter().map(|(_, minutes)| *minutes).max().unwrap_or(0));
    let highest = lines.last().copied().unwrap_or(1).max(1) as f32;
    scale(sheets, &lines.iter().map(|line| duration(*line)).collect::<Vec<_>>(), (top, bottom));
    let step = (RIGHT - LEFT - SCALE) / bars.len().max(1) as f32;
    let middle = |place: usize| LEFT + SCALE + step * (place as f32 + 0.5);
    let width = (step * 0.72).min(30.0);
    for (place, (_, minutes)) in bars.iter().enumerate().filter(|(_, (_, minutes))| *minutes > 0) {
        let height = *minutes as f32 / highest * (bottom - top);
        let at = (middle(place) - width / 2.0, bottom - height);
        sheets.put(Mark::Box { at, size: (width, height), ink: Ink::Accent });
    }
    for place in named(bars.len(), NAMES) {
        sheets.text_around((middle(place), bottom + 12.0), &bars[place].0, SMALL, Ink::Grey);
    }
    sheets.y = bottom + 16.0;
}

fn scores(sheets: &mut Sheets<'_>, material: &Material<'_>) {
    let charts = material.charts;
    sheets.heading("Scores", CHART + 24.0);
    if charts.scores.is_empty() {
        sheets.paragraph("No quiz was taken in this period.", TEXT, Ink::Grey);
        return;
    }
    let (top, bottom) = (sheets.y + 8.0, sheets.y + CHART);
    scale(sheets, &[0, 25, 50, 75, 100].map(|percent| format!("{percent}%")), (top, bottom));
    let keys: Vec<&str> = charts.study_time.iter().map(|bar| bar.key.as_str()).collect();
    let step = (RIGHT - LEFT - SCALE) / keys.len().max(1) as f32;
    let middle = |place: usize| LEFT + SCALE + step * (place as f32 + 0.5);
    let points: Vec<(f32, f32)> = charts
        .scores
        .iter()
        .filter_map(|score| {
            let place = keys.iter().position(|key| *key == score.key)?;
            let share = score.average_score.clamp(0.0, 100.0) as f32 / 100.0;
            Some((middle(place), bottom - share * (bottom - top)))
        })
        .collect();
    for &at in &points {
        sheets.put(Mark::Dot { at, radius: 2.6, ink: Ink::Accent });
    }
    if points.len() > 1 {
        sheets.put(Mark::Curve { points, ink: Ink::Accent, width: 1.4 });
    }
    for place in named(keys.len(), NAMES) {
        let name = bar_name(keys[place], charts.group_by);
        sheets.text_around((middle(place), bottom + 12.0), &name, SMALL, Ink::Grey);
    }
    sheets.y = bottom + 16.0;
}

fn topics(sheets: &mut Sheets<'_>, material: &Material<'_>) {
    if material.charts.topics.is_empty() {
        return;
    }
    const ROW: f32 = 20.0;
    let (attempts, average, bar) = (LEFT + 290.0, LEFT + 345.0, LEFT + 360.0);
    sheets.heading("Topics", 3.0 * ROW);
    sheets.y += 10.0;
    for (x, name) in [(attempts, "Attempts"), (average, "Average")] {
        sheets.text_before((x, sheets.y), name, SMALL, Ink::Grey);
    }
    sheets.y += 5.0;
    for topic in &material.charts.topics {
        sheets.need(ROW);
        let points = vec![(LEFT, sheets.y), (RIGHT, sheets.y)];
        sheets.put(Mark::Curve { points, ink: Ink::Line, width: 0.6 });
        sheets.y += ROW;
        let y = sheets.y - 6.5;
        let name = sheets.faces.cut(&topic.topic, TEXT, Weight::Regular, 235.0);
        sheets.text((LEFT, y), &name, TEXT, Weight::Regular, Ink::Black);
        sheets.text_before((attempts, y), &topic.attempts.to_string(), TEXT, Ink::Black);
        sheets.text_before((average, y), &format!("{}%", topic.average_score), TEXT, Ink::Black);
        let ink = match topic.average_score {
            STRONG.. => Ink::Good,
            WEAK.. => Ink::Accent,
            _ => Ink::Bad,
        };
        let share = topic.average_score.clamp(0.0, 100.0) as f32 / 100.0;
        sheets.put(Mark::Box { at: (bar, y - 7.0), size: (RIGHT - bar, 7.0), ink: Ink::Track });
        sheets.put(Mark::Box { at: (bar, y - 7.0), size: ((RIGHT - bar) * share, 7.0), ink });
    }
}

fn foot(sheets: &mut Sheets<'_>, material: &Material<'_>) {
    sheets.need(60.0);
    sheets.y += 22.0;
    let text = format!(
        "Compared with the period of equal length before it. A strength is a topic with at least two attempts and an \
         average of {STRONG}% or more, a weakness one below {WEAK}%. Days and hours are those of {}; made on {}.",
        material.zone.name(),
        date(material.zone.day(material.made))
    );
    sheets.paragraph(&text, SMALL, Ink::Grey);
}
