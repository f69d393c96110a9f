//! Notes, study sessions, plans, reviews and what is made of them.

use reqwest::Method;
use serde_json::{Value, json};

use super::Tour;
use crate::support::{fixture, pages, text};

/// A day that lies in every tour's past.
const PAST: &str = "2026-03-28";

impl Tour {
    pub(super) async fn notes(&mut self) {
        let notes = [
            json!({ "title": "Cells", "content": "The cell is the unit of life. Cells divide.", "tags": ["Biology", "exam"], "category": "Science" }),
            json!({ "title": "Zürich", "content": "Die größte Stadt der Schweiz liegt am See.", "tags": ["geo"], "metadata": { "pages": [1, 2] } }),
            json!({ "title": "Empty" , "content": "" }),
            json!({ "title": "<b>Life</b>", "content": "Life & \"cells\" <script>", "tags": ["exam"], "category": "Science" }),
        ];
        let mut ids = Vec::new();
        for note in notes {
            ids.push(self.post("/notes", note).await.id().to_owned());
        }
        for body in [
            json!({}),
            json!({ "title": "" }),
            json!({ "title": "x", "tags": "exam" }),
            json!({ "title": "x", "metadata": [] }),
        ] {
            self.post("/notes", body).await;
        }
        for query in [
            "",
            "?limit=2",
            "?limit=2&page=2",
            "?sort=title",
            "?sort=-title&limit=3",
            "?sort=updatedAt",
            "?sort=size",
            "?tag=exam",
            "?tag=exam&tag=biology",
            "?category=Science",
            "?search=cell",
            "?search=CELLS%20unit",
            "?search=zurich",
            "?search=%22unit%20of",
            "?search=nothing",
            "?search=life&tag=exam&limit=1",
        ] {
            self.get(&format!("/notes{query}")).await;
        }
        let (first, last) = (ids[0].clone(), ids[3].clone());
        self.get(&format!("/notes/{first}")).await;
        self.put(&format!("/notes/{first}"), json!({ "category": "Life", "tags": ["a", "A", " b "] })).await;
        self.patch(&format!("/notes/{first}"), json!({ "content": "Osmosis moves water." })).await;
        self.get("/notes?search=osmosis").await;
        self.get("/notes/tags").await;
        self.get("/notes/categories").await;
        self.post("/notes/search", json!({ "query": "WATER" })).await;
        self.delete(&format!("/notes/{last}")).await;
        self.get(&format!("/notes/{last}")).await;
        self.get("/notes/trash").await;
        self.post(&format!("/notes/{last}/restore"), json!({})).await;
        self.post(&format!("/notes/{last}/restore"), json!({})).await;
        self.delete(&format!("/notes/{last}")).await;
        self.delete(&format!("/notes/trash/{last}")).await;
        self.get("/notes/trash").await;
        self.post("/notes/upload", json!({ "title": "Uploaded", "content": "By hand." })).await;
        let job = self.client.upload("/notes/upload", &[("title", "Lecture")], fixture("lecture.pdf")).await;
        self.tell("POST /notes/upload", json!(job.status));
        self.client.wait_job(job.id()).await;
        self.get("/notes?search=lecture").await;
        let long = self.post("/notes", json!({ "title": "Long", "content": pages(1) })).await.id().to_owned();
        self.make("/quiz/generate", json!({ "inputMethod": "notes", "noteIds": [long], "questionCount": 2 }))
            .await;
        self.post("/quiz/generate", json!({ "inputMethod": "notes", "noteIds": [first] })).await;
    }

    pub(super) async fn sessions(&mut self) {
        let at = |time: &str| format!("{PAST}T{time}Z");
        let sessions = [
            json!({ "startTime": at("22:30:00"), "durationMinutes": 50, "subject": "Biology", "topic": "Cells" }),
            json!({ "startTime": at("10:00:00"), "endTime": at("10:45:30"), "sessionType": "review", "subject": "Law" }),
            json!({ "startTime": at("11:00:00"), "durationMinutes": 10, "sessionType": "break" }),
            json!({ "startTime": at("12:00:00"), "endTime": at("11:00:00") }),
            json!({ "durationMinutes": -1 }),
            json!({ "userId": "000000000000000000000000" }),
        ];
        let mut first = String::new();
        for session in sessions {
            let made = self.post("/study-sessions", session).await;
            if made.status == 201 && first.is_empty() {
                first = made.id().to_owned();
            }
        }
        for query in [
            "",
            "?limit=1&sort=startTime",
            "?subject=Law",
            "?sessionType=break",
            "?from=2026-03-28&to=2026-03-28",
            "?from=2026-03-29&tz=Europe/Berlin",
            "?from=x",
        ] {
            self.get(&format!("/study-sessions{query}")).await;
        }
        self.get(&format!("/study-sessions/{first}")).await;
        self.put(&format!("/study-sessions/{first}"), json!({ "notes": "Good." })).await;
        self.patch(&format!("/study-sessions/{first}"), json!({ "subject": "Zoology" })).await;
        self.get("/study-sessions/stats").await;
        self.get("/study-sessions/stats?tz=Asia/Tokyo").await;
        let open = self.post("/study-sessions", json!({ "subject": "Open" })).await.id().to_owned();
        let finished = self.client.post(&format!("/study-sessions/{open}/finish"), &json!({})).await;
        self.tell(
            &format!("POST /study-sessions/{open}/finish"),
            json!([finished.status, finished.json["completed"]]),
        );
        self.post(&format!("/study-sessions/{open}/finish"), json!({})).await;
        self.delete(&format!("/study-sessions/{open}")).await;
        self.delete(&format!("/study-sessions/{open}")).await;
    }

