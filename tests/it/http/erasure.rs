//! Everything stored about a user, given out and removed.

use std::io::{Cursor, Read};
use std::sync::Arc;

use futures::FutureExt;
use harness::client::{PASSWORD, Upload};
use harness::deepseek::Reply;
use harness::{App, Client, client};
use image::{DynamicImage, ImageFormat};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Notify;
use zip::ZipArchive;

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    every_collection_belongs_to_users_or_is_known_not_to,
    nothing_is_left_of_an_erased_user,
    a_running_job_of_an_erased_user_ends_without_writing,
    an_export_holds_everything_but_secrets,
    answers_that_are_hidden_stay_so_in_exports_and_when_the_quiz_is_gone,
    exports_are_their_users_own,
    an_erasure_needs_the_password,
    a_guest_needs_no_password_to_be_erased,
    an_erasure_can_be_followed_without_a_login,
    an_erasure_that_cannot_be_recorded_leaves_the_account,
);

/// What may mention an erased user, and why.
const EXEMPT: &[(&str, &str)] = &[
    // One job, which is due a minute after the first: it erases what somebody was still at writing.
    ("jobs", "the second round of the erasure has yet to run, and is to forget the account when it has"),
];

/// What holds nothing of users, and why.
const NOBODYS: &[(&str, &str)] = &[
    ("paused_queues", "says which queues stand still"),
    ("blob_uses", "says when a blob was last used, and goes with the blob"),
    ("workers", "says which workers there are"),
    ("note_words", "is an index of notes, and what it holds of one goes with it"),
    ("uploads.files", "is reached by the blobs that owned documents name"),
    ("uploads.chunks", "is reached by the blobs that owned documents name"),
];

/// Somebody who has used everything there is. Whoever adds something that users make adds it here.
struct Rich {
    user: Client,
    /// Took the user's quiz.
    student: Client,
    quiz: Value,
    /// The student's result.
    result: Value,
}

async fn rich(app: &App) -> Rich {
    let (user, student) = (app.client().register().await, app.client().register().await);
    let email = text(&user.session()["user"]["email"]).to_owned();
    user.login(&email, PASSWORD).await;
    user.put("/users/me", &json!({ "preferences": { "timeZone": "Asia/Tokyo" } })).await.expect(200);
    let mut picture = Vec::new();
    DynamicImage::new_rgb8(9, 9).write_to(&mut Cursor::new(&mut picture), ImageFormat::Png).unwrap();
    user.put_file("/users/me/avatar", Upload::new("me.png", "image/png", picture)).await.expect(200);
    user.anonymous().post("/auth/forgot-password", &json!({ "email": email })).await.expect(200);

    let quiz = quiz(&user, 3).await;
    let pdf = [("questionCount", "2")];
    let job = user.upload("/quiz/generate-from-pdf", &pdf, fixture("lecture.pdf")).await.expect(202).json;
    user.wait_job(text(&job["id"])).await;
    scheduled(&user).await;
    let keyed = user.request(Method::POST, "/quiz/attempt").header("Idempotency-Key", "once");
    user.send(keyed.json(&json!({ "quizId": quiz["id"] }))).await.expect(201);
    let submit = json!({ "quizId": quiz["id"], "answers": {} });
    user.post("/quiz/submit", &submit).await.expect(200);
    attempt(&user, &quiz).await;
    let shared = user.post(&format!("/quiz/{}/share", text(&quiz["id"])), &json!({})).await.expect(201).json;
    let token = json!({ "shareToken": shared["token"] });
    let opened = student.post("/quiz/attempt", &token).await.expect(201).json;
    let submit = json!({ "attemptId": opened["attemptId"], "answers": {} });
    let result = student.post("/quiz/submit", &submit).await.expect(200).json;
    user.post("/study-sessions", &json!({ "durationMinutes": 25, "subject": "Cells" })).await.expect(201);
    let note = json!({ "title": "Cells", "content": user.user_id(), "tags": ["bio"] });
    user.post("/notes", &note).await.expect(201);
    let deleted = user.post("/notes", &note).await.expect(201);
    user.delete(&format!("/notes/{}", deleted.id())).await.expect(200);
    let plan = json!({
        "subjects": [{ "name": "Cells", "difficulty": "easy", "priority": "high" }],
        "dailyStudyHours": 1, "examDate": "2099-01-01",
    });
    post_and_wait(&user, "/planner/generate", &plan).await.expect(201);
    for title in ["Kept", "Trashed"] {
        let note = user.post("/notes", &json!({ "title": title, "content": "Of cells." })).await.expect(201);
        if title == "Trashed" {
            user.delete(&format!("/notes/{}", note.id())).await.expect(200);
        }
    }
    export(&user).await;
    Rich { user, student, quiz, result }
}

