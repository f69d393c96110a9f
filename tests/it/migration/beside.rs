//! The old backends go on reading and writing during and after the move, and everybody sees what the others wrote.

use std::sync::atomic::{AtomicBool, Ordering};

use harness::Client;
use mongodb::bson::{Bson, doc, oid::ObjectId};
use serde_json::{Value, json};

use crate::rig::{PASSWORD, Person, Rig, id, old_quiz, post_and_wait, register, stored, text};

/// What somebody wrote at an old backend: paths at ours, with what must be read there.
type Written = Vec<(String, Value)>;

/// One of everything that the old backend stores.
async fn write_one_of_each(person: &Person, number: usize) -> Written {
    let mut written = Vec::new();
    let note = json!({
        "title": format!("Note {number}"), "content": "Cells divide", "tags": ["Bio", "exam"],
        "metadata": { "category": "School" },
    });
    let stored = person.client.post("/notes", &note).await.expect(201).json;
    let shown = json!({
        "title": note["title"], "content": "Cells divide", "tags": ["Bio", "exam"], "category": "School",
        "createdAt": stored["createdAt"], "updatedAt": stored["updatedAt"],
    });
    written.push((format!("/notes/{}", id(&stored)), shown));
    let session = json!({
        "startTime": "2026-05-01T09:00:00.000Z", "durationMinutes": 25, "sessionType": "review",
        "subject": "Biology", "notes": "Mitosis",
    });
    let stored = person.client.post("/study-sessions", &session).await.expect(201).json;
    written.push((format!("/study-sessions/{}", id(&stored)), session));
    let quiz = person.client.post("/quiz", &old_quiz()).await.expect(201).json;
    let quiz_id = id(&quiz);
    let questions = json!([
        { "id": "q1", "question": "What is the powerhouse of the cell?", "correctAnswer": "Mitochondrion",
          "type": "multiple_choice", "points": 1.0 },
        { "id": "q2", "correctAnswer": "Nucleus", "options": ["Nucleus", "Membrane", "Ribosome", "Cytosol"] },
    ]);
    let shown = json!({ "topic": "Cells", "title": "Cells", "status": "active", "questions": questions });
    written.push((format!("/quiz/{quiz_id}?include=answers"), shown));
    let answers = json!({ "answers": { "q1": "Mitochondrion", "q2": "Ribosome" } });
    let attempt = person.client.post(&format!("/quiz/{quiz_id}/submit"), &answers).await.expect(201).json;
    let result = json!([{
        "attemptId": id(&attempt), "quizId": quiz_id, "score": 1.0, "percentage": 50.0, "totalQuestions": 2,
        "questionResults": [
            { "questionId": "q1", "userAnswer": "Mitochondrion", "isCorrect": true },
            { "questionId": "q2", "userAnswer": "Ribosome", "correctAnswer": "Nucleus", "isCorrect": false },
        ],
    }]);
    written.push((format!("/quiz/attempts/{quiz_id}"), result));
    written
}

/// Whether a value has everything that is wanted of it.
pub fn has(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| value.get(name).is_some_and(|value| has(value, wanted)))
        }
        (Value::Array(values), Value::Array(wanted)) => {
            values.len() == wanted.len()
                && values.iter().zip(wanted).all(|(value, wanted)| has(value, wanted))
        }
        (Value::Number(value), Value::Number(wanted)) => value.as_f64() == wanted.as_f64(),
        _ => value == wanted,
    }
}

async fn all_is_read(client: &Client, written: &Written) {
    for (path, wanted) in written {
        let read = client.get(path).await.expect(200);
        assert!(has(&read.json, wanted), "{path}: {read} lacks {wanted}");
    }
}

