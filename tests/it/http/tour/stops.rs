//! The stops of the tour: accounts, quizzes, attempts, reviews and jobs. Study has a file of its own.

use harness::client::PASSWORD;

use reqwest::Method;
use serde_json::{Value, json};

use super::Tour;
use super::study::known_questions;
use crate::support::{FAR, ask, fixture, text};

impl Tour {
    /// Every stop.
    pub(super) async fn all(&mut self) {
        self.operation().await;
        self.accounts().await;
        let quiz = self.quizzes().await;
        self.attempts(&quiz).await;
        self.shared(&quiz).await;
        self.reviews(&quiz).await;
        self.edits(&quiz).await;
        self.notes().await;
        self.sessions().await;
        self.plans().await;
        self.analytics().await;
        self.jobs().await;
        self.admin().await;
        self.leave(&quiz).await;
    }

    async fn operation(&mut self) {
        for path in ["/health", "/health/live", "/health/ready", "/nowhere"] {
            self.get(path).await;
        }
        let metrics = self.client.get("/metrics").await;
        self.tell("GET /metrics", json!(metrics.status));
    }

    async fn accounts(&mut self) {
        let ada = json!({ "name": "Ada", "email": "Ada@tour.test", "password": PASSWORD, "username": "ada" });
        self.post("/auth/register", ada.clone()).await;
        self.post("/auth/register", ada).await;
        self.post("/auth/register", json!({ "name": "", "email": "x", "password": "1" })).await;
        self.post("/auth/login", json!({ "email": "ada@tour.test", "password": "wrong" })).await;
        let login = self.post("/auth/login", json!({ "username": "ada", "password": PASSWORD })).await;
        self.get("/auth/me").await;
        self.post("/auth/refresh", json!({ "refreshToken": login.json["refreshToken"] })).await;
        self.post("/auth/refresh", json!({ "refreshToken": "no" })).await;
        self.post("/auth/guest", json!({})).await;
        self.post("/auth/forgot-password", json!({ "email": "nobody@tour.test" })).await;
        self.post("/auth/reset-password", json!({ "token": "no", "password": PASSWORD })).await;
        self.post("/auth/verify-email", json!({ "token": "no" })).await;
        self.client = self.client.login("ada@tour.test", PASSWORD).await;
        self.get("/auth/me").await;
        let preferences = json!({ "timeZone": "Europe/Berlin", "theme": "dark", "defaultStudyDuration": 40 });
        self.put("/users/me", json!({ "name": "Ada L.", "preferences": preferences })).await;
        self.put("/users/me", json!({ "preferences": { "timeZone": "Nowhere/Land" } })).await;
        self.get("/users/me").await;
        let id = self.client.user_id().to_owned();
        self.get(&format!("/users/{id}")).await;
        self.get(&format!("/users/{id}/avatar")).await;
        let request = self.client.request(Method::PUT, "/users/me/avatar").json(&json!({}));
        let reply = self.client.send(request).await;
        self.note("PUT /users/me/avatar", &reply);
        let change = json!({ "currentPassword": "wrong", "newPassword": PASSWORD });
        self.post("/auth/change-password", change).await;
        self.post("/auth/change-password", json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD }))
            .await;
    }

    /// Makes quizzes and returns one with questions that are the same in every tour, with its keys.
    async fn quizzes(&mut self) -> Value {
        let quiz = self.make("/quiz/generate", ask(4)).await.json;
        let pdf = self
            .client
            .upload("/quiz/generate-from-pdf", &[("questionCount", "3")], fixture("lecture.pdf"))
            .await;
        self.tell("POST /quiz/generate-from-pdf", json!(pdf.status));
        self.client.wait_job(pdf.id()).await;
        self.post("/quiz/generate", json!({ "inputMethod": "text", "textContent": "short" })).await;
        let id = text(&quiz["id"]).to_owned();
        self.put(
            &format!("/quiz/{id}"),
            json!({ "title": "Known", "topic": "Biology", "difficulty": "hard", "questions": known_questions() }),
        )
        .await;
        self.put(
            &format!("/quiz/{id}"),
            json!({ "questions": [{ "question": "", "type": "multiple_choice" }] }),
        )
        .await;
        self.get(&format!("/quiz/{id}?include=answers")).await;
        self.get(&format!("/quiz/{id}")).await;
        for query in [
            "limit=1&sort=createdAt",
            "status=archived",
            "topic=Biology",
            "q=KNOWN",
            "difficulty=hard",
            "difficulty=x",
        ] {
            self.get(&format!("/quiz?{query}")).await;
        }
        self.get("/quiz/000000000000000000000000").await;
        self.client.get(&format!("/quiz/{id}?include=answers")).await.expect(200).json
    }

    async fn attempts(&mut self, quiz: &Value) {
        let id = text(&quiz["id"]);
        let opened = self.post("/quiz/attempt", json!({ "quizId": id })).await.json;
        let attempt = text(&opened["attemptId"]).to_owned();
        self.post("/quiz/attempt", json!({ "quizId": id })).await;
        let key = |number: usize| {
            (
                text(&quiz["questions"][number]["id"]).to_owned(),
                quiz["questions"][number]["correctAnswer"].clone(),
            )
        };
        let answers: Value = [key(0), key(1), key(3)].into_iter().collect::<serde_json::Map<_, _>>().into();
        self.patch(&format!("/quiz/attempts/{attempt}/answers"), json!({ "answers": answers })).await;
        self.patch(&format!("/quiz/attempts/{attempt}/answers"), json!({ "answers": { "none": "x" } })).await;
        self.post("/quiz/submit", json!({ "attemptId": attempt, "answers": { (key(2).0): "False" } })).await;
        self.post("/quiz/submit", json!({ "attemptId": attempt, "answers": {} })).await;
        self.post(&format!("/quiz/{id}/submit"), json!({ "answers": {} })).await;
        let right: Value = (0..7).map(key).collect::<serde_json::Map<_, _>>().into();
        self.post("/quiz/submit", json!({ "quizId": id, "answers": right })).await;
        self.get(&format!("/quiz/attempts/{id}?limit=1")).await;
        self.get(&format!("/quiz/attempts/{id}?limit=2&sort=createdAt")).await;
        let user = self.client.user_id().to_owned();
        for query in
            ["", "?minScore=1", "?maxScore=50&topic=Biology", "?topic=None", "?from=2020-01-01&to=2020-01-02"]
        {
            self.get(&format!("/quiz/user/{user}/history{query}")).await;
        }
        self.get(&format!("/quiz/{id}/statistics")).await;
        for format in ["moodle-xml", "gift", "anki", "csv", "html", "docx"] {
            self.get(&format!("/quiz/{id}/export?format={format}")).await;
        }
    }

    async fn shared(&mut self, quiz: &Value) {
        let id = text(&quiz["id"]);
        let share = self.client.post(&format!("/quiz/{id}/share"), &json!({})).await;
        self.tell(&format!("POST /quiz/{id}/share"), json!(share.status));
        let token = text(&share.json["token"]).to_owned();
        let bob = self.client.register().await;
        let ada = std::mem::replace(&mut self.client, bob);
        self.get(&format!("/quiz/{id}")).await;
        let read = self.client.get(&format!("/quiz/shared/{token}")).await;
        self.note("GET /quiz/shared/token", &read);
        let opened = self.client.post("/quiz/attempt", &json!({ "shareToken": token })).await;
        self.note("POST /quiz/attempt", &opened);
        self.post("/quiz/submit", json!({ "attemptId": opened.json["attemptId"], "answers": {} })).await;
        self.get(&format!("/quiz/attempts/{id}")).await;
        self.get(&format!("/quiz/{id}/statistics")).await;
        self.client = ada;
        self.get(&format!("/quiz/{id}/statistics")).await;
        self.delete(&format!("/quiz/{id}/share")).await;
        self.delete(&format!("/quiz/{id}/share")).await;
        self.get("/quiz/shared/none").await;
    }

    async fn reviews(&mut self, quiz: &Value) {
        let (id, question) = (text(&quiz["id"]), text(&quiz["questions"][0]["id"]));
        let due = self.client.get("/review/due").await.expect(200).json;
        let due: Vec<&Value> = due.as_array().unwrap().iter().map(|card| &card["state"]).collect();
        self.tell("GET /review/due", json!(due));
        self.post(&format!("/review/{id}/{question}"), json!({ "answer": "A stone", "rating": "good" }))
            .await;
        self.post(&format!("/review/{id}/{question}"), json!({ "rating": "easy" })).await;
        self.post(&format!("/review/{id}/none"), json!({ "rating": "good" })).await;
        self.post(&format!("/review/{id}/{question}"), json!({ "rating": "perfect" })).await;
    }

    async fn edits(&mut self, quiz: &Value) {
        let path = format!("/quiz/{}", text(&quiz["id"]));
        self.put(&path, json!({ "questions": known_questions() })).await;
        self.put(&path, json!({ "title": "Known still" })).await;
        self.put(&path, json!({ "newVersion": true, "title": "Known anew" })).await;
        self.get("/quiz?q=anew").await;
    }

    async fn jobs(&mut self) {
        let job = self.post("/quiz/generate", later()).await;
        let id = job.id().to_owned();
        self.get("/jobs?status=scheduled").await;
        self.get(&format!("/jobs/{id}")).await;
        self.post(&format!("/jobs/{id}/cancel"), json!({})).await;
        self.post(&format!("/jobs/{id}/cancel"), json!({})).await;
        self.get(&format!("/jobs/{id}/events")).await;
        let retried = self.client.post(&format!("/jobs/{id}/retry"), &json!({})).await;
        self.tell(&format!("POST /jobs/{id}/retry"), json!(retried.status));
        self.client.wait_job(&id).await;
        self.post("/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV/cancel", json!({})).await;
    }

    async fn leave(&mut self, quiz: &Value) {
        let id = text(&quiz["id"]).to_owned();
        self.delete(&format!("/quiz/{id}")).await;
        self.post("/quiz/attempt", json!({ "quizId": id })).await;
        self.get("/quiz?status=archived").await;
        self.account_jobs().await;
        self.post("/auth/logout", json!({})).await;
        self.get("/auth/me").await;
    }

    /// Export, deactivation and erasure, of an account of their own.
    async fn account_jobs(&mut self) {
        let carol = self.client.register().await;
        let ada = std::mem::replace(&mut self.client, carol);
        let exported = self.client.post("/users/me/export", &json!({})).await;
        self.tell("POST /users/me/export", json!(exported.status));
        let job = self.client.wait_job(exported.id()).await;
        let url = text(&job["result"]["url"]).to_owned();
        let archive = self.client.get(&url).await;
        self.tell(&format!("GET {url}"), json!([archive.status, archive.bytes.starts_with(b"PK")]));
        self.post("/users/me/erase", json!({ "password": "wrong" })).await;
        let erased = self.client.post("/users/me/erase", &json!({ "password": PASSWORD })).await;
        self.tell("POST /users/me/erase", json!(erased.status));
        let dora = self.client.register().await;
        self.client = dora;
        self.delete("/users/me").await;
        self.get("/users/me").await;
        self.client = ada;
    }

    async fn admin(&mut self) {
        let waiting = self.client.post("/quiz/generate", &later()).await.expect(202).id().to_owned();
        let failed = self.client.upload("/quiz/generate-from-pdf", &[], fixture("damaged.pdf")).await;
        let failed = failed.expect(202).id().to_owned();
        self.client.wait_job(&failed).await;
        let ada = std::mem::replace(&mut self.client, self.operator.clone());
        for query in [
            "status=failed",
            "kind=quiz.generate&status=scheduled",
            "errorCode=pdf.damaged&limit=1",
            "olderThan=1h",
            "status=x",
        ] {
            self.get(&format!("/admin/jobs?{query}")).await;
        }
        self.get(&format!("/admin/jobs/{failed}")).await;
        let filter = json!({ "errorCode": "pdf.damaged" });
        self.post("/admin/jobs/retry", json!({ "filter": filter, "dryRun": true })).await;
        self.post(&format!("/admin/jobs/{failed}/discard"), json!({})).await;
        self.post(&format!("/admin/jobs/{failed}/discard"), json!({})).await;
        self.post(&format!("/admin/jobs/{waiting}/retry"), json!({})).await;
        self.post(&format!("/admin/jobs/{waiting}/cancel"), json!({})).await;
        for path in [
            "/admin/queues/plan.generate/pause",
            "/admin/queues/plan.generate/resume",
            "/admin/queues/none/pause",
        ] {
            self.post(path, json!({})).await;
        }
        let queues = self.client.get("/admin/queues").await.expect(200).json;
        let names: Vec<&Value> = queues.as_array().unwrap().iter().map(|queue| &queue["name"]).collect();
        self.tell("GET /admin/queues", json!(names));
        self.client = ada;
        self.get("/admin/queues").await;
    }
}

/// A request for a quiz at a time that no test lives to see.
fn later() -> Value {
    let mut later = ask(3);
    later["notBefore"] = json!(FAR);
    later
}
