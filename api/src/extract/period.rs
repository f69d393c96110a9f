use axum::{extract::FromRequestParts, http::request::Parts};
use garde::Validate;
use serde::Deserialize;
use shared::domain::{Day, Timestamp, Zone};
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{RefOr, Schema, schema::OneOfBuilder},
};

use super::{Edge, InZone, Query, instant};
use crate::{
    app::App,
    problem::{Problem, Result},
};

/// A day or an instant, as a query names it.
pub struct DayOrInstant;

impl PartialSchema for DayOrInstant {
    fn schema() -> RefOr<Schema> {
        OneOfBuilder::new().item(Day::schema()).item(Timestamp::schema()).into()
    }
}

impl ToSchema for DayOrInstant {}

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
struct Ask {
    /// From this day or instant.
    #[garde(skip)]
    #[param(value_type = Option<DayOrInstant>, inline)]
    from: Option<String>,
    /// To this day (inclusive) or before this instant.
    #[garde(skip)]
    #[param(value_type = Option<DayOrInstant>, inline)]
    to: Option<String>,
    /// IANA time zone in which days are meant and counted; that of the caller's preferences when absent.
    #[garde(skip)]
    #[expect(dead_code, reason = "read by InZone")]
    #[param(example = "Europe/Berlin")]
    tz: Option<String>,
}

/// A stretch of time to look at, and the zone whose days are counted: `from`, `to` and `tz`.
#[derive(Debug, Clone)]
pub struct Period {
    /// Its first instant, where it has one.
    pub from: Option<Timestamp>,
    /// The first instant after it, where it has one.
    pub until: Option<Timestamp>,
    /// Where days begin.
    pub zone: Zone,
}

impl IntoParams for Period {
    fn into_params(
        parameter_in: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
    ) -> Vec<utoipa::openapi::path::Parameter> {
        Ask::into_params(parameter_in)
    }
}

impl FromRequestParts<App> for Period {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let InZone(zone) = InZone::from_request_parts(parts, app).await?;
        let Query(ask) = Query::<Ask>::from_request_parts(parts, app).await?;
        let from = ask.from.map(|from| instant(&from, Edge::From, &zone)).transpose()?;
        let until = ask.to.map(|to| instant(&to, Edge::To, &zone)).transpose()?;
        if from.zip(until).is_some_and(|(from, until)| until <= from) {
            return Err(Problem::field("to", "to must be after from"));
        }
        Ok(Self { from, until, zone })
    }
}
