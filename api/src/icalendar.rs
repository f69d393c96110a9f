//! A study plan as iCalendar (RFC 5545, with the names of RFC 7986).

use std::fmt::Write as _;

use shared::domain::{Day, Plan, PlanDay, PlanTask, Priority, TaskKind, Timestamp, Zone};

/// When a day begins, in minutes after midnight.
const DAY_STARTS: u32 = 9 * 60;
/// Most octets of a line, its end left out.
const LINE_MAX: usize = 75;

/// The plan's tasks as events, one after the other from nine o'clock on; breaks are the gaps between them. A day that
/// would not end before midnight begins earlier, the one on which the plan was made not before it was. Times are in UTC, so that no definition of the zone is needed.
pub fn calendar(plan: &Plan, zone: &Zone) -> String {
    let mut lines = Lines::default();
    lines.plain("BEGIN", "VCALENDAR");
    lines.plain("VERSION", "2.0");
    lines.plain("PRODID", "-//SmartStudy//Study plans//EN");
    lines.plain("CALSCALE", "GREGORIAN");
    lines.text("NAME", &plan.title);
    lines.text("X-WR-CALNAME", &plan.title);
    lines.text("X-WR-TIMEZONE", zone.name());
    lines.plain("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
    lines.plain("X-PUBLISHED-TTL", "PT1H");
    for day in &plan.days {
        for (task, start) in
            day.tasks.iter().zip(starts(day, plan.created_at, zone)).filter(|(task, _)| task.is_work())
        {
            event(&mut lines, plan, task, start);
        }
    }
    exam(&mut lines, plan);
    lines.plain("END", "VCALENDAR");
    lines.0
}

/// When each of a day's tasks begins.
fn starts(day: &PlanDay, plan_made: Timestamp, zone: &Zone) -> Vec<Timestamp> {
    let latest = zone.at(day.date, (24 * 60_u32).saturating_sub(day.minutes()));
    let nine = zone.at(day.date, DAY_STARTS);
    let earliest = if zone.day(plan_made) == day.date { nine.max(on_the_clock(plan_made)) } else { nine };
    let first = earliest.min(latest);
    let starts = day.tasks.iter().scan(first, |next, task| {
        let start = *next;
        *next = start + minutes(task.estimated_duration);
        Some(start)
    });
    starts.collect()
}

/// The next instant at which clocks show a multiple of five minutes.
fn on_the_clock(instant: Timestamp) -> Timestamp {
    const FIVE_MINUTES: i64 = 5 * 60 * 1000;
    Timestamp((instant.0 + FIVE_MINUTES - 1) / FIVE_MINUTES * FIVE_MINUTES)
}

fn minutes(minutes: u32) -> std::time::Duration {
    std::time::Duration::from_secs(u64::from(minutes) * 60)
}

fn event(lines: &mut Lines, plan: &Plan, task: &PlanTask, start: Timestamp) {
    begin(lines, plan, &task.id);
    lines.plain("DTSTART", &utc(start));
    lines.plain("DTEND", &utc(start + minutes(task.estimated_duration)));
    // An event cannot be completed, only a to-do can, and few calendars show those.
    let done = if task.completed { "✓ " } else { "" };
    lines.text("SUMMARY", &format!("{done}{}", task.title));
    if !task.description.is_empty() {
        lines.text("DESCRIPTION", &task.description);
    }
    lines.plain("CATEGORIES", category(task.kind));
    lines.plain(
        "PRIORITY",
        match task.priority {
            Priority::High => "1",
            Priority::Medium => "5",
            Priority::Low => "9",
        },
    );
    lines.plain("STATUS", "CONFIRMED");
    lines.plain("TRANSP", if task.completed { "TRANSPARENT" } else { "OPAQUE" });
    lines.plain("END", "VEVENT");
}

fn exam(lines: &mut Lines, plan: &Plan) {
    let date = |day: Day| day.0.strftime("%Y%m%d").to_string();
    begin(lines, plan, "exam");
    lines.plain("DTSTART;VALUE=DATE", &date(plan.brief.exam_date));
    lines.plain("DTEND;VALUE=DATE", &date(plan.brief.exam_date.plus(1)));
    let names: Vec<&str> = plan.brief.subjects.iter().map(|subject| subject.name.as_str()).collect();
    lines.text("SUMMARY", &format!("Exam: {}", names.join(", ")));
    lines.plain("CATEGORIES", "Exam");
    lines.plain("STATUS", "CONFIRMED");
    lines.plain("TRANSP", "TRANSPARENT");
    lines.plain("END", "VEVENT");
}

/// The beginning of an event: which one it is, and since when it is as it is.
fn begin(lines: &mut Lines, plan: &Plan, id: &str) {
    lines.plain("BEGIN", "VEVENT");
    lines.text("UID", &format!("{id}.{}@smartstudy", plan.id));
    lines.plain("DTSTAMP", &utc(plan.updated_at));
    lines.plain("CREATED", &utc(plan.created_at));
    lines.plain("LAST-MODIFIED", &utc(plan.updated_at));
    lines.plain("SEQUENCE", &plan.rev.to_string());
}

fn category(kind: TaskKind) -> &'static str {
    match kind {
        TaskKind::Study => "Study",
        TaskKind::Practice => "Practice",
        TaskKind::Review => "Review",
        TaskKind::Mock => "Mock test",
        TaskKind::Break => "Break",
    }
}

