//! The DeepSeek client against a server that speaks the protocol, faults included.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{sync::Arc, time::Duration};

use harness::deepseek::{Deepseek, Reply};
use shared::domain::QuestionType;
use tokio::{net::TcpListener, sync::Notify};
use worker::{
    Document, Draft, Material, Page,
    llm::{Batch, Client, Dialect, LlmError, Request, Settings, Usage, generate},
};

const KEY: &str = "sk-very-secret";
const ALL: [QuestionType; 8] = [
    QuestionType::MultipleChoice,
    QuestionType::MultipleSelect,
    QuestionType::TrueFalse,
    QuestionType::ShortAnswer,
    QuestionType::Cloze,
    QuestionType::Numeric,
    QuestionType::Matching,
    QuestionType::Ordering,
];

/// Long enough never to matter, where a test is not about time.
const LONG: Duration = Duration::from_secs(60);

fn client(url: String, change: impl FnOnce(&mut Settings)) -> Client {
    let mut settings = Settings { api_key: Some(KEY.into()), ..Settings::default() };
    (settings.base_url, settings.idle_timeout, settings.queue_timeout) = (url, LONG, LONG);
    change(&mut settings);
    Client::new(shared::http::client().unwrap(), settings)
}

fn document() -> Document {
    let page = |number, text: &str| Page { number: Some(number), text: text.to_owned() };
    Document {
        title: None,
        pages: vec![
            page(
                1,
                "The mitochondrion produces most energy molecules. Photosynthesis happens inside \
                 chloroplasts — naïvely “solar panels”. Ribosomes assemble proteins from amino acids. \
                 Water boils around 100 degrees where pressure equals one atmosphere.\n\
                 The nucleus stores genetic information.",
            ),
            page(
                4,
                "Membranes regulate which molecules enter. Enzymes accelerate chemical reactions \
                 greatly. Glucose contains exactly 6 carbon atoms. 細胞膜は物質の出入りを調節する。 \
                 Vacuoles contain water plus nutrients.",
            ),
        ],
    }
}

async fn ask(client: &Client, request: &Request<'_>) -> (Vec<Draft>, Result<Batch, LlmError>) {
    let mut drafts = Vec::new();
    let result = generate(client, &Material::new(document()), request, |draft| drafts.push(draft)).await;
    (drafts, result)
}

fn five() -> Request<'static> {
    Request { count: 5, types: &ALL, ..Request::default() }
}

/// One call answered by `reply`: how many drafts came, and how it ended.
async fn answered(reply: Reply) -> (usize, Result<Batch, LlmError>) {
    let server = Deepseek::start().await;
    server.push(reply);
    let (drafts, result) = ask(&client(server.url(), |_| ()), &five()).await;
    (drafts.len(), result)
}

#[tokio::test]
async fn every_type_is_asked_and_proven() {
    let server = Deepseek::start().await;
    let request = Request { count: ALL.len(), types: &ALL, user_id: Some("u1"), ..Request::default() };
    let (drafts, result) = ask(&client(server.url(), |_| ()), &request).await;
    let batch = result.unwrap();

    assert_eq!(batch.rejected.total(), 0, "{:?}", batch.rejected);
    assert_eq!(drafts.iter().map(|draft| draft.kind).collect::<Vec<_>>(), ALL);
    let document = document();
    for draft in &drafts {
        let text = document.pages[draft.page].text.chars();
        let quote: String = text.skip(draft.start).take(draft.end - draft.start).collect();
        assert_eq!(quote, draft.quote);
    }
    assert!(!batch.truncated);
    assert_eq!(batch.model, "deepseek-flash");
    assert!(batch.usage.completion_tokens > 0 && batch.usage.cached_tokens > 0);
    assert!(batch.usage.prompt_tokens > batch.usage.cached_tokens);
}

