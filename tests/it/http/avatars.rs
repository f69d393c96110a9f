//! Pictures of users.

use std::time::Duration;

use harness::client::Upload;
use image::{DynamicImage, ImageFormat, RgbImage};
use reqwest::Method;
use serde_json::json;
use shared::{clock::Clock, store::BlobUse};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_picture_is_made_small_and_shown_to_everybody,
    another_picture_has_another_address,
    what_is_no_picture_is_refused,
    a_picture_may_have_two_megabytes,
    nobody_without_a_picture_has_one,
    a_picture_goes_with_a_deactivated_account_and_comes_back,
);

fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture: DynamicImage =
        RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 9])).into();
    picture.write_to(&mut std::io::Cursor::new(&mut bytes), format).unwrap();
    bytes
}

fn file(bytes: impl Into<Vec<u8>>) -> Upload {
    // What a file is called, and what it is said to be, does not count.
    Upload::new("notes.txt", "text/plain", bytes.into())
}

async fn a_picture_is_made_small_and_shown_to_everybody(mix: Mix) {
    let learner = mix.learner().await;
    let path = format!("/users/{}/avatar", learner.user_id());
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        let user =
            learner.put_file("/users/me/avatar", file(picture(600, 300, format))).await.expect(200).json;
        assert_eq!(user["id"], learner.user_id());
        let address = text(&user["avatarUrl"]);
        assert!(address.starts_with(&path), "{address}");
        let shown = learner.anonymous().get(address).await.expect(200);
        assert_eq!(shown.header("content-type"), "image/jpeg");
        assert!(shown.header("cache-control").starts_with("public, max-age="), "{:?}", shown.headers);
        assert_eq!(shown.header("x-content-type-options"), "nosniff");
        let read = image::load_from_memory_with_format(&shown.bytes, ImageFormat::Jpeg).unwrap();
        assert_eq!((read.width(), read.height()), (512, 256));
        let known = learner.request(Method::GET, &path).header("If-None-Match", shown.header("etag"));
        assert!(learner.send(known).await.expect(304).bytes.is_empty());
    }
    let me = learner.get("/users/me").await.expect(200).json;
    for view in [
        learner.get("/auth/me").await.expect(200).json,
        learner.get(&format!("/users/{}", learner.user_id())).await.expect(200).json,
        mix.learner().await.get(&format!("/users/{}", learner.user_id())).await.expect(200).json,
    ] {
        assert_eq!(view["avatarUrl"], me["avatarUrl"]);
    }
}

async fn another_picture_has_another_address(mix: Mix) {
    let learner = mix.learner().await;
    let put = |side| {
        let (learner, file) = (learner.clone(), file(picture(side, side, ImageFormat::Png)));
        async move { learner.put_file("/users/me/avatar", file).await.expect(200).json["avatarUrl"].clone() }
    };
    let first = put(8).await;
    let tag = learner.get(text(&first)).await.expect(200).header("etag").to_owned();
    let second = put(9).await;
    assert_ne!(first, second);
    let shown = learner.get(text(&second)).await.expect(200);
    assert_ne!(shown.header("etag"), tag);
    assert_eq!(image::load_from_memory(&shown.bytes).unwrap().width(), 9);
    // The picture of before is gone from the store, and the sweeper knows of the new one.
    let store = mix.store().await;
    let id = |address: &serde_json::Value| text(address).rsplit_once("?v=").unwrap().1.parse().unwrap();
    assert_eq!(store.blob(id(&first)).await.unwrap(), None);
    assert!(store.blob(id(&second)).await.unwrap().is_some());
    let later = Clock::System.now() + Duration::from_secs(60);
    let noted = store.unused_blobs(BlobUse::Picture, later, 1000).await.unwrap();
    assert_eq!([&first, &second].map(|address| noted.contains(&id(address))), [false, true]);
    let raced = futures::future::join_all([10, 11, 12].map(put)).await;
    let kept = learner.get("/users/me").await.expect(200).json["avatarUrl"].clone();
    for address in &raced {
        assert_eq!(store.blob(id(address)).await.unwrap().is_some(), *address == kept);
    }
}

async fn what_is_no_picture_is_refused(mix: Mix) {
    let learner = mix.learner().await;
    let whole = picture(64, 64, ImageFormat::Png);
    for (bytes, status, code) in [
        (b"".to_vec(), 415, "file.not_picture"),
        (b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), 415, "file.not_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), 415, "file.not_picture"),
        (whole[..whole.len() / 2].to_vec(), 422, "file.unreadable"),
    ] {
        let named = Upload::new("me.png", "image/png", bytes);
        assert_problem(&learner.put_file("/users/me/avatar", named).await, status, code);
    }
    let other = Upload { field: "picture".into(), ..file(whole.clone()) };
    assert_fields(&learner.put_file("/users/me/avatar", other).await, &["file"]);
    assert_problem(&learner.put("/users/me/avatar", &json!({})).await, 415, "body.unsupported_type");
    let visitor = learner.anonymous();
    assert_problem(&visitor.put_file("/users/me/avatar", file(whole)).await, 401, "auth.required");
    assert_eq!(learner.get("/users/me").await.expect(200).json.get("avatarUrl"), None);
}

async fn a_picture_may_have_two_megabytes(mix: Mix) {
    let learner = mix.learner().await;
    let mut largest = picture(8, 8, ImageFormat::Png);
    // What follows a PNG's end does not count to it.
    largest.resize(2 << 20, 0);
    learner.put_file("/users/me/avatar", file(largest.clone())).await.expect(200);
    largest.push(0);
    assert_problem(&learner.put_file("/users/me/avatar", file(largest)).await, 413, "file.too_large");
}

async fn nobody_without_a_picture_has_one(mix: Mix) {
    let learner = mix.learner().await;
    for id in [learner.user_id(), "0123456789abcdef01234567"] {
        assert_problem(&learner.get(&format!("/users/{id}/avatar")).await, 404, "avatar.not_found");
    }
    assert_problem(&learner.get("/users/nobody/avatar").await, 400, "id.invalid");
}

async fn a_picture_goes_with_a_deactivated_account_and_comes_back(mix: Mix) {
    let learner = mix.learner().await;
    let set = learner.put_file("/users/me/avatar", file(picture(8, 8, ImageFormat::WebP))).await.expect(200);
    let address = text(&set.json["avatarUrl"]).to_owned();
    learner.delete("/users/me").await.expect(200);
    assert_problem(&learner.anonymous().get(&address).await, 404, "avatar.not_found");
    let email = &learner.session()["user"]["email"];
    let back = json!({ "email": email, "password": harness::client::PASSWORD, "reactivate": true });
    learner.anonymous().post("/auth/login", &back).await.expect(200);
    learner.anonymous().get(&address).await.expect(200);
}
