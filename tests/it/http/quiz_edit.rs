//! Editing quizzes and making new versions of them.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    what_is_named_changes_and_the_rest_stays,
    questions_of_every_type_are_written_and_marked,
    a_question_with_its_id_is_changed_as_named,
    every_flaw_is_told_with_its_field,
    questions_are_final_once_attempted_but_the_rest_is_not,
    a_new_version_is_a_copy_without_attempts,
    an_edit_of_another_version_is_refused,
    of_ten_edits_at_once_none_is_lost,
    nobody_edits_what_is_not_theirs,
);

fn path(quiz: &Value) -> String {
    format!("/quiz/{}", text(&quiz["id"]))
}

async fn what_is_named_changes_and_the_rest_stays(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 3).await;
    let edit = json!({
        "title": "  Cells \u{1F9EC} ", "topic": "Biology", "description": "All about cells.", "difficulty": "hard",
        "settings": { "timeLimit": 600, "maxAttempts": 2, "shuffle": true },
    });
    let edited = learner.put(&path(&quiz), &edit).await.expect(200);
    assert_no_keys(&edited.json);
    let mut wanted = quiz.clone();
    for (name, value) in [
        ("title", json!("Cells \u{1F9EC}")),
        ("topic", json!("Biology")),
        ("description", json!("All about cells.")),
        ("difficulty", json!("hard")),
        (
            "settings",
            json!({ "timeLimit": 600, "maxAttempts": 2, "showCorrectAnswers": true, "shuffle": true }),
        ),
        ("updatedAt", edited.json["updatedAt"].clone()),
    ] {
        wanted[name] = value;
    }
    assert_eq!(edited.json, wanted);
    let read = learner.get(&path(&quiz)).await.expect(200);
    assert_eq!((&read.json, read.header("etag")), (&wanted, edited.header("etag")));
    let found = learner.get("/quiz?topic=Biology&q=%F0%9F%A7%AC").await.expect(200).json;
    assert_eq!(items(&found).len(), 1, "it is found by its new names");

    let edit = json!({ "description": null, "settings": { "timeLimit": null, "showCorrectAnswers": false } });
    let edited = learner.put(&path(&quiz), &edit).await.expect(200).json;
    assert_eq!(edited.get("description"), None);
    assert_eq!(edited["settings"], json!({ "maxAttempts": 2, "showCorrectAnswers": false, "shuffle": true }));
    let same = learner.put(&path(&quiz), &json!({})).await.expect(200).json;
    assert_eq!(same, edited, "nothing named, nothing changed");
}

/// A question of each type, and an answer that is right.
fn all_types() -> Vec<(Value, Value)> {
    vec![
        (
            json!({ "question": "2 + 2?", "type": "multiple_choice", "options": ["3", "4", "5", "6"], "correctAnswer": "4",
                    "points": 2, "explanation": "Count.", "difficulty": "easy", "bloom": "remember" }),
            json!("4"),
        ),
        (
            json!({ "question": "Primes?", "type": "multiple_select", "options": ["2", "3", "4"], "correctAnswer": ["2", "3"] }),
            json!(["3", "2"]),
        ),
        (
            json!({ "question": "Water is wet.", "type": "true_false", "correctAnswer": "True" }),
            json!("True"),
        ),
        (
            json!({ "question": "Energy currency?", "type": "short_answer", "correctAnswer": "ATP", "accepted": ["adenosine triphosphate"] }),
            json!("Adenosine  Triphosphates"),
        ),
        (
            json!({ "question": "The _____ breathes.", "type": "cloze", "correctAnswer": "Cell" }),
            json!("cells"),
        ),
        (
            json!({ "question": "Mean of 2 and 3?", "type": "numeric", "correctAnswer": 2.5, "tolerance": 0.01 }),
            json!("2.505"),
        ),
        (
            json!({ "question": "Capitals?", "type": "matching", "correctAnswer": { "France": "Paris", "Italy": "Rome" } }),
            json!({ "Italy": "Rome", "France": "Paris" }),
        ),
        (
            json!({ "question": "Ascending?", "type": "ordering", "correctAnswer": ["1", "2", "3"] }),
            json!(["1", "2", "3"]),
        ),
    ]
}

