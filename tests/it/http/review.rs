//! Reviews of what was submitted.

use harness::Client;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    what_was_wrong_is_due_at_once_and_what_was_right_later,
    a_review_moves_the_question_away,
    a_repeated_submit_counts_once,
    an_answer_is_marked_and_shown_only_if_the_quiz_does,
    only_what_was_submitted_can_be_reviewed,
    cards_of_archived_quizzes_stay,
    who_took_a_shared_quiz_reviews_it,
);

async fn due(client: &Client) -> Vec<Value> {
    items(&client.get("/review/due").await.expect(200).json).to_vec()
}

fn questions(due: &[Value]) -> Vec<&str> {
    due.iter().map(|item| text(&item["question"]["id"])).collect()
}

/// A submitted quiz: the first questions wrong, the last right.
async fn taken(client: &Client, count: u32, wrong: usize) -> Value {
    let quiz = quiz(client, count).await;
    let keyed = with_answers(client, text(&quiz["id"])).await;
    let mut answers = right_answers(&keyed);
    for question in &items(&keyed["questions"])[..wrong] {
        answers[text(&question["id"])] = json!("none of these");
    }
    client.post("/quiz/submit", &json!({ "quizId": quiz["id"], "answers": answers })).await.expect(200);
    keyed
}

fn card(quiz: &Value, at: usize) -> String {
    format!("/review/{}/{}", text(&quiz["id"]), text(&quiz["questions"][at]["id"]))
}

async fn what_was_wrong_is_due_at_once_and_what_was_right_later(mix: Mix) {
    let learner = mix.learner().await;
    assert_eq!(learner.get("/review/due").await.expect(200).json, json!([]));
    let first = taken(&learner, 4, 3).await;
    let second = taken(&learner, 2, 1).await;
    let reply = learner.get("/review/due").await.expect(200);
    assert_no_keys(&reply.json);
    assert_eq!(reply.header("x-total-count"), "4");
    let told: Vec<_> = items(&reply.json)
        .iter()
        .map(|item| (text(&item["quizId"]), text(&item["question"]["id"]), text(&item["state"])))
        .collect();
    let wanted: Vec<_> = [(&first, 0), (&first, 1), (&first, 2), (&second, 0)]
        .map(|(quiz, at)| (text(&quiz["id"]), text(&quiz["questions"][at]["id"]), "learning"))
        .to_vec();
    assert_eq!(told, wanted, "those due longest first, of one moment in the order of the quiz");
    assert_instant(&reply.json[0]["due"]);
    assert_eq!(due(&mix.learner().await).await, Vec::<Value>::new());
}

async fn a_review_moves_the_question_away(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = taken(&learner, 3, 3).await;
    let mut last = String::new();
    for (at, rating) in ["again", "hard", "good"].into_iter().enumerate() {
        let reviewed = learner.post(&card(&quiz, at), &json!({ "rating": rating })).await.expect(200).json;
        assert_eq!(reviewed.get("correct"), None);
        assert_instant(&reviewed["due"]);
        let due = text(&reviewed["due"]).to_owned();
        assert!(due > last, "a better rating is due later: {reviewed}");
        last = due;
        assert!(reviewed["stability"].as_f64().is_some_and(|days| days > 0.0));
        assert!(reviewed["difficulty"].as_f64().is_some_and(|value| (1.0..=10.0).contains(&value)));
    }
    assert_eq!(due(&learner).await, Vec::<Value>::new(), "even what was failed has some minutes");
}

