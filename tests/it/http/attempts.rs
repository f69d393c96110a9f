//! Attempts at quizzes, and what becomes of them.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_second_submit_returns_the_first_result,
    of_twenty_submits_at_once_one_counts,
    of_twenty_openings_at_once_one_attempt_comes,
    of_attempts_made_at_once_no_more_than_allowed_count,
    what_is_saved_of_an_attempt_has_a_limit,
    saved_answers_count_at_the_end,
    saves_beside_a_submit_count_or_are_refused,
    answers_have_limits,
    a_submitted_attempt_takes_no_more_answers,
    unknown_questions_are_refused_and_nothing_is_lost,
    an_archived_quiz_is_readable_but_takes_no_attempts,
    every_path_of_submitting_marks_alike,
    answers_of_any_shape_are_marked_or_refused_but_never_break,
    history_is_filtered_and_newest_first,
);

/// The first question wrong, the others right.
fn one_wrong(keyed: &Value) -> Value {
    let mut answers = right_answers(keyed);
    answers[text(&keyed["questions"][0]["id"])] = json!("none of these");
    answers
}

async fn a_second_submit_returns_the_first_result(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 4).await;
    let keyed = with_answers(&learner, text(&quiz["id"])).await;
    let attempt = attempt(&learner, &quiz).await;
    let first = json!({ "attemptId": attempt, "answers": one_wrong(&keyed) });
    let first = learner.post("/quiz/submit", &first).await.expect(200).json;
    assert_eq!(
        (&first["percentage"], &first["score"], &first["maxScore"]),
        (&json!(75.0), &json!(3.0), &json!(4.0))
    );
    let better = json!({ "attemptId": attempt, "answers": right_answers(&keyed) });
    assert_eq!(learner.post("/quiz/submit", &better).await.expect(200).json, first);
    let list = learner.get(&format!("/quiz/attempts/{}", text(&quiz["id"]))).await.expect(200);
    assert_eq!(list.json, json!([first]));
}

async fn of_twenty_submits_at_once_one_counts(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 3).await;
    let keyed = with_answers(&learner, text(&quiz["id"])).await;
    let attempt = attempt(&learner, &quiz).await;
    let submits = (0..20).map(|number| {
        let answers = if number % 2 == 0 { right_answers(&keyed) } else { one_wrong(&keyed) };
        let (learner, body) = (learner.clone(), json!({ "attemptId": attempt, "answers": answers }));
        async move { learner.post("/quiz/submit", &body).await.expect(200).json }
    });
    let results = join_all(submits).await;
    assert!(results.iter().all(|result| *result == results[0]), "{results:#?}");
    let list = learner.get(&format!("/quiz/attempts/{}", text(&quiz["id"]))).await.expect(200);
    assert_eq!(list.json, json!([results[0]]));
    let quiz = learner.get(&format!("/quiz/{}", text(&quiz["id"]))).await.expect(200).json;
    assert_eq!((&quiz["totalAttempts"], &quiz["averageScore"]), (&json!(1), &results[0]["percentage"]));
}

async fn of_twenty_openings_at_once_one_attempt_comes(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 1).await;
    let body = json!({ "quizId": quiz["id"] });
    let replies = join_all((0..20).map(|_| learner.post("/quiz/attempt", &body))).await;
    for reply in &replies {
        assert!([200, 201].contains(&reply.status), "{reply}");
        assert_eq!(reply.json["attemptId"], replies[0].json["attemptId"]);
    }
}

async fn what_is_saved_of_an_attempt_has_a_limit(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 2).await;
    let path = format!("/quiz/attempts/{}/answers", attempt(&learner, &quiz).await);
    let save = async |number: usize, letter: &str, texts: usize| {
        let answer = vec![letter.repeat(9_000); texts];
        let answers = json!({ "answers": { text(&quiz["questions"][number]["id"]): answer } });
        learner.patch(&path, &answers).await
    };
    save(0, "a", 90).await.expect(200);
    assert_fields(&save(1, "b", 90).await, &["answers"]);
    save(1, "b", 20).await.expect(200);
    save(0, "c", 90).await.expect(200);
}

