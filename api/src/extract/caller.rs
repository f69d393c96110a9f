use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::CookieJar;
use shared::domain::{Id, Role, Timestamp, User};

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

/// A caller where there is one. A bad bearer token is still refused; a cookie that is not valid any more, which a
/// browser sends without being asked, counts as none.
impl OptionalFromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Self>> {
        match identify(parts, app).await {
            Err(problem)
                if problem.status() == StatusCode::UNAUTHORIZED && bearer(&parts.headers).is_none() =>
            {
                Ok(None)
            }
            known => known,
        }
    }
}

/// A caller who operates the platform. 403 `auth.admin_required` for everybody else.
#[derive(Debug, Clone)]
pub struct Admin(pub Caller);

impl FromRequestParts<App> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let caller = <Caller as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        if caller.user.role != Role::Admin {
            let detail = "Only administrators may do this.";
            return Err(Problem::new(StatusCode::FORBIDDEN, "auth.admin_required", detail));
        }
        Ok(Self(caller))
    }
}

/// The account that a good token names, without a look at the store: enough to count by, not to let anybody in.
pub fn sender(headers: &HeaderMap, app: &App, now: Timestamp) -> Option<Id> {
    let jar = CookieJar::from_headers(headers);
    let token = bearer(headers).or_else(|| jar.get("jwt").map(|cookie| cookie.value()))?;
    app.tokens.read_access(token, now).ok()?.sub.parse().ok()
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
        return Err(revoked());
    }
    let user = app.logins.user(user_id).await?.ok_or_else(invalid)?;
    if !user.is_active {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "account.deactivated",
            "This account is deactivated.",
        ));
    }
    let predates = |ended: Timestamp| claims.iat.is_none_or(|issued| issued <= ended.seconds());
    if session.is_none() && user.logins_ended_at.is_some_and(predates) {
        return Err(revoked());
    }
    Ok(Some(Caller { user, session }))
}

/// 401: the token names no account or no login.
pub fn invalid() -> Problem {
    Problem::unauthorized("auth.token_invalid", "The access token is not valid. Sign in again.")
}

fn revoked() -> Problem {
    Problem::unauthorized("auth.token_revoked", "This login has ended. Sign in again.")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Refuses a cookie's authority to requests from other sites (CSRF): the `Origin` must be this server's or allowed.
pub fn check_origin(headers: &HeaderMap, app: &App) -> Result<()> {
    match headers.get(header::ORIGIN) {
        Some(origin) if is_ours(origin, headers.get(header::HOST), &app.live.now().allowed_origins) => Ok(()),
        _ => Err(cross_site()),
    }
}

/// Lets no other site's page log its visitor in, out or on. Clients that are no browsers send no `Origin`.
pub async fn guard_logins(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let guarded = request.method() == Method::POST
        && request.uri().path().starts_with("/auth/")
        && headers.contains_key(header::ORIGIN);
    match guarded.then(|| check_origin(headers, &app)) {
        Some(Err(problem)) => problem.into_response(),
        _ => next.run(request).await,
    }
}

fn is_ours(origin: &HeaderValue, host: Option<&HeaderValue>, allowed: &[String]) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    // An opaque origin (`null`) has no host and is nobody's, even where the request names none either.
    let same = origin.split_once("://").zip(host).is_some_and(|((_, origin), host)| origin == host);
    same || allowed.iter().any(|allowed| allowed == origin)
}

/// 403: another site's page sent the request.
pub fn cross_site() -> Problem {
    let detail = "A request with the cookie, or for a login, needs an Origin header of this site or an allowed one. \
                  Clients that are no browsers send a bearer token and no Origin.";
    Problem::new(StatusCode::FORBIDDEN, "auth.cross_site", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_ours_by_its_host_or_as_an_allowed_one() {
        let ours = |origin: &'static str, host: Option<&'static str>| {
            let allowed = ["https://app.test".to_owned()];
            is_ours(&HeaderValue::from_static(origin), host.map(HeaderValue::from_static).as_ref(), &allowed)
        };
        assert!(ours("http://study.test:4000", Some("study.test:4000")));
        assert!(ours("https://app.test", Some("study.test")) && ours("https://app.test", None));
        for (origin, host) in [
            ("null", None),
            ("null", Some("study.test")),
            ("", None),
            ("http://evil.test", Some("study.test")),
            ("http://study.test.evil.test", Some("study.test")),
            ("http://evil.test", None),
        ] {
            assert!(!ours(origin, host), "{origin} at {host:?}");
        }
    }
}