async fn a_repeated_submit_counts_once(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 2).await;
    let submit = json!({ "attemptId": attempt(&learner, &quiz).await, "answers": {} });
    learner.post("/quiz/submit", &submit).await.expect(200);
    let first = due(&learner).await;
    assert_eq!(first.len(), 2);
    let review = json!({ "rating": "good" });
    let reviewed = learner.post(&card(&quiz, 0), &review).await.expect(200).json;
    learner.post("/quiz/submit", &submit).await.expect(200);
    assert_eq!(due(&learner).await, first[1..], "the review stands");

    // A later attempt is a review.
    let keyed = with_answers(&learner, text(&quiz["id"])).await;
    let answers = right_answers(&keyed);
    learner.post("/quiz/submit", &json!({ "quizId": quiz["id"], "answers": answers })).await.expect(200);
    assert_eq!(due(&learner).await, Vec::<Value>::new());
    let again = learner.post(&card(&quiz, 0), &review).await.expect(200).json;
    assert!(again["stability"].as_f64() >= reviewed["stability"].as_f64(), "{reviewed} {again}");
    learner.post("/quiz/submit", &json!({ "quizId": quiz["id"], "answers": {} })).await.expect(200);
    let due = due(&learner).await;
    assert_eq!(due.len(), 2);
    assert_eq!(due[0]["state"], "relearning");
}

async fn an_answer_is_marked_and_shown_only_if_the_quiz_does(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = taken(&learner, 2, 2).await;
    let right = quiz["questions"][0]["correctAnswer"].clone();
    let reviewed = learner.post(&card(&quiz, 0), &json!({ "answer": right, "rating": "good" })).await;
    let reviewed = reviewed.expect(200).json;
    assert_eq!((&reviewed["correct"], &reviewed["correctAnswer"]), (&json!(true), &right));
    assert_eq!(reviewed["state"], "review");
    let hide = json!({ "settings": { "showCorrectAnswers": false } });
    learner.put(&format!("/quiz/{}", text(&quiz["id"])), &hide).await.expect(200);
    let review = json!({ "answer": ["none", "of these"], "rating": "again" });
    let reviewed = learner.post(&card(&quiz, 1), &review).await.expect(200).json;
    assert_eq!(reviewed["correct"], json!(false));
    assert_no_keys(&reviewed);
}

async fn only_what_was_submitted_can_be_reviewed(mix: Mix) {
    let (learner, other) = (mix.learner().await, mix.learner().await);
    let open = quiz(&learner, 1).await;
    attempt(&learner, &open).await;
    let good = json!({ "rating": "good" });
    assert_problem(&learner.post(&card(&open, 0), &good).await, 404, "review.not_found");
    let quiz = taken(&learner, 1, 1).await;
    assert_problem(&other.post(&card(&quiz, 0), &good).await, 404, "review.not_found");
    let unknown = format!("/review/{}/%24%2Fx", text(&quiz["id"]));
    assert_problem(&learner.post(&unknown, &good).await, 404, "review.not_found");
    assert_problem(&learner.post("/review/x/q1", &good).await, 400, "id.invalid");
    assert_fields(&learner.post(&card(&quiz, 0), &json!({})).await, &["rating"]);
    assert_fields(&learner.post(&card(&quiz, 0), &json!({ "rating": "best" })).await, &["rating"]);
    let long = json!({ "rating": "good", "answer": "x".repeat(10_001) });
    assert_fields(&learner.post(&card(&quiz, 0), &long).await, &["answer"]);
    assert_eq!(due(&learner).await.len(), 1, "nothing was reviewed");
}

async fn cards_of_archived_quizzes_stay(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = taken(&learner, 2, 2).await;
    learner.delete(&format!("/quiz/{}", text(&quiz["id"]))).await.expect(200);
    let due = due(&learner).await;
    assert_eq!(questions(&due), [text(&quiz["questions"][0]["id"]), text(&quiz["questions"][1]["id"])]);
    learner.post(&card(&quiz, 0), &json!({ "rating": "easy" })).await.expect(200);
}

async fn who_took_a_shared_quiz_reviews_it(mix: Mix) {
    let (owner, student) = (mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 2).await;
    let path = format!("/quiz/{}/share", text(&quiz["id"]));
    let token = owner.post(&path, &json!({})).await.expect(201).json["token"].clone();
    let opened = student.post("/quiz/attempt", &json!({ "shareToken": token })).await.expect(201).json;
    student.post("/quiz/submit", &json!({ "attemptId": opened["attemptId"] })).await.expect(200);
    owner.delete(&path).await.expect(200);
    assert_eq!(due(&student).await.len(), 2);
    assert_eq!(due(&owner).await.len(), 0);
    student.post(&card(&quiz, 0), &json!({ "rating": "hard" })).await.expect(200);
}
