//! The report as a page that needs nothing else: no script, no font, no file.

use askama::Template;
use shared::domain::{
    Charts, Finding, Grouping, Recommendation, Report, Timestamp, Zone,
    phrases::{axis, bar_name, date, duration, named},
};

/// Colours and sizes.
const STYLE: &str = include_str!("../../../templates/report.css");
/// Size of a chart, in its own units.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 210.0;
/// Where its bars are.
const LEFT: f64 = 76.0;
const RIGHT: f64 = 712.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 184.0;
/// Most names beneath a chart.
const NAMES: usize = 10;
/// Mean from which on a topic goes well, and below which it does not.
const WELL: f64 = shared::domain::STRONG;
const BADLY: f64 = shared::domain::WEAK;

/// What the page shows.
#[derive(Template)]
#[template(path = "report.html")]
pub struct Page<'a> {
    style: &'static str,
    name: &'a str,
    from: String,
    to: String,
    study_time: String,
    study_comparison: String,
    completed: u64,
    average_score: String,
    score_comparison: String,
    recommendations: Vec<Advice<'a>>,
    study_chart: BarChart,
    score_chart: LineChart,
    topics: Vec<Topic<'a>>,
    hour_chart: BarChart,
    zone: &'a str,
    made: String,
}

struct Advice<'a> {
    text: &'a str,
    mood: &'static str,
}

struct Topic<'a> {
    topic: &'a str,
    attempts: u64,
    average_score: f64,
    mood: &'static str,
}

/// A mark on an axis.
struct At {
    at: f64,
    text: String,
}

struct Bar {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    title: String,
}

struct BarChart {
    label: &'static str,
    unit: &'static str,
    is_empty: bool,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    lines: Vec<At>,
    bars: Vec<Bar>,
    names: Vec<At>,
}

struct Point {
    x: f64,
    y: f64,
    title: String,
}

struct LineChart {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    lines: Vec<At>,
    curve: String,
    points: Vec<Point>,
    names: Vec<At>,
}

impl<'a> Page<'a> {
    /// The page of a student's report, made at an instant.
    pub fn new(
        name: &'a str,
        report: &'a Report,
        charts: &'a Charts,
        zone: &'a Zone,
        made: Timestamp,
    ) -> Self {
        let taken = report.quizzes.completed > 0;
        let topics = charts.topics.iter().map(|topic| Topic {
            topic: &topic.topic,
            attempts: topic.attempts,
            average_score: topic.average_score.clamp(0.0, 100.0),
            mood: mood_of(topic.average_score),
        });
        Self {
            style: STYLE,
            name,
            from: date(report.from),
            to: date(report.to),
            study_time: duration(report.study_time.minutes),
            study_comparison: report.study_time.comparison(),
            completed: report.quizzes.completed,
            average_score: if taken {
                format!("{}%", report.quizzes.average_score)
            } else {
                "–".to_owned()
            },
            score_comparison: report.quizzes.comparison(),
            recommendations: report.recommendations.iter().map(advice).collect(),
            study_chart: study_chart(charts),
            score_chart: score_chart(charts),
            topics: topics.collect(),
            hour_chart: hour_chart(charts),
            zone: zone.name(),
            made: date(zone.day(made)),
        }
    }
}

fn mood_of(average: f64) -> &'static str {
    match average {
        WELL.. => "good",
        BADLY.. => "",
        _ => "bad",
    }
}

fn advice(recommendation: &Recommendation) -> Advice<'_> {
    let mood = match recommendation.finding {
        Finding::RisingScore { .. } | Finding::MoreStudy { .. } | Finding::LongStreak { .. } => "good",
        Finding::BehindPlan { .. } | Finding::WeakTopic { .. } | Finding::FallingScore { .. } => "bad",
        _ => "",
    };
    Advice { text: &recommendation.text, mood }
}