#[tokio::test]
async fn what_the_old_backend_writes_before_during_and_after_the_move_is_served() {
    let rig = Rig::new().await;
    let (nest, app) = tokio::join!(rig.nest(), rig.app());
    let person = register(&nest, json!({})).await;
    let ours = app.client().with_token(&person.token);
    let mut written = Written::new();
    for number in 0..30 {
        written.extend(write_one_of_each(&person, number).await);
    }
    all_is_read(&ours, &written).await;

    let (over, migrate) = (AtomicBool::new(false), rig.migrate());
    let apply = async {
        // Slow enough that much is written meanwhile.
        let ran = migrate.done(&["apply", "--rate", "100"]).await;
        over.store(true, Ordering::Relaxed);
        ran
    };
    let write = async {
        let mut meanwhile = Written::new();
        while !over.load(Ordering::Relaxed) {
            meanwhile.extend(write_one_of_each(&person, 100 + meanwhile.len()).await);
            let (path, wanted) = &meanwhile[0];
            let read = person.client.get(path).await.expect(200);
            assert_eq!(read.json["title"], wanted["title"]);
        }
        meanwhile
    };
    let (ran, meanwhile) = tokio::join!(apply, write);
    assert!(ran.count("changed", None) >= 60, "{:?}", ran.report());
    assert!(!meanwhile.is_empty());
    written.extend(meanwhile);
    written.extend(write_one_of_each(&person, 1000).await);
    all_is_read(&ours, &written).await;

    // What was written meanwhile is moved by the next run, and then there is nothing more to do.
    migrate.done(&["apply"]).await;
    let again = migrate.done(&["apply"]).await;
    assert_eq!((again.count("changed", None), again.count("copied", None)), (0, 0));
    let checked = migrate.done(&["validate", "--strict"]).await;
    assert_eq!(checked.count("documents", None), checked.count("identical", None));
    all_is_read(&ours, &written).await;
    let stats = ours.get("/users/me/stats").await.expect(200).json;
    let attempts = written.iter().filter(|(path, _)| path.starts_with("/quiz/attempts")).count();
    assert_eq!(stats["quizzesCompleted"], attempts);
    assert_eq!(stats["totalStudyTime"], 25 * attempts);
    let account = stored(&rig.collection("users").await, &person.id).await;
    assert_eq!(account.get("quizzesCompleted"), Some(&Bson::Int32(attempts as i32)));
    assert_eq!(account.get("totalStudyTime"), Some(&Bson::Int32(25 * attempts as i32)));
    assert_eq!(account.get("averageQuizScore"), Some(&Bson::Int32(50)));
}

#[tokio::test]
async fn what_we_write_is_read_and_changed_by_the_old_backend() {
    let rig = Rig::new().await;
    let (nest, app) = tokio::join!(rig.nest(), rig.app());
    let person = register(&nest, json!({})).await;
    rig.migrate().done(&["apply"]).await;
    let ours = app.client().with_token(&person.token);
    let old = &person.client;

    let note = json!({ "title": "Ours", "content": "Cells", "tags": ["bio"], "category": "School" });
    let note_id = id(&ours.post("/notes", &note).await.expect(201).json);
    let read = old.get(&format!("/notes/{note_id}")).await.expect(200).json;
    assert!(has(&read, &json!({ "title": "Ours", "tags": ["bio"], "metadata": { "category": "School" } })));
    let change = json!({ "title": "Theirs", "tags": ["chem"], "metadata": { "category": "Home" } });
    old.put(&format!("/notes/{note_id}"), &change).await.expect(200);
    let read = ours.get(&format!("/notes/{note_id}")).await.expect(200).json;
    assert!(has(&read, &json!({ "title": "Theirs", "tags": ["chem"], "category": "Home" })), "{read}");
    let tagged = ours.get("/notes?tag=chem&category=Home").await.expect(200).json;
    assert_eq!(tagged.as_array().unwrap().len(), 1);
    // What followed from what they removed goes with it.
    let their_note = json!({ "title": "Theirs", "metadata": { "category": "School" } });
    let their_id = id(&old.post("/notes", &their_note).await.expect(201).json);
    rig.migrate().done(&["apply"]).await;
    old.put(&format!("/notes/{their_id}"), &json!({ "metadata": { "colour": "red" } })).await.expect(200);
    rig.migrate().done(&["apply"]).await;
    let read = ours.get(&format!("/notes/{their_id}")).await.expect(200).json;
    assert_eq!((read.get("category"), &read["metadata"]), (None, &json!({ "colour": "red" })));
    rig.migrate().done(&["validate", "--strict"]).await;

    let session = json!({ "startTime": "2026-05-01T09:00:00.000Z", "durationMinutes": 50, "subject": "Bio" });
    let session_id = id(&ours.post("/study-sessions", &session).await.expect(201).json);
    let read = old.get(&format!("/study-sessions/{session_id}")).await.expect(200).json;
    assert!(has(&read, &session), "{read}");

    let ask = json!({
        "inputMethod": "text", "questionCount": 4,
        "textContent": include_str!("../../fixtures/pdf/lecture.txt").chars().take(6000).collect::<String>(),
    });
    let quiz = post_and_wait(&ours, "/quiz/generate", &ask).await;
    let (quiz_id, questions) = (id(&quiz), quiz["questions"].as_array().unwrap().len());
    let read = old.get(&format!("/quiz/{quiz_id}")).await.expect(200).json;
    assert_eq!(read["questions"].as_array().unwrap().len(), questions);
    let keys: Vec<&Value> = read["correctAnswers"].as_array().unwrap().iter().collect();
    assert_eq!(keys.len(), questions);
    // The old backend marks by the text of the key.
    let asked = read["questions"].as_array().unwrap().iter().map(|question| text(&question["id"]).to_owned());
    let answers: serde_json::Map<_, _> = asked.zip(keys.into_iter().cloned()).collect();
    let marked =
        old.post(&format!("/quiz/{quiz_id}/submit"), &json!({ "answers": answers })).await.expect(201);
    assert_eq!(marked.json["percentage"], 100);
    let results = ours.get(&format!("/quiz/attempts/{quiz_id}")).await.expect(200).json;
    assert!(has(&results, &json!([{ "attemptId": id(&marked.json), "percentage": 100.0 }])), "{results}");

    let mine = ours.post("/quiz/submit", &json!({ "quizId": quiz_id, "answers": answers })).await.expect(200);
    let history = old.get(&format!("/quiz/user/{}/history", person.id)).await.expect(200).json;
    let ids: Vec<String> = history.as_array().unwrap().iter().map(id).collect();
    assert!(ids.contains(&text(&mine.json["attemptId"]).to_owned()), "{history}");

    let me = json!({ "name": "Renamed", "username": format!("renamed-{}", harness::unique()) });
    ours.put("/users/me", &me).await.expect(200);
    assert_eq!(old.get("/auth/me").await.expect(200).json["name"], "Renamed");
}

