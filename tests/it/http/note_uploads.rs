//! Files that become notes, and notes that become quizzes.

use harness::Client;
use harness::client::{Reply, Upload};
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    json_makes_a_note_as_elsewhere,
    a_text_file_becomes_a_note,
    a_note_is_named_by_the_form_the_first_line_or_the_file,
    what_is_no_text_is_refused,
    a_pdf_becomes_a_note_by_a_job,
    scanned_pages_are_read_where_tesseract_is_installed,
    who_waits_gets_the_note,
    who_waits_gets_the_problem_of_the_pdf,
    a_locked_pdf_opens_with_its_password_which_is_forgotten,
    a_form_has_limits,
    notes_become_a_quiz,
    a_quiz_asks_about_notes_as_they_were,
    notes_for_a_quiz_must_be_there_and_say_something,
);

fn file(name: &str, bytes: impl Into<Vec<u8>>) -> Upload {
    Upload::new(name, "application/octet-stream", bytes.into())
}

async fn upload(client: &Client, fields: &[(&str, &str)], file: Upload) -> Reply {
    client.upload("/notes/upload", fields, file).await
}

async fn json_makes_a_note_as_elsewhere(mix: Mix) {
    let learner = mix.learner().await;
    let note = json!({ "title": "Cells", "content": "small", "tags": ["bio"], "metadata": { "a": 1 } });
    let made = learner.post("/notes/upload", &note).await.expect(201);
    assert_eq!(made.header("location"), format!("/notes/{}", made.id()));
    assert_eq!((&made.json["content"], &made.json["metadata"]), (&json!("small"), &json!({ "a": 1 })));
    assert_fields(&learner.post("/notes/upload", &json!({ "title": "" })).await, &["title"]);
    let plain = learner.request(Method::POST, "/notes/upload").header("Content-Type", "text/plain").body("x");
    assert_problem(&learner.send(plain).await, 415, "body.unsupported_type");
}

async fn a_text_file_becomes_a_note(mix: Mix) {
    let learner = mix.learner().await;
    let fields = [("title", "Week 1"), ("tags", "Bio, exam"), ("tags", "bio"), ("category", "School")];
    let text = "# Cells\r\n\r\nare «small» 🌱.\n";
    let made = upload(&learner, &fields, file("week.md", text)).await.expect(201);
    for (name, value) in [
        ("title", json!("Week 1")),
        ("content", json!(text)),
        ("tags", json!(["Bio", "exam"])),
        ("category", json!("School")),
    ] {
        assert_eq!(made.json[name], value, "{made}");
    }
    assert_eq!(learner.get(made.header("location")).await.expect(200).json, made.json);
    let marked = upload(&learner, &[], file("week.txt", "\u{feff}First line\nsecond")).await.expect(201);
    assert_eq!(marked.json["content"], "First line\nsecond");
    let large = "é ".repeat((1 << 20) / 3);
    let made = upload(&learner, &[], file("large.txt", large.clone())).await.expect(201);
    assert!(made.json["content"] == large.as_str());
}

async fn a_note_is_named_by_the_form_the_first_line_or_the_file(mix: Mix) {
    let learner = mix.learner().await;
    for (fields, name, text, title) in [
        (vec![("title", " Form ")], "file.md", "# Heading", "Form"),
        (vec![], "file.md", "---\n\n## Heading ##\ntext", "Heading"),
        (vec![], "file.txt", "\n  First line \nsecond", "First line"),
        (vec![], "week 1.md", "***\n---", "week 1"),
        (vec![], ".md", "***", "Untitled"),
    ] {
        let made = upload(&learner, &fields, file(name, text)).await.expect(201);
        assert_eq!(made.json["title"], title, "{name}");
    }
}

