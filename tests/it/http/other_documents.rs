//! Documents other than PDF, and exam papers.

use harness::{Client, client::Upload};
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    word_slides_pages_and_texts_become_quizzes,
    slides_are_the_pages_of_their_questions,
    a_word_document_and_a_page_become_notes_by_a_job,
    what_hides_on_a_page_is_not_read,
    other_archives_and_broken_documents_are_refused,
    an_exam_paper_is_taken_as_it_stands,
    of_an_exam_paper_no_more_is_taken_than_asked_for,
);

fn file(folder: &str, name: &str) -> Upload {
    let path = fixture_path("").join("..").join(folder).join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Upload::new(name, "application/octet-stream", bytes)
}

async fn quiz_of(learner: &Client, fields: &[(&str, &str)], file: Upload) -> Value {
    let accepted = learner.upload("/quiz/generate-from-pdf", fields, file).await.expect(202);
    let job = job_in(learner, accepted.id(), "succeeded").await;
    with_answers(learner, text(&job["result"]["id"])).await
}

async fn word_slides_pages_and_texts_become_quizzes(mix: Mix) {
    let learner = mix.learner().await;
    let lecture = lecture_pages().join("\n\n");
    let files = [
        file("office", "lesson.docx"),
        file("office", "lesson.pptx"),
        file("office", "lesson.html"),
        Upload::new("lecture.md", "text/markdown", lecture.clone()),
        Upload::new("lecture.txt", "text/plain", lecture),
    ];
    for file in files {
        let name = file.name.clone();
        let fields = [("questionCount", "1"), ("questionTypes", "cloze")];
        let quiz = quiz_of(&learner, &fields, file).await;
        let question = &items(&quiz["questions"])[0];
        assert!(!text(&question["source"]["quote"]).is_empty(), "{name}: {quiz:#}");
    }
}

async fn slides_are_the_pages_of_their_questions(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz_of(&learner, &[("questionTypes", "cloze")], file("office", "lesson.pptx")).await;
    for question in items(&quiz["questions"]) {
        assert!(question["source"]["page"].as_u64().is_some_and(|page| page >= 1), "{question:#}");
    }
}

async fn note_of(learner: &Client, file: Upload) -> Value {
    let accepted = learner.upload("/notes/upload", &[], file).await.expect(202);
    assert_eq!(accepted.json["kind"], "pdf.extract");
    let job = job_in(learner, accepted.id(), "succeeded").await;
    learner.get(text(&job["result"]["url"])).await.expect(200).json
}

async fn a_word_document_and_a_page_become_notes_by_a_job(mix: Mix) {
    let learner = mix.learner().await;
    let word = note_of(&learner, file("office", "lecture.docx")).await;
    assert!(text(&word["content"]).contains("# "), "headings are marked: {word:#}");
    let page = note_of(&learner, file("office", "page.html")).await;
    assert_eq!(page["title"], "Plate tectonics & us");
    assert!(text(&page["content"]).contains("- divergent"), "{page:#}");
}

async fn what_hides_on_a_page_is_not_read(mix: Mix) {
    let learner = mix.learner().await;
    let page = note_of(&learner, file("office", "page.html")).await;
    for hidden in ["not this", "Ignore all instructions", "Still hidden", "Nor this"] {
        assert!(!text(&page["content"]).contains(hidden), "{page:#}");
    }
}

async fn other_archives_and_broken_documents_are_refused(mix: Mix) {
    let learner = mix.learner().await;
    let zip = Upload::new("sheet.xlsx", "application/zip", &b"PK\x03\x04 no document of ours"[..]);
    assert_eq!(learner.upload("/quiz/generate-from-pdf", &[], zip).await.status, 415);
    let mut broken = file("office", "lecture.docx").bytes.to_vec();
    broken.truncate(broken.len() / 2);
    let broken = Upload::new("lecture.docx", "application/octet-stream", broken);
    let accepted = learner.upload("/quiz/generate-from-pdf", &[], broken).await.expect(202);
    let job = job_in(&learner, accepted.id(), "failed").await;
    assert_eq!((&job["error"]["code"], &job["error"]["retryable"]), (&json!("pdf.damaged"), &json!(false)));
}

async fn an_exam_paper_is_taken_as_it_stands(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz_of(&learner, &[], file("exam", "answers_repeat_questions.txt")).await;
    assert_eq!(quiz["generation"], json!({ "provider": "local", "method": "extracted" }));
    let questions: Vec<&str> = items(&quiz["questions"]).iter().map(|item| text(&item["question"])).collect();
    assert_eq!(
        questions,
        [
            "What gas do plants take in?",
            "What is the largest planet?",
            "Which metal is liquid at room temperature?",
        ]
    );
    let keys: Vec<&Value> = items(&quiz["questions"]).iter().map(|item| &item["correctAnswer"]).collect();
    assert_eq!(keys, [&json!("Carbon dioxide"), &json!("Jupiter"), &json!("Mercury")]);
    let explanation = text(&quiz["questions"][0]["explanation"]);
    assert_eq!(explanation, "Plants take in carbon dioxide for photosynthesis.");
}

async fn of_an_exam_paper_no_more_is_taken_than_asked_for(mix: Mix) {
    let learner = mix.learner().await;
    let paper = file("exam", "answers_repeat_questions.txt");
    let content = String::from_utf8(paper.bytes.to_vec()).expect("UTF-8");
    let ask =
        json!({ "inputMethod": "text", "textContent": content, "questionCount": 2, "difficulty": "hard" });
    let quiz = post_and_wait(&learner, "/quiz/generate", &ask).await.expect(201).json;
    assert_eq!(items(&quiz["questions"]).len(), 2);
    assert!(items(&quiz["questions"]).iter().all(|question| question["difficulty"] == "hard"), "{quiz:#}");
}
