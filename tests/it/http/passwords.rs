//! New passwords and verified e-mails, with a mail server that keeps what it is sent.

use harness::client::PASSWORD;
use harness::{App, Client, Mailbox};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_registration_mails_a_link_that_verifies_the_email,
    a_forgotten_password_is_set_anew,
    a_reset_ends_every_login_and_every_other_link,
    a_token_is_good_once_for_one_thing,
    one_of_many_resets_with_a_token_counts,
    whether_an_account_exists_is_not_told,
    a_mailbox_is_not_flooded,
    a_changed_password_ends_other_logins,
    the_present_password_must_be_right,
    a_new_password_keeps_the_rules_of_a_first_one,
    a_busy_mail_server_is_tried_again,
    the_pages_of_the_links_are_served,
    without_a_mail_server_links_are_in_the_log_of_a_developer_alone,
);

const SENDER: &str = "SmartStudy <no-reply@study.test>";
const NEW: &str = "a horse of another colour";

/// An app whose mail can be read, shared by the cases of this file.
struct Post {
    app: App,
    mails: Mailbox,
}

impl Post {
    async fn of(mix: Mix) -> &'static Self {
        static EMBEDDED: OnceCell<Post> = OnceCell::const_new();
        static PRODUCTION: OnceCell<Post> = OnceCell::const_new();
        let shared = match mix {
            Mix::Embedded => &EMBEDDED,
            Mix::Production => &PRODUCTION,
        };
        shared.get_or_init(|| Self::start(mix)).await
    }

    async fn start(mix: Mix) -> Self {
        let mails = Mailbox::start();
        let options = Mix::options().env("SMTP_URL", mails.url()).env("MAIL_FROM", SENDER);
        let app = mix.start(options.env("FRONTEND_URL", "https://study.test/app/")).await;
        Self { app, mails }
    }

    /// A new account, logged in, and its e-mail; the mail that greets it has come.
    async fn learner(&self) -> (Client, String) {
        let learner = self.app.client().register().await;
        let email = text(&learner.session()["user"]["email"]).to_owned();
        self.mails.mail_to(&email, 1).await;
        (learner, email)
    }

    /// Asks for a link to set a new password, which comes as the account's mail of this number.
    async fn reset_token(&self, email: &str, number: usize) -> String {
        self.app.client().post("/auth/forgot-password", &json!({ "email": email })).await.expect(200);
        self.mails.mail_to(email, number).await.token("reset-password")
    }
}

async fn reset(client: &Client, token: &str, password: &str) -> harness::client::Reply {
    client.anonymous().post("/auth/reset-password", &json!({ "token": token, "password": password })).await
}

async fn verify(client: &Client, token: &str) -> harness::client::Reply {
    client.anonymous().post("/auth/verify-email", &json!({ "token": token })).await
}

async fn verified(client: &Client) -> Value {
    client.get("/auth/me").await.expect(200).json["emailVerified"].clone()
}

async fn a_registration_mails_a_link_that_verifies_the_email(mix: Mix) {
    let post = Post::of(mix).await;
    let (learner, email) = post.learner().await;
    assert_eq!(verified(&learner).await, false);
    let mail = post.mails.mail_to(&email, 1).await;
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("no-reply@study.test", [email.clone()].as_slice()));
    assert_eq!(mail.header("From"), SENDER);
    assert_eq!(mail.header("Subject"), "Confirm your e-mail address");
    assert!(mail.header("Message-ID").ends_with("@study.test>"));
    assert!(!mail.header("Date").is_empty());
    assert!(mail.text.contains("https://study.test/app/verify-email?token="), "{}", mail.text);
    assert!(!mail.text.contains("A Learner"), "anybody may have chosen the name: {}", mail.text);
    let token = mail.token("verify-email");
    assert!(token.len() >= 43, "{token}");
    let reply = verify(&learner, &token).await.expect(200);
    assert_eq!(reply.json, json!({ "message": "E-mail verified" }));
    assert_eq!(verified(&learner).await, true);
    assert_problem(&verify(&learner, &token).await, 400, "auth.token_invalid");
}

async fn a_forgotten_password_is_set_anew(mix: Mix) {
    let post = Post::of(mix).await;
    let (learner, email) = post.learner().await;
    let spelt = json!({ "email": format!(" {} ", email.to_uppercase()) });
    learner.anonymous().post("/auth/forgot-password", &spelt).await.expect(200);
    let mail = post.mails.mail_to(&email, 2).await;
    assert_eq!(mail.header("Subject"), "Set a new password");
    let token = mail.token("reset-password");
    let reply = reset(&learner, &token, NEW).await.expect(200);
    assert_eq!(reply.json, json!({ "message": "Password changed. Log in with the new one" }));
    let old = json!({ "email": email, "password": PASSWORD });
    assert_problem(&learner.anonymous().post("/auth/login", &old).await, 401, "auth.bad_credentials");
    let again = learner.login(&email, NEW).await;
    // Who reads the mail has proven it.
    assert_eq!(verified(&again).await, true);
}