async fn what_is_no_text_is_refused(mix: Mix) {
    let learner = mix.learner().await;
    for (bytes, status, code) in [
        (vec![], 400, "file.empty"),
        (b" \n\xef\xbb\xbf".to_vec(), 201, ""),
        (b"\xef\xbb\xbf \n".to_vec(), 400, "file.empty"),
        (b"caf\xe9".to_vec(), 415, "file.not_text"),
        (b"\xff\xfea\0b\0".to_vec(), 415, "file.not_text"),
        (b"text\0".to_vec(), 415, "file.not_text"),
        (b"\x89PNG\r\n\x1a\n".to_vec(), 415, "file.not_text"),
        ("x".repeat((1 << 20) + 1).into_bytes(), 413, "file.too_large"),
    ] {
        let reply = upload(&learner, &[], file("notes.txt", bytes)).await;
        if status == 201 {
            reply.expect(201);
        } else {
            assert_problem(&reply, status, code);
        }
    }
    let reply = learner.upload(
        "/notes/upload",
        &[("title", "x")],
        Upload { field: "other".into(), ..file("a.md", "x") },
    );
    assert_fields(&reply.await, &["file"]);
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

async fn a_pdf_becomes_a_note_by_a_job(mix: Mix) {
    let learner = mix.learner().await;
    let fields =
        [("pages", "2-3"), ("tags", "bio"), ("category", "School"), ("title", "Pages two and three")];
    let job = upload(&learner, &fields, fixture("lecture.pdf")).await.expect(202);
    assert_eq!(
        (&job.json["kind"], job.header("location")),
        (&json!("pdf.extract"), format!("/jobs/{}", job.id()).as_str())
    );
    let job = learner.wait_job(job.id()).await;
    assert_eq!((&job["status"], &job["notices"]), (&json!("succeeded"), &json!([])), "{job:#}");
    assert_eq!((&job["result"]["type"], &job["progress"]["percent"]), (&json!("note"), &json!(100)));
    let note = learner.get(text(&job["result"]["url"])).await.expect(200).json;
    assert_eq!(note["id"], job["result"]["id"]);
    for (name, value) in
        [("title", json!("Pages two and three")), ("tags", json!(["bio"])), ("category", json!("School"))]
    {
        assert_eq!(note[name], value, "{note:#}");
    }
    let (content, pages) = (words(text(&note["content"])), lecture_pages());
    assert!(content.starts_with(&words(&pages[1])) && !text(&note["content"]).contains(&pages[3][..40]));
    let found = learner.get("/notes?search=bio").await.expect(200).json;
    assert_eq!(found[0]["id"], note["id"]);
}

async fn scanned_pages_are_read_where_tesseract_is_installed(mix: Mix) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_installed = std::env::split_paths(&path).any(|folder| folder.join("tesseract").is_file());
    for (ocr, scan_is_read) in [("auto", is_installed), ("off", false)] {
        let app = mix.start(Mix::options().env("OCR", ocr)).await;
        let learner = app.client().register().await;
        let job = upload(&learner, &[], fixture("mixed.pdf")).await.expect(202);
        let job = learner.wait_job(job.id()).await;
        assert_eq!((&job["status"], &job["notices"]), (&json!("succeeded"), &json!([])), "{job:#}");
        let note = learner.get(text(&job["result"]["url"])).await.expect(200).json;
        let content = text(&note["content"]);
        assert!(content.contains("The first page was written"), "{content}");
        assert_eq!(content.contains("Leaves turn light into sugar."), scan_is_read, "{ocr}: {content}");
    }
}

async fn waiting(client: &Client, fixture: Upload) -> Reply {
    let part = reqwest::multipart::Part::bytes(fixture.bytes.to_vec()).file_name(fixture.name);
    let form = reqwest::multipart::Form::new().part("file", part);
    let request = client.request(Method::POST, "/notes/upload").header("Prefer", "wait=100");
    client.send(request.multipart(form)).await
}

async fn who_waits_gets_the_note(mix: Mix) {
    let learner = mix.learner().await;
    let made = waiting(&learner, fixture("lecture.pdf")).await.expect(201);
    assert_eq!(made.header("location"), format!("/notes/{}", made.id()));
    assert!(!text(&made.json["title"]).is_empty(), "{made}");
    assert_eq!(words(text(&made.json["content"])), words(LECTURE));
    assert_eq!(learner.get(made.header("location")).await.expect(200).json, made.json);
}

async fn who_waits_gets_the_problem_of_the_pdf(mix: Mix) {
    let learner = mix.learner().await;
    for (name, code) in
        [("scan.pdf", "pdf.no_text"), ("encrypted.pdf", "pdf.encrypted"), ("damaged.pdf", "pdf.damaged")]
    {
        assert_problem(&waiting(&learner, fixture(name)).await, 422, code);
    }
    assert_eq!(learner.get("/notes").await.expect(200).json, json!([]));
}

async fn a_locked_pdf_opens_with_its_password_which_is_forgotten(mix: Mix) {
    let learner = mix.learner().await;
    let job = upload(&learner, &[("password", "open sesame")], fixture("encrypted.pdf")).await.expect(202);
    let job = learner.wait_job(job.id()).await;
    assert_eq!(job["status"], "succeeded", "{job:#}");
    let id = text(&job["id"]).parse().unwrap();
    let stored = mix.store().await.job(id).await.unwrap().expect("the job");
    assert!(!stored.payload.to_string().contains("sesame"), "{}", stored.payload);
    let wrong = upload(&learner, &[("password", "wrong")], fixture("encrypted.pdf")).await.expect(202);
    let wrong = learner.wait_job(wrong.id()).await;
    assert_eq!((&wrong["status"], &wrong["error"]["code"]), (&json!("failed"), &json!("pdf.encrypted")));
}

