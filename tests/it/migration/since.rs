//! What `rollback` takes away, and what it keeps.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};
use serde_json::json;

use crate::{
    beside::has,
    rig::{Rig, id, old_quiz, register, stored, text},
};

const COLLECTIONS: [&str; 7] =
    ["users", "quizzes", "quizattempts", "quiz_attempts", "notes", "studysessions", "userperformances"];

/// Every document, in the order of its fields.
async fn everything(rig: &Rig) -> BTreeMap<(String, String), Vec<u8>> {
    let mut all = BTreeMap::new();
    for name in COLLECTIONS {
        let found: Vec<Document> =
            rig.collection(name).await.find(doc! {}).await.unwrap().try_collect().await.unwrap();
        for doc in found {
            all.insert((name.to_owned(), doc.get("_id").unwrap().to_string()), doc.to_vec().unwrap());
        }
    }
    all
}

#[tokio::test]
async fn what_was_written_since_is_kept_and_all_else_is_as_it_was() {
    let rig = Rig::new().await;
    let (nest, beanie) = tokio::join!(rig.nest(), rig.beanie());
    let (person, other) = (register(&nest, json!({})).await, register(&nest, json!({})).await);
    let ported = register(&beanie, json!({})).await;
    let mut quizzes = Vec::new();
    for _ in 0..3 {
        quizzes.push(id(&person.client.post("/quiz", &old_quiz()).await.expect(201).json));
    }
    let note = json!({ "title": "Old", "tags": ["a"], "metadata": { "category": "School" } });
    let notes = [
        id(&person.client.post("/notes", &note).await.expect(201).json),
        id(&person.client.post("/notes", &note).await.expect(201).json),
        id(&other.client.post("/notes", &note).await.expect(201).json),
    ];
    other.client.post("/study-sessions", &json!({ "durationMinutes": 25 })).await.expect(201);
    ported.client.post("/notes", &json!({ "title": "Ported" })).await.expect(201);
    let before = everything(&rig).await;
    let indexes = async || rig.collection("users").await.list_index_names().await.unwrap();
    let indexes_before = indexes().await;

    rig.migrate().done(&["apply"]).await;
    assert!(indexes().await.len() > indexes_before.len());
    let app = rig.app().await;
    let ours = app.client().with_token(&person.token);
    let username = format!("chosen-{}", harness::unique());
    ours.put("/users/me", &json!({ "username": username })).await.expect(200);
    ours.put(&format!("/quiz/{}", quizzes[0]), &json!({ "title": "Retitled" })).await.expect(200);
    let mut questions = ours.get(&format!("/quiz/{}?include=answers", quizzes[1])).await.expect(200).json;
    questions["questions"][0]["explanation"] = json!("It makes ATP.");
    let edit = json!({ "questions": questions["questions"] });
    ours.put(&format!("/quiz/{}", quizzes[1]), &edit).await.expect(200);
    let answers = json!({ "quizId": quizzes[0], "answers": { "q1": "Mitochondrion" } });
    let attempt = ours.post("/quiz/submit", &answers).await.expect(200).json;
    ours.put(&format!("/notes/{}", notes[0]), &json!({ "category": "Home" })).await.expect(200);
    let new_note = id(&ours.post("/notes", &json!({ "title": "New" })).await.expect(201).json);
    person.client.put(&format!("/notes/{}", notes[1]), &json!({ "title": "Theirs" })).await.expect(200);
    drop(app);

    let undone = rig.migrate().done(&["rollback"]).await;
    assert_eq!(undone.count("kept", Some("users")), 1);
    assert_eq!(undone.count("kept", Some("quizzes")), 1);
    let after = everything(&rig).await;
    let hex = |(_, shown): &(String, String)| shown.split('"').nth(1).unwrap_or(shown).to_owned();
    let touched = [&person.id, &quizzes[0], &quizzes[1], &notes[0], &notes[1]];
    let mut same = 0;
    for (key, bytes) in &before {
        if touched.contains(&&hex(key)) {
            assert!(after.contains_key(key), "{key:?} is gone");
        } else {
            assert_eq!(after.get(key), Some(bytes), "{key:?}");
            same += 1;
        }
    }
    assert!(same >= 6, "{same} of {}", before.len());
    assert_eq!(indexes().await, indexes_before);

    let account = stored(&rig.collection("users").await, &person.id).await;
    assert_eq!(account.get_str("username").unwrap(), username);
    for gone in ["emailNormalized", "totalStudyTime", "longestStreak"] {
        assert_eq!(account.get(gone), None, "{gone}");
    }
    let quiz = stored(&rig.collection("quizzes").await, &quizzes[0]).await;
    assert_eq!(quiz.get_str("title").unwrap(), "Retitled");
    // Its questions are explained in a place of their own, which is kept with them.
    let keys = stored(&rig.collection("quiz_keys").await, &quizzes[1]).await;
    assert!(Bson::Document(keys).to_string().contains("It makes ATP."));
    let home = stored(&rig.collection("notes").await, &notes[0]).await;
    assert_eq!(home.get_document("metadata").unwrap().get_str("category").unwrap(), "Home");

    // The old backend reads on, and so do we, without what was added.
    let read = person.client.get(&format!("/notes/{new_note}")).await.expect(200).json;
    assert_eq!(read["title"], "New");
    let theirs = person.client.get(&format!("/notes/{}", notes[1])).await.expect(200).json;
    assert!(has(&theirs, &json!({ "title": "Theirs", "metadata": { "category": "School" } })));
    let app = rig.app().await;
    let ours = app.client().with_token(&person.token);
    let shown = ours.get(&format!("/quiz/{}?include=answers", quizzes[1])).await.expect(200).json;
    assert_eq!(shown["questions"][0]["explanation"], "It makes ATP.");
    let results = ours.get(&format!("/quiz/attempts/{}", quizzes[0])).await.expect(200).json;
    assert_eq!(results[0]["attemptId"], attempt["attemptId"]);
    assert_eq!(text(&ours.get("/users/me").await.expect(200).json["username"]), username);

    // And again forward.
    drop(app);
    rig.migrate().done(&["apply"]).await;
    rig.migrate().done(&["validate", "--strict"]).await;
    let account = stored(&rig.collection("users").await, &person.id).await;
    assert_eq!(account.get_str("username").unwrap(), username);
    assert!(account.contains_key("emailNormalized"));
}
