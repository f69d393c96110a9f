//! The operators' page, as a browser without scripts uses it.

use harness::Client;
use harness::client::{PASSWORD, Reply};
use reqwest::Method;
use serde_json::json;
use shared::{
    clock::Clock,
    domain::{Job, JobError, JobId, JobPriority, JobStatus, NewJob, Timestamp, When},
    jobs::{JobKind, quiz_generate::QuizGenerate},
    store::Store,
};
use std::time::Duration;

use crate::mix::Mix;
use crate::people;
use crate::support::*;

on_each_mix!(
    only_administrators_see_it_and_others_are_told_why,
    an_administrator_logs_in_and_out_by_plain_forms,
    nothing_is_changed_from_another_site,
    the_api_beside_it_answers_json_whoever_asks,
    what_callers_chose_is_never_markup,
    secrets_of_a_payload_are_not_shown,
    the_list_goes_on_where_it_ended,
    a_filter_that_fits_nothing_is_explained,
    what_is_previewed_is_what_is_retried,
    a_job_is_cancelled_retried_and_discarded,
    a_queue_is_paused_and_resumed,
    its_streams_end_when_the_server_stops,
);

const PAGES: &[&str] = &[
    "/admin",
    "/admin/ui/jobs",
    "/admin/ui/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "/admin/ui/retry?status=failed",
];
const STREAMS: &[&str] =
    &["/admin/ui/live/overview", "/admin/ui/live/jobs", "/admin/ui/live/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV"];

/// A browser with a login: the cookie, and a form's `Origin` and type.
#[derive(Clone)]
struct Browser {
    client: Client,
    cookie: String,
}

impl Browser {
    async fn of_admin(mix: Mix) -> Self {
        Self::of(&people::admin(&mix.app().await.client(), &mix.store().await).await)
    }

    fn of(who: &Client) -> Self {
        Self { client: who.anonymous(), cookie: format!("jwt={}", who.token().expect("a login")) }
    }

    async fn get(&self, path: &str) -> Reply {
        let request = self.client.request(Method::GET, path).header("Cookie", &self.cookie);
        self.client.send(request.header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")).await
    }

    async fn page(&self, path: &str) -> String {
        let reply = self.get(path).await.expect(200);
        assert!(reply.header("content-type").starts_with("text/html"), "{reply}");
        assert!(reply.header("content-security-policy").starts_with("default-src 'self'"), "{reply}");
        assert_eq!(reply.header("cache-control"), "no-store");
        reply.text()
    }

    /// Sends a form; where it leads to.
    async fn submit(&self, path: &str, form: &str) -> String {
        let reply = self.send_form(path, form, self.client.url()).await.expect(303);
        reply.header("location").to_owned()
    }

    async fn send_form(&self, path: &str, form: &str, origin: &str) -> Reply {
        let request = self.client.request(Method::POST, path).header("Cookie", &self.cookie);
        let request =
            request.header("Origin", origin).header("Content-Type", "application/x-www-form-urlencoded");
        self.client.send(request.body(form.to_owned())).await
    }
}

/// Jobs of an account that failed, as if they had been made a second apart, the oldest first.
async fn failed(store: &Store, user: &str, error: &JobError, count: u64) -> Vec<Job> {
    let now = Clock::System.now();
    let mut jobs = Vec::new();
    for number in 0..count {
        jobs.push(failed_at(store, user, error, now - Duration::from_secs(count - number)).await);
    }
    jobs
}

async fn failed_at(store: &Store, user: &str, error: &JobError, made: Timestamp) -> Job {
    let (time, fresh) = (JobId::first_at(made).to_string(), Clock::System.job_id().to_string());
    let new = NewJob {
        id: format!("{}{}", &time[..10], &fresh[10..]).parse().unwrap(),
        kind: QuizGenerate::KIND,
        user_id: Some(user.parse().unwrap()),
        payload: json!({ "source": { "type": "text", "blob": "0123456789abcdef01234567" } }),
        max_attempts: 3,
        priority: JobPriority::Interactive,
        when: When::default(),
    };
    let mut job = Job::new(new, made);
    let token = job.claim("worker-1", Duration::from_secs(9), made).unwrap();
    job.fail(token, error.clone(), Duration::ZERO, made).unwrap();
    store.insert_job(&mut job).await.unwrap();
    job
}

fn fatal(code: &str, message: &str) -> JobError {
    JobError::fatal(code, message)
}

/// The ids of the jobs that a page links to, in order.
fn linked(html: &str) -> Vec<String> {
    html.split("id=\"job-").skip(1).map(|rest| rest[..26].to_owned()).collect()
}

/// The address of the link whose tag holds these words.
fn link<'a>(html: &'a str, words: &str) -> &'a str {
    let tag = html.split("<a ").find(|tag| tag.split("</a>").next().unwrap_or_default().contains(words));
    let tag = tag.unwrap_or_else(|| panic!("no link {words:?} in {html}"));
    tag.split("href=\"").nth(1).unwrap().split('"').next().unwrap()
}

