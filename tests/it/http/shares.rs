//! Sharing quizzes by a link.

use harness::Client;
use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    who_has_the_token_reads_and_takes_the_quiz,
    a_quiz_has_one_token_until_it_is_revoked,
    after_revoking_open_attempts_finish_and_no_new_ones_begin,
    results_show_answers_only_if_the_quiz_does,
    limits_count_for_each_student,
    an_archived_quiz_is_readable_by_its_token_but_not_taken,
    a_shared_attempt_that_ran_out_is_closed,
    nobody_shares_what_is_not_theirs,
);

async fn share(owner: &Client, quiz: &Value) -> String {
    let shared = owner.post(&share_path(quiz), &json!({})).await;
    assert!([200, 201].contains(&shared.status), "{shared}");
    text(&shared.json["token"]).to_owned()
}

fn share_path(quiz: &Value) -> String {
    format!("/quiz/{}/share", text(&quiz["id"]))
}

async fn who_has_the_token_reads_and_takes_the_quiz(mix: Mix) {
    let (owner, student) = (mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 3).await;
    let keyed = with_answers(&owner, text(&quiz["id"])).await;
    let shared = owner.post(&share_path(&quiz), &json!({})).await.expect(201);
    let token = text(&shared.json["token"]);
    assert!(token.len() >= 32 && token.chars().all(|c| c.is_ascii_alphanumeric()), "{token}");
    assert_eq!(shared.header("location"), format!("/quiz/shared/{token}"));
    assert!(text(&shared.json["url"]).ends_with(&format!("/quiz/shared/{token}")));
    assert!(text(&shared.json["url"]).starts_with("http"));

    let read = student.get(&format!("/quiz/shared/{token}")).await.expect(200);
    assert_eq!(read.json, quiz);
    assert_no_keys(&read.json);
    let request = student.request(Method::GET, &format!("/quiz/shared/{token}"));
    assert_eq!(student.send(request.header("If-None-Match", read.header("etag"))).await.status, 304);
    assert_problem(&owner.anonymous().get(&format!("/quiz/shared/{token}")).await, 401, "auth.required");
    // The token opens it, not the id.
    assert_problem(&student.get(&format!("/quiz/{}", text(&quiz["id"]))).await, 404, "quiz.not_found");
    for (path, body) in [("/quiz/attempt", json!({})), ("/quiz/submit", json!({ "answers": {} }))] {
        let mut body = body;
        body["quizId"] = quiz["id"].clone();
        assert_problem(&student.post(path, &body).await, 404, "quiz.not_found");
    }

    let open = json!({ "shareToken": token });
    let opened = student.post("/quiz/attempt", &open).await.expect(201).json;
    assert_no_keys(&opened);
    assert_eq!(student.post("/quiz/attempt", &open).await.expect(200).json, opened);
    let by_id = student.post("/quiz/attempt", &json!({ "quizId": quiz["id"] })).await.expect(200).json;
    assert_eq!(by_id, opened, "what is open is found by the quiz, too");
    let first = text(&keyed["questions"][0]["id"]);
    let saves = json!({ "answers": { first: keyed["questions"][0]["correctAnswer"] } });
    let path = format!("/quiz/attempts/{}/answers", text(&opened["attemptId"]));
    student.patch(&path, &saves).await.expect(200);
    let result = student
        .post("/quiz/submit", &json!({ "quizId": quiz["id"], "answers": right_answers(&keyed) }))
        .await;
    let result = result.expect(200).json;
    assert_eq!((&result["percentage"], &result["attemptId"]), (&json!(100.0), &opened["attemptId"]));
    let list = student.get(&format!("/quiz/attempts/{}", text(&quiz["id"]))).await.expect(200).json;
    assert_eq!(list, json!([result]));
    let totals = owner.get(&format!("/quiz/{}", text(&quiz["id"]))).await.expect(200).json;
    assert_eq!((&totals["totalAttempts"], &totals["averageScore"]), (&json!(1), &json!(100.0)));
    assert_eq!(owner.get(&format!("/quiz/attempts/{}", text(&quiz["id"]))).await.expect(200).json, json!([]));
}

async fn a_quiz_has_one_token_until_it_is_revoked(mix: Mix) {
    let owner = mix.learner().await;
    let quiz = quiz(&owner, 1).await;
    let first = owner.post(&share_path(&quiz), &json!({})).await.expect(201).json;
    assert_eq!(owner.post(&share_path(&quiz), &json!({})).await.expect(200).json, first);
    let message = owner.delete(&share_path(&quiz)).await.expect(200).json;
    assert!(!text(&message["message"]).is_empty());
    assert_problem(&owner.delete(&share_path(&quiz)).await, 404, "share.not_found");
    let second = owner.post(&share_path(&quiz), &json!({})).await.expect(201).json;
    assert_ne!(second["token"], first["token"]);
    let old = format!("/quiz/shared/{}", text(&first["token"]));
    assert_problem(&owner.get(&old).await, 404, "share.not_found");
    assert_problem(&owner.get("/quiz/shared/$nothing").await, 404, "share.not_found");
}

