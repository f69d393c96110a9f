//! Profiles.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::domain::{Id, Preferences, Role, Theme, User, Zone};
use utoipa::ToSchema;

use super::auth::{Message, UserView, avatar_url, check_name, check_username};
use crate::{
    app::App,
    extract::{Caller, Conditions, Json, Path, Tag, invalid},
    problem::{Problem, ProblemBody, Result},
    routes::{Routes, routes},
};

mod avatar;
mod data;
mod stats;

pub use stats::UserStats;

/// The routes of this file and of those below it.
pub fn routes() -> Routes {
    Routes::new()
        .routes(routes!(me, update, deactivate))
        .routes(routes!(get))
        .routes(routes!(avatar::set_avatar))
        .routes(routes!(avatar::get_avatar))
        .routes(routes!(stats::stats))
        .routes(routes!(data::export))
        .routes(routes!(data::download))
        .routes(routes!(data::erase))
}

/// An account with what its owner set and did so far.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileView {
    #[serde(flatten)]
    user: UserView,
    preferences: Preferences,
    stats: UserStats,
}

/// The whole profile of an account, as it is read and as conditions compare it.
async fn profile(app: &App, user: User) -> Result<ProfileView> {
    let stats = UserStats::of(app, user.id, &user.preferences.time_zone).await?;
    Ok(ProfileView { preferences: user.preferences.clone(), stats, user: user.into() })
}

/// The caller's account as it is stored now: what the caller was recognised by may be a few seconds old.
async fn account(app: &App, caller: &Caller) -> Result<User> {
    app.ledger.store.user(caller.user.id).await?.ok_or_else(invalid)
}

/// The caller's profile.
#[utoipa::path(get, path = "/users/me", tag = "users", security(("bearer" = []), ("cookie" = [])), responses(
    (status = 200, body = ProfileView, headers(("ETag" = String))),
    (status = 304, description = "The caller has this version already"),
    (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
    (status = 403, body = ProblemBody, description = "`account.deactivated`"),
    (status = 503, body = ProblemBody, description = "`store.unavailable`"),
))]
pub async fn me(State(app): State<App>, caller: Caller, conditions: Conditions) -> Result<Response> {
    let user = account(&app, &caller).await?;
    conditions.answer(&profile(&app, user).await?)
}

/// What to change; the rest stays as it is.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileChange {
    /// Shown name.
    #[garde(inner(custom(check_name)))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "Ada Lovelace")]
    name: Option<String>,
    /// Unique handle, without space and `@`.
    #[garde(inner(custom(check_username)))]
    #[schema(min_length = 1, max_length = 50, pattern = r"^\s*[^\s@\x00-\x1f\x7f-\x9f]+\s*$")]
    username: Option<String>,
    /// Preferences to change.
    #[garde(dive)]
    preferences: Option<PreferencesChange>,
}

/// Which preferences to change; the rest stays as it is.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreferencesChange {
    /// How pages look.
    #[garde(skip)]
    theme: Option<Theme>,
    /// Whether reminders are welcome.
    #[garde(skip)]
    notifications: Option<bool>,
    /// Length of a study session, in minutes.
    #[garde(inner(range(min = 1, max = 1440)))]
    #[schema(minimum = 1, maximum = 1440)]
    default_study_duration: Option<u32>,
    /// IANA time zone in which days begin.
    #[garde(inner(custom(check_zone)))]
    #[schema(example = "Europe/Berlin")]
    time_zone: Option<String>,
    /// BCP 47 tag of the language pages are shown in.
    #[garde(inner(custom(check_language)))]
    #[schema(
        min_length = 2,
        max_length = 35,
        pattern = "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
        example = "en"
    )]
    language: Option<String>,
    /// Whether texts may go to an outside provider, where the operator leaves it to the student.
    #[garde(skip)]
    ai_consent: Option<bool>,
}

fn check_zone(name: &str, _: &()) -> garde::Result {
    name.parse::<Zone>()
        .map(drop)
        .map_err(|error| garde::Error::new(format!("{error}, such as Europe/Berlin")))
}

fn check_language(tag: &str, _: &()) -> garde::Result {
    let mut parts = tag.split('-');
    let alphanumeric =
        |part: &str| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric());
    let first =
        parts.next().is_some_and(|part| part.len() >= 2 && part.chars().all(|c| c.is_ascii_alphabetic()));
    if first && tag.len() <= 35 && tag.split('-').all(alphanumeric) {
        return Ok(());
    }
    Err(garde::Error::new("must be a BCP 47 tag, such as en or pt-BR"))
}

