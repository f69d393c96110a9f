//! Logins after they began: their tokens and cookies, how they are renewed and how they end.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use axum_extra::extract::{
    CookieJar,
    cookie::{Cookie, SameSite},
};
use serde::{Deserialize, Serialize};
use shared::domain::{Id, Session, User};
use utoipa::ToSchema;

use super::{Message, UserView};
use crate::{
    app::App,
    extract::{Caller, Json, check_origin, cross_site},
    problem::{Problem, ProblemBody, Result},
};

const ACCESS_COOKIE: &str = "jwt";
const REFRESH_COOKIE: &str = "refresh_token";
const COOKIE_AGE: time::Duration = time::Duration::days(7);

/// A login.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    user: UserView,
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token ends.
    expires_in: u64,
    refresh_token: String,
}

/// Ends this login. Its refresh tokens end at once, its access tokens within 30 s. When the access token has
/// expired, the refresh token says which login is meant.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", request_body = Option<RefreshBody>,
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Message),
        (status = 401, body = ProblemBody, description = "Nothing says which login is meant: `auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`auth.cross_site`, `account.deactivated`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
    ))]
pub async fn logout(
    State(app): State<App>,
    jar: CookieJar,
    caller: Result<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match leave(&app, &jar, caller, &headers, &body).await {
        Ok(()) => (forget(jar), Json(Message { message: "Logged out successfully" })).into_response(),
        // Another site must not even make the browser forget.
        Err(problem) if problem == cross_site() => problem.into_response(),
        Err(problem) => (forget(jar), problem).into_response(),
    }
}

async fn leave(
    app: &App,
    jar: &CookieJar,
    caller: Result<Caller>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<()> {
    let session = match caller {
        // Tokens of the old backend belong to no login.
        Ok(caller) => caller.session,
        Err(problem) if problem.status().is_client_error() => {
            let body: RefreshBody = serde_json::from_slice(body).unwrap_or_default();
            let token = presented(app, jar, headers, body)?.ok_or_else(|| problem.clone())?;
            let claims = app.tokens.read_refresh(&token, app.ledger.clock.now());
            let session = claims.ok().and_then(|claims| claims.sid.parse().ok());
            Some(session.ok_or(problem)?)
        }
        Err(problem) => return Err(problem),
    };
    match session {
        Some(session) => app.logins.end(session).await,
        None => Ok(()),
    }
}

/// Clears the cookies of a login.
fn forget(jar: CookieJar) -> CookieJar {
    // Added, not removed: the jar says nothing about a cookie that this request did not carry.
    let cleared = |name: &'static str, path: &'static str| Cookie::build(name).path(path).removal();
    jar.add(cleared(ACCESS_COOKIE, "/")).add(cleared(REFRESH_COOKIE, "/auth"))
}

/// A refresh token, unless its cookie is sent.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RefreshBody {
    refresh_token: Option<String>,
}

/// Trades a refresh token for new tokens. Each is good once: one that comes back ends the login.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", request_body = Option<RefreshBody>, responses(
    (status = 200, body = SessionView),
    (status = 400, body = ProblemBody, description = "`body.malformed`"),
    (status = 401, body = ProblemBody, description = "`auth.refresh_invalid`, `auth.refresh_reused`"),
    (status = 403, body = ProblemBody, description = "`auth.cross_site`"),
    (status = 413, body = ProblemBody, description = "`body.too_large`"),
))]
pub async fn refresh(State(app): State<App>, jar: CookieJar, headers: HeaderMap, body: Bytes) -> Response {
    match renew(&app, &jar, &headers, &body).await {
        Ok((user, session)) => start(&app, jar, user, &session, StatusCode::OK).into_response(),
        // Cookies that are good for nothing would go on failing every request that carries them.
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {
            (forget(jar), problem).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn renew(app: &App, jar: &CookieJar, headers: &HeaderMap, body: &[u8]) -> Result<(User, Session)> {
    let body: RefreshBody = match body.is_empty() {
        true => RefreshBody::default(),
        false => serde_json::from_slice(body).map_err(|_| {
            Problem::bad_request("body.malformed", "Send { refreshToken } as JSON, or no body.")
        })?,
    };
    let token = presented(app, jar, headers, body)?.ok_or_else(invalid_refresh)?;
    let claims = app.tokens.read_refresh(&token, app.ledger.clock.now()).map_err(|_| invalid_refresh())?;
    let id: Id = claims.sid.parse().map_err(|_| invalid_refresh())?;
    let session = app.ledger.store.session(id).await?.filter(|session| session.revoked_at.is_none());
    let session = session.ok_or_else(invalid_refresh)?;
    let user = app.ledger.store.user(session.user_id).await?.filter(|user| user.is_active);
    let user = user.ok_or_else(invalid_refresh)?;
    let Some(session) = app.logins.rotate(session, claims.generation).await? else {
        let detail = "This refresh token was used before, so the login was ended. Sign in again.";
        return Err(Problem::unauthorized("auth.refresh_reused", detail));
    };
    Ok((user, session))
}

/// The refresh token that is sent, in the body or as a cookie.
fn presented(app: &App, jar: &CookieJar, headers: &HeaderMap, body: RefreshBody) -> Result<Option<String>> {
    if body.refresh_token.is_some() {
        return Ok(body.refresh_token);
    }
    let cookie = jar.get(REFRESH_COOKIE).filter(|cookie| !cookie.value().is_empty());
    let Some(cookie) = cookie else { return Ok(None) };
    check_origin(headers, app)?;
    Ok(Some(cookie.value().to_owned()))
}

fn invalid_refresh() -> Problem {
    Problem::unauthorized("auth.refresh_invalid", "The refresh token is not valid any more. Sign in again.")
}

/// Hands out a login's tokens, in the body and as cookies.
pub(super) fn start(
    app: &App,
    jar: CookieJar,
    user: User,
    session: &Session,
    status: StatusCode,
) -> Result<Response> {
    let unsigned = |error| {
        tracing::error!(%error, "no token");
        Problem::internal()
    };
    let access_token = app.tokens.access(&user, session.id, app.ledger.clock.now()).map_err(unsigned)?;
    let refresh_token = app.tokens.refresh(session).map_err(unsigned)?;
    let cookie = |name: &'static str, value: &str, path: &'static str| {
        let mut cookie = Cookie::new(name, value.to_owned());
        cookie.set_path(path);
        cookie.set_http_only(true);
        cookie.set_same_site(SameSite::Strict);
        cookie.set_secure(app.secure_cookies);
        cookie.set_max_age(COOKIE_AGE);
        cookie
    };
    let jar = jar.add(cookie(ACCESS_COOKIE, &access_token, "/")).add(cookie(
        REFRESH_COOKIE,
        &refresh_token,
        "/auth",
    ));
    let view = SessionView {
        user: user.into(),
        access_token,
        token_type: "Bearer",
        expires_in: app.tokens.lifetime().as_secs(),
        refresh_token,
    };
    Ok((status, jar, Json(view)).into_response())
}
