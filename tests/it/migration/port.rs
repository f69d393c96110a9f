//! What the port wrote in its own shape is served as everything else is, and each attempt once.

use mongodb::bson::{doc, oid::ObjectId};
use serde_json::{Value, json};

use crate::{
    beside::has,
    rig::{PASSWORD, Person, Rig, id, old_quiz, register, stored},
};

fn ported_quiz() -> Value {
    let mut quiz = old_quiz();
    let answers = quiz.as_object_mut().unwrap().remove("correctAnswers").unwrap();
    quiz["correct_answers"] = answers;
    quiz
}

/// Submits one right and one wrong answer at the port; quiz and attempt.
async fn attempt(person: &Person) -> (String, String) {
    let quiz = id(&person.client.post("/quiz", &ported_quiz()).await.expect(201).json);
    let answers = json!({ "answers": { "q1": "Mitochondrion", "q2": "Ribosome" } });
    let attempt = person.client.post(&format!("/quiz/{quiz}/submit"), &answers).await.expect(201).json;
    person.client.post(&format!("/quiz/{quiz}/start"), &json!({})).await.expect(201);
    (quiz, id(&attempt))
}

#[tokio::test]
async fn attempts_are_served_before_and_after_the_move_and_never_twice() {
    let rig = Rig::new().await;
    let (beanie, nest, app) = tokio::join!(rig.beanie(), rig.nest(), rig.app());
    let person = register(&beanie, json!({})).await;
    let ours = app.client().with_token(&person.token);
    let mut attempts = Vec::new();
    for stage in ["before", "served before", "after", "served after"] {
        attempts.push(attempt(&person).await);
        if stage == "after" {
            let ran = rig.migrate().done(&["apply"]).await;
            // The first two were copied when they were asked for.
            assert_eq!(ran.count("copied", Some("quiz_attempts")), 1);
        }
        if stage == "before" {
            continue;
        }
        for (quiz, attempt) in &attempts {
            let results = ours.get(&format!("/quiz/attempts/{quiz}")).await.expect(200).json;
            let wanted = json!([{
                "attemptId": attempt, "quizId": quiz, "score": 1.0, "maxScore": 2.0, "percentage": 50.0,
                "questionResults": [
                    { "questionId": "q1", "isCorrect": true },
                    { "questionId": "q2", "userAnswer": "Ribosome", "correctAnswer": "Nucleus", "isCorrect": false },
                ],
            }]);
            assert!(has(&results, &wanted), "{stage}: {results}");
        }
        let stats = ours.get("/users/me/stats").await.expect(200).json;
        assert_eq!(stats["quizzesCompleted"], attempts.len(), "{stage}");
        if stage.ends_with("after") {
            let quiz = ours.get(&format!("/quiz/{}", attempts[0].0)).await.expect(200).json;
            assert_eq!((&quiz["totalAttempts"], quiz["averageScore"].as_f64()), (&json!(1), Some(50.0)));
        }
        let old = nest.client().get(&format!("/quiz/user/{}/history", person.id)).await.expect(200).json;
        assert_eq!(
            old.as_array().unwrap().len(),
            attempts.len(),
            "{stage}: the old backend reads the copies"
        );
    }
    // The next attempt at one of them is the second.
    let next = ours.post("/quiz/attempt", &json!({ "quizId": attempts[0].0 })).await.expect(201).json;
    assert_eq!(next["attemptNumber"], 2);
    let sources = rig.collection("quiz_attempts").await;
    assert_eq!(sources.count_documents(doc! {}).await.unwrap(), 8, "the sources stay");
    rig.migrate().done(&["apply"]).await;
    rig.migrate().done(&["rollback"]).await;
    assert_eq!(sources.count_documents(doc! {}).await.unwrap(), 8);
    let copies = rig.collection("quizattempts").await;
    assert_eq!(copies.count_documents(doc! {}).await.unwrap(), 0);
}