async fn questions_of_every_type_are_written_and_marked(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 3).await;
    let (questions, answers): (Vec<Value>, Vec<Value>) = all_types().into_iter().unzip();
    let path = format!("{}?include=answers", path(&quiz));
    let edited = learner.put(&path, &json!({ "questions": questions })).await.expect(200).json;
    assert_eq!(learner.get(&path).await.expect(200).json, edited);
    let written = items(&edited["questions"]);
    assert_eq!(written.len(), 8);
    for (asked, got) in questions.iter().zip(written) {
        for name in ["question", "type", "correctAnswer"] {
            assert_eq!(got[name], asked[name], "{got:#}");
        }
    }
    assert_eq!((&written[0]["points"], &written[1]["points"]), (&json!(2.0), &json!(1.0)));
    assert_eq!(written[2]["options"], json!(["True", "False"]));
    assert_eq!(written[6]["pairs"]["left"], json!(["France", "Italy"]));
    assert_eq!(written[6]["pairs"]["right"], json!(["Rome", "Paris"]), "not as the answer has it");
    let mut ids: Vec<&str> = written.iter().map(|question| text(&question["id"])).collect();
    let given: serde_json::Map<String, Value> =
        ids.iter().zip(answers).map(|(id, answer)| ((*id).to_owned(), answer)).collect();
    assert_ne!(written[7]["options"], json!(["1", "2", "3"]), "not as the answer has it");
    let result = learner.post("/quiz/submit", &json!({ "quizId": quiz["id"], "answers": given })).await;
    let result = result.expect(200).json;
    assert_eq!((&result["score"], &result["maxScore"]), (&json!(9.0), &json!(9.0)), "{result:#}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 8);
}

async fn a_question_with_its_id_is_changed_as_named(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 3).await;
    let path = format!("{}?include=answers", path(&quiz));
    let before = learner.get(&path).await.expect(200).json;
    let old = items(&before["questions"]);
    let edit = json!({ "questions": [
        { "id": old[2]["id"] },
        { "id": old[0]["id"], "explanation": "Better so.", "points": 3 },
        { "question": "New?", "type": "true_false", "correctAnswer": "False" },
    ] });
    let after = learner.put(&path, &edit).await.expect(200).json;
    let new = items(&after["questions"]);
    assert_eq!(new[0], old[2]);
    let mut changed = old[0].clone();
    (changed["explanation"], changed["points"]) = (json!("Better so."), json!(3.0));
    assert_eq!(new[1], changed, "its quote and the rest stay");
    assert!(old.iter().all(|question| question["id"] != new[2]["id"]), "{new:#?}");
    // What was read may be sent back.
    let same = learner.put(&path, &json!({ "questions": after["questions"] })).await.expect(200).json;
    assert_eq!(same, after);
    // Another type needs an answer of its own, and what belonged to the old one is gone.
    let edit = json!({ "questions": [{ "id": new[0]["id"], "type": "numeric", "correctAnswer": 4, "tolerance": 0 }] });
    let numeric = learner.put(&path, &edit).await.expect(200).json;
    assert_eq!(
        (&numeric["questions"][0]["options"], &numeric["questions"][0]["correctAnswer"]),
        (&json!([]), &json!(4.0))
    );
    let edit = json!({ "questions": [{ "id": new[0]["id"], "type": "short_answer" }] });
    assert_fields(&learner.put(&path, &edit).await, &["questions[0].correctAnswer"]);
}