async fn a_form_has_limits(mix: Mix) {
    let learner = mix.learner().await;
    let long = |length: usize| "x".repeat(length);
    let tags: Vec<String> = (0..21).map(|number| number.to_string()).collect();
    for (name, value, field) in [
        ("title", long(201), "title"),
        ("category", long(101), "category"),
        ("tags", long(51), "tags[0]"),
        ("tags", tags.join(","), "tags"),
        ("pages", "x".to_owned(), "pages"),
        ("password", long(257), "password"),
    ] {
        assert_fields(&upload(&learner, &[(name, &value)], fixture("lecture.pdf")).await, &[field]);
    }
    assert_eq!(learner.get("/jobs").await.header("x-total-count"), "0");
}

async fn note(client: &Client, title: &str, content: &str) -> Value {
    client.post("/notes", &json!({ "title": title, "content": content })).await.expect(201).json
}

async fn notes_become_a_quiz(mix: Mix) {
    let learner = mix.learner().await;
    let pages = lecture_pages();
    let first = note(&learner, "Page one", &pages[0]).await;
    let second = note(&learner, "Page two", &pages[1]).await;
    let ask = json!({
        "inputMethod": "notes", "noteIds": [second["id"], first["id"], second["id"]], "questionCount": 6, "topic": "Cells",
    });
    let quiz = post_and_wait(&learner, "/quiz/generate", &ask).await.expect(201).json;
    assert_eq!((items(&quiz["questions"]).len(), &quiz["topic"]), (6, &json!("Cells")));
    // Every quote stands in the notes, in the order in which they were named, each under its title.
    let source = format!("# Page two\n\n{}\n\n# Page one\n\n{}", pages[1].trim(), pages[0].trim());
    let characters: Vec<char> = source.chars().collect();
    let keyed = with_answers(&learner, text(&quiz["id"])).await;
    for question in items(&keyed["questions"]) {
        let at = |name: &str| question["source"][name].as_u64().map(|n| n as usize).expect("a number");
        let quote: String = characters[at("start")..at("end")].iter().collect();
        assert_eq!(text(&question["source"]["quote"]), quote);
    }
    let untold = json!({ "inputMethod": "notes", "noteIds": [first["id"]], "questionCount": 2 });
    let quiz = post_and_wait(&learner, "/quiz/generate", &untold).await.expect(201).json;
    assert_eq!(quiz["topic"], "Page one");
}

async fn a_quiz_asks_about_notes_as_they_were(mix: Mix) {
    let learner = mix.learner().await;
    let note = note(&learner, "Page one", &lecture_pages()[0]).await;
    let ask =
        json!({ "inputMethod": "notes", "noteIds": [note["id"]], "questionCount": 2, "notBefore": FAR });
    let job = learner.post("/quiz/generate", &ask).await.expect(202).json;
    let path = format!("/notes/{}", text(&note["id"]));
    learner.put(&path, &json!({ "content": "nothing" })).await.expect(200);
    learner.delete(&path).await.expect(200);
    for action in ["cancel", "retry"] {
        learner.post(&format!("/jobs/{}/{action}", text(&job["id"])), &json!({})).await.expect(200);
    }
    let job = learner.wait_job(text(&job["id"])).await;
    assert_eq!(job["status"], "succeeded", "{job:#}");
}

async fn notes_for_a_quiz_must_be_there_and_say_something(mix: Mix) {
    let (learner, other) = (mix.learner().await, mix.learner().await);
    let long = note(&learner, "Long", &lecture_pages()[0]).await;
    let short = note(&learner, &"A long title ".repeat(10), "Too short.").await;
    let deleted = note(&learner, "Deleted", &lecture_pages()[0]).await;
    learner.delete(&format!("/notes/{}", text(&deleted["id"]))).await.expect(200);
    let foreign = note(&other, "Foreign", &lecture_pages()[0]).await;
    let ask = async |ids: Value| {
        learner
            .post("/quiz/generate", &json!({ "inputMethod": "notes", "noteIds": ids, "notBefore": FAR }))
            .await
    };
    for missing in [&deleted, &foreign] {
        assert_problem(&ask(json!([long["id"], missing["id"]])).await, 404, "note.not_found");
    }
    assert_fields(&ask(json!([short["id"]])).await, &["noteIds"]);
    assert_fields(&ask(json!([])).await, &["noteIds"]);
    assert_fields(&ask(json!(vec![&long["id"]; 51])).await, &["noteIds"]);
    assert_fields(&ask(json!(["x"])).await, &["noteIds[0]"]);
    assert_fields(&ask(Value::Null).await, &["noteIds"]);
    ask(json!([short["id"], long["id"]])).await.expect(202);
    let pdf = json!({ "inputMethod": "pdf", "noteIds": [long["id"]] });
    assert_fields(&learner.post("/quiz/generate", &pdf).await, &["inputMethod"]);
    assert_eq!(learner.get("/jobs").await.header("x-total-count"), "1");
}