fn plain(address: &str) -> String {
    address.replace("&#38;", "&").replace("&amp;", "&")
}

/// The fields of the form that posts to a path, as it would be sent.
fn form(html: &str, action: &str) -> String {
    let form =
        html.split("<form ").find(|form| form.contains(&format!("action=\"{action}\""))).expect("a form");
    let hidden = form.split("</form>").next().unwrap().split("type=\"hidden\" name=\"").skip(1);
    let fields = hidden.map(|field| {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        format!("{name}={}", rest.split('"').next().unwrap().replace(':', "%3A"))
    });
    fields.collect::<Vec<_>>().join("&")
}

async fn only_administrators_see_it_and_others_are_told_why(mix: Mix) {
    let visitor = mix.app().await.client();
    let learner = Browser::of(&mix.learner().await);
    for path in PAGES.iter().chain(STREAMS) {
        let reply = visitor.get(path).await.expect(401);
        assert!(reply.header("content-type").starts_with("text/html"), "{reply}");
        assert!(reply.text().contains("action=\"/admin/ui/login?next=%2Fadmin"), "{reply}");
        let reply = learner.get(path).await.expect(403);
        assert!(reply.text().contains("This is for administrators"), "{reply}");
        assert!(!reply.text().contains("data-live"), "{reply}");
    }
    for path in [
        "/admin/ui/retry",
        "/admin/ui/queues/quiz.generate/pause",
        "/admin/ui/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV/retry",
    ] {
        learner.send_form(path, "", visitor.url()).await.expect(403);
        visitor.post(path, &json!({})).await.expect(401);
    }
    let admin = Browser::of_admin(mix).await;
    admin.page("/admin").await;
    let none = admin.get("/admin/ui/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV").await.expect(404);
    assert!(none.text().contains("There is no such job"), "{none}");
}

async fn an_administrator_logs_in_and_out_by_plain_forms(mix: Mix) {
    let admin = people::admin(&mix.app().await.client(), &mix.store().await).await;
    let email = text(&admin.session()["user"]["email"]).replace('@', "%40");
    let mut browser = Browser { client: admin.anonymous(), cookie: String::new() };
    let login = "/admin/ui/login?next=%2Fadmin%2Fui%2Fjobs%3Fstatus%3Dfailed";
    let wrong =
        browser.send_form(login, &format!("email={email}&password=wrong"), admin.url()).await.expect(401);
    assert!(wrong.text().contains("Incorrect email or password"), "{wrong}");
    assert!(wrong.text().contains("next=%2Fadmin%2Fui%2Fjobs%3Fstatus%3Dfailed"), "{wrong}");
    let form = format!("email={email}&password={}", PASSWORD.replace(' ', "+"));
    let right = browser.send_form(login, &form, admin.url()).await.expect(303);
    assert_eq!(right.header("location"), "/admin/ui/jobs?status=failed");
    let cookies: Vec<&str> =
        right.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 2, "{right}");
    let access = cookies.iter().find(|cookie| cookie.starts_with("jwt=")).expect("the access token");
    browser.cookie = access.split(';').next().unwrap().to_owned();
    browser.page(right.header("location")).await;
    // Nowhere else is gone on to.
    let elsewhere = browser.submit("/admin/ui/login?next=%2F%2Fevil.test", &form).await;
    assert_eq!(elsewhere, "/admin");
    let out = browser.send_form("/admin/ui/logout", "", admin.url()).await.expect(303);
    assert!(
        out.headers.get_all("set-cookie").iter().any(|cookie| cookie.to_str().unwrap().starts_with("jwt=;"))
    );
}

async fn nothing_is_changed_from_another_site(mix: Mix) {
    let admin = Browser::of_admin(mix).await;
    for path in [
        "/admin/ui/login",
        "/admin/ui/logout",
        "/admin/ui/retry",
        "/admin/ui/queues/quiz.generate/pause",
        "/admin/ui/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV/cancel",
    ] {
        for origin in ["http://evil.test", "null"] {
            let reply = admin.send_form(path, "email=a&password=b", origin).await.expect(403);
            assert!(reply.text().contains("auth.cross_site"), "{path}: {reply}");
        }
    }
}

async fn the_api_beside_it_answers_json_whoever_asks(mix: Mix) {
    let admin = Browser::of_admin(mix).await;
    for path in ["/admin/jobs", "/admin/queues"] {
        for accept in ["text/html,*/*;q=0.8", "*/*", "application/json"] {
            let request = admin.client.request(Method::GET, path).header("Cookie", &admin.cookie);
            let reply = admin.client.send(request.header("Accept", accept)).await.expect(200);
            assert_eq!(reply.header("content-type"), "application/json", "{reply}");
        }
    }
    assert_problem(&admin.client.get("/admin/jobs").await, 401, "auth.required");
}

