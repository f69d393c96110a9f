//! Who may look at a job.

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::Deserialize;
use shared::domain::{Job, JobId};
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};

use super::{JobView, missing, own};
use crate::{
    app::App,
    extract::{Caller, invalid},
    problem::{Problem, Result},
    tokens::TokenError,
};

/// Who looks at a job: its owner, or, for an hour, whoever has the key that the 202 carried.
#[derive(Debug, Clone)]
pub enum Viewer {
    Owner(Caller),
    Key(JobId, String),
}

#[derive(Deserialize, IntoParams)]
struct Ask {
    /// The key that `Location` and `links.self` carry where the job outlives the login; it stands for a login.
    key: Option<String>,
}

impl IntoParams for Viewer {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Ask::into_params(|| Some(ParameterIn::Query))
    }
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let asked = axum::extract::Query::<Ask>::try_from_uri(&parts.uri).ok().and_then(|query| query.0.key);
        let Some(key) = asked else {
            return Ok(Self::Owner(Caller::from_request_parts(parts, app).await?));
        };
        match app.tokens.read_job_key(&key, app.ledger.clock.now()) {
            Ok(id) => Ok(Self::Key(id, key)),
            Err(TokenError::Expired) => {
                Err(Problem::unauthorized("auth.token_expired", "The key of this address has expired."))
            }
            Err(_) => Err(invalid()),
        }
    }
}

impl Viewer {
    /// The job, if they may look at it.
    pub async fn job(&self, app: &App, id: JobId) -> Result<Job> {
        match self {
            Self::Owner(caller) => own(app, caller, id).await,
            Self::Key(of, _) if *of == id => app.ledger.store.job(id).await?.ok_or_else(missing),
            Self::Key(..) => Err(missing()),
        }
    }

    /// The job as they see it: with addresses that they can go on with.
    pub fn view(&self, job: Job) -> JobView {
        match self {
            Self::Owner(_) => job.into(),
            Self::Key(_, key) => JobView::with_key(job, key),
        }
    }
}