async fn a_reset_ends_every_login_and_every_other_link(mix: Mix) {
    let post = Post::of(mix).await;
    let (learner, email) = post.learner().await;
    let second = learner.login(&email, PASSWORD).await;
    let first_token = post.reset_token(&email, 2).await;
    let token = post.reset_token(&email, 3).await;
    assert_ne!(first_token, token);
    reset(&learner, &token, NEW).await.expect(200);
    for client in [&learner, &second] {
        assert_problem(&client.get("/auth/me").await, 401, "auth.token_revoked");
        let refresh = json!({ "refreshToken": client.session()["refreshToken"] });
        let refreshed = client.anonymous().post("/auth/refresh", &refresh).await;
        assert_problem(&refreshed, 401, "auth.refresh_invalid");
    }
    for used in [&first_token, &token] {
        assert_problem(&reset(&learner, used, PASSWORD).await, 400, "auth.token_invalid");
    }
    learner.login(&email, NEW).await;
}

async fn a_token_is_good_once_for_one_thing(mix: Mix) {
    let post = Post::of(mix).await;
    let (learner, email) = post.learner().await;
    let verification = post.mails.mail_to(&email, 1).await.token("verify-email");
    let resetting = post.reset_token(&email, 2).await;
    assert_problem(&verify(&learner, &resetting).await, 400, "auth.token_invalid");
    assert_problem(&reset(&learner, &verification, NEW).await, 400, "auth.token_invalid");
    for token in ["x", "0".repeat(64).as_str(), "\0", "$ne"] {
        assert_problem(&verify(&learner, token).await, 400, "auth.token_invalid");
        assert_problem(&reset(&learner, token, NEW).await, 400, "auth.token_invalid");
    }
    // None of it used them up, nor does a password that is refused.
    assert_fields(&reset(&learner, &resetting, "short").await, &["password"]);
    verify(&learner, &verification).await.expect(200);
    reset(&learner, &resetting, NEW).await.expect(200);
    for body in
        [json!({}), json!({ "token": "" }), json!({ "token": "x".repeat(257) }), json!({ "token": 1 })]
    {
        assert_fields(&learner.anonymous().post("/auth/verify-email", &body).await, &["token"]);
    }
}

async fn one_of_many_resets_with_a_token_counts(mix: Mix) {
    let post = Post::of(mix).await;
    let (learner, email) = post.learner().await;
    let token = post.reset_token(&email, 2).await;
    let passwords: Vec<String> = (0..8).map(|number| format!("password {number}")).collect();
    let raced = futures::future::join_all(passwords.iter().map(|password| reset(&learner, &token, password)));
    let statuses: Vec<_> = raced.await.into_iter().map(|reply| reply.status).collect();
    let winner = statuses.iter().position(|status| *status == 200).expect("one that counts");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 7, "{statuses:?}");
    learner.login(&email, &passwords[winner]).await;
}