async fn of_attempts_made_at_once_no_more_than_allowed_count(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 1).await;
    let path = format!("/quiz/{}", text(&quiz["id"]));
    learner.put(&path, &json!({ "settings": { "maxAttempts": 3 } })).await.expect(200);
    let body = json!({ "quizId": quiz["id"] });
    let replies = join_all((0..24).map(|_| learner.post("/quiz/submit", &body))).await;
    let mut ids = BTreeSet::new();
    for reply in &replies {
        if reply.status == 200 {
            ids.insert(text(&reply.json["attemptId"]).to_owned());
        } else {
            assert_problem(reply, 409, "attempt.limit_reached");
        }
    }
    let list = learner.get(&format!("/quiz/attempts/{}", text(&quiz["id"]))).await.expect(200);
    let listed = items(&list.json).iter().map(|result| text(&result["attemptId"]).to_owned());
    assert_eq!((ids.len(), listed.collect::<BTreeSet<_>>()), (items(&list.json).len(), ids));
    assert!(items(&list.json).len() <= 3, "{list}");
}

async fn saved_answers_count_at_the_end(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 3).await;
    let keyed = with_answers(&learner, text(&quiz["id"])).await;
    let attempt = attempt(&learner, &quiz).await;
    let path = format!("/quiz/attempts/{attempt}/answers");
    let saved = learner.patch(&path, &json!({ "answers": one_wrong(&keyed) })).await.expect(200).json;
    assert_no_keys(&saved["questions"]);
    assert_eq!(saved["answers"], one_wrong(&keyed));
    let first = text(&keyed["questions"][0]["id"]);
    let mended = json!({ "answers": { first: keyed["questions"][0]["correctAnswer"] } });
    let saved = learner.patch(&path, &mended).await.expect(200).json;
    assert_eq!(saved["answers"], right_answers(&keyed));
    let resumed = learner.post("/quiz/attempt", &json!({ "quizId": quiz["id"] })).await.expect(200).json;
    assert_eq!(resumed, saved);
    let result = learner.post("/quiz/submit", &json!({ "attemptId": attempt })).await.expect(200).json;
    assert_eq!(result["percentage"], json!(100.0));
}

async fn saves_beside_a_submit_count_or_are_refused(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 5).await;
    let questions: Vec<&str> =
        items(&quiz["questions"]).iter().map(|question| text(&question["id"])).collect();
    for _ in 0..5 {
        let attempt = attempt(&learner, &quiz).await;
        let save = |question: &str| {
            let (learner, path) = (learner.clone(), format!("/quiz/attempts/{attempt}/answers"));
            let body = json!({ "answers": { question: "mine" } });
            async move { learner.patch(&path, &body).await }
        };
        let body = json!({ "attemptId": attempt });
        let (saves, result) = futures::join!(
            join_all(questions.iter().map(|id| save(id))),
            learner.post("/quiz/submit", &body)
        );
        let result = result.expect(200).json;
        for (question, reply) in questions.iter().zip(saves) {
            if reply.status == 200 {
                assert_eq!(result["answers"][question], "mine", "an acknowledged answer is lost: {result:#}");
            } else {
                assert_problem(&reply, 409, "attempt.submitted");
                assert_eq!(result["answers"].get(question), None);
            }
        }
    }
}