#[tokio::test]
async fn a_quiz_that_the_old_backend_changes_after_the_move_is_served_as_changed() {
    let rig = Rig::new().await;
    let (nest, app) = tokio::join!(rig.nest(), rig.app());
    let person = register(&nest, json!({})).await;
    let quiz_id = id(&person.client.post("/quiz", &old_quiz()).await.expect(201).json);
    rig.migrate().done(&["apply"]).await;
    let ours = app.client().with_token(&person.token);
    let mut change = old_quiz();
    change["questions"][0]["question"] = json!("What makes ATP?");
    change["correctAnswers"][1] = json!("Cytosol");
    person.client.put(&format!("/quiz/{quiz_id}"), &change).await.expect(200);
    let read = ours.get(&format!("/quiz/{quiz_id}?include=answers")).await.expect(200).json;
    let wanted = json!([
        { "id": "q1", "question": "What makes ATP?", "correctAnswer": "Mitochondrion" },
        { "id": "q2", "question": "Where is DNA kept?", "correctAnswer": "Cytosol" },
    ]);
    assert!(has(&read["questions"], &wanted), "{read}");
    let more = json!({ "status": "archived", "topic": "Cell biology" });
    person.client.put(&format!("/quiz/{quiz_id}"), &more).await.expect(200);
    assert_eq!(ours.get(&format!("/quiz/{quiz_id}")).await.expect(200).json["status"], "archived");
    // A title that nobody chose follows the topic.
    rig.migrate().done(&["apply"]).await;
    let read = ours.get(&format!("/quiz/{quiz_id}")).await.expect(200).json;
    assert!(has(&read, &json!({ "title": "Cell biology", "topic": "Cell biology" })), "{read}");
}

#[tokio::test]
async fn an_email_that_the_old_backend_changes_leads_to_its_account() {
    let rig = Rig::new().await;
    let (nest, app) = tokio::join!(rig.nest(), rig.app());
    let person = register(&nest, json!({})).await;
    rig.migrate().done(&["apply"]).await;
    let changed = format!("new-{}", person.email);
    let users = rig.collection("users").await;
    let id = ObjectId::parse_str(&person.id).unwrap();
    let update = doc! { "$set": { "email": &changed } };
    users.update_one(doc! { "_id": id }, update).await.unwrap();
    let login = |email: &str| json!({ "email": email, "password": PASSWORD });
    app.client().post("/auth/login", &login(&person.email)).await.expect(401);
    app.client().post("/auth/login", &login(&changed.to_uppercase())).await.expect(200);
    // The old one is free for somebody else.
    let account = json!({ "name": "Another", "email": person.email, "password": PASSWORD });
    app.client().post("/auth/register", &account).await.expect(201);
}
