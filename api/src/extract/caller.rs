use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use axum_extra::extract::CookieJar;
use shared::domain::{Id, User};

use crate::{
    app::App,
    problem::{Problem, Result},
    tokens::TokenError,
};

/// Who calls: the account of a valid access token, sent as a bearer token or in the `jwt` cookie.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The account.
    pub user: User,
    /// The login; absent for tokens of the old backend.
    pub session: Option<Id>,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        let caller = identify(parts, app).await?.ok_or_else(|| {
            Problem::unauthorized("auth.required", "Sign in first: send a bearer token or the jwt cookie.")
        })?;
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}

/// A caller where there is one. A bad bearer token is still refused; a bad cookie, which a browser sends without
/// being asked, counts as none.
impl OptionalFromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>> {
        match identify(parts, app).await {
            Err(_) if bearer(&parts.headers).is_none() => Ok(None),
            known => known,
        }
    }
}

async fn identify(parts: &Parts, app: &App) -> Result<Option<Caller>> {
    let token = match bearer(&parts.headers) {
        Some(token) => token.to_owned(),
        None => {
            let jar = CookieJar::from_headers(&parts.headers);
            let Some(cookie) = jar.get("jwt").filter(|cookie| !cookie.value().is_empty()) else {
                return Ok(None);
            };
            if !parts.method.is_safe() {
                check_origin(&parts.headers, app)?;
            }
            cookie.value().to_owned()
        }
    };
    let claims = app.tokens.read_access(&token, app.ledger.clock.now()).map_err(|error| match error {
        TokenError::Expired => {
            Problem::unauthorized("auth.token_expired", "The access token has expired. Refresh it.")
        }
        _ => invalid(),
    })?;
    let user_id: Id = claims.sub.parse().map_err(|_| invalid())?;
    let session = claims.sid.as_deref().map(str::parse::<Id>).transpose().map_err(|_| invalid())?;
    if let Some(session) = session
        && app.logins.session(session).await?.is_none_or(|owner| owner != user_id)
    {
        return Err(Problem::unauthorized("auth.token_revoked", "This login has ended. Sign in again."));
    }
    let user = app.logins.user(user_id).await?.ok_or_else(invalid)?;
    if !user.is_active {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "account.deactivated",
            "This account is deactivated.",
        ));
    }
    Ok(Some(Caller { user, session }))
}

fn invalid() -> Problem {
    Problem::unauthorized("auth.token_invalid", "The access token is not valid. Sign in again.")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Refuses a cookie's authority to requests from other sites (CSRF): the `Origin` must be this server's or allowed.
pub fn check_origin(headers: &HeaderMap, app: &App) -> Result<()> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN);
    let allowed = origin.is_some_and(|origin| {
        let host = origin.split_once("://").map(|(_, host)| host);
        host == text(header::HOST) || app.allowed_origins.iter().any(|allowed| allowed == origin)
    });
    if allowed {
        return Ok(());
    }
    let detail =
        "With the cookie this needs an Origin header of this site. Other clients send a bearer token.";
    Err(Problem::new(StatusCode::FORBIDDEN, "auth.cross_site", detail))
}