async fn after_revoking_open_attempts_finish_and_no_new_ones_begin(mix: Mix) {
    let (owner, student, late) = (mix.learner().await, mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 2).await;
    let token = share(&owner, &quiz).await;
    let open = json!({ "shareToken": token });
    let opened = student.post("/quiz/attempt", &open).await.expect(201).json;
    owner.delete(&share_path(&quiz)).await.expect(200);
    assert_problem(&late.post("/quiz/attempt", &open).await, 404, "share.not_found");
    assert_problem(&student.post("/quiz/attempt", &open).await, 404, "share.not_found");
    let resumed = student.post("/quiz/attempt", &json!({ "quizId": quiz["id"] })).await.expect(200).json;
    assert_eq!(resumed, opened);
    let submit = json!({ "attemptId": opened["attemptId"], "answers": {} });
    let result = student.post("/quiz/submit", &submit).await.expect(200).json;
    let list = student.get(&format!("/quiz/attempts/{}", text(&quiz["id"]))).await.expect(200).json;
    assert_eq!(list, json!([result]), "own results stay readable");
    assert_problem(
        &student.post("/quiz/attempt", &json!({ "quizId": quiz["id"] })).await,
        404,
        "quiz.not_found",
    );
    let again = json!({ "quizId": quiz["id"], "answers": {} });
    assert_problem(&student.post("/quiz/submit", &again).await, 404, "quiz.not_found");
}

async fn results_show_answers_only_if_the_quiz_does(mix: Mix) {
    let (owner, student) = (mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 2).await;
    let hide = json!({ "settings": { "showCorrectAnswers": false } });
    owner.put(&format!("/quiz/{}", text(&quiz["id"])), &hide).await.expect(200);
    let open = json!({ "shareToken": share(&owner, &quiz).await });
    let opened = student.post("/quiz/attempt", &open).await.expect(201).json;
    let submit = json!({ "attemptId": opened["attemptId"], "answers": {} });
    assert_no_keys(&student.post("/quiz/submit", &submit).await.expect(200).json);
    let list = format!("/quiz/attempts/{}", text(&quiz["id"]));
    assert_no_keys(&student.get(&list).await.expect(200).json);
    let show = json!({ "settings": { "showCorrectAnswers": true } });
    owner.put(&format!("/quiz/{}", text(&quiz["id"])), &show).await.expect(200);
    let shown = student.get(&list).await.expect(200).json;
    assert_eq!(items(&shown[0]["correctAnswers"]).len(), 2);
}

async fn limits_count_for_each_student(mix: Mix) {
    let (owner, first, second) = (mix.learner().await, mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 1).await;
    let once = json!({ "settings": { "maxAttempts": 1 } });
    owner.put(&format!("/quiz/{}", text(&quiz["id"])), &once).await.expect(200);
    let open = json!({ "shareToken": share(&owner, &quiz).await });
    for student in [&first, &second] {
        let opened = student.post("/quiz/attempt", &open).await.expect(201).json;
        assert_eq!(opened["attemptNumber"], json!(1));
        student.post("/quiz/submit", &json!({ "attemptId": opened["attemptId"] })).await.expect(200);
        assert_problem(&student.post("/quiz/attempt", &open).await, 409, "attempt.limit_reached");
    }
}

async fn an_archived_quiz_is_readable_by_its_token_but_not_taken(mix: Mix) {
    let (owner, student) = (mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 1).await;
    let token = share(&owner, &quiz).await;
    owner.delete(&format!("/quiz/{}", text(&quiz["id"]))).await.expect(200);
    let read = student.get(&format!("/quiz/shared/{token}")).await.expect(200).json;
    assert_eq!(read["status"], "archived");
    assert_problem(
        &student.post("/quiz/attempt", &json!({ "shareToken": token })).await,
        409,
        "quiz.archived",
    );
}

async fn a_shared_attempt_that_ran_out_is_closed(mix: Mix) {
    let (owner, student) = (mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 1).await;
    let short = json!({ "settings": { "timeLimit": 1 } });
    owner.put(&format!("/quiz/{}", text(&quiz["id"])), &short).await.expect(200);
    let token = share(&owner, &quiz).await;
    let opened = student.post("/quiz/attempt", &json!({ "shareToken": token })).await.expect(201).json;
    owner.delete(&share_path(&quiz)).await.expect(200);
    // The server holds this request for two seconds, in which the time runs out.
    let job = format!("/jobs/{}", text(&scheduled(&owner).await["id"]));
    owner.send(owner.request(Method::GET, &job).header("Prefer", "wait=2")).await.expect(200);
    assert_problem(
        &student.post("/quiz/attempt", &json!({ "quizId": quiz["id"] })).await,
        404,
        "quiz.not_found",
    );
    let list = student.get(&format!("/quiz/attempts/{}", text(&quiz["id"]))).await.expect(200).json;
    assert_eq!((items(&list).len(), &list[0]["attemptId"]), (1, &opened["attemptId"]));
}

async fn nobody_shares_what_is_not_theirs(mix: Mix) {
    let (owner, other) = (mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 1).await;
    assert_problem(&other.post(&share_path(&quiz), &json!({})).await, 404, "quiz.not_found");
    share(&owner, &quiz).await;
    assert_problem(&other.delete(&share_path(&quiz)).await, 404, "quiz.not_found");
    for body in [json!({}), json!({ "shareToken": "short" }), json!({ "shareToken": 5 })] {
        assert_eq!(other.post("/quiz/attempt", &body).await.status, 400, "{body}");
    }
}