async fn export(user: &Client) -> client::Reply {
    post_and_wait(user, "/users/me/export", &json!({})).await.expect(201)
}

async fn download(user: &Client, export: &client::Reply) -> ZipArchive<Cursor<Vec<u8>>> {
    let file = user.get(text(&export.json["url"])).await.expect(200);
    assert_eq!(file.header("content-type"), "application/zip");
    assert!(
        file.header("content-disposition").starts_with("attachment; filename=\"smartstudy-2"),
        "{:?}",
        file.headers
    );
    assert_eq!(export.json["size"], file.bytes.len());
    ZipArchive::new(Cursor::new(file.bytes.to_vec())).expect("a ZIP file")
}

fn file(zip: &mut ZipArchive<Cursor<Vec<u8>>>, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    zip.by_name(name).unwrap_or_else(|error| panic!("{name}: {error}")).read_to_end(&mut bytes).unwrap();
    bytes
}

async fn erase_and_wait(user: &Client, body: &Value) -> client::Reply {
    let done = post_and_wait(user, "/users/me/erase", body).await.expect(200);
    assert_eq!(done.json["status"], "succeeded", "{done}");
    done
}

async fn nothing_is_left_of_an_erased_user(mix: Mix) {
    let app = mix.start(Mix::options()).await;
    let Rich { user, student, quiz, result } = rich(&app).await;
    let id = user.user_id();
    let before = mix.mentions(&app, id).await;
    assert!(before.len() >= 14, "the user has used little: {before:#?}");
    let uploads = mix.uploads(&app).await;
    assert!(uploads >= 4, "{uploads}");
    let avatar = text(&user.get("/users/me").await.expect(200).json["avatarUrl"]).to_owned();

    let done = erase_and_wait(&user, &json!({ "password": PASSWORD })).await;
    assert!(!done.text().contains(id), "{done}");
    let after = mix.mentions(&app, id).await;
    let left: Vec<_> =
        after.iter().filter(|(name, _)| !EXEMPT.iter().any(|(exempt, _)| exempt == name)).collect();
    assert!(
        left.is_empty(),
        "an erased user is still mentioned: {left:#?}\nDeclare what is theirs in shared/src/store/*/owned.rs, or say \
         in EXEMPT why it may stay."
    );
    assert_eq!(after.get("jobs"), Some(&1), "{after:?}");
    assert_eq!(mix.uploads(&app).await, 0);
    let email = text(&user.session()["user"]["email"]);
    assert!(mix.mentions(&app, email).await.is_empty());

    // The account is gone for everybody, and its e-mail is free.
    assert_problem(&user.get("/users/me").await, 401, "auth.token_revoked");
    assert_problem(&student.get(&format!("/users/{id}")).await, 404, "user.not_found");
    assert_problem(&student.get(&avatar).await, 404, "avatar.not_found");
    let login = json!({ "email": email, "password": PASSWORD, "reactivate": true });
    assert_problem(&user.anonymous().post("/auth/login", &login).await, 401, "auth.bad_credentials");
    let account = json!({ "name": "Somebody new", "email": email, "password": PASSWORD });
    assert_ne!(user.anonymous().post("/auth/register", &account).await.expect(201).id(), id);

    // What others made of the quiz stays theirs, though the quiz is gone.
    assert_problem(&student.get(&format!("/quiz/{}", text(&quiz["id"]))).await, 404, "quiz.not_found");
    let history = student.get(&format!("/quiz/user/{}/history", student.user_id())).await.expect(200).json;
    assert_eq!(items(&history).len(), 1);
    assert_eq!(history[0]["id"], result["attemptId"]);
    student.get("/review/due").await.expect(200);
}