#[tokio::test]
async fn notes_sessions_and_quizzes_are_served_before_and_after_the_move() {
    let rig = Rig::new().await;
    let (beanie, nest, app) = tokio::join!(rig.beanie(), rig.nest(), rig.app());
    let person = register(&beanie, json!({ "role": "teacher" })).await;
    let ours = app.client().with_token(&person.token);
    for stage in ["before", "after"] {
        let note = json!({ "title": "Ported", "content": "Cells", "tags": ["Bio"] });
        let note_id = id(&person.client.post("/notes", &note).await.expect(201).json);
        assert!(has(&ours.get(&format!("/notes/{note_id}")).await.expect(200).json, &note), "{stage}");
        let session = json!({ "start_time": "2026-05-01T09:00:00Z", "duration_minutes": 25 });
        person.client.post("/study-sessions", &session).await.expect(201);
        let quiz_id = id(&person.client.post("/quiz", &ported_quiz()).await.expect(201).json);
        let quiz = ours.get(&format!("/quiz/{quiz_id}?include=answers")).await.expect(200).json;
        let keys = json!([{ "correctAnswer": "Mitochondrion" }, { "correctAnswer": "Nucleus" }]);
        assert!(has(&quiz["questions"], &keys), "{stage}: {quiz}");
        // Without an owner, it is nobody's.
        let anonymous = beanie.client().post("/quiz", &ported_quiz()).await.expect(201).json;
        assert_eq!(anonymous["created_by"], Value::Null);
        let mine = ours.get("/quiz?limit=100").await.expect(200).json;
        assert!(!mine.as_array().unwrap().iter().any(|quiz| quiz["id"] == anonymous["id"]), "{stage}");
        if stage == "before" {
            rig.migrate().done(&["apply"]).await;
        }
    }
    assert_eq!(ours.get("/notes").await.expect(200).json.as_array().unwrap().len(), 2);
    assert_eq!(ours.get("/quiz").await.expect(200).json.as_array().unwrap().len(), 2);
    let sessions = ours.get("/study-sessions").await.expect(200).json;
    let one = json!({ "startTime": "2026-05-01T09:00:00.000Z", "durationMinutes": 25, "completed": true });
    assert!(has(&sessions, &json!([one, one])), "{sessions}");
    assert_eq!(ours.get("/auth/me").await.expect(200).json["role"], "teacher");

    // A note of the old backend that the port changed has both shapes.
    let writer = register(&nest, json!({})).await;
    let note = json!({ "title": "First", "tags": ["a"], "metadata": { "category": "School" } });
    let note_id = id(&writer.client.post("/notes", &note).await.expect(201).json);
    let at_the_port = beanie.client().with_token(&writer.token);
    at_the_port.put(&format!("/notes/{note_id}"), &json!({ "title": "Changed" })).await.expect(200);
    let ours = app.client().with_token(&writer.token);
    let read = ours.get(&format!("/notes/{note_id}")).await.expect(200).json;
    assert!(has(&read, &json!({ "title": "Changed", "tags": ["a"], "category": "School" })), "{read}");
    rig.migrate().done(&["apply"]).await;
    assert_eq!(ours.get(&format!("/notes/{note_id}")).await.expect(200).json, read);
    let checked = rig.migrate().done(&["validate", "--strict"]).await;
    assert_eq!(checked.count("failed", None), 0);
}

#[tokio::test]
async fn an_account_that_the_port_shuts_is_shut() {
    let rig = Rig::new().await;
    let (beanie, app) = tokio::join!(rig.beanie(), rig.app());
    let person = register(&beanie, json!({})).await;
    rig.migrate().done(&["apply"]).await;
    let users = rig.collection("users").await;
    assert!(stored(&users, &person.id).await.get_bool("isActive").unwrap());
    let this = doc! { "_id": ObjectId::parse_str(&person.id).unwrap() };
    users.update_one(this, doc! { "$set": { "is_active": false } }).await.unwrap();
    let login = json!({ "email": person.email, "password": PASSWORD });
    app.client().post("/auth/login", &login).await.expect(403);
    let again = rig.migrate().done(&["apply"]).await;
    assert_eq!(again.count("changed", Some("users")), 1);
    assert!(!stored(&users, &person.id).await.get_bool("isActive").unwrap());
    rig.migrate().done(&["rollback"]).await;
    assert!(!stored(&users, &person.id).await.contains_key("isActive"));
}