async fn answers_have_limits(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 1).await;
    let question = text(&quiz["questions"][0]["id"]);
    let attempt = attempt(&learner, &quiz).await;
    let save = format!("/quiz/attempts/{attempt}/answers");
    let long = |count: usize| json!("é".repeat(count));
    let many = |count: usize| json!(vec!["x"; count]);
    let pairs = |count: usize| json!((0..count).map(|at| (at.to_string(), "x")).collect::<BTreeMap<_, _>>());
    for answer in [long(10_000), many(100), pairs(100), json!(["x".repeat(10_000)])] {
        learner.patch(&save, &json!({ "answers": { question: answer } })).await.expect(200);
    }
    let field = format!("answers.{question}");
    for answer in [
        long(10_001),
        many(101),
        pairs(101),
        json!(["x".repeat(10_001)]),
        json!({ "x".repeat(10_001): "x" }),
        json!({ "x": "x".repeat(10_001) }),
    ] {
        let answers = json!({ question: answer });
        assert_fields(&learner.patch(&save, &json!({ "answers": answers })).await, &[&field]);
        let submit = json!({ "attemptId": attempt, "answers": answers });
        assert_fields(&learner.post("/quiz/submit", &submit).await, &[&field]);
        let submit = json!({ "quizId": quiz["id"], "answers": answers });
        assert_fields(&learner.post("/quiz/submit", &submit).await, &[&field]);
    }
    let strange = |count: usize| json!({ "answers": (0..count).map(|at| (format!("q{at}"), "x")).collect::<BTreeMap<_, _>>() });
    assert_fields(&learner.patch(&save, &strange(301)).await, &["answers"]);
    let reply = learner.patch(&save, &strange(300)).await;
    assert_problem(&reply, 400, "validation.failed");
    assert_eq!(items(&reply.json["errors"]).len(), 20);
    let reply = learner.patch(&save, &json!({ "answers": { "x".repeat(100_000): "x" } })).await;
    assert_problem(&reply, 400, "validation.failed");
    assert!(reply.bytes.len() < 2000, "{reply}");
}

async fn a_submitted_attempt_takes_no_more_answers(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 1).await;
    let attempt = attempt(&learner, &quiz).await;
    learner.post("/quiz/submit", &json!({ "attemptId": attempt })).await.expect(200);
    let reply = learner.patch(&format!("/quiz/attempts/{attempt}/answers"), &json!({ "answers": {} })).await;
    assert_problem(&reply, 409, "attempt.submitted");
    // The next one is another attempt.
    let next = learner.post("/quiz/attempt", &json!({ "quizId": quiz["id"] })).await.expect(201).json;
    assert_eq!(next["attemptNumber"], 2);
}

async fn unknown_questions_are_refused_and_nothing_is_lost(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 2).await;
    let id = text(&quiz["id"]);
    let keyed = with_answers(&learner, id).await;
    let attempt = attempt(&learner, &quiz).await;
    let save = format!("/quiz/attempts/{attempt}/answers");
    learner.patch(&save, &json!({ "answers": right_answers(&keyed) })).await.expect(200);
    let strange = json!({ "nobody-asked": "this" });
    let field = ["answers.nobody-asked"];
    assert_fields(&learner.patch(&save, &json!({ "answers": strange })).await, &field);
    assert_fields(
        &learner.post("/quiz/submit", &json!({ "attemptId": attempt, "answers": strange })).await,
        &field,
    );
    assert_fields(&learner.post("/quiz/submit", &json!({ "quizId": id, "answers": strange })).await, &field);
    assert_fields(&learner.post(&format!("/quiz/{id}/submit"), &json!({ "answers": strange })).await, &field);
    let result = learner.post("/quiz/submit", &json!({ "attemptId": attempt })).await.expect(200).json;
    assert_eq!(result["percentage"], json!(100.0));
}

async fn an_archived_quiz_is_readable_but_takes_no_attempts(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 2).await;
    let id = text(&quiz["id"]);
    let result = learner.post("/quiz/submit", &json!({ "quizId": id })).await.expect(200).json;
    let reply = learner.delete(&format!("/quiz/{id}")).await.expect(200);
    assert_eq!(reply.json, json!({ "message": "Quiz deleted successfully" }));
    assert_eq!(learner.get(&format!("/quiz/{id}")).await.expect(200).json["status"], "archived");
    assert_problem(&learner.post("/quiz/attempt", &json!({ "quizId": id })).await, 409, "quiz.archived");
    assert_problem(&learner.post("/quiz/submit", &json!({ "quizId": id })).await, 409, "quiz.archived");
    let reply = learner.post(&format!("/quiz/{id}/submit"), &json!({ "answers": {} })).await;
    assert_problem(&reply, 409, "quiz.archived");
    assert_eq!(learner.get(&format!("/quiz/attempts/{id}")).await.expect(200).json, json!([result]));
    // A second time is no error.
    learner.delete(&format!("/quiz/{id}")).await.expect(200);
}