fn study_chart(charts: &Charts) -> BarChart {
    let bars: Vec<(String, u64)> =
        charts.study_time.iter().map(|bar| (bar_name(&bar.key, charts.group_by), bar.minutes)).collect();
    let (label, unit) = match charts.group_by {
        Grouping::Week => ("Study time week by week", "by week"),
        Grouping::Month => ("Study time month by month", "by month"),
        _ => ("Study time day by day", "by day"),
    };
    bar_chart(label, unit, &bars)
}

fn hour_chart(charts: &Charts) -> BarChart {
    let bars: Vec<(String, u64)> =
        charts.by_hour.iter().enumerate().map(|(hour, minutes)| (format!("{hour}:00"), *minutes)).collect();
    bar_chart("Study time by the hour of the day at which sessions begin", "", &bars)
}

fn bar_chart(label: &'static str, unit: &'static str, bars: &[(String, u64)]) -> BarChart {
    let lines = axis(bars.iter().map(|(_, minutes)| *minutes).max().unwrap_or(0));
    let top = lines.last().copied().unwrap_or(1).max(1) as f64;
    let height_of = |minutes: u64| minutes as f64 / top * (BOTTOM - TOP);
    let step = (RIGHT - LEFT) / bars.len().max(1) as f64;
    let width = (step * 0.72).min(48.0);
    let middle = |place: usize| LEFT + step * (place as f64 + 0.5);
    BarChart {
        label,
        unit,
        is_empty: bars.iter().all(|(_, minutes)| *minutes == 0),
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        right: RIGHT,
        lines: lines
            .iter()
            .map(|line| At { at: rounded(BOTTOM - height_of(*line)), text: duration(*line) })
            .collect(),
        bars: bars
            .iter()
            .enumerate()
            .filter(|(_, (_, minutes))| *minutes > 0)
            .map(|(place, (name, minutes))| Bar {
                x: rounded(middle(place) - width / 2.0),
                y: rounded(BOTTOM - height_of(*minutes)),
                width: rounded(width),
                height: rounded(height_of(*minutes)),
                title: format!("{name}: {}", duration(*minutes)),
            })
            .collect(),
        names: names(bars.iter().map(|(name, _)| name.as_str()), middle),
    }
}

fn names<'a>(all: impl ExactSizeIterator<Item = &'a str>, middle: impl Fn(usize) -> f64) -> Vec<At> {
    let all: Vec<&str> = all.collect();
    named(all.len(), NAMES)
        .map(|place| At { at: rounded(middle(place)), text: all[place].to_owned() })
        .collect()
}

fn score_chart(charts: &Charts) -> LineChart {
    let bars: Vec<&str> = charts.study_time.iter().map(|bar| bar.key.as_str()).collect();
    let step = (RIGHT - LEFT) / bars.len().max(1) as f64;
    let middle = |place: usize| LEFT + step * (place as f64 + 0.5);
    let y = |percent: f64| rounded(BOTTOM - percent.clamp(0.0, 100.0) / 100.0 * (BOTTOM - TOP));
    let points: Vec<Point> = charts
        .scores
        .iter()
        .filter_map(|score| {
            let place = bars.iter().position(|key| *key == score.key)?;
            let name = bar_name(&score.key, charts.group_by);
            let attempts = if score.attempts == 1 {
                "1 attempt".to_owned()
            } else {
                format!("{} attempts", score.attempts)
            };
            Some(Point {
                x: rounded(middle(place)),
                y: y(score.average_score),
                title: format!("{name}: {}% ({attempts})", score.average_score),
            })
        })
        .collect();
    let curve = points
        .iter()
        .enumerate()
        .map(|(place, point)| format!("{}{} {}", if place == 0 { "M" } else { "L" }, point.x, point.y));
    let shown: Vec<String> = bars.iter().map(|key| bar_name(key, charts.group_by)).collect();
    LineChart {
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        right: RIGHT,
        lines: [0, 25, 50, 75, 100]
            .map(|percent| At { at: y(percent.into()), text: format!("{percent}%") })
            .into(),
        curve: curve.collect(),
        points,
        names: names(shown.iter().map(String::as_str), middle),
    }
}

fn rounded(number: f64) -> f64 {
    shared::domain::one_decimal(number)
}