#[tokio::test]
async fn the_request_is_what_the_provider_documents() {
    let server = Deepseek::start().await;
    let client = client(server.url(), |settings| settings.max_tokens = 1234);
    ask(&client, &Request { user_id: Some("u1"), ..five() }).await.1.unwrap();
    let already = ["What is water?".to_owned()];
    ask(&client, &Request { already: &already, count: 2, ..five() }).await.1.unwrap();

    let requests = server.requests();
    assert_eq!((server.count(), requests.len()), (2, 2));
    assert_eq!(requests[0].authorization.as_deref(), Some("Bearer sk-very-secret"));
    let body = &requests[0].body;
    assert_eq!(body["model"], "deepseek-flash");
    assert_eq!(body["thinking"]["type"], "disabled");
    assert_eq!(body["response_format"]["type"], "json_object");
    assert_eq!(body["stream"], true);
    assert_eq!(body["stream_options"]["include_usage"], true);
    assert_eq!(body["max_tokens"], 1234);
    assert_eq!(body["user_id"], "u1");

    let (first, second) = (requests[0].messages(), requests[1].messages());
    assert!(first[1].contains("Membranes regulate"));
    assert_eq!(first[..2], second[..2]);
    assert_ne!(first[2], second[2]);
}

#[tokio::test]
async fn another_endpoint_is_asked_in_the_common_protocol_alone() {
    let server = Deepseek::start().await;
    let client = client(server.url(), |settings| {
        (settings.dialect, settings.api_key, settings.model) = (Dialect::OpenAi, None, "llama".to_owned());
    });
    let (drafts, result) = ask(&client, &Request { user_id: Some("u1"), ..five() }).await;
    assert_eq!((drafts.len(), result.unwrap().model.as_str()), (5, "llama"));
    let requests = server.requests();
    assert_eq!(requests[0].authorization, None);
    assert_eq!((requests[0].body.get("thinking"), requests[0].body.get("user_id")), (None, None));
}

#[tokio::test]
async fn a_call_has_an_end() {
    let server = Deepseek::start().await;
    server.push(Reply::KeepAlives(usize::MAX));
    let client = client(server.url(), |settings| settings.deadline = Duration::from_millis(100));
    let error = ask(&client, &five()).await.1.unwrap_err();
    assert_eq!((error, error.code()), (LlmError::Deadline { usage: Usage::default() }, "provider.timeout"));
    assert_eq!(error.usage(), None);
}

#[tokio::test]
async fn questions_come_while_the_answer_is_still_arriving() {
    let server = Deepseek::start().await;
    server.push(Reply::HangAfter(2));
    let client = client(server.url(), |_| ());
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let call = tokio::spawn(async move {
        generate(&client, &Material::new(document()), &five(), |draft| sender.send(draft).unwrap()).await
    });
    assert!(receiver.recv().await.is_some());
    assert!(receiver.recv().await.is_some());
    assert!(!call.is_finished());
    call.abort();
}

#[tokio::test]
async fn odd_but_good_answers_are_understood() {
    for reply in [Reply::Chopped(1), Reply::Chopped(7), Reply::KeepAlives(3), Reply::ProseAround] {
        let (drafts, result) = answered(reply.clone()).await;
        assert_eq!((drafts, result.map(|batch| batch.rejected.total())), (5, Ok(0)), "{reply:?}");
    }
}

#[tokio::test]
async fn keep_alives_are_not_silence() {
    let server = Deepseek::start().await;
    let release = Arc::new(Notify::new());
    server.push(Reply::When(Arc::clone(&release)));
    let idle = Duration::from_millis(500);
    let client = client(server.url(), |settings| settings.idle_timeout = idle);
    let call = tokio::spawn(async move { ask(&client, &five()).await.1 });
    server.received(1).await;
    // What is tested is that this much time passes without harm.
    tokio::time::sleep(idle * 2).await;
    release.notify_one();
    assert!(call.await.unwrap().is_ok());
}

#[tokio::test]
async fn the_queue_has_an_end() {
    let server = Deepseek::start().await;
    server.push(Reply::KeepAlives(usize::MAX));
    let client = client(server.url(), |settings| settings.queue_timeout = Duration::from_millis(100));
    let error = ask(&client, &five()).await.1.unwrap_err();
    assert_eq!((error, error.code()), (LlmError::Timeout { usage: Usage::default() }, "provider.timeout"));
}

