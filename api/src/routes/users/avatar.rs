//! Pictures of users.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use shared::{domain::Id, store::BlobUse};
use utoipa::ToSchema;

use super::UserView;
use crate::{
    app::App,
    extract::{Caller, Conditions, Json, Path, Tag},
    pictures::{BYTES_MAX, media_type},
    problem::{Problem, ProblemBody, Result},
    routes::upload::Upload,
};

/// How long a picture may be taken from a cache without asking; another picture has another address anyway.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// A picture, as a form.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the form for the document; its file is read by hand")]
pub struct Picture {
    /// PNG, JPEG or WebP by its content, at most 2 MB.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Gives the caller another picture. It is kept at most 512 pixels wide and high, without what the file told beside
/// the picture.
#[utoipa::path(put, path = "/users/me/avatar", tag = "users",
    request_body(content = Picture, content_type = "multipart/form-data"),
    security(("bearer" = []), ("cookie" = [])), responses(
        (status = 200, body = UserView),
        (status = 400, body = ProblemBody, description = "`validation.failed`, `body.malformed`"),
        (status = 401, body = ProblemBody, description = "`auth.required`, `auth.token_invalid`, `auth.token_expired`, `auth.token_revoked`"),
        (status = 403, body = ProblemBody, description = "`auth.cross_site`, `account.deactivated`"),
        (status = 412, body = ProblemBody, description = "`precondition.failed`"),
        (status = 413, body = ProblemBody, description = "`file.too_large`"),
        (status = 415, body = ProblemBody, description = "`file.not_picture`, `body.unsupported_type`"),
        (status = 422, body = ProblemBody, description = "`file.unreadable`: damaged, or too many pixels"),
        (status = 503, body = ProblemBody, description = "`store.unavailable`"),
    ))]
pub async fn set_avatar(
    State(app): State<App>,
    caller: Caller,
    conditions: Conditions,
    upload: Upload,
) -> Result<Json<UserView>> {
    let file = upload.file.ok_or_else(|| Problem::field("file", "file is missing"))?;
    if file.len() > BYTES_MAX {
        let detail = "The picture is larger than 2 MB. Choose a smaller one.";
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file.too_large", detail));
    }
    let picture = app.pictures.portrait(file).await?;
    let (store, avatar) = (&app.ledger.store, app.ledger.clock.id());
    // Noted first, so that it is found again should this end before an account has it.
    store.note_blob_use(avatar, BlobUse::Picture, app.ledger.clock.now()).await?;
    store.put_blob(avatar, picture).await?;
    let mut before = None;
    let changed = app.logins.change(caller.user.id, |user| {
        let present = user.avatar.as_ref().map(Tag::of).transpose()?;
        conditions.check(present.as_slice())?;
        before = user.avatar.replace(avatar);
        Ok(())
    });
    let user = match changed.await {
        Ok(user) => user,
        Err(problem) => {
            forget(&app, avatar).await;
            return Err(problem);
        }
    };
    if let Some(before) = before {
        forget(&app, before).await;
    }
    Ok(Json(user.into()))
}

/// Removes a picture that nobody has any more; where that fails, the sweeper does later.
async fn forget(app: &App, picture: Id) {
    if let Err(error) = app.ledger.store.delete_blob(picture).await {
        tracing::warn!(%picture, %error, "a picture was not removed");
    }
}

/// A user's picture. It needs no login.
#[utoipa::path(get, path = "/users/{id}/avatar", tag = "users", params(("id" = String, Path)), responses(
    (status = 200, description = "The picture", content((Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png")),
        headers(("ETag" = String), ("Cache-Control" = String))),
    (status = 304, description = "The caller has this picture already"),
    (status = 400, body = ProblemBody, description = "`id.invalid`"),
    (status = 404, body = ProblemBody, description = "`avatar.not_found`"),
    (status = 503, body = ProblemBody, description = "`store.unavailable`"),
))]
pub async fn get_avatar(
    State(app): State<App>,
    Path(id): Path<Id>,
    conditions: Conditions,
) -> Result<Response> {
    let missing =
        || Problem::not_found("avatar.not_found", "There is no such user, or they have no picture.");
    let user = app.ledger.store.user(id).await?.filter(|user| user.is_active);
    let avatar = user.and_then(|user| user.avatar).ok_or_else(missing)?;
    let tag = Tag::of(&avatar)?;
    let mut response = if conditions.knows(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let picture = app.ledger.store.blob(avatar).await?.ok_or_else(missing)?;
        ([(header::CONTENT_TYPE, media_type(&picture))], picture).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag.header()?);
    headers.insert(header::CACHE_CONTROL, CACHED);
    Ok(response)
}
