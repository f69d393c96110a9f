//! Finished quizzes, handed to the independent checker.

use std::{path::Path, process::Command};

use serde_json::Value;

/// What the checker said.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Quizzes it checked.
    pub quizzes: usize,
    /// Questions it checked.
    pub questions: usize,
    /// Violations it found.
    pub violations: usize,
    /// All it printed.
    pub report: String,
}

/// Has the checker judge cases.
///
/// # Panics
///
/// When it cannot be run or does not understand the cases.
pub fn check(cases: &[Value]) -> Verdict {
    let dir = crate::temp_dir("cases-");
    let file = dir.path().join("quizzes.ndjson");
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    std::fs::write(&file, lines).expect("a file for the checker");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("checker/check.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(&file).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONIOENCODING", "utf-8");
    let output = command.output().expect("python3 runs");
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        matches!(output.status.code(), Some(0 | 1)),
        "{}: {report}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let last = report.lines().last().unwrap_or_default();
    let numbers: Vec<usize> = last.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [quizzes, questions, violations] = numbers[..] else { panic!("not a sum: {last}") };
    assert_eq!(output.status.success(), violations == 0, "{report}");
    Verdict { quizzes, questions, violations, report }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn verdicts_are_read() {
        let good = json!({ "pages": [], "questions": [] });
        let bad = json!({ "pages": [], "questions": [7] });
        let verdict = check(&[good.clone(), bad]);
        assert_eq!((verdict.quizzes, verdict.questions, verdict.violations), (2, 1, 1), "{}", verdict.report);
        assert_eq!(check(&[good]).violations, 0);
    }
}