async fn every_collection_belongs_to_users_or_is_known_not_to(mix: Mix) {
    let (app, store) = (mix.app().await, mix.store().await);
    let owned: Vec<_> = store.owned_sources().iter().map(|source| source.name).collect();
    let known = |name: &str| owned.contains(&name) || NOBODYS.iter().any(|(nobodys, _)| *nobodys == name);
    let unknown: Vec<String> = mix.collections(app).await.into_iter().filter(|name| !known(name)).collect();
    assert!(
        unknown.is_empty(),
        "declare these in shared/src/store/*/owned.rs, or say in NOBODYS why they hold nothing of users: {unknown:?}"
    );
}

async fn a_running_job_of_an_erased_user_ends_without_writing(mix: Mix) {
    let (provider, app, learner) = crate::deepseek::start(mix).await;
    let answer = Arc::new(Notify::new());
    provider.push(Reply::When(answer.clone()));
    let job = learner.post("/quiz/generate", &ask(12)).await.expect(202);
    let job = job.id();
    provider.received(1).await;
    erase_and_wait(&learner, &json!({ "password": PASSWORD })).await;
    // The provider goes on; the worker knows by then, or finds out, that there is nothing to go on with.
    answer.notify_one();
    let lost = |line: &str| (line.contains("the lease was lost") && line.contains(job)).then_some(());
    let processes: Vec<_> =
        app.workers.iter().chain([&app.api]).map(|process| Box::pin(process.line(lost))).collect();
    futures::future::select_ok(processes.into_iter().map(|line| line.map(|line| line.ok_or(()))))
        .await
        .unwrap();
    let left = mix.mentions(&app, job).await;
    assert!(left.is_empty(), "{left:?}");
    let left = mix.mentions(&app, learner.user_id()).await;
    assert_eq!(left.keys().collect::<Vec<_>>(), ["jobs"], "{left:?}");
    assert_eq!(mix.uploads(&app).await, 0);
}

async fn an_export_holds_everything_but_secrets(mix: Mix) {
    let app = mix.start(Mix::options()).await;
    let Rich { user, student, quiz, .. } = rich(&app).await;
    let export = export(&user).await;
    assert_eq!(export.header("location"), text(&export.json["url"]));
    for name in ["createdAt", "expiresAt"] {
        assert_instant(&export.json[name]);
    }
    let mut zip = download(&user, &export).await;
    let names: Vec<String> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    let contents: Value = serde_json::from_slice(&file(&mut zip, "contents.json")).unwrap();
    assert_eq!(contents["user"], user.user_id());
    let listed: Vec<&str> = items(&contents["contents"]).iter().map(|item| text(&item["file"])).collect();
    assert_eq!(listed.len() + 1, names.len());
    assert!(listed.iter().all(|name| names.iter().any(|other| other == name)), "{listed:?} {names:?}");
    let mut all = String::new();
    for (item, name) in items(&contents["contents"]).iter().zip(&listed) {
        let bytes = file(&mut zip, name);
        if name.ends_with(".json") {
            let documents: Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(item["documents"], items(&documents).len());
            all.push_str(&documents.to_string());
        } else {
            assert_eq!(item["bytes"], bytes.len());
        }
    }
    let account: Value = serde_json::from_slice(&file(&mut zip, "users.json")).unwrap();
    assert_eq!(account[0]["email"], user.session()["user"]["email"]);
    assert_eq!(account[0]["preferences"]["timeZone"], "Asia/Tokyo");
    // The keys of one's own quizzes are one's own; hashes and what is other people's are not.
    let keyed = with_answers(&user, text(&quiz["id"])).await;
    assert!(all.contains(text(&keyed["questions"][0]["explanation"])));
    assert!(all.contains("Cells"));
    assert!(!all.contains("$2b$") && !all.contains(student.user_id()), "a secret is in it");
    // Uploads come as they were sent.
    let pdf = listed.iter().find(|name| name.ends_with(".pdf")).expect("the uploaded PDF");
    assert_eq!(file(&mut zip, pdf), fixture("lecture.pdf").bytes);
    assert!(
        listed.iter().any(|name| name.ends_with(".txt")) && listed.iter().any(|name| name.ends_with(".jpg"))
    );
}

