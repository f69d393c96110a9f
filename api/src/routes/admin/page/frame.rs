//! Problems as pages: a form to log in for who is not, and otherwise what is wrong and where to go on.

use askama::Template;
use axum::{
    extract::Request,
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};

use super::{Section, Shell, html, page};
use crate::problem::{Problem, Result};

/// A problem, and the way back.
#[derive(Template)]
#[template(path = "admin/problem.html")]
struct Wrong<'a> {
    title: &'a str,
    detail: &'a str,
    code: &'a str,
    /// Whether another account might do.
    other_account: bool,
}

/// A form to log in with.
#[derive(Template)]
#[template(path = "admin/login.html")]
struct Login<'a> {
    /// Where to go on.
    next: String,
    mistake: &'a str,
}

/// Answers a problem with a page.
pub async fn framed(request: Request, next: Next) -> Response {
    let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
    let place = match request.uri().path_and_query() {
        Some(place) if is_read => place.as_str().to_owned(),
        _ => "/admin".to_owned(),
    };
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    let rendered = match problem.status() {
        StatusCode::UNAUTHORIZED => login_page(&place, ""),
        _ => problem_page(&problem),
    };
    match rendered {
        Ok(page) => page,
        Err(_) => {
            response.extensions_mut().insert(problem);
            response
        }
    }
}

/// The form to log in with, which goes on to a page.
pub fn login_page(next: &str, mistake: &str) -> Result<Response> {
    let body = html(&Login { next: super::words::encoded(next), mistake })?;
    let shell = Shell { title: "Log in", who: None, section: Section::None, live: None, body: &body };
    page(StatusCode::UNAUTHORIZED, &shell)
}

fn problem_page(problem: &Problem) -> Result<Response> {
    let title = match problem.code() {
        "auth.admin_required" => "This is for administrators",
        "job.not_found" => "There is no such job",
        _ => problem.status().canonical_reason().unwrap_or("Something went wrong"),
    };
    let body = html(&Wrong {
        title,
        detail: problem.detail(),
        code: problem.code(),
        other_account: problem.code() == "auth.admin_required",
    })?;
    let shell = Shell { title, who: None, section: Section::None, live: None, body: &body };
    page(problem.status(), &shell)
}