fn utc(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::MAX);
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Content lines, folded.
#[derive(Default)]
struct Lines(String);

impl Lines {
    /// A value that needs no escaping.
    fn plain(&mut self, name: &str, value: &str) {
        self.fold(&format!("{name}:{value}"));
    }

    /// A text.
    fn text(&mut self, name: &str, value: &str) {
        let mut line = format!("{name}:");
        let value = value.replace("\r\n", "\n").replace('\r', "\n");
        for char in value.chars() {
            match char {
                '\\' | ',' | ';' => line.extend(['\\', char]),
                '\n' => line.push_str("\\n"),
                // Not allowed in a text, however it is written.
                char if char.is_control() && char != '\t' => {}
                char => line.push(char),
            }
        }
        self.fold(&line);
    }

    /// Breaks a line where it would be too long, never within a character.
    fn fold(&mut self, mut line: &str) {
        let mut room = LINE_MAX;
        while line.len() > room {
            let (head, tail) = line.split_at(line.floor_char_boundary(room));
            // Writing to a string does not fail.
            let _ = write!(self.0, "{head}\r\n ");
            // The space counts.
            (line, room) = (tail, LINE_MAX - 1);
        }
        let _ = write!(self.0, "{line}\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(value: &str) -> String {
        let mut lines = Lines::default();
        lines.text("SUMMARY", value);
        lines.0
    }

    #[test]
    fn texts_are_escaped_and_cleaned() {
        assert_eq!(folded("a\\b, c; d\r\ne\u{0}f\u{7f}"), "SUMMARY:a\\\\b\\, c\\; d\\nef\r\n");
    }

    #[test]
    fn lines_are_folded_at_75_octets_between_characters() {
        for text in ["漢字".repeat(60), "x".repeat(66), "x".repeat(67), "x".repeat(68), "é🦀,".repeat(50)]
        {
            let lines = folded(&text);
            assert!(lines.split("\r\n").all(|line| line.len() <= LINE_MAX), "{lines}");
            let unfolded = lines.replace("\r\n ", "");
            assert_eq!(unfolded, format!("SUMMARY:{}\r\n", text.replace(',', "\\,")));
        }
        assert_eq!(folded(&"x".repeat(67)).matches("\r\n").count(), 1);
        assert_eq!(folded(&"x".repeat(68)).matches("\r\n").count(), 2);
    }

    fn task(minutes: u32, kind: TaskKind) -> PlanTask {
        PlanTask {
            id: "t1".into(),
            title: "Read".into(),
            description: String::new(),
            subject: "Art".into(),
            topic: None,
            estimated_duration: minutes,
            priority: Priority::Low,
            kind,
            completed: false,
            completed_at: None,
        }
    }

    #[test]
    fn tasks_follow_each_other_by_the_clock_of_the_zone() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        let tasks = vec![task(50, TaskKind::Study), task(10, TaskKind::Break), task(30, TaskKind::Review)];
        let made = Timestamp(berlin.at("2026-03-27".parse().unwrap(), 19 * 60).0 - 1);
        let on = |date: &str, tasks: Vec<PlanTask>| {
            let day = PlanDay { date: date.parse().unwrap(), tasks };
            starts(&day, made, &berlin).into_iter().map(utc).collect::<Vec<_>>()
        };
        let expected = ["20260328T080000Z", "20260328T085000Z", "20260328T090000Z"];
        assert_eq!(on("2026-03-28", tasks.clone()), expected);
        // The clocks have been changed.
        assert_eq!(on("2026-03-29", tasks)[0], "20260329T070000Z");
        // Sixteen hours do not fit between nine and midnight.
        assert_eq!(on("2026-03-28", vec![task(16 * 60, TaskKind::Mock)]), ["20260328T070000Z"]);
        assert_eq!(on("2026-03-28", vec![task(2000, TaskKind::Mock)]), ["20260327T230000Z"]);
        // The day on which the plan was made.
        assert_eq!(on("2026-03-27", vec![task(50, TaskKind::Study)]), ["20260327T180000Z"]);
        assert_eq!(on("2026-03-27", vec![task(10 * 60, TaskKind::Mock)]), ["20260327T130000Z"]);
    }
}