    pub(super) async fn plans(&mut self) {
        let subjects = json!([
            { "name": "Biology", "difficulty": "hard", "priority": "high" },
            { "name": "Law", "topic": "Contracts", "difficulty": "easy", "priority": "low" },
        ]);
        let exam = in_days(&self.client, 12).await;
        let plan = json!({ "subjects": subjects, "dailyStudyHours": 2, "examDate": exam, "goals": "Pass.", "availability": { "sunday": 0 } });
        let made = self
            .client
            .send(
                self.client
                    .request(Method::POST, "/planner/generate")
                    .header("Prefer", "wait=100")
                    .json(&plan),
            )
            .await;
        self.note("POST /planner/generate", &made);
        self.post("/planner/generate", json!({ "subjects": [], "dailyStudyHours": 0, "examDate": PAST }))
            .await;
        let id = made.id().to_owned();
        self.get("/planner/plans").await;
        self.get(&format!("/planner/plans/{id}")).await;
        self.put(&format!("/planner/plans/{id}"), json!({ "title": "Spring" })).await;
        let task = text(&made.json["days"][0]["tasks"][0]["id"]).to_owned();
        self.patch(&format!("/planner/plans/{id}/tasks/{task}"), json!({ "completed": true })).await;
        self.patch(&format!("/planner/plans/{id}/tasks/none"), json!({ "completed": true })).await;
        let calendar = self.get(&format!("/planner/plans/{id}/calendar.ics")).await;
        assert!(calendar.text().starts_with("BEGIN:VCALENDAR"), "{calendar}");
        let feed = text(&made.json["feedUrl"]).to_owned();
        let path = feed.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap_or_default();
        let anybody = self.client.anonymous();
        let reader = std::mem::replace(&mut self.client, anybody);
        self.get(&path).await;
        self.client = reader;
        self.post(&format!("/planner/plans/{id}/feed"), json!({})).await;
        self.post(&format!("/planner/plans/{id}/reschedule"), json!({})).await;
        self.get("/analytics/dashboard").await;
        self.delete(&format!("/planner/plans/{id}")).await;
        self.get("/planner/plans").await;
    }

    pub(super) async fn analytics(&mut self) {
        for group in ["day", "week", "month", "topic", "difficulty", "year"] {
            self.get(&format!("/analytics/quiz-performance?groupBy={group}&tz=America/New_York")).await;
            self.get(&format!("/analytics/study-time?groupBy={group}&from=2026-03-01&to=2026-04-01")).await;
        }
        for path in [
            "/analytics/quiz-performance",
            "/analytics/study-time",
            "/analytics/dashboard?tz=Asia/Kolkata",
            "/analytics/report?from=2026-03-01&to=2026-03-31",
            "/analytics/ai-usage",
            "/users/me",
            "/users/me/stats",
            "/users/me/report",
            "/analytics/report?tz=Nowhere/Land",
        ] {
            self.get(path).await;
        }
        let html = self
            .client
            .send(
                self.client
                    .request(Method::GET, "/analytics/report?from=2026-03-01&to=2026-03-31")
                    .header("Accept", "text/html"),
            )
            .await;
        self.note("GET /analytics/report (html)", &html);
        let pdf = self
            .client
            .send(self.client.request(Method::GET, "/analytics/report").header("Accept", "application/pdf"))
            .await;
        self.tell("GET /analytics/report (pdf)", json!(pdf.status));
        let job = self.client.wait_job(pdf.id()).await;
        let url = text(&job["result"]["url"]).to_owned();
        let file = self.client.get(&url).await;
        self.tell(&format!("GET {url}"), json!([file.status, file.bytes.starts_with(b"%PDF")]));
    }
}

/// The day so many days after the server's present one.
async fn in_days(client: &harness::Client, days: i64) -> String {
    let now = client.get("/health/live").await;
    let date = now.header("date").to_owned();
    let today = jiff::fmt::rfc2822::parse(&date).expect("a Date header").date();
    today.checked_add(jiff::Span::new().days(days)).expect("a day").to_string()
}

/// The quiz that every tour takes, with keys that are the same in each.
pub(super) fn known_questions() -> Value {
    json!([
        { "question": "What divides?", "type": "multiple_choice", "options": ["A cell", "A stone", "A law", "A king"], "correctAnswer": "A cell", "explanation": "Cells divide.", "points": 2 },
        { "question": "Which are gases?", "type": "multiple_select", "options": ["Oxygen", "Iron", "Neon"], "correctAnswer": ["Oxygen", "Neon"], "explanation": "" },
        { "question": "Water boils at 100 °C at sea level.", "type": "true_false", "options": ["True", "False"], "correctAnswer": "True", "explanation": "" },
        { "question": "Who wrote the Elements?", "type": "short_answer", "correctAnswer": "Euclid", "accepted": ["Euclides"], "explanation": "" },
        { "question": "How many legs has a spider?", "type": "numeric", "correctAnswer": 8, "tolerance": 0, "explanation": "" },
        { "question": "Match.", "type": "matching", "pairs": { "left": ["H", "O"], "right": ["Oxygen", "Hydrogen"] }, "correctAnswer": { "H": "Hydrogen", "O": "Oxygen" }, "explanation": "" },
        { "question": "Order.", "type": "ordering", "options": ["two", "one", "three"], "correctAnswer": ["one", "two", "three"], "explanation": "" },
    ])
}
