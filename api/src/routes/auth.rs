//! Accounts and logins.

use axum::{
    extract::{FromRequest, Request, State, rejection::FormRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use axum_extra::extract::CookieJar;
use garde::Validate;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use shared::{
    domain::{Id, MailPurpose, Role, Timestamp, USERNAME_MAX, User, handle_of, is_handle_char},
    store::StoreError,
};
use utoipa::ToSchema;

use crate::{
    app::App,
    extract::{Caller, Conditions, Json, Validated, body_problem, data_problem, invalid},
    passwords::BYTES_MAX,
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

mod mail;
mod password;
pub mod sessions;

pub use password::confirmed;

use sessions::{SessionView, start};

/// This file's routes.
pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(guest))
        .routes(routes!(sessions::logout))
        .routes(routes!(me))
        .routes(routes!(sessions::refresh))
        .routes(routes!(password::change_password))
        .routes(routes!(mail::forgot_password))
        .routes(routes!(mail::reset_password))
        .routes(routes!(mail::verify_email))
}

/// Tries at a username that nobody has.
const USERNAME_TRIES: u32 = 20;

/// An account as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    #[schema(value_type = String)]
    id: Id,
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    legacy_id: Id,
    name: String,
    username: String,
    email: String,
    email_verified: bool,
    role: Role,
    is_active: bool,
    is_guest: bool,
    /// Path of its picture on this server; another one whenever the picture changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            legacy_id: user.id,
            avatar_url: avatar_url(&user),
            name: user.name,
            username: user.username.unwrap_or_default(),
            email: user.email,
            email_verified: user.email_verified,
            role: user.role,
            is_active: user.is_active,
            is_guest: user.is_guest,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

/// Where an account's picture is. The query makes it another address for another picture.
pub fn avatar_url(user: &User) -> Option<String> {
    user.avatar.map(|avatar| format!("/users/{}/avatar?v={avatar}", user.id))
}

/// A sentence for the user.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// The sentence.
    pub message: &'static str,
}

/// A new account.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct Register {
    /// Shown name.
    #[garde(custom(check_name))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "Ada Lovelace")]
    name: String,
    /// E-mail, unique in any case.
    #[garde(custom(check_email), length(max = 254))]
    #[schema(format = Email, example = "ada@example.org")]
    email: String,
    /// At least 6 characters and at most 72 bytes.
    #[garde(custom(check_password))]
    #[schema(min_length = 6, max_length = 72, example = "correct horse battery")]
    password: String,
    /// Unique handle, without space and `@`; made from the e-mail when absent.
    #[garde(inner(custom(check_username)))]
    #[schema(min_length = 1, max_length = 50, pattern = r"^\s*[^\s@\x00-\x1f\x7f-\x9f]+\s*$")]
    username: Option<String>,
}

/// A name that shows.
pub fn check_name(name: &str, _: &()) -> garde::Result {
    if name.trim().is_empty() || name.chars().count() > 100 {
        return Err(garde::Error::new("must have 1 to 100 characters and not only space"));
    }
    Ok(())
}

/// A handle that cannot be taken for an e-mail.
pub fn check_username(username: &str, _: &()) -> garde::Result {
    let handle = username.trim();
    if handle.is_empty() || username.chars().count() > USERNAME_MAX {
        return Err(garde::Error::new("must have 1 to 50 characters and not only space"));
    }
    if !handle.chars().all(is_handle_char) {
        return Err(garde::Error::new("must not contain space or @"));
    }
    Ok(())
}

fn check_email(email: &str, _: &()) -> garde::Result {
    garde::rules::email::parse_email(email.trim())
        .map_err(|_| garde::Error::new("must be an e-mail address, such as ada@example.org"))
}

/// A password as new ones must be: what lies beyond the 72nd byte would not count.
pub fn check_password(password: &str, _: &()) -> garde::Result {
    if password.chars().count() < 6 {
        return Err(garde::Error::new("must have at least 6 characters"));
    }
    if password.len() > BYTES_MAX {
        return Err(garde::Error::new("must have at most 72 bytes"));
    }
    Ok(())
}