impl ProfileChange {
    fn apply(&self, user: &mut User) {
        if let Some(name) = &self.name {
            user.name = name.trim().to_owned();
        }
        if let Some(username) = &self.username {
            user.username = Some(username.trim().to_owned());
        }
        if let Some(change) = &self.preferences {
            change.apply(&mut user.preferences);
        }
    }
}

impl PreferencesChange {
    fn apply(&self, preferences: &mut Preferences) {
        let zone = self.time_zone.as_deref().and_then(|name| name.parse().ok());
        *preferences = Preferences {
            theme: self.theme.unwrap_or(preferences.theme),
            notifications: self.notifications.unwrap_or(preferences.notifications),
            default_study_duration: self.default_study_duration.unwrap_or(preferences.default_study_duration),
            time_zone: zone.unwrap_or_else(|| preferences.time_zone.clone()),
            language: self.language.clone().unwrap_or_else(|| preferences.language.clone()),
            ai_consent: self.ai_consent.unwrap_or(preferences.ai_consent),
        };
    }
}

/// Changes the caller's profile: the fields given, of the preferences too.
#[utoipa::path(put, path = "/users/me", tag = "users", request_body = ProfileChange,
    params(("If-Match" = Option<String>, Header, description = "The profile's `ETag`")),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = ProfileView, headers(("ETag" = String))),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`auth.cross_site`, `account.deactivated`"),
        (status = 409, body = ProblemBody, description = "`user.username_taken`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 413, body = ProblemBody, description = "`body.too_large`"),
        (status = 415, body = ProblemBody, description = "`body.unsupported_type`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn update(
    State(app): State<App>,
    caller: Caller,
    conditions: Conditions,
    Json(change): Json<ProfileChange>,
) -> Result<Response> {
    let known = account(&app, &caller).await?;
    let version = known.updated_at;
    conditions.check(&[Tag::of(&profile(&app, known).await?)?])?;
    let user = app.logins.change(caller.user.id, |user| {
        // Whoever wrote in between made another version of it.
        conditions.unless(user.updated_at != version)?;
        change.apply(user);
        Ok(())
    });
    let user = user.await?;
    Conditions::default().answer(&profile(&app, user).await?)
}

/// Deactivates the caller's account and ends its logins. The data is kept; a login with `reactivate` within 30 days
/// brings the account back.
#[utoipa::path(delete, path = "/users/me", tag = "users",
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = Message),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`auth.cross_site`, `account.deactivated`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn deactivate(
    State(app): State<App>,
    caller: Caller,
    conditions: Conditions,
) -> Result<Json<Message>> {
    if conditions.guard() {
        conditions.check(&[Tag::of(&profile(&app, account(&app, &caller).await?).await?)?])?;
    }
    let now = app.ledger.clock.now();
    app.logins
        .change(caller.user.id, |user| {
            user.deactivate(now);
            Ok(())
        })
        .await?;
    app.logins.end_all(caller.user.id, None).await?;
    Ok(Json(Message { message: "Account deactivated" }))
}

/// A user as others see them; the e-mail is there for the user and for admins.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PersonView {
    #[schema(value_type = String)]
    id: Id,
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    legacy_id: Id,
    name: String,
    /// Path of the picture on this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    avatar_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
}

/// A user. Deactivated accounts are there for admins alone.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = String, Path)),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = PersonView, headers(("ETag" = String))),
        (status = 304, description = "The caller has this version already"),
        (status = 400, body = ProblemBody, description = "`id.invalid`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`account.deactivated`"),
        (status = 404, body = ProblemBody, description = "`user.not_found`"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<Id>,
    conditions: Conditions,
) -> Result<Response> {
    let is_admin = caller.user.role == Role::Admin;
    let user = app.ledger.store.user(id).await?.filter(|user| user.is_active || is_admin);
    let user = user.ok_or_else(|| Problem::not_found("user.not_found", "There is no such user."))?;
    let knows_email = is_admin || caller.user.id == id;
    let view = PersonView {
        id,
        legacy_id: id,
        avatar_url: avatar_url(&user),
        name: user.name,
        email: knows_email.then_some(user.email),
    };
    Ok(conditions.answer(&view)?.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_tags() {
        for (tag, good) in [
            ("en", true),
            ("pt-BR", true),
            ("zh-Hans-CN", true),
            ("de-1996", true),
            ("e", false),
            ("", false),
            ("en-", false),
            ("en_US", false),
            ("12", false),
            ("english-language-", false),
            ("en-123456789", false),
            ("é", false),
        ] {
            assert_eq!(check_language(tag, &()).is_ok(), good, "{tag}");
        }
    }
}