async fn answers_that_are_hidden_stay_so_in_exports_and_when_the_quiz_is_gone(mix: Mix) {
    let (owner, student) = (mix.learner().await, mix.learner().await);
    let quiz = quiz(&owner, 2).await;
    let path = format!("/quiz/{}", text(&quiz["id"]));
    let hide = json!({ "settings": { "showCorrectAnswers": false } });
    owner.put(&path, &hide).await.expect(200);
    let shared = owner.post(&format!("{path}/share"), &json!({})).await.expect(201).json;
    let open = json!({ "shareToken": shared["token"] });
    let opened = student.post("/quiz/attempt", &open).await.expect(201).json;
    let submit = json!({ "attemptId": opened["attemptId"], "answers": {} });
    student.post("/quiz/submit", &submit).await.expect(200);
    owner.post("/quiz/submit", &json!({ "quizId": quiz["id"], "answers": {} })).await.expect(200);
    let exported = async |user: &Client| {
        let mut zip = download(user, &export(user).await).await;
        let results = zip.file_names().map(|name| name.unwrap().into_owned());
        let results = results.filter(|name| ["submissions.json", "quizattempts.json"].contains(&&**name));
        let results: Vec<String> = results.collect();
        serde_json::from_slice::<Value>(&file(&mut zip, &results[0])).unwrap()
    };
    let own = exported(&owner).await;
    assert!(
        own[0]["questionResults"][0].get("correctAnswer").is_some(),
        "one's own keys are one's own: {own}"
    );
    assert_no_keys(&exported(&student).await);

    erase_and_wait(&owner, &json!({ "password": PASSWORD })).await;
    let results = student.get(&format!("/quiz/attempts/{}", text(&quiz["id"]))).await.expect(200).json;
    assert_eq!(results[0]["attemptId"], opened["attemptId"]);
    assert_no_keys(&results);
    assert_no_keys(&student.post("/quiz/submit", &submit).await.expect(200).json);
    let kept = exported(&student).await;
    assert_eq!(items(&kept[0]["questionResults"]).len(), 2);
    assert_no_keys(&kept);
}

async fn exports_are_their_users_own(mix: Mix) {
    let (user, other) = (mix.learner().await, mix.learner().await);
    let export = export(&user).await;
    let path = text(&export.json["url"]);
    assert_problem(&other.get(path).await, 404, "export.not_found");
    assert_problem(&user.anonymous().get(path).await, 401, "auth.required");
    assert_problem(&user.get("/users/me/exports/0123456789abcdef01234567").await, 404, "export.not_found");
    assert_problem(&user.get("/users/me/exports/nonsense").await, 400, "id.invalid");
    let file = user.get(path).await.expect(200);
    let known = user.request(Method::GET, path).header("If-None-Match", file.header("etag"));
    user.send(known).await.expect(304);
    let job = items(&user.get("/jobs?kind=account.export").await.expect(200).json)[0].clone();
    assert_eq!(job["result"], json!({ "type": "export", "id": export.json["id"], "url": path }));
    // Another copy is another file; without waiting there is a job to follow.
    let job = user.post("/users/me/export", &json!({})).await.expect(202);
    assert_eq!(job.header("location"), format!("/jobs/{}", job.id()));
    let done = user.wait_job(job.id()).await;
    assert_ne!(done["result"]["id"], export.json["id"]);
    user.get(text(&done["result"]["url"])).await.expect(200);
}