#[tokio::test]
async fn silence_ends_in_a_timeout() {
    let server = Deepseek::start().await;
    let client = client(server.url(), |settings| settings.idle_timeout = Duration::from_millis(200));
    for (reply, count, costs) in
        [(Reply::Hang, 0, false), (Reply::HangAfter(0), 0, true), (Reply::HangAfter(2), 2, true)]
    {
        server.push(reply);
        let (drafts, result) = ask(&client, &five()).await;
        let error = result.unwrap_err();
        assert_eq!((drafts.len(), error.code(), error.usage().is_some()), (count, "provider.timeout", costs));
    }
}

#[tokio::test]
async fn broken_off_answers_keep_their_questions() {
    let (drafts, result) = answered(Reply::Truncated(3)).await;
    assert_eq!((drafts, result.map(|batch| batch.truncated)), (3, Ok(true)));
    for reply in [Reply::CutMidStream(2), Reply::EndsEarly(2)] {
        let (drafts, result) = answered(reply).await;
        let error = result.unwrap_err();
        assert!(matches!(error, LlmError::Cut { .. }), "{error:?}");
        let used = error.usage().unwrap();
        assert!(drafts == 2 && used.prompt_tokens > 100 && used.completion_tokens > 100, "{used:?}");
    }
}

#[tokio::test]
async fn faulty_answers_have_their_errors() {
    let cases = [
        (Reply::Blank, "provider.malformed", true),
        (Reply::Malformed, "provider.malformed", true),
        (Reply::Text("I would rather not.".to_owned()), "provider.malformed", true),
        (Reply::ErrorEvent, "provider.unavailable", true),
        (Reply::ContentFilter, "provider.content_filtered", false),
        (Reply::InsufficientSystemResource, "provider.unavailable", true),
    ];
    for (reply, code, retryable) in cases {
        let error = answered(reply.clone()).await.1.unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (code, retryable), "{reply:?}");
        let paid = matches!(reply, Reply::Blank | Reply::ContentFilter | Reply::InsufficientSystemResource);
        let usage = error.usage().unwrap_or_default();
        assert!(!paid || usage != Usage::default(), "{reply:?}");
    }
}

#[tokio::test]
async fn statuses_say_whether_and_when_to_try_again() {
    for (status, code) in [
        (400, "provider.rejected"),
        (401, "provider.unauthorized"),
        (402, "provider.no_balance"),
        (422, "provider.rejected"),
    ] {
        let error = answered(Reply::Status(status, Some("5".to_owned()))).await.1.unwrap_err();
        assert_eq!((error.code(), error.is_retryable(), error.retry_after()), (code, false, None));
    }
    for (status, code) in
        [(429, "provider.rate_limited"), (500, "provider.unavailable"), (503, "provider.unavailable")]
    {
        let error = answered(Reply::Status(status, Some("5".to_owned()))).await.1.unwrap_err();
        assert_eq!((error.code(), error.retry_after()), (code, Some(Duration::from_secs(5))));
        assert!(error.is_retryable());
    }
    let past = Reply::Status(429, Some("Wed, 21 Oct 2015 07:28:00 GMT".to_owned()));
    assert_eq!(answered(past).await.1.unwrap_err().retry_after(), Some(Duration::ZERO));
    let none = answered(Reply::Status(503, None)).await.1.unwrap_err();
    assert_eq!(none.retry_after(), None);
}

#[tokio::test]
async fn no_server_and_no_usable_url_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = ask(&client(closed, |_| ()), &five()).await.1.unwrap_err();
    assert_eq!((error, error.is_retryable()), (LlmError::Unreachable, true));
    let error = ask(&client("not a url".to_owned(), |_| ()), &five()).await.1.unwrap_err();
    assert_eq!((error, error.is_retryable()), (LlmError::Settings, false));
}

#[tokio::test]
async fn an_answer_without_end_is_refused() {
    let server = Deepseek::start().await;
    server.push(Reply::Text("{\"questions\":[".to_owned() + &" ".repeat(100_000)));
    let client = client(server.url(), |settings| settings.max_answer_bytes = 50_000);
    let error = ask(&client, &five()).await.1.unwrap_err();
    assert_eq!(error.code(), "provider.malformed");
}