async fn every_path_of_submitting_marks_alike(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 4).await;
    let id = text(&quiz["id"]);
    let keyed = with_answers(&learner, id).await;
    let answers = one_wrong(&keyed);
    let by_quiz =
        learner.post("/quiz/submit", &json!({ "quizId": id, "answers": answers })).await.expect(200).json;
    let old_path =
        learner.post(&format!("/quiz/{id}/submit"), &json!({ "answers": answers })).await.expect(200).json;
    assert_ne!(by_quiz["attemptId"], old_path["attemptId"]);
    for name in ["score", "maxScore", "percentage", "questionResults", "correctAnswers", "answers"] {
        assert_eq!(by_quiz[name], old_path[name], "{name}");
    }
    let wrong = &by_quiz["questionResults"][0];
    assert_eq!((&wrong["isCorrect"], &wrong["points"]), (&json!(false), &json!(0.0)));
    assert_eq!(wrong["correctAnswer"], keyed["questions"][0]["correctAnswer"]);
    // Newest first.
    let list = learner.get(&format!("/quiz/attempts/{id}")).await.expect(200);
    assert_eq!((list.header("x-total-count"), &list.json), ("2", &json!([old_path, by_quiz])));
}

async fn answers_of_any_shape_are_marked_or_refused_but_never_break(mix: Mix) {
    let learner = mix.learner().await;
    let quiz = quiz(&learner, 1).await;
    let question = text(&quiz["questions"][0]["id"]);
    for answer in
        [json!(""), json!(1e308), json!([]), json!(["a", "a"]), json!({ "a": "b" }), json!("\u{0}🦀")]
    {
        let body = json!({ "quizId": quiz["id"], "answers": { question: answer } });
        let result = learner.post("/quiz/submit", &body).await.expect(200).json;
        assert_eq!((&result["percentage"], &result["answers"][question]), (&json!(0.0), &answer));
    }
    for answer in [json!(null), json!(true), json!([1]), json!({ "a": 1 })] {
        let body = json!({ "quizId": quiz["id"], "answers": { question: answer } });
        assert_problem(&learner.post("/quiz/submit", &body).await, 400, "validation.failed");
    }
}

async fn history_is_filtered_and_newest_first(mix: Mix) {
    let learner = mix.learner().await;
    let mut made = Vec::new();
    for (topic, right) in [("Cells", true), ("Cork", false), ("Cork", true)] {
        let mut ask = ask(2);
        ask["topic"] = json!(topic);
        let quiz = post_and_wait(&learner, "/quiz/generate", &ask).await.expect(201).json;
        let keyed = with_answers(&learner, text(&quiz["id"])).await;
        let answers = if right { right_answers(&keyed) } else { json!({}) };
        let result = learner.post("/quiz/submit", &json!({ "quizId": quiz["id"], "answers": answers })).await;
        made.insert(0, result.expect(200).json["attemptId"].clone());
    }
    let history = format!("/quiz/user/{}/history", learner.user_id());
    for (query, expected) in [
        ("", vec![0, 1, 2]),
        ("?topic=Cork", vec![0, 1]),
        ("?minScore=50", vec![0, 2]),
        ("?maxScore=50", vec![1]),
        ("?topic=Cork&minScore=100", vec![0]),
        ("?from=2020-01-01", vec![0, 1, 2]),
        ("?to=2020-01-01", vec![]),
        ("?from=2020-01-01T00:00:00Z&to=2099-12-31&tz=Europe/Zurich", vec![0, 1, 2]),
        ("?limit=2", vec![0, 1]),
        ("?limit=2&page=2", vec![2]),
        ("?sort=createdAt", vec![2, 1, 0]),
    ] {
        let reply = learner.get(&format!("{history}{query}")).await.expect(200);
        let found: Vec<_> = items(&reply.json).iter().map(|item| item["id"].clone()).collect();
        let expected: Vec<Value> = expected.iter().map(|&at: &usize| made[at].clone()).collect();
        assert_eq!(found, expected, "{query}: {reply}");
    }
}
