//! A client that knows of the product what its API contract says, and nothing else.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::events::Events;

/// Longer than the longest `Prefer: wait`.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(150);

/// How long a job may take in a test.
const JOB_PATIENCE: Duration = Duration::from_secs(120);

/// The password of every account that [`Client::register`] makes.
pub const PASSWORD: &str = "correct horse battery";

/// An HTTP client of one server, logged in or not. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
    session: Value,
}

impl Client {
    /// A client that is not logged in.
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into().trim_end_matches('/').to_owned();
        Self { http: http(), url, token: None, session: Value::Null }
    }

    /// The same login at another server, another replica or the same one after its restart.
    #[must_use]
    pub fn at(&self, url: impl Into<String>) -> Self {
        Self { url: url.into().trim_end_matches('/').to_owned(), ..self.clone() }
    }

    /// The same server with an access token of the caller's.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), session: Value::Null, ..self.clone() }
    }

    /// The same server without a login.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        Self { token: None, session: Value::Null, ..self.clone() }
    }

    /// Makes an account that nobody else has and logs it in.
    pub async fn register(&self) -> Self {
        let email = format!("learner-{}-{}@example.com", std::process::id(), crate::unique());
        let account = json!({ "name": "A Learner", "email": email, "password": PASSWORD });
        self.anonymous().post("/auth/register", &account).await.expect(201);
        self.login(&email, PASSWORD).await
    }

    /// Logs an account in.
    pub async fn login(&self, email: &str, password: &str) -> Self {
        let credentials = json!({ "email": email, "password": password });
        let reply = self.anonymous().post("/auth/login", &credentials).await.expect(200);
        self.logged_in(reply.json)
    }

    /// A throwaway account.
    pub async fn guest(&self) -> Self {
        let request = self.anonymous().request(Method::POST, "/auth/guest");
        let reply = self.send(request).await.expect(201);
        self.logged_in(reply.json)
    }

    fn logged_in(&self, session: Value) -> Self {
        let token = session["accessToken"].as_str().unwrap_or_else(|| panic!("no access token in {session}"));
        Self { token: Some(token.to_owned()), session, ..self.clone() }
    }

    /// The access token, when logged in.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The session as the login answered it: `user`, `refreshToken` and the rest.
    pub fn session(&self) -> &Value {
        &self.session
    }

    /// The id of the account that is logged in.
    pub fn user_id(&self) -> &str {
        self.session["user"]["id"].as_str().expect("a login")
    }

    /// The server's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// Reads; none when the server cannot be reached.
    pub async fn try_get(&self, path: &str) -> Option<Reply> {
        Reply::read(self.request(Method::GET, path).send().await.ok()?).await.ok()
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// Puts JSON.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// Patches with JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::PATCH, path).json(body)).await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Posts a multipart form. A name that comes twice makes a repeated field.
    pub async fn upload(&self, path: &str, fields: &[(&str, &str)], file: Upload) -> Reply {
        self.send(self.request(Method::POST, path).multipart(file.form(fields))).await
    }

    /// Puts a file, as a form.
    pub async fn put_file(&self, path: &str, file: Upload) -> Reply {
        self.send(self.request(Method::PUT, path).multipart(file.form(&[]))).await
    }

    /// A request with the login, to which headers and a body can be added before [`Client::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.open_ended(method, path).timeout(REQUEST_TIMEOUT)
    }

    fn open_ended(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request and reads the whole answer. Panics when there is none.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        let response = request.send().await.unwrap_or_else(|error| panic!("no answer: {error:?}"));
        Reply::read(response).await.unwrap_or_else(|error| panic!("a broken answer: {error:?}"))
    }

    /// Waits on the server until a job has ended, and returns it. Panics when it does not in time.
    pub async fn wait_job(&self, id: &str) -> Value {
        let deadline = Instant::now() + JOB_PATIENCE;
        loop {
            let request = self.request(Method::GET, &format!("/jobs/{id}")).header("Prefer", "wait=30");
            let job = self.send(request).await.expect(200).json;
            if matches!(job["status"].as_str(), Some("succeeded" | "failed" | "cancelled" | "discarded")) {
                return job;
            }
            assert!(Instant::now() < deadline, "the job does not end: {job:#}");
        }
    }

    /// Follows a job's events, from the first or from after the one given.
    pub async fn events(&self, job: &str, last_event_id: Option<&str>) -> Events {
        self.stream(&format!("/jobs/{job}/events"), |request| match last_event_id {
            Some(id) => request.header("Last-Event-ID", id),
            None => request,
        })
        .await
    }

    /// Follows a stream of events; the request may be added to.
    pub async fn stream(&self, path: &str, add: impl FnOnce(RequestBuilder) -> RequestBuilder) -> Events {
        let request = self.open_ended(Method::GET, path).header("Accept", "text/event-stream");
        let request = add(request);
        Events::new(request.send().await.unwrap_or_else(|error| panic!("no event stream: {error:?}")))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the suites share no code with the product, its HTTP client included"
)]
pub(crate) fn http() -> reqwest::Client {
    // A second call finds the provider in place, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Loopback only: no certificates, no proxy, and redirects are answers like others.
    let builder = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    builder.redirect(reqwest::redirect::Policy::none()).build().expect("an HTTP client")
}

/// A file for [`Client::upload`].
#[derive(Clone, Debug)]
pub struct Upload {
    /// The form field, `file` unless changed.
    pub field: String,
    /// The file's name.
    pub name: String,
    /// The declared media type.
    pub mime: String,
    /// The content.
    pub bytes: Bytes,
}

impl Upload {
    /// A file in the field `file`.
    pub fn new(name: &str, mime: &str, bytes: impl Into<Bytes>) -> Self {
        Self { field: "file".to_owned(), name: name.to_owned(), mime: mime.to_owned(), bytes: bytes.into() }
    }

    fn form(self, fields: &[(&str, &str)]) -> Form {
        let length = self.bytes.len() as u64;
        let part = Part::stream_with_length(self.bytes, length).file_name(self.name);
        let part = part.mime_str(&self.mime).expect("a media type");
        let texts = fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        texts.fold(Form::new(), |form, (name, value)| form.text(name, value)).part(self.field, part)
    }
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub bytes: Bytes,
    /// The body as JSON; null when it is not.
    pub json: Value,
}

impl Reply {
    async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let bytes = response.bytes().await?;
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Self { status, headers, bytes, json })
    }

    /// Goes on if the status is this one; else panics and shows the answer.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// A header's value; empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The `id` of the resource in the body.
    #[track_caller]
    pub fn id(&self) -> &str {
        self.json["id"].as_str().unwrap_or_else(|| panic!("no id: {self}"))
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}, headers {:?}, body:\n{}", self.status, self.headers, self.text())
    }
}
