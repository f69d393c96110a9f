//! What an owner has, made anew for each row through the API itself.

use harness::Client;
use harness::client::Upload;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::{
    clock::Clock,
    domain::{MailPurpose, MailToken},
    store::Store,
};

use super::PICTURE;
use crate::support::*;

/// Something of the owner's, by the ids it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    Nothing,
    /// Their account, their e-mail.
    Account,
    /// Their account, with a picture.
    Pictured,
    /// A refresh token.
    Login,
    /// A quiz.
    Quiz,
    /// A quiz that is shared.
    SharedQuiz,
    /// The token of a quiz that is shared.
    ShareToken,
    /// An open attempt, its quiz.
    Attempt,
    /// A submitted quiz, its first question.
    Card,
    /// A study plan, a task of it.
    StudyPlan,
    /// A study plan with a day that has no time for its tasks.
    UnsettledPlan,
    /// The token of a study plan's feed.
    PlanFeed,
    /// A note.
    Note,
    /// A note in the trash.
    TrashedNote,
    /// The tag, and category, of a note.
    NoteTag,
    /// A job that waits for a time far away.
    ScheduledJob,
    /// A token as it is mailed.
    MailToken(MailPurpose),
    /// A copy of all their data.
    Export,
    /// A quiz that nobody owns, in old frontend mode.
    NobodysQuiz,
    /// A task of the old frontend.
    Task,
    /// A job that was cancelled.
    CancelledJob,
    /// A job that failed for good.
    FailedJob,
    /// A queue, whose jobs nobody makes here.
    Queue,
    /// A report that was made into a PDF.
    RenderedReport,
    /// An open study session.
    StudySession,
}

/// Makes it and returns its ids.
pub async fn make(thing: Thing, owner: &Client, store: &Store) -> Vec<String> {
    match thing {
        Thing::Nothing => vec![],
        Thing::Account => {
            vec![owner.user_id().to_owned(), text(&owner.session()["user"]["email"]).to_owned()]
        }
        Thing::Pictured => {
            let picture = Upload::new("me.png", "image/png", PICTURE);
            owner.put_file("/users/me/avatar", picture).await.expect(200);
            vec![owner.user_id().to_owned()]
        }
        Thing::Login => {
            let email = text(&owner.session()["user"]["email"]);
            let again = owner.login(email, harness::client::PASSWORD).await;
            vec![text(&again.session()["refreshToken"]).to_owned()]
        }
        Thing::RenderedReport => {
            let request = owner.request(Method::GET, "/analytics/report").header("Accept", "application/pdf");
            let job = owner.send(request).await.expect(202);
            owner.wait_job(job.id()).await;
            vec![job.id().to_owned()]
        }
        Thing::Quiz => vec![a_quiz(owner).await],
        Thing::SharedQuiz => vec![share(owner).await.0],
        Thing::ShareToken => vec![share(owner).await.1],
        Thing::Card => {
            let quiz = quiz(owner, 3).await;
            owner.post("/quiz/submit", &json!({ "quizId": quiz["id"], "answers": {} })).await.expect(200);
            [&quiz["id"], &quiz["questions"][0]["id"]].map(|id| text(id).to_owned()).to_vec()
        }
        Thing::Attempt => {
            let quiz = a_quiz(owner).await;
            vec![attempt(owner, &json!({ "id": quiz })).await, quiz]
        }
        Thing::StudyPlan => {
            let plan = a_plan(owner).await;
            vec![text(&plan["id"]).to_owned(), text(&plan["days"][0]["tasks"][0]["id"]).to_owned()]
        }
        Thing::UnsettledPlan => {
            let plan = a_plan(owner).await;
            let (id, task) = (text(&plan["id"]), text(&plan["days"][0]["tasks"][0]["id"]));
            let path = format!("/planner/plans/{id}/tasks/{task}");
            owner.patch(&path, &json!({ "estimatedDuration": 1440 })).await.expect(200);
            vec![id.to_owned()]
        }
        Thing::PlanFeed => {
            let plan = a_plan(owner).await;
            let token = text(&plan["feedUrl"]).split('/').rev().nth(1).expect("a token").to_owned();
            vec![token]
        }
        Thing::Note => vec![a_note(owner, json!({ "title": "Cells" })).await],
        Thing::TrashedNote => {
            let note = a_note(owner, json!({ "title": "Cells" })).await;
            owner.delete(&format!("/notes/{note}")).await.expect(200);
            vec![note]
        }
        Thing::NoteTag => {
            let name = format!("name-{}", harness::unique());
            a_note(owner, json!({ "title": "Cells", "tags": [name], "category": name })).await;
            vec![name]
        }
        Thing::ScheduledJob => vec![a_job(owner).await],
        Thing::StudySession => {
            vec![owner.post("/study-sessions", &json!({})).await.expect(201).id().to_owned()]
        }
        Thing::MailToken(purpose) => vec![mail_token(purpose, owner, store).await],
        Thing::Export => {
            let export = post_and_wait(owner, "/users/me/export", &json!({})).await.expect(201);
            vec![export.id().to_owned()]
        }
        Thing::NobodysQuiz => {
            let made = owner.anonymous().post("/quiz/generate", &ask(2)).await.expect(201);
            vec![made.id().to_owned()]
        }
        Thing::Task => {
            let task =
                json!({ "title": "Read", "subject": "Biology", "estimatedDuration": 30, "priority": "high" });
            vec![owner.post("/tasks", &task).await.expect(201).id().to_owned()]
        }
        Thing::CancelledJob => {
            let job = a_job(owner).await;
            owner.post(&format!("/jobs/{job}/cancel"), &json!({})).await.expect(200);
            vec![job]
        }
        Thing::FailedJob => {
            let job = owner.upload("/quiz/generate-from-pdf", &[], fixture("damaged.pdf")).await.expect(202);
            vec![text(&owner.wait_job(job.id()).await["id"]).to_owned()]
        }
        Thing::Queue => vec!["test.noop".to_owned()],
    }
}

async fn a_quiz(owner: &Client) -> String {
    text(&quiz(owner, 3).await["id"]).to_owned()
}

/// A quiz and the token that opens it.
async fn share(owner: &Client) -> (String, String) {
    let quiz = a_quiz(owner).await;
    let share = owner.post(&format!("/quiz/{quiz}/share"), &json!({})).await.expect(201).json;
    (quiz, text(&share["token"]).to_owned())
}

async fn a_plan(owner: &Client) -> Value {
    let subject = json!({ "name": "Art", "difficulty": "easy", "priority": "low" });
    let ask = json!({ "subjects": [subject], "dailyStudyHours": 0.5, "examDate": "2099-01-01" });
    post_and_wait(owner, "/planner/generate", &ask).await.expect(201).json
}

async fn a_note(owner: &Client, note: Value) -> String {
    owner.post("/notes", &note).await.expect(201).id().to_owned()
}

async fn a_job(owner: &Client) -> String {
    text(&scheduled(owner).await["id"]).to_owned()
}

/// Put into the store, as only the mail has what it is told by.
async fn mail_token(purpose: MailPurpose, owner: &Client, store: &Store) -> String {
    let token = format!("mailed-{}-{}", std::process::id(), harness::unique());
    let user =
        store.user(owner.user_id().parse().expect("an id")).await.expect("the store").expect("the owner");
    let hash = hex::encode(Sha256::digest(&token));
    let stored = MailToken::new(hash, purpose, &user, Clock::System.now());
    store.insert_mail_token(&stored).await.expect("the store");
    token
}