async fn what_callers_chose_is_never_markup(mix: Mix) {
    let (admin, store) = (Browser::of_admin(mix).await, mix.store().await);
    let learner = mix.learner().await;
    let evil = "<script>alert(1)</script>\"'\r\n<img src=x onerror=alert(1)>";
    let error = fatal("<b>evil.code</b>", evil);
    let job = failed(&store, learner.user_id(), &error, 1).await.remove(0);
    let user = learner.user_id();
    for path in [
        format!("/admin/ui/jobs?user={user}"),
        format!("/admin/ui/jobs/{}", job.id),
        format!("/admin/ui/retry?user={user}"),
        "/admin".to_owned(),
        "/admin/ui/jobs?kind=%3Cscript%3Ealert(1)%3C%2Fscript%3E".to_owned(),
        "/admin/ui/jobs?kind=%22onmouseover%3D%22x".to_owned(),
    ] {
        let html = admin.page(&path).await;
        for bad in ["<script>alert", "<img src=x", "<b>evil", "\"onmouseover"] {
            assert!(!html.contains(bad), "{path}: {html}");
        }
    }
    let html = admin.page(&format!("/admin/ui/jobs/{}", job.id)).await;
    assert!(html.contains("&#60;script&#62;alert(1)") || html.contains("&lt;script&gt;alert(1)"), "{html}");
    // A stream carries it as it is, whatever line breaks it has.
    let mut events = stream(&admin, &format!("/admin/ui/live/jobs/{}", job.id)).await;
    let event = events.next().await.expect("a view");
    assert_eq!(event.event, "view");
    assert!(text(&event.data).contains("alert(1)") && !text(&event.data).contains("<script>alert"));
}

async fn secrets_of_a_payload_are_not_shown(mix: Mix) {
    let (admin, learner) = (Browser::of_admin(mix).await, mix.learner().await);
    let fields = [("password", "open sesame"), ("pages", "1"), ("notBefore", FAR)];
    let job = learner.upload("/quiz/generate-from-pdf", &fields, fixture("lecture.pdf")).await.expect(202);
    let html = admin.page(&format!("/admin/ui/jobs/{}", job.id())).await;
    assert!(html.contains("(hidden)") && html.contains("password"), "{html}");
    assert!(!html.contains("open sesame"), "{html}");
    assert!(html.contains(text(&learner.session()["user"]["email"])), "{html}");
}

async fn the_list_goes_on_where_it_ended(mix: Mix) {
    let (admin, store) = (Browser::of_admin(mix).await, mix.store().await);
    let learner = mix.learner().await;
    let error = fatal("test.many", "One of many.");
    let mut made: Vec<String> =
        failed(&store, learner.user_id(), &error, 120).await.iter().map(|job| job.id.to_string()).collect();
    made.reverse();
    let mut place = format!("/admin/ui/jobs?status=failed&errorCode=test.many&user={}", learner.user_id());
    let mut seen = Vec::new();
    for part in 0..3 {
        let html = admin.page(&place).await;
        assert!(html.contains(">120 jobs<"), "{html}");
        seen.extend(linked(&html));
        assert_eq!(html.contains("rel=\"next\""), part < 2, "{html}");
        if part < 2 {
            place = plain(link(&html, "rel=\"next\""));
        }
    }
    assert_eq!(seen, made);
}

async fn a_filter_that_fits_nothing_is_explained(mix: Mix) {
    let admin = Browser::of_admin(mix).await;
    for (query, said) in [
        ("status=lost", "There is no such state."),
        ("user=nobody%40example.org", "There is no account with this id or e-mail."),
        ("age=over-5y", "There is no such age."),
        ("from=yesterday", "Write an instant as"),
        ("cursor=x", "This part of the list does not exist."),
    ] {
        let reply = admin.get(&format!("/admin/ui/jobs?{query}")).await.expect(400);
        assert!(reply.text().contains(said) && reply.text().contains("<form"), "{query}: {reply}");
    }
    let html = admin.page("/admin/ui/jobs?errorCode=none.such").await;
    assert!(html.contains("No job fits."), "{html}");
    admin.get("/admin/ui/retry?status=succeeded").await.expect(400);
}

