use std::collections::BTreeMap;

use shared::domain::{Facts, Outcome, Present, Run, Streak, StudyTotals, Tally};

use super::*;

fn tally(attempts: u64, percentage: f64) -> Tally {
    let outcome = Outcome { at: Timestamp(0), id: String::new(), percentage };
    let millionths = (percentage * 1e6) as i64 * attempts as i64;
    Tally { attempts, millionths, best: percentage, worst: percentage, first: outcome.clone(), last: outcome }
}

/// A report on a month in which much happened, about these topics.
pub fn eventful(topics: &[(&str, f64)]) -> (Report, Charts) {
    let (from, to) = ("2026-10-24".parse().unwrap(), "2026-11-22".parse().unwrap());
    let day = |text: &str| text.parse().unwrap();
    let topics: BTreeMap<String, Tally> =
        topics.iter().map(|(topic, mean)| ((*topic).to_owned(), tally(3, *mean))).collect();
    let study = [("2026-10-25", 95), ("2026-11-03", 30), ("2026-11-20", 120)]
        .map(|(date, minutes)| (day(date), StudyTotals { sessions: 1, minutes }));
    let scores = [("2026-10-25", 40.0), ("2026-11-20", 90.5)].map(|(date, mean)| (day(date), tally(2, mean)));
    let mut hours = [StudyTotals::default(); 24];
    hours[18] = StudyTotals { sessions: 3, minutes: 245 };
    let facts = Facts {
        study: StudyTotals { sessions: 3, minutes: 245 },
        study_before: StudyTotals { sessions: 9, minutes: 900 },
        topics: topics.clone(),
        present: Some(Present {
            streak: Streak { current: 0, longest: 5 },
            last_run: Some(Run { days: 4, last_day: day("2026-11-20"), days_ago: 2 }),
            due_reviews: 12,
            untouched: vec![("Geometry".to_owned(), 1)],
            behind: None,
        }),
        ..Facts::default()
    };
    let charts = Charts::new((from, to), &study.into(), &scores.into(), &topics, &hours);
    (Report::new(from, to, &facts), charts)
}

fn pdf(name: &str, (report, charts): &(Report, Charts)) -> Vec<u8> {
    let material = Material { name, report, charts, zone: &Zone::UTC, made: Timestamp(1_795_000_000_000) };
    render(&material).unwrap()
}

/// The text of a PDF, as a parser of another make reads it.
fn text(bytes: &[u8]) -> String {
    let document = lopdf::Document::load_mem(bytes).unwrap();
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    document.extract_text(&pages).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_on_paper_can_be_read() {
    let report =
        eventful(&[("Cells", 90.0), ("Genes & <b>Ökologie</b>", 45.0), ("Теория вероятностей", 70.0)]);
    let text = text(&pdf("Zoë Šimková", &report));
    for words in [
        "Study report",
        "Zoë Šimková",
        "24 October 2026 to 22 November 2026",
        "4 h 5 min",
        "What to do next",
        "Go over “Genes & <b>Ökologie</b>” again: your 3 attempts at it average 45%.",
        "12 questions are due for review.",
        "Теория вероятностей",
        "Page 1 of 2",
        "Page 2 of 2",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn the_same_report_is_the_same_file() {
    let report = eventful(&[("Cells", 90.0)]);
    assert_eq!(pdf("Ada", &report), pdf("Ada", &report));
}

#[test]
fn an_empty_report_has_one_page() {
    let (from, to) = ("2026-10-24".parse().unwrap(), "2026-11-22".parse().unwrap());
    let charts = Charts::new(
        (from, to),
        &BTreeMap::new(),
        &BTreeMap::new(),
        &BTreeMap::new(),
        &[StudyTotals::default(); 24],
    );
    let text = text(&pdf("Ada", &(Report::new(from, to, &Facts::default()), charts)));
    assert!(text.contains("No study was recorded") && text.contains("Page 1 of 1"), "{text}");
}

#[test]
fn nothing_leaves_the_sheet() {
    let faces = Faces::load().unwrap();
    let long = "W".repeat(200);
    let many: Vec<String> = (0..12).map(|number| format!("{number} {long}")).collect();
    let topics: Vec<(&str, f64)> = many.iter().map(|topic| (topic.as_str(), 30.0)).collect();
    let (report, charts) = eventful(&topics);
    let material =
        Material { name: &long, report: &report, charts: &charts, zone: &Zone::UTC, made: Timestamp(0) };
    let sheets = layout::lay_out(&material, &faces);
    assert!(sheets.len() > 1);
    for mark in sheets.iter().flat_map(|sheet| &sheet.marks) {
        let (right, bottom) = match mark {
            layout::Mark::Text { at, text, size, weight, .. } => {
                (at.0 + faces.width(text, *size, *weight), at.1)
            }
            layout::Mark::Box { at, size, .. } => (at.0 + size.0, at.1 + size.1),
            layout::Mark::Curve { points, .. } => (points[points.len() - 1].0, points[0].1),
            layout::Mark::Dot { at, radius, .. } => (at.0 + radius, at.1 + radius),
        };
        assert!(right < layout::WIDTH - 40.0 && bottom < layout::HEIGHT - 30.0, "{mark:?}");
    }
}

#[test]
fn a_line_is_drawn_in_the_directions_it_is_read_in() {
    use krilla::text::TextDirection::RightToLeft;
    let runs = |line: &str| {
        face::runs(line)
            .into_iter()
            .map(|(run, direction)| (run, direction == RightToLeft))
            .collect::<Vec<_>>()
    };
    assert_eq!(runs("Go over 2"), [("Go over 2".to_owned(), false)]);
    assert_eq!(
        runs("“علم الأحياء” 3 cells"),
        [("“".to_owned(), false), ("علم الأحياء".to_owned(), true), ("” 3 cells".to_owned(), false)]
    );
    assert!(runs("").is_empty());
}
