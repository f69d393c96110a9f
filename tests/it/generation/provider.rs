//! What the scripted provider itself promises the other tests.

use harness::{
    Client,
    deepseek::{Attack, Deepseek, Kind, Outcome, Reply, account},
};
use reqwest::Method;
use serde_json::{Value, json};

const DEEPSEEK: &str = "/chat/completions";
const OLLAMA: &str = "/v1/chat/completions";

fn body(messages: &[String]) -> Value {
    let messages: Vec<Value> =
        messages.iter().map(|content| json!({ "role": "user", "content": content })).collect();
    json!({ "model": "m", "messages": messages, "stream": true })
}

/// A request for questions about a text.
fn quiz(text: &str) -> Value {
    let task = json!({ "count": 3, "types": ["multiple_choice"], "difficulty": "easy", "already": [] });
    let source = format!("<<<SOURCE ab\n<<<PAGE 1 ab\n<<<SECTION 1 ab\n{text}\n<<<END ab");
    body(&["The rules.".to_owned(), source, format!("The task as json:\n{task}")])
}

const TEXT: &str = "Membranes regulate which molecules enter. Ribosomes assemble proteins from amino acids. \
                    Enzymes accelerate chemical reactions greatly.";

/// Sends a request, and puts the answer's text together.
async fn asked(provider: &Deepseek, path: &str, body: &Value) -> (u16, String) {
    let client = Client::new(provider.url()).with_token("sk-any");
    let reply = client.send(client.request(Method::POST, path).json(body)).await;
    let text = reply.text();
    let events =
        text.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
    let pieces =
        events.filter_map(|event| Some(event["choices"].get(0)?["delta"]["content"].as_str()?.to_owned()));
    (reply.status, pieces.collect())
}

fn list(answer: &str, name: &str) -> Vec<Value> {
    let answer: Value = serde_json::from_str(answer).unwrap();
    answer[name].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_path_has_its_rules() {
    let provider = Deepseek::start().await;
    let mut body = quiz(TEXT);
    for path in [DEEPSEEK, OLLAMA] {
        let (status, answer) = asked(&provider, path, &body).await;
        assert_eq!((status, list(&answer, "questions").len()), (200, 3), "{path} {answer}");
    }
    body["thinking"] = json!({ "type": "disabled" });
    assert_eq!(asked(&provider, DEEPSEEK, &body).await.0, 200);
    assert_eq!(asked(&provider, OLLAMA, &body).await.0, 400);
}

#[tokio::test]
async fn sections_and_earlier_questions_are_minded() {
    let provider = Deepseek::start().await;
    let ask = |sections: Value, already: Value| {
        let task = json!({
            "count": 9, "types": ["cloze"], "difficulty": "easy", "sections": sections, "already": already,
        });
        let (first, second) = TEXT.split_once(". ").unwrap();
        let source = format!(
            "<<<SOURCE ab\n<<<PAGE 1 ab\n<<<SECTION 1 ab\n{first}.\n<<<SECTION 2 ab\n{second}\n<<<END ab"
        );
        body(&["Rules for json.".to_owned(), source, task.to_string()])
    };
    let all = list(&asked(&provider, DEEPSEEK, &ask(json!([]), json!([]))).await.1, "questions");
    assert_eq!(all.len(), 3);
    let second = list(&asked(&provider, DEEPSEEK, &ask(json!([2]), json!([]))).await.1, "questions");
    assert_eq!(second, all[1..]);
    let rest =
        list(&asked(&provider, DEEPSEEK, &ask(json!([]), json!([all[1]["question"]]))).await.1, "questions");
    assert_eq!(rest, [all[0].clone(), all[2].clone()]);
}

#[tokio::test]
async fn what_was_delivered_is_accounted_for() {
    let provider = Deepseek::start().await;
    for reply in
        [Reply::Status(503, None), Reply::Good, Reply::Good, Reply::Truncated(1), Reply::Status(402, None)]
    {
        provider.push(reply);
        asked(&provider, DEEPSEEK, &quiz(TEXT)).await;
    }
    let requests = provider.requests();
    let outcomes: Vec<Outcome> = requests.iter().map(|request| request.outcome).collect();
    use Outcome::{Clean, Faulty, Refused};
    assert_eq!(outcomes, [Faulty, Clean, Clean, Faulty, Refused]);
    // The third and those after it had a good answer already.
    assert_eq!((account::repeated(&requests), provider.most_at_once()), (3, 1));
    assert_eq!(requests[1].delivered, requests[2].delivered);
    assert!(requests[3].delivered < requests[1].delivered && requests[4].delivered == 0);
}

#[tokio::test]
async fn a_check_is_answered_from_its_quotes_and_has_a_script_of_its_own() {
    let provider = Deepseek::start().await;
    let questions = list(&asked(&provider, DEEPSEEK, &quiz(TEXT)).await.1, "questions");
    let items: Vec<Value> =
        questions.iter().enumerate().map(|(id, question)| checked(id, question)).collect();
    let check = body(&["Rules for json.".to_owned(), json!({ "items": items }).to_string()]);
    provider.push_check(Reply::Blank);
    assert_eq!(asked(&provider, DEEPSEEK, &check).await.1.trim(), "");
    let answers = list(&asked(&provider, DEEPSEEK, &check).await.1, "answers");
    for (id, (question, answer)) in questions.iter().zip(&answers).enumerate() {
        assert_eq!(answer, &json!({ "id": id, "answer": question["answer"] }), "{question:#}");
    }
    assert_eq!(provider.count_of(Kind::Check), 2);
}

fn checked(id: usize, question: &Value) -> Value {
    json!({
        "id": id, "type": question["type"], "quote": question["quote"], "question": question["question"],
        "options": question["options"],
    })
}

#[tokio::test]
async fn a_model_that_obeys_agrees_with_its_own_wrong_keys() {
    let provider = Deepseek::start().await;
    provider.otherwise(Reply::Obeys);
    let good = list(&asked(&provider, DEEPSEEK, &quiz(TEXT)).await.1, "questions");
    let text = format!("{TEXT}\n{}", Attack::WrongKeys.sentence("fr"));
    let wrong = list(&asked(&provider, DEEPSEEK, &quiz(&text)).await.1, "questions");
    assert_eq!(provider.requests()[1].obeyed, Some(Attack::WrongKeys));
    assert!(good.iter().zip(&wrong).all(|(good, wrong)| good["answer"] != wrong["answer"]), "{wrong:#?}");
    let items: Vec<Value> = wrong.iter().enumerate().map(|(id, question)| checked(id, question)).collect();
    let check = body(&["Rules for json.".to_owned(), json!({ "items": items }).to_string()]);
    let answers = list(&asked(&provider, DEEPSEEK, &check).await.1, "answers");
    assert!(
        answers.iter().zip(&wrong).all(|(answer, wrong)| answer["answer"] == wrong["answer"]),
        "{answers:#?}"
    );
}
