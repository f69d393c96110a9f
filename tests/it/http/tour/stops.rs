//! The stops of the tour, a method a resource.

use harness::App;
use harness::client::PASSWORD;
use serde_json::{Value, json};

use super::Tour;
use crate::support::{ask, fixture, text};

impl Tour {
    /// Every stop.
    pub(super) async fn all(&mut self, _app: &App) {
        self.operation().await;
        self.accounts().await;
        let quiz = self.quizzes().await;
        self.attempts(&quiz).await;
        self.jobs().await;
        self.leave().await;
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
        self.client = self.client.login("ada@tour.test", PASSWORD).await;
        self.get("/auth/me").await;
    }

    /// Makes a quiz and returns it with its keys.
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
        let keyed = self.client.get(&format!("/quiz/{id}?include=answers")).await.expect(200).json;
        self.tell(&format!("GET /quiz/{id}"), json!(keyed["questions"].as_array().map(Vec::len)));
        self.get("/quiz?limit=1&sort=createdAt").await;
        self.get("/quiz/000000000000000000000000").await;
        self.get("/quiz?status=archived").await;
        keyed
    }

    async fn attempts(&mut self, quiz: &Value) {
        let id = text(&quiz["id"]);
        let opened = self.client.post("/quiz/attempt", &json!({ "quizId": id })).await.expect(201).json;
        self.tell("POST /quiz/attempt", json!(opened["attemptNumber"]));
        let attempt = text(&opened["attemptId"]).to_owned();
        let first = &quiz["questions"][0];
        let answers = json!({ text(&first["id"]): first["correctAnswer"] });
        let saved = self
            .client
            .patch(&format!("/quiz/attempts/{attempt}/answers"), &json!({ "answers": answers }))
            .await;
        self.tell(&format!("PATCH /quiz/attempts/{attempt}/answers"), json!(saved.status));
        let result = self.client.post("/quiz/submit", &json!({ "attemptId": attempt, "answers": {} })).await;
        self.tell("POST /quiz/submit", json!([result.status, result.json["percentage"]]));
        let result = self.client.post(&format!("/quiz/{id}/submit"), &json!({ "answers": {} })).await;
        self.tell(&format!("POST /quiz/{id}/submit"), json!([result.status, result.json["percentage"]]));
        let list = self.client.get(&format!("/quiz/attempts/{id}?limit=1")).await;
        self.tell(&format!("GET /quiz/attempts/{id}"), json!([list.status, list.header("x-total-count")]));
        let user = self.client.user_id().to_owned();
        let history = self.client.get(&format!("/quiz/user/{user}/history?minScore=1")).await;
        self.tell(
            &format!("GET /quiz/user/{user}/history"),
            json!([history.status, history.json[0]["percentage"]]),
        );
    }

    async fn jobs(&mut self) {
        let mut later = ask(3);
        later["notBefore"] = json!(crate::support::FAR);
        let job = self.post("/quiz/generate", later).await;
        let id = job.id().to_owned();
        self.get("/jobs?status=scheduled").await;
        self.get(&format!("/jobs/{id}")).await;
        self.post(&format!("/jobs/{id}/cancel"), json!({})).await;
        self.post(&format!("/jobs/{id}/cancel"), json!({})).await;
        self.get(&format!("/jobs/{id}/events")).await;
        self.post(&format!("/jobs/{id}/retry"), json!({})).await;
        self.post("/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV/cancel", json!({})).await;
    }

    async fn leave(&mut self) {
        let quizzes = self.client.get("/quiz").await.expect(200).json;
        let id = text(&quizzes[0]["id"]).to_owned();
        self.delete(&format!("/quiz/{id}")).await;
        self.post("/auth/logout", json!({})).await;
        self.get("/auth/me").await;
    }
}