async fn every_flaw_is_told_with_its_field(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 3).await;
    let path = path(&quiz);
    for (edit, fields) in [
        (json!({ "title": " ", "topic": "x".repeat(201) }), vec!["title", "topic"]),
        (json!({ "title": "a\0b" }), vec!["title"]),
        (json!({ "description": "x".repeat(2001) }), vec!["description"]),
        (
            json!({ "settings": { "timeLimit": 0, "maxAttempts": 1001 } }),
            vec!["settings.maxAttempts", "settings.timeLimit"],
        ),
        (json!({ "questions": [] }), vec!["questions"]),
        (json!({ "questions": vec![json!({}); 301] }), vec!["questions"]),
        (json!({ "questions": [{ "id": "nobody" }] }), vec!["questions[0].id"]),
        (json!({ "questions": [{ "id": "q1" }, { "id": "q1" }] }), vec!["questions[1].id"]),
        (
            json!({ "questions": [
                { "question": "?", "options": ["a", "b", "c", "c"], "correctAnswer": "z", "points": 0 },
                { "question": " ", "type": "cloze", "correctAnswer": "x" },
                { "question": "?", "type": "multiple_select", "options": ["a"], "correctAnswer": [] },
            ] }),
            vec![
                "questions[0].correctAnswer",
                "questions[0].options[3]",
                "questions[0].points",
                "questions[1].question",
                "questions[1].question",
                "questions[2].correctAnswer",
                "questions[2].options",
            ],
        ),
        (json!({ "difficulty": "impossible" }), vec!["difficulty"]),
        (
            json!({ "questions": [{ "question": "?", "type": "matching", "correctAnswer": { "a\0": "b", "c": "d" } }] }),
            vec!["questions[0].correctAnswer[0]"],
        ),
    ] {
        assert_fields(&learner.put(&path, &edit).await, &fields);
    }
    assert_eq!(learner.get(&path).await.expect(200).json, quiz, "nothing was changed");
    assert_fields(&learner.put(&format!("{path}?include=keys"), &json!({})).await, &["include"]);
}

async fn questions_are_final_once_attempted_but_the_rest_is_not(mix: Mix) {
    let learner = mix.learner().await;
    let (opened, submitted) = (quiz(&learner, 3).await, quiz(&learner, 3).await);
    attempt(&learner, &opened).await;
    learner.post("/quiz/submit", &json!({ "quizId": submitted["id"], "answers": {} })).await.expect(200);
    for quiz in [opened, submitted] {
        let keyed = with_answers(&learner, text(&quiz["id"])).await;
        let fewer = json!({ "questions": [{ "id": quiz["questions"][0]["id"] }] });
        assert_problem(&learner.put(&path(&quiz), &fewer).await, 409, "quiz.has_attempts");
        let other =
            json!({ "title": "New", "questions": [{ "id": quiz["questions"][0]["id"], "points": 5 }] });
        assert_problem(&learner.put(&path(&quiz), &other).await, 409, "quiz.has_attempts");
        assert_eq!(with_answers(&learner, text(&quiz["id"])).await, keyed, "all or nothing");
        let same =
            json!({ "title": "New", "questions": keyed["questions"], "settings": { "shuffle": true } });
        let edited = learner.put(&path(&quiz), &same).await.expect(200).json;
        assert_eq!((&edited["title"], &edited["settings"]["shuffle"]), (&json!("New"), &json!(true)));
    }
}

