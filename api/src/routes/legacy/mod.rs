//! Old frontend mode (`LEGACY_COMPAT`): what the old frontend calls, in the shapes that it reads.
//!
//! Some of its calls have paths of their own (tasks, agendas). Others share a path with the API, and [`serve`] takes
//! them out of its way: requests for quizzes, from everybody but those who are logged in and say by `Prefer` that they
//! know jobs; and anonymous quizzes, which everybody may read and try. What the API leaves out because it is unknown,
//! the old frontend finds empty.

use axum::{
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    app::App,
    extract::Caller,
    problem::Result,
    routes::{Routes, routes},
};

mod agendas;
mod document;
mod empty;
mod generate;
mod open;
mod relabel;
mod tasks;

pub use document::describe;

/// The routes that the API has in this mode alone.
pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(agendas::generate_study_plan))
        .routes(routes!(agendas::optimize_schedule))
        .routes(routes!(generate::generate_deepseek))
        .merge(tasks::routes())
}

/// Serves what the old frontend means otherwise than the API, and leaves the rest to it.
pub async fn serve(State(app): State<App>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let served = match (request.method(), route.as_str()) {
        (&Method::POST, "/quiz/generate" | "/quiz/generate-from-pdf") => {
            generate::serve(&app, request, next).await
        }
        (&Method::GET, "/quiz/{id}") => open::read(&app, request, next).await,
        (&Method::POST, "/quiz/submit" | "/quiz/{id}/submit") => open::submit(&app, request, next).await,
        _ => Ok(next.run(request).await),
    };
    empty::filled(&route, served.unwrap_or_else(IntoResponse::into_response)).await
}

/// Who calls, if they are logged in, and the request as it was.
async fn caller(app: &App, request: Request) -> Result<(Option<Caller>, Request)> {
    let (mut parts, body) = request.into_parts();
    let caller = Option::<Caller>::from_request_parts(&mut parts, app).await?;
    Ok((caller, Request::from_parts(parts, body)))
}
