//! Tokens that travel by mail: made and mailed in the background, brought back once.

use axum::extract::State;
use garde::Validate;
use rand::Rng;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use shared::{
    domain::{MailPurpose, MailToken, User},
    store::StoreError,
};
use utoipa::ToSchema;

use super::{Message, check_password};
use crate::{
    app::App,
    extract::{Json, invalid},
    mail::Letter,
    problem::{Problem, ProblemBody, Result},
};

/// Bytes of randomness in a token.
const TOKEN_BYTES: usize = 32;
/// Tokens of one purpose that an account is given in the time that one lasts, so that nobody can fill a mailbox.
const TOKENS_MAX: u64 = 5;

fn hash_of(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// Mails a token to an account, in the background.
pub(super) fn invite(app: &App, user: User, purpose: MailPurpose) {
    let inviting = app.clone();
    app.mailer.spawn(async move {
        if let Err(error) = mail_token(&inviting, &user, purpose).await {
            tracing::error!(user = %user.id, %error, "a token could not be mailed");
        }
    });
}

async fn mail_token(app: &App, user: &User, purpose: MailPurpose) -> std::result::Result<(), StoreError> {
    let (store, now) = (&app.ledger.store, app.ledger.clock.now());
    if store.count_mail_tokens(user.id, purpose, now - MailToken::LASTS).await? >= TOKENS_MAX {
        tracing::warn!(user = %user.id, "too many mails were asked for");
        return Ok(());
    }
    let mut bytes = [0; TOKEN_BYTES];
    app.ledger.clock.rng().fill_bytes(&mut bytes);
    let token = hex::encode(bytes);
    store.insert_mail_token(&MailToken::new(hash_of(&token), purpose, user, now)).await?;
    let letter = match purpose {
        MailPurpose::ResetPassword => Letter::reset(&app.mailer.link("reset-password", &token)),
        MailPurpose::VerifyEmail => Letter::verify(&app.mailer.link("verify-email", &token)),
    };
    app.mailer.send(&user.email, &letter).await;
    Ok(())
}

/// Takes a token out that was mailed for this purpose and is still good.
async fn redeem(app: &App, token: &str, purpose: MailPurpose) -> Result<MailToken> {
    let now = app.ledger.clock.now();
    let taken = app.ledger.store.take_mail_token(&hash_of(token), purpose).await?;
    taken.filter(|token| token.is_good(now)).ok_or_else(invalid_token)
}

fn invalid_token() -> Problem {
    let detail =
        "The link is not valid any more: it was used, replaced or is older than an hour. Ask for a new one.";
    Problem::bad_request("auth.token_invalid", detail)
}

/// A token whose account is gone is as good as none.
fn of_a_token(problem: Problem) -> Problem {
    if problem == invalid() { invalid_token() } else { problem }
}

/// Who forgot the password.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct Forgotten {
    /// E-mail of the account.
    #[garde(length(min = 1, max = 254))]
    #[schema(min_length = 1, max_length = 254, example = "ada@example.org")]
    email: String,
}

/// Mails a link to set a new password, if an account has this e-mail. The answer is the same whether or not.
#[utoipa::path(post, path = "/auth/forgot-password", tag = "auth", request_body = Forgotten, responses(
    (status = 200, body = Message),
    (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
    (status = 403, body = ProblemBody, description = "`auth.cross_site`"),
    (status = 413, body = ProblemBody, description = "`body.too_large`"),
    (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
))]
pub async fn forgot_password(State(app): State<App>, Json(ask): Json<Forgotten>) -> Json<Message> {
    let asked = app.clone();
    // Even the look for the account is left to the background, as it would take another time if there is none.
    app.mailer.spawn(async move {
        let mailed = match asked.ledger.store.user_by_email(&ask.email).await {
            Ok(Some(user)) if !user.is_guest => mail_token(&asked, &user, MailPurpose::ResetPassword).await,
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = mailed {
            tracing::error!(%error, "a new password could not be offered");
        }
    });
    Json(Message { message: "If an account has this e-mail, a mail with a link is on its way" })
}

/// A new password, and the token that was mailed for it.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct Reset {
    /// The `token=` of the mailed link.
    #[garde(length(min = 1, max = 256))]
    #[schema(min_length = 1, max_length = 256)]
    token: String,
    /// At least 6 characters and at most 72 bytes.
    #[garde(custom(check_password))]
    #[schema(min_length = 6, max_length = 72)]
    password: String,
}

/// Sets a new password with a mailed token and ends all logins. As the mail was read, the e-mail counts as verified.
#[utoipa::path(post, path = "/auth/reset-password", tag = "auth", request_body = Reset, responses(
    (status = 200, body = Message),
    (status = 400, body = ProblemBody, description = "`auth.token_invalid`, `validation.failed`, `body.malformed`"),
    (status = 403, body = ProblemBody, description = "`auth.cross_site`"),
    (status = 413, body = ProblemBody, description = "`body.too_large`"),
    (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
    (status = 503, body = ProblemBody, description = "`store.unavailable`"),
))]
pub async fn reset_password(State(app): State<App>, Json(reset): Json<Reset>) -> Result<Json<Message>> {
    let token = redeem(&app, &reset.token, MailPurpose::ResetPassword).await?;
    let hash = app.passwords.hash(reset.password).await?;
    super::password::set(&app, token.user_id, hash, None, |user| {
        user.email_verified |= token.reached(user);
        Ok(())
    })
    .await
    .map_err(of_a_token)?;
    Ok(Json(Message { message: "Password changed. Log in with the new one" }))
}

/// The token that was mailed.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct Verification {
    /// The `token=` of the mailed link.
    #[garde(length(min = 1, max = 256))]
    #[schema(min_length = 1, max_length = 256)]
    token: String,
}

/// Proves with a mailed token that its user reads mail to the account's address.
#[utoipa::path(post, path = "/auth/verify-email", tag = "auth", request_body = Verification, responses(
    (status = 200, body = Message),
    (status = 400, body = ProblemBody, description = "`auth.token_invalid`, `validation.failed`, `body.malformed`"),
    (status = 403, body = ProblemBody, description = "`auth.cross_site`"),
    (status = 413, body = ProblemBody, description = "`body.too_large`"),
    (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
    (status = 503, body = ProblemBody, description = "`store.unavailable`"),
))]
pub async fn verify_email(State(app): State<App>, Json(proof): Json<Verification>) -> Result<Json<Message>> {
    let token = redeem(&app, &proof.token, MailPurpose::VerifyEmail).await?;
    let verified = app.logins.change(token.user_id, |user| {
        if !token.reached(user) {
            return Err(invalid_token());
        }
        user.email_verified = true;
        Ok(())
    });
    verified.await.map_err(of_a_token)?;
    Ok(Json(Message { message: "E-mail verified" }))
}