async fn a_new_version_is_a_copy_without_attempts(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 3).await;
    learner.post("/quiz/submit", &json!({ "quizId": quiz["id"], "answers": {} })).await.expect(200);
    let before = with_answers(&learner, text(&quiz["id"])).await;
    let edit = json!({ "newVersion": true, "title": "Second", "questions": [
        { "id": before["questions"][1]["id"] },
        { "question": "New?", "type": "true_false", "correctAnswer": "False" },
    ] });
    let reply = learner.put(&format!("{}?include=answers", path(&quiz)), &edit).await.expect(201);
    let copy = &reply.json;
    assert_eq!(reply.header("location"), path(copy));
    assert_eq!(
        json!([
            copy["title"],
            copy["version"],
            copy["previousVersion"],
            copy["totalAttempts"],
            copy["averageScore"]
        ]),
        json!(["Second", 2, quiz["id"], 0, 0.0])
    );
    assert_eq!(copy["questions"][0], before["questions"][1]);
    let read = learner.get(&format!("{}?include=answers", reply.header("location"))).await.expect(200);
    assert_eq!((&read.json, read.header("etag")), (copy, reply.header("etag")));
    assert_eq!(with_answers(&learner, text(&quiz["id"])).await, before, "the first one stays as it was");
    learner.put(&path(copy), &json!({ "questions": [{ "id": "q2" }] })).await.expect(200);
    learner.delete(&path(&quiz)).await.expect(200);
    let third = learner.put(&path(copy), &json!({ "newVersion": true })).await.expect(201).json;
    assert_eq!((&third["version"], &third["status"]), (&json!(3), &json!("active")));
}

async fn an_edit_of_another_version_is_refused(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 3).await;
    let read = learner.get(&path(&quiz)).await.expect(200);
    let put = |tag: String, body: Value| {
        let request = learner.request(Method::PUT, &path(&quiz)).header("If-Match", tag).json(&body);
        learner.send(request)
    };
    let tag = read.header("etag").to_owned();
    let edited = put(tag.clone(), json!({ "title": "Mine" })).await.expect(200);
    assert_problem(&put(tag, json!({ "title": "Theirs" })).await, 412, "precondition.failed");
    put(edited.header("etag").to_owned(), json!({ "title": "Mine again" })).await.expect(200);
    put("*".to_owned(), json!({ "title": "Whatever" })).await.expect(200);
}

async fn of_ten_edits_at_once_none_is_lost(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 3).await;
    let tag = learner.get(&path(&quiz)).await.expect(200).header("etag").to_owned();
    let edits = (0..10).map(|number| {
        let question =
            json!({ "question": format!("{number}?"), "type": "numeric", "correctAnswer": number });
        let request = learner.request(Method::PUT, &path(&quiz)).header("If-Match", &tag);
        learner.send(request.json(&json!({ "questions": [question], "title": number.to_string() })))
    });
    let replies = join_all(edits).await;
    let won: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(won.len(), 1, "one alone knew the quiz as it was");
    assert!(replies.iter().all(|reply| [200, 412].contains(&reply.status)), "{replies:?}");
    let read = with_answers(&learner, text(&quiz["id"])).await;
    assert_eq!(read["title"], won[0].json["title"]);
    assert_eq!(read["questions"][0]["question"], format!("{}?", text(&read["title"])));
    let key = read["questions"][0]["correctAnswer"].as_f64().expect("a number");
    assert_eq!(key.to_string(), text(&read["title"]), "its key is its own");

    let free = (0..10).map(|number| {
        let (learner, path) = (learner.clone(), path(&quiz));
        async move {
            let setting =
                if number % 2 == 0 { json!({ "timeLimit": 60 }) } else { json!({ "maxAttempts": 5 }) };
            learner.put(&path, &json!({ "settings": setting })).await.expect(200)
        }
    });
    join_all(free).await;
    let read = learner.get(&path(&quiz)).await.expect(200).json;
    assert_eq!((&read["settings"]["timeLimit"], &read["settings"]["maxAttempts"]), (&json!(60), &json!(5)));
}

async fn nobody_edits_what_is_not_theirs(mix: Mix) {
    let (owner, other) = (mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 1).await;
    assert_problem(&other.put(&path(&quiz), &json!({ "title": "Mine" })).await, 404, "quiz.not_found");
    let unknown = "/quiz/64b0c0ffee64b0c0ffee64b0";
    assert_problem(&other.put(unknown, &json!({ "title": "Mine" })).await, 404, "quiz.not_found");
}