async fn an_erasure_needs_the_password(mix: Mix) {
    let user = mix.learner().await;
    let erase = async |body: Value| user.post("/users/me/erase", &body).await;
    assert_problem(&erase(json!({ "password": "not this one" })).await, 401, "auth.bad_credentials");
    for body in [json!({}), json!({ "password": null }), json!({ "password": "" }), json!({ "password": 7 })]
    {
        assert_fields(&erase(body).await, &["password"]);
    }
    let visitor = user.anonymous();
    let body = json!({ "password": PASSWORD });
    assert_problem(&visitor.post("/users/me/erase", &body).await, 401, "auth.required");
    user.get("/users/me").await.expect(200);
    assert_eq!(items(&user.get("/jobs").await.expect(200).json).len(), 0);
}

async fn a_guest_needs_no_password_to_be_erased(mix: Mix) {
    let guest = mix.app().await.client().guest().await;
    quiz(&guest, 1).await;
    erase_and_wait(&guest, &json!({})).await;
    assert_eq!(mix.store().await.user(guest.user_id().parse().unwrap()).await.unwrap(), None);
}

async fn an_erasure_can_be_followed_without_a_login(mix: Mix) {
    let (user, other) = (mix.learner().await, mix.learner().await);
    let accepted = user.post("/users/me/erase", &json!({ "password": PASSWORD })).await.expect(202);
    let (id, address) = (accepted.id(), accepted.header("location"));
    assert!(address.starts_with(&format!("/jobs/{id}?key=")), "{address}");
    assert_eq!(accepted.json["links"]["self"], address);
    assert_eq!(accepted.json["kind"], "account.erase");
    // The account is shut at once.
    assert_problem(&user.get("/users/me").await, 401, "auth.token_revoked");
    let login = json!({ "email": user.session()["user"]["email"], "password": PASSWORD, "reactivate": true });
    let shut = user.anonymous().post("/auth/login", &login).await;
    assert!([401, 403].contains(&shut.status), "{shut}");

    let visitor = user.anonymous();
    let watched = visitor.request(Method::GET, address).header("Prefer", "wait=60");
    let done = visitor.send(watched).await.expect(200);
    assert_eq!(done.json["status"], "succeeded", "{done}");
    assert_eq!(done.json["links"]["self"], address);
    let known = visitor.request(Method::GET, address).header("If-None-Match", done.header("etag"));
    visitor.send(known).await.expect(304);
    let key = address.split_once('?').unwrap().1;
    let events = visitor.get(&format!("/jobs/{id}/events?{key}")).await.expect(200);
    assert!(events.text().contains("event: done"), "{events}");
    assert!(!events.text().contains(user.user_id()));

    // The key opens this job and nothing else, and nobody's login does.
    let job = scheduled(&other).await;
    assert_problem(&visitor.get(&format!("/jobs/{}?{key}", text(&job["id"]))).await, 404, "job.not_found");
    assert_problem(&visitor.get(&format!("/jobs?{key}")).await, 401, "auth.required");
    assert_problem(
        &visitor.post(&format!("/jobs/{id}/cancel?{key}"), &json!({})).await,
        401,
        "auth.required",
    );
    assert_problem(&other.get(&format!("/jobs/{id}")).await, 404, "job.not_found");
    for forged in ["x", "", other.token().unwrap()] {
        let reply = visitor.get(&format!("/jobs/{id}?key={forged}")).await;
        assert_problem(&reply, 401, "auth.token_invalid");
    }
    assert_problem(&visitor.get(&format!("/jobs/{id}")).await, 401, "auth.required");
    // Nor is it a login.
    let token = key.trim_start_matches("key=");
    assert_problem(&visitor.with_token(token).get("/users/me").await, 401, "auth.token_invalid");
}

async fn an_erasure_that_cannot_be_recorded_leaves_the_account(mix: Mix) {
    let app = mix.start(Mix::options()).await;
    let user = app.client().register().await;
    mix.refuse_jobs(&app).await;
    let refused = user.post("/users/me/erase", &json!({ "password": PASSWORD })).await;
    assert!(refused.status >= 500, "{refused}");
    user.get("/users/me").await.expect(200);
    let account = mix.store_of(&app).await.user(user.user_id().parse().unwrap()).await.unwrap().unwrap();
    assert!(account.is_active);
}
