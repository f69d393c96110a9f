//! Quizzes as files. Parsers of each format read them in `tests/formats`.

use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    each_format_comes_as_a_file_with_every_question,
    a_name_does_no_harm_in_a_header,
    a_format_must_be_named,
    nobody_exports_what_is_not_theirs,
);

const FORMATS: [(&str, &str, &str); 5] = [
    ("moodle-xml", "application/xml; charset=utf-8", "xml"),
    ("gift", "text/plain; charset=utf-8", "gift"),
    ("anki", "text/plain; charset=utf-8", "txt"),
    ("csv", "text/csv; charset=utf-8; header=present", "csv"),
    ("html", "text/html; charset=utf-8", "html"),
];

fn path(quiz: &Value, format: &str) -> String {
    format!("/quiz/{}/export?format={format}", text(&quiz["id"]))
}

async fn each_format_comes_as_a_file_with_every_question(mix: Mix) {
    let owner = mix.learner().await;
    let quiz = quiz(&owner, 3).await;
    let edit = json!({ "title": "Cells", "questions": [
        { "question": "Alpha?", "options": ["a1", "a2", "a3", "a4"], "correctAnswer": "a2", "explanation": "Why alpha" },
        { "question": "Beta?", "type": "matching", "correctAnswer": { "b1": "b2", "b3": "b4" } },
        { "question": "Gamma?", "type": "ordering", "correctAnswer": ["g1", "g2"] },
    ] });
    owner.put(&format!("/quiz/{}", text(&quiz["id"])), &edit).await.expect(200);
    for (format, media, extension) in FORMATS {
        let file = owner.get(&path(&quiz, format)).await.expect(200);
        assert_eq!(file.header("content-type"), media);
        let kind = if format == "html" { "inline" } else { "attachment" };
        let wanted = format!("{kind}; filename=\"cells.{extension}\"; filename*=UTF-8''Cells.{extension}");
        assert_eq!(file.header("content-disposition"), wanted);
        assert!(file.header("content-security-policy").contains("default-src 'none'"));
        for part in ["Alpha?", "a2", "a4", "Why alpha", "Beta?", "b1", "b4", "Gamma?", "g1", "g2"] {
            assert!(file.text().contains(part), "{format} lacks {part}: {file}");
        }
    }
    owner.delete(&format!("/quiz/{}", text(&quiz["id"]))).await.expect(200);
    owner.get(&path(&quiz, "csv")).await.expect(200);
}

async fn a_name_does_no_harm_in_a_header(mix: Mix) {
    let owner = mix.learner().await;
    let quiz = quiz(&owner, 1).await;
    for (title, plain) in [("../\"a\"\r\nX: y", "a-x-y"), ("数学 🦀", "quiz"), ("%2e%2e;=", "2e-2e")] {
        let edit = json!({ "title": title });
        owner.put(&format!("/quiz/{}", text(&quiz["id"])), &edit).await.expect(200);
        for (format, _, extension) in FORMATS {
            let file = owner.get(&path(&quiz, format)).await.expect(200);
            let disposition = file.header("content-disposition");
            assert!(disposition.contains(&format!("filename=\"{plain}.{extension}\";")), "{disposition}");
        }
    }
}

async fn a_format_must_be_named(mix: Mix) {
    let owner = mix.learner().await;
    let quiz = quiz(&owner, 1).await;
    let bare = format!("/quiz/{}/export", text(&quiz["id"]));
    assert_fields(&owner.get(&bare).await, &["format"]);
    assert_fields(&owner.get(&path(&quiz, "docx")).await, &["format"]);
}

async fn nobody_exports_what_is_not_theirs(mix: Mix) {
    let (owner, other) = (mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 1).await;
    for (format, ..) in FORMATS {
        assert_problem(&other.get(&path(&quiz, format)).await, 404, "quiz.not_found");
    }
}
