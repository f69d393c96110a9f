//! New passwords.

use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use shared::domain::{Id, MailPurpose, User};
use utoipa::ToSchema;

use super::{Message, check_password};
use crate::{
    app::App,
    extract::{Caller, Json, invalid},
    mail::Letter,
    problem::{Problem, ProblemBody, Result},
};

/// A new password, and the present one.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasswordChange {
    /// The present one.
    #[garde(length(min = 1, max = 1024))]
    #[schema(min_length = 1, max_length = 1024)]
    current_password: String,
    /// At least 6 characters and at most 72 bytes.
    #[garde(custom(check_password))]
    #[schema(min_length = 6, max_length = 72)]
    new_password: String,
}

/// Changes the caller's password and ends all other logins. Tokens of the old backend, which belong to no login,
/// end too, the one of this request among them.
#[utoipa::path(post, path = "/auth/change-password", tag = "auth", request_body = PasswordChange,
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Message),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.bad_credentials`, `auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`auth.cross_site`, `account.deactivated`"),
        (status = 409, body = ProblemBody, description = "`auth.password_changed`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn change_password(
    State(app): State<App>,
    caller: Caller,
    Json(change): Json<PasswordChange>,
) -> Result<Json<Message>> {
    let user = confirmed(&app, caller.user.id, change.current_password).await?;
    let hash = app.passwords.hash(change.new_password).await?;
    let known = user.password;
    let user = set(&app, user.id, hash, caller.session, |user| {
        if user.password == known {
            return Ok(());
        }
        let detail = "Another request changed the password meanwhile. Sign in with the new one.";
        Err(Problem::conflict("auth.password_changed", detail))
    })
    .await?;
    let mailer = app.mailer.clone();
    app.mailer.spawn(async move {
        let letter = Letter::password_changed(&mailer.page("reset-password"));
        mailer.send(&user.email, &letter).await;
    });
    Ok(Json(Message { message: "Password changed" }))
}

/// The account, as it is stored now, if the password is its own; else 401.
pub async fn confirmed(app: &App, id: Id, password: String) -> Result<User> {
    let user = app.ledger.store.user(id).await?.ok_or_else(invalid)?;
    if app.passwords.verify(password, Some(user.password.clone())).await? {
        return Ok(user);
    }
    Err(Problem::unauthorized("auth.bad_credentials", "The present password is not right."))
}

/// Gives an account a new password hash, ends its logins but the one to keep, and takes back the links that were
/// mailed to set one.
pub(super) async fn set(
    app: &App,
    id: Id,
    hash: String,
    kept: Option<Id>,
    more: impl Fn(&mut User) -> Result<()>,
) -> Result<User> {
    let now = app.ledger.clock.now();
    // Before and after: should the store fail in between, no login outlives the password, and none begins meanwhile.
    app.logins.end_all(id, kept).await?;
    let user = app
        .logins
        .change(id, |user| {
            more(user)?;
            user.password.clone_from(&hash);
            user.logins_ended_at = Some(now);
            Ok(())
        })
        .await?;
    app.logins.end_all(id, kept).await?;
    app.ledger.store.delete_mail_tokens(id, MailPurpose::ResetPassword).await?;
    Ok(user)
}