async fn what_is_previewed_is_what_is_retried(mix: Mix) {
    let (admin, store) = (Browser::of_admin(mix).await, mix.store().await);
    let learner = mix.learner().await;
    let (down, other) = (fatal("test.down", "The provider is down."), fatal("test.other", "Something else."));
    let wanted = failed(&store, learner.user_id(), &down, 5).await;
    let left = failed(&store, learner.user_id(), &other, 2).await;
    let query = format!("status=failed&errorCode=test.down&user={}", learner.user_id());
    let list = admin.page(&format!("/admin/ui/jobs?{query}")).await;
    let preview = admin.page(&plain(link(&list, "id=\"retry-all\""))).await;
    assert!(preview.contains(">Retry 5 jobs now<") && preview.contains("test.down"), "{preview}");
    assert!(!preview.contains("test.other"), "{preview}");
    // Seeing is not doing.
    assert_eq!(store.job(wanted[0].id).await.unwrap().unwrap().status, JobStatus::Failed);
    // What comes to match later is left alone.
    let later = failed_at(&store, learner.user_id(), &down, Clock::System.now()).await;
    let place = admin.submit("/admin/ui/retry", &form(&preview, "/admin/ui/retry")).await;
    assert!(place.ends_with("matched=5&retried=5"), "{place}");
    for job in &wanted {
        assert_eq!(store.job(job.id).await.unwrap().unwrap().retries, 1);
    }
    for job in left.iter().chain([&later]) {
        assert_eq!(store.job(job.id).await.unwrap().unwrap().retries, 0);
    }
    let watched = admin.page(&place).await;
    assert!(watched.contains("Retried 5 jobs."), "{watched}");
    for job in &wanted {
        assert!(linked(&watched).contains(&job.id.to_string()), "{watched}");
    }
}

async fn a_job_is_cancelled_retried_and_discarded(mix: Mix) {
    let (admin, learner) = (Browser::of_admin(mix).await, mix.learner().await);
    let job = scheduled(&learner).await;
    let place = format!("/admin/ui/jobs/{}", text(&job["id"]));
    let status =
        || async { learner.get(&format!("/jobs/{}", text(&job["id"]))).await.json["status"].clone() };
    let html = admin.page(&place).await;
    assert!(html.contains(">Cancel<") && !html.contains(">Retry<") && !html.contains(">Discard<"), "{html}");
    assert_eq!(admin.submit(&format!("{place}/cancel"), "").await, place);
    assert_eq!(status().await, "cancelled");
    let again = admin.send_form(&format!("{place}/cancel"), "", admin.client.url()).await.expect(409);
    assert!(again.text().contains("Only an unfinished job can be cancelled"), "{again}");
    assert_eq!(admin.submit(&format!("{place}/retry"), "").await, place);
    assert_eq!(learner.wait_job(text(&job["id"])).await["status"], "succeeded");
    let html = admin.page(&place).await;
    assert!(html.contains("s-succeeded") && html.contains("try 1"), "{html}");
    let broken = learner.upload("/quiz/generate-from-pdf", &[], fixture("damaged.pdf")).await.expect(202);
    learner.wait_job(broken.id()).await;
    admin.submit(&format!("/admin/ui/jobs/{}/discard", broken.id()), "").await;
    assert_eq!(learner.get(&format!("/jobs/{}", broken.id())).await.json["status"], "discarded");
}

async fn a_queue_is_paused_and_resumed(mix: Mix) {
    let admin = Browser::of_admin(mix).await;
    // Of a kind that no other case of this suite waits for.
    let queue = "report.render";
    let shows = |html: &str, action: &str| html.contains(&format!("/admin/ui/queues/{queue}/{action}"));
    assert!(shows(&admin.page("/admin").await, "pause"));
    assert_eq!(admin.submit(&format!("/admin/ui/queues/{queue}/pause"), "").await, "/admin");
    let html = admin.page("/admin").await;
    assert!(shows(&html, "resume") && !shows(&html, "pause"), "{html}");
    assert_eq!(admin.submit(&format!("/admin/ui/queues/{queue}/resume"), "").await, "/admin");
    assert!(shows(&admin.page("/admin").await, "pause"));
    admin.send_form("/admin/ui/queues/nothing/pause", "", admin.client.url()).await.expect(404);
}

async fn stream(admin: &Browser, path: &str) -> harness::events::Events {
    let cookie = &admin.cookie;
    admin.client.stream(path, |request| request.header("Cookie", cookie)).await
}

async fn its_streams_end_when_the_server_stops(mix: Mix) {
    let app = mix.start(Mix::options()).await;
    let admin = Browser::of(&people::admin(&app.client(), &mix.store_of(&app).await).await);
    let learner = app.client().register().await;
    let mut streams = Vec::new();
    for path in ["/admin/ui/live/overview", "/admin/ui/live/jobs?status=scheduled"] {
        let mut events = stream(&admin, path).await;
        assert_eq!(events.status, 200);
        events.next().await.expect("the view");
        streams.push(events);
    }
    // What changes is told.
    let job = scheduled(&learner).await;
    let told = streams[1].next().await.expect("a change");
    assert!(text(&told.data).contains(text(&job["id"])), "{}", told.data);
    app.api.terminate().await;
    for events in streams {
        events.rest().await;
    }
}