/// Creates an account and mails a link to verify its e-mail. With a guest's token the guest becomes that account and keeps everything.
#[utoipa::path(post, path = "/auth/register", tag = "auth", request_body = Register, responses(
    (status = 201, body = UserView, headers(("Location", description = "The account"))),
    (status = 400, body = ProblemBody, description = "`validation.failed`, `user.email_taken`"),
    (status = 401, body = ProblemBody, description = "With a bearer token: `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
    (status = 403, body = ProblemBody, description = "`auth.cross_site`, `account.deactivated`"),
    (status = 409, body = ProblemBody, description = "`user.username_taken`, `auth.not_a_guest`"),
    (status = 413, body = ProblemBody, description = "`body.too_large`"),
))]
pub async fn register(
    State(app): State<App>,
    caller: Option<Caller>,
    Json(new): Json<Register>,
) -> Result<Response> {
    let email = new.email.trim().to_owned();
    if app.ledger.store.user_by_email(&email).await?.is_some() {
        return Err(StoreError::Taken("email").into());
    }
    let now = app.ledger.clock.now();
    let password = app.passwords.hash(new.password).await?;
    let guest = caller.map(|caller| caller.user).filter(|user| user.is_guest);
    let id = guest.as_ref().map_or_else(|| app.ledger.clock.id(), |guest| guest.id);
    let mut user = User { password, ..User::new(id, new.name.trim(), &email, now) };
    let chosen = new.username.map(|username| username.trim().to_owned());
    let base = chosen.clone().unwrap_or_else(|| handle_of(&user.email));
    for attempt in 0..USERNAME_TRIES {
        user.username = Some(match attempt {
            0 => base.clone(),
            _ => format!("{base}{}", app.ledger.clock.rng().random_range(2..100_000)),
        });
        let written = match guest {
            Some(_) => app.logins.change(user.id, |guest| settle(guest, &user)).await,
            None => app.ledger.store.insert_user(&user).await.map(|()| user.clone()).map_err(Problem::from),
        };
        match written {
            Ok(user) => {
                mail::invite(&app, user.clone(), MailPurpose::VerifyEmail);
                let location = [(header::LOCATION, format!("/users/{}", user.id))];
                return Ok((StatusCode::CREATED, location, Json(UserView::from(user))).into_response());
            }
            Err(problem) if problem == StoreError::Taken("username").into() && chosen.is_none() => {}
            Err(problem) => return Err(problem),
        }
    }
    Err(StoreError::Taken("username").into())
}

/// A guest becomes the account that registers, unless another registration was faster.
fn settle(guest: &mut User, account: &User) -> Result<()> {
    if !guest.is_guest {
        return Err(Problem::conflict(
            "auth.not_a_guest",
            "This guest has become an account already. Sign in.",
        ));
    }
    *guest = User {
        name: account.name.clone(),
        username: account.username.clone(),
        email: account.email.clone(),
        password: account.password.clone(),
        is_guest: false,
        ..guest.clone()
    };
    Ok(())
}

/// Who logs in.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct Login {
    /// E-mail of the account.
    #[garde(inner(length(max = 254)))]
    #[schema(max_length = 254, example = "ada@example.org")]
    email: Option<String>,
    /// Username, or the e-mail.
    #[garde(inner(length(max = 254)))]
    #[schema(max_length = 254)]
    username: Option<String>,
    /// Its password.
    #[garde(length(min = 1, max = 1024))]
    #[schema(min_length = 1, max_length = 1024, example = "correct horse battery")]
    password: String,
    /// Whether to reactivate an account that its owner deactivated in the last 30 days.
    #[garde(skip)]
    #[serde(default)]
    reactivate: bool,
}

/// JSON or a form.
pub struct LoginBody(Login);

impl FromRequest<App> for LoginBody {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            return Ok(Self(Json::<Login>::from_request(request, app).await?.0));
        }
        let form = axum::Form::<Login>::from_request(request, app).await;
        let axum::Form(login) = form.map_err(|rejection| match rejection {
            FormRejection::BytesRejection(rejection) => body_problem(&rejection),
            other => data_problem(&other.body_text()),
        })?;
        Ok(Self(login.validated()?))
    }
}

