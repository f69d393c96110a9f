//! Logging in and out by plain forms.

use axum::{
    body::Bytes,
    extract::{FromRequest, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use super::frame::login_page;
use crate::{
    app::App,
    extract::{Caller, check_origin},
    problem::Result,
    routes::auth::{self, LoginBody, sessions},
};

/// Where to go on after the login.
#[derive(Debug, Deserialize)]
pub struct Ask {
    #[serde(default)]
    next: String,
}

/// Logs in and goes on to where the form was shown.
pub async fn login(
    State(app): State<App>,
    jar: CookieJar,
    Query(ask): Query<Ask>,
    request: Request,
) -> Result<Response> {
    check_origin(request.headers(), &app)?;
    let next = if is_ours(&ask.next) { &ask.next } else { "/admin" };
    let logged_in = match LoginBody::from_request(request, &app).await {
        Ok(body) => auth::login(State(app), jar, body).await,
        Err(problem) => Err(problem),
    };
    match logged_in {
        Ok(answer) => Ok(with_cookies(&answer, next)),
        Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => login_page(next, problem.detail()),
        Err(problem) if problem.status() == StatusCode::BAD_REQUEST => {
            login_page(next, "Write your e-mail and your password.")
        }
        Err(problem) => Err(problem),
    }
}

/// Logs out.
pub async fn logout(
    State(app): State<App>,
    jar: CookieJar,
    caller: Result<Caller>,
    headers: HeaderMap,
) -> Result<Response> {
    check_origin(&headers, &app)?;
    let answer = sessions::logout(State(app), jar, caller, headers, Bytes::new()).await;
    Ok(with_cookies(&answer, "/admin"))
}

/// A redirection with the cookies of an answer.
fn with_cookies(answer: &Response, place: &str) -> Response {
    let mut response = Redirect::to(place).into_response();
    for cookie in answer.headers().get_all(header::SET_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    response
}

/// Whether it is a place of the page.
fn is_ours(place: &str) -> bool {
    let rest = place.strip_prefix("/admin");
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn only_places_of_the_page_are_gone_on_to() {
        for place in ["/admin", "/admin/ui/jobs?status=failed", "/admin?x"] {
            assert!(is_ours(place), "{place}");
        }
        for place in ["", "/", "//evil.test", "/administrator", "https://evil.test/admin", "/admin.evil.test"]
        {
            assert!(!is_ours(place), "{place}");
        }
    }
}
