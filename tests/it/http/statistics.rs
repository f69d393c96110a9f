//! How questions work, as their owner sees it.

use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    the_owner_sees_how_questions_work,
    a_quiz_that_nobody_took_has_no_figures,
    nobody_else_sees_them,
);

fn path(quiz: &Value) -> String {
    format!("/quiz/{}/statistics", text(&quiz["id"]))
}

async fn the_owner_sees_how_questions_work(mix: Mix) {
    let owner = mix.learner().await;
    let quiz = quiz(&owner, 1).await;
    let choice = |text: &str, key: &str| json!({ "question": text, "options": ["a", "b", "c", "d"], "correctAnswer": key });
    let edit = json!({ "questions": [
        choice("Good", "a"),
        choice("With the wrong key", "b"),
        choice("Easy", "a"),
        { "question": "Typed", "type": "short_answer", "correctAnswer": "a" },
    ] });
    let quiz = owner.put(&format!("/quiz/{}", text(&quiz["id"])), &edit).await.expect(200).json;
    let ids: Vec<&str> = items(&quiz["questions"]).iter().map(|question| text(&question["id"])).collect();
    // Ten good students and ten weak ones.
    let submits = (0..20).map(|number| {
        let good = number < 10;
        let answers = json!({
            ids[0]: if good { "a" } else { ["b", "c", "d"][number % 3] },
            ids[1]: if good { "a" } else { ["b", "c", "d"][number % 3] },
            ids[2]: "a",
            ids[3]: if good || number % 3 == 0 { "a" } else { "x" },
        });
        let (owner, body) = (owner.clone(), json!({ "quizId": quiz["id"], "answers": answers }));
        async move { owner.post("/quiz/submit", &body).await }
    });
    // One account has one open attempt at a time, so one after the other.
    for submit in submits {
        submit.await.expect(200);
    }
    let reply = owner.get(&path(&quiz)).await.expect(200);
    let told = &reply.json;
    assert_eq!(told["attempts"], json!(20));
    let results =
        owner.get(&format!("/quiz/attempts/{}?limit=100", text(&quiz["id"]))).await.expect(200).json;
    let mut percentages: Vec<f64> =
        items(&results).iter().map(|result| result["percentage"].as_f64().unwrap()).collect();
    percentages.sort_by(f64::total_cmp);
    let mean = percentages.iter().sum::<f64>() / 20.0;
    assert!((told["averageScore"].as_f64().unwrap() - mean).abs() < 0.06, "{told:#}");
    assert!(
        (told["medianScore"].as_f64().unwrap() - f64::midpoint(percentages[9], percentages[10])).abs() < 0.06
    );

    let questions = items(&told["questions"]);
    assert_eq!(questions.iter().map(|question| text(&question["id"])).collect::<Vec<_>>(), ids);
    assert_eq!((&questions[0]["difficulty"], &questions[0]["attempts"]), (&json!(0.5), &json!(20)));
    assert!(questions[0]["discrimination"].as_f64().unwrap() > 0.2, "{told:#}");
    assert_eq!(questions[0]["flags"], json!([]));
    let flags = json!(["too_hard", "negative_discrimination", "key_suspect"]);
    let suspect = items(&questions[1]["flags"]);
    assert!(suspect.contains(&flags[2]) && suspect.contains(&flags[1]), "{told:#}");
    assert_eq!(questions[2].get("discrimination"), None, "everybody knows it");
    assert_eq!(questions[2]["optionCounts"], json!({ "a": 20, "b": 0, "c": 0, "d": 0 }));
    assert_eq!(questions[2]["flags"], json!(["too_easy", "unused_option"]));
    assert_eq!(questions[3]["optionCounts"], json!({}));

    let again =
        owner.request(reqwest::Method::GET, &path(&quiz)).header("If-None-Match", reply.header("etag"));
    assert_eq!(owner.send(again).await.status, 304);
}

async fn a_quiz_that_nobody_took_has_no_figures(mix: Mix) {
    let owner = mix.learner().await;
    let quiz = quiz(&owner, 2).await;
    let told = owner.get(&path(&quiz)).await.expect(200).json;
    assert_eq!(
        (&told["attempts"], &told["averageScore"], &told["medianScore"]),
        (&json!(0), &json!(0.0), &json!(0.0))
    );
    for question in items(&told["questions"]) {
        assert_eq!((question.get("difficulty"), question.get("discrimination")), (None, None));
        assert_eq!(question["flags"], json!(["few_attempts"]));
    }
}

async fn nobody_else_sees_them(mix: Mix) {
    let (owner, student) = (mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 1).await;
    let share = owner.post(&format!("/quiz/{}/share", text(&quiz["id"])), &json!({})).await.expect(201).json;
    student.post("/quiz/attempt", &json!({ "shareToken": share["token"] })).await.expect(201);
    assert_problem(&student.get(&path(&quiz)).await, 404, "quiz.not_found");
    assert_problem(&owner.anonymous().get(&path(&quiz)).await, 401, "auth.required");
}