/// Logs in with e-mail or username.
#[utoipa::path(post, path = "/auth/login", tag = "auth",
    request_body(content((Login = "application/json"), (Login = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, body = SessionView),
        (status = 400, body = ProblemBody, description = "`validation.failed`"),
        (status = 401, body = ProblemBody, description = "`auth.bad_credentials`"),
        (status = 403, body = ProblemBody, description = "`auth.cross_site`, `account.deactivated`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
    ))]
pub async fn login(State(app): State<App>, jar: CookieJar, LoginBody(login): LoginBody) -> Result<Response> {
    let mut names = [login.email, login.username].into_iter().flatten();
    let Some(name) = names.find(|name| !name.trim().is_empty()) else {
        return Err(Problem::field("email", "email or username is missing"));
    };
    let user = match app.ledger.store.user_by_email(&name).await? {
        Some(user) => Some(user),
        None => app.ledger.store.user_by_username(name.trim()).await?,
    };
    let hash = user.as_ref().map(|user| user.password.clone());
    let matches = app.passwords.verify(login.password, hash).await?;
    let Some(user) = user.filter(|_| matches) else {
        return Err(Problem::unauthorized("auth.bad_credentials", "Incorrect email or password"));
    };
    let user = if user.is_active { user } else { back(&app, user.id, login.reactivate).await? };
    let session = app.logins.begin(user.id).await?;
    // A change of the password ends the logins that there are; this one may have begun just after.
    let stored = app.ledger.store.user(user.id).await?;
    if stored.is_none_or(|stored| stored.password != user.password) {
        app.logins.end(session.id).await?;
        return Err(Problem::unauthorized("auth.bad_credentials", "Incorrect email or password"));
    }
    start(&app, jar, user, &session, StatusCode::OK)
}

/// Reactivates an account, if its owner asks for it in time.
async fn back(app: &App, id: Id, wanted: bool) -> Result<User> {
    let now = app.ledger.clock.now();
    let deactivated = |detail| Err(Problem::new(StatusCode::FORBIDDEN, "account.deactivated", detail));
    app.logins
        .change(id, |user| {
            if user.is_active {
                return Ok(());
            }
            if !wanted {
                return deactivated("This account is deactivated. Log in with reactivate to use it again.");
            }
            if user.reactivate(now) {
                return Ok(());
            }
            deactivated("This account is deactivated and can no longer be reactivated.")
        })
        .await
}

/// Creates a throwaway account and logs it in. Registering with its token keeps what it made.
#[utoipa::path(post, path = "/auth/guest", tag = "auth", responses(
    (status = 201, body = SessionView),
    (status = 403, body = ProblemBody, description = "`auth.cross_site`, `auth.guests_off`"),
))]
pub async fn guest(State(app): State<App>, jar: CookieJar) -> Result<Response> {
    if !app.guests {
        let detail = "Guest accounts are switched off here. Register instead.";
        return Err(Problem::new(StatusCode::FORBIDDEN, "auth.guests_off", detail));
    }
    let (id, now) = (app.ledger.clock.id(), app.ledger.clock.now());
    let user = User {
        username: Some(format!("guest-{id}")),
        is_guest: true,
        ..User::new(id, "Guest", &format!("guest-{id}@guest.invalid"), now)
    };
    app.ledger.store.insert_user(&user).await?;
    let session = app.logins.begin(user.id).await?;
    start(&app, jar, user, &session, StatusCode::CREATED)
}

/// The caller's account.
#[utoipa::path(get, path = "/auth/me", tag = "auth", security(("bearer" = []), ("cookie" = [])), responses(
    (status = 200, body = UserView, headers(("ETag" = String))),
    (status = 304, description = "The caller has this version already"),
    (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
    (status = 403, body = ProblemBody, description = "`account.deactivated`"),
))]
pub async fn me(State(app): State<App>, caller: Caller, conditions: Conditions) -> Result<Response> {
    // What the caller was recognised by may be a few seconds old.
    let user = app.ledger.store.user(caller.user.id).await?.ok_or_else(invalid)?;
    conditions.answer(&UserView::from(user))
}