async fn whether_an_account_exists_is_not_told(mix: Mix) {
    let post = Post::of(mix).await;
    let (learner, email) = post.learner().await;
    let guest = post.app.client().guest().await;
    let of_a_guest = text(&guest.session()["user"]["email"]).to_owned();
    let mut answers = Vec::new();
    for asked in [email.as_str(), "nobody@study.test", "not an address", &of_a_guest] {
        let reply = learner.anonymous().post("/auth/forgot-password", &json!({ "email": asked })).await;
        answers.push(reply.expect(200).bytes);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    // When the mail is there, the askings before it were dealt with too, or were never going to bring any.
    post.mails.mail_to(&email, 2).await;
    assert_eq!(post.mails.mails_to("nobody@study.test"), []);
    assert_eq!(post.mails.mails_to(&of_a_guest), []);
    let empty = learner.anonymous().post("/auth/forgot-password", &json!({ "email": "" })).await;
    assert_fields(&empty, &["email"]);
}

async fn a_mailbox_is_not_flooded(mix: Mix) {
    let post = Post::of(mix).await;
    let (_, email) = post.learner().await;
    for number in 2..=6 {
        post.reset_token(&email, number).await;
    }
    let asking = post.app.client();
    asking.post("/auth/forgot-password", &json!({ "email": email })).await.expect(200);
    post.app
        .api
        .line(|line| line.contains("too many mails were asked for").then_some(()))
        .await
        .expect("a line in the log");
    assert_eq!(post.mails.mails_to(&email).len(), 6);
}

async fn a_changed_password_ends_other_logins(mix: Mix) {
    let post = Post::of(mix).await;
    let (learner, email) = post.learner().await;
    let other = learner.login(&email, PASSWORD).await;
    let link = post.reset_token(&email, 2).await;
    let change = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    let reply = learner.post("/auth/change-password", &change).await.expect(200);
    assert_eq!(reply.json, json!({ "message": "Password changed" }));
    learner.get("/auth/me").await.expect(200);
    let refresh = json!({ "refreshToken": learner.session()["refreshToken"] });
    learner.anonymous().post("/auth/refresh", &refresh).await.expect(200);
    assert_problem(&other.get("/auth/me").await, 401, "auth.token_revoked");
    let old = json!({ "email": email, "password": PASSWORD });
    assert_problem(&learner.anonymous().post("/auth/login", &old).await, 401, "auth.bad_credentials");
    learner.login(&email, NEW).await;
    assert_problem(&reset(&learner, &link, PASSWORD).await, 400, "auth.token_invalid");
    let told = post.mails.mail_to(&email, 3).await;
    assert_eq!(told.header("Subject"), "Your password was changed");
    assert!(told.text.contains("https://study.test/app/reset-password\r\n"), "{}", told.text);
}

async fn the_present_password_must_be_right(mix: Mix) {
    let post = Post::of(mix).await;
    let (learner, email) = post.learner().await;
    let wrong = json!({ "currentPassword": "not this one", "newPassword": NEW });
    assert_problem(&learner.post("/auth/change-password", &wrong).await, 401, "auth.bad_credentials");
    learner.login(&email, PASSWORD).await;
    let visitor = learner.anonymous();
    assert_problem(&visitor.post("/auth/change-password", &wrong).await, 401, "auth.required");
    let guest = visitor.guest().await;
    assert_problem(&guest.post("/auth/change-password", &wrong).await, 401, "auth.bad_credentials");
    // Of those that change it at once, all knowing the old one, one counts.
    let change =
        |number: usize| json!({ "currentPassword": PASSWORD, "newPassword": format!("password {number}") });
    let changes: Vec<_> = (0..5).map(change).collect();
    let raced =
        futures::future::join_all(changes.iter().map(|body| learner.post("/auth/change-password", body)));
    let raced = raced.await;
    let winner = raced.iter().position(|reply| reply.status == 200).expect("one that counts");
    for (number, reply) in raced.iter().enumerate() {
        assert!(number == winner || [401, 409].contains(&reply.status), "{reply}");
    }
    learner.login(&email, &format!("password {winner}")).await;
}

async fn a_new_password_keeps_the_rules_of_a_first_one(mix: Mix) {
    let post = Post::of(mix).await;
    let (learner, email) = post.learner().await;
    for refused in ["", "12345", "é".repeat(37).as_str(), "x".repeat(73).as_str()] {
        let change = json!({ "currentPassword": PASSWORD, "newPassword": refused });
        assert_fields(&learner.post("/auth/change-password", &change).await, &["newPassword"]);
        assert_fields(&reset(&learner, "token", refused).await, &["password"]);
    }
    assert_fields(
        &learner.post("/auth/change-password", &json!({ "newPassword": NEW })).await,
        &["currentPassword"],
    );
    let longest = "é".repeat(36);
    let change = json!({ "currentPassword": PASSWORD, "newPassword": longest });
    learner.post("/auth/change-password", &change).await.expect(200);
    learner.login(&email, &longest).await;
}

async fn a_busy_mail_server_is_tried_again(mix: Mix) {
    let mails = Mailbox::start();
    mails.be_busy(1);
    let options = Mix::options().env("SMTP_URL", mails.url()).env("MAIL_FROM", "no-reply@study.test");
    let app = mix.start(options).await;
    let learner = app.client().register().await;
    let mail = mails.mail_to(text(&learner.session()["user"]["email"]), 1).await;
    assert_eq!(mails.refused(), 1);
    verify(&learner, &mail.token("verify-email")).await.expect(200);
    assert_eq!(verified(&learner).await, true);
}

async fn the_pages_of_the_links_are_served(mix: Mix) {
    let visitor = mix.app().await.client();
    for (path, says) in [("/reset-password", "Set a new password"), ("/verify-email", "Confirm your email")] {
        let page = visitor.get(&format!("{path}?token=secret")).await.expect(200);
        assert!(page.header("content-type").starts_with("text/html") && page.text().contains(says), "{page}");
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert!(!page.text().contains("secret"));
        visitor.get(&format!("/web{path}.js")).await.expect(200);
        let known = visitor.request(Method::GET, path).header("If-None-Match", page.header("etag"));
        visitor.send(known).await.expect(304);
    }
}

async fn without_a_mail_server_links_are_in_the_log_of_a_developer_alone(mix: Mix) {
    let learner = mix.learner().await;
    let email = text(&learner.session()["user"]["email"]).to_owned();
    let app = mix.app().await;
    let linked = |line: &str| line.split_once("/verify-email?token=").map(|(_, token)| token.to_owned());
    // Other accounts' links are in the log too, so this one's is looked for from its mail on.
    let mut own = false;
    let token = app.api.line(|line| {
        own |= line.contains(&email);
        linked(line).filter(|_| own)
    });
    verify(&learner, &token.await.expect("a link in the log")).await.expect(200);

    let strict =
        mix.start(Mix::options().env("ENVIRONMENT", "production").env("RUST_LOG", "trace,hyper=info")).await;
    let learner = strict.client().register().await;
    learner.get("/auth/me").await.expect(200);
    strict
        .api
        .line(|line| line.contains("a mail was dropped").then_some(()))
        .await
        .expect("a line in the log");
    let log = strict.api.log().text();
    assert!(log.contains("SMTP_URL is not set") && !log.contains("token="), "{log}");
}
