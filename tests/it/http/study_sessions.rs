//! Recording time spent studying.

use std::time::Duration;

use harness::Client;
use harness::client::Reply;
use reqwest::Method;
use serde_json::{Value, json};
use shared::{
    clock::Clock,
    domain::{Timestamp, Zone},
};

use crate::mix::Mix;
use crate::support::*;

on_each_mix!(
    a_session_is_begun_changed_finished_and_deleted,
    a_session_is_recorded_after_it,
    a_change_keeps_the_times_consistent,
    bad_sessions_are_refused_by_field,
    sessions_are_recorded_for_oneself_only,
    changes_keep_to_the_version_that_is_known,
    of_changes_at_once_none_is_lost,
    lists_are_narrowed_sorted_and_walked,
    statistics_count_what_counts_on_the_day_it_starts,
    a_session_left_open_is_closed,
    days_are_those_of_the_students_zone,
);

const PATH: &str = "/study-sessions";

fn now() -> Timestamp {
    Clock::System.now()
}

fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}

async fn record(client: &Client, body: &Value) -> Value {
    client.post(PATH, body).await.expect(201).json
}

fn path(session: &Value) -> String {
    format!("{PATH}/{}", text(&session["id"]))
}

fn ids(reply: &Reply) -> Vec<Value> {
    items(&reply.json).iter().map(|session| session["id"].clone()).collect()
}

/// The statistics in a zone; in the student's own where it is empty.
async fn stats(client: &Client, zone: &str) -> Value {
    let query = if zone.is_empty() { String::new() } else { format!("?tz={}", zone.replace('+', "%2B")) };
    client.get(&format!("{PATH}/stats{query}")).await.expect(200).json
}

async fn a_session_is_begun_changed_finished_and_deleted(mix: Mix) {
    let learner = mix.learner().await;
    let ask = json!({ "subject": "Biology", "plannedMinutes": 50, "nonsense": true });
    let reply = learner.post(PATH, &ask).await.expect(201);
    let begun = reply.json.clone();
    assert_eq!(reply.header("location"), path(&begun));
    assert_eq!((&begun["id"], &begun["userId"]), (&begun["_id"], &json!(learner.user_id())));
    assert_eq!((&begun["sessionType"], &begun["subject"]), (&json!("focus"), &json!("Biology")));
    assert_eq!((&begun["completed"], &begun["durationMinutes"]), (&json!(false), &json!(0)));
    assert_eq!(begun["plannedMinutes"], 50);
    for name in ["startTime", "createdAt", "updatedAt"] {
        assert_instant(&begun[name]);
    }
    for name in ["endTime", "topic", "taskId", "notes"] {
        assert_eq!(begun.get(name), None, "{name}");
    }
    let place = path(&begun);
    // Sent back as it was read, it goes on.
    let mut back = begun.clone();
    back["notes"] = json!("On the train");
    let back = learner.put(&place, &back).await.expect(200).json;
    assert_eq!((&back["completed"], back.get("endTime")), (&json!(false), None));
    learner.put(&place, &json!({ "notes": "" })).await.expect(200);
    for method in [Method::PUT, Method::PATCH] {
        let change = json!({ "notes": method.as_str(), "subject": " " });
        let changed =
            learner.send(learner.request(method.clone(), &place).json(&change)).await.expect(200).json;
        assert_eq!((&changed["notes"], changed.get("subject")), (&json!(method.as_str()), None));
        assert_eq!((&changed["startTime"], &changed["plannedMinutes"]), (&begun["startTime"], &json!(50)));
    }
    // As the old client sends it: a content type, but no content.
    let request = learner.request(Method::POST, &format!("{place}/finish"));
    let request = request.header("Content-Type", "application/json");
    let finished = learner.send(request).await.expect(200).json;
    assert_eq!((&finished["completed"], &finished["durationMinutes"]), (&json!(true), &json!(0)));
    assert_instant(&finished["endTime"]);
    let again = learner.post(&format!("{place}/finish"), &json!({})).await.expect(200).json;
    assert_eq!(again, finished);
    assert_eq!(learner.get(&place).await.expect(200).json, finished);
    assert_eq!(learner.get(&format!("{place}/")).await.expect(200).json, finished);
    let gone = learner.delete(&place).await.expect(200).json;
    assert_eq!(gone, json!({ "message": "Study session deleted successfully" }));
    for reply in [
        learner.get(&place).await,
        learner.patch(&place, &json!({})).await,
        learner.post(&format!("{place}/finish"), &json!({})).await,
        learner.delete(&place).await,
    ] {
        assert_problem(&reply, 404, "study_session.not_found");
    }
    assert_problem(&learner.get(&format!("{PATH}/nothing")).await, 400, "id.invalid");
}

async fn a_session_is_recorded_after_it(mix: Mix) {
    let learner = mix.learner().await;
    let start = "2026-03-01T10:00:00.000Z";
    for (ask, end, minutes) in [
        (json!({ "startTime": start, "durationMinutes": 25 }), "2026-03-01T10:25:00.000Z", 25),
        (json!({ "startTime": start, "durationMinutes": 25.5 }), "2026-03-01T10:26:00.000Z", 26),
        (json!({ "startTime": start, "durationMinutes": 0 }), start, 0),
        (json!({ "startTime": start, "endTime": "2026-03-01T11:29:30Z" }), "2026-03-01T11:29:30.000Z", 90),
        (
            json!({ "startTime": "2026-03-01T11:00:00+01:00", "endTime": "2026-03-02T10:00:00Z" }),
            "2026-03-02T10:00:00.000Z",
            1440,
        ),
        (
            json!({ "startTime": start, "endTime": "2026-03-01T11:00:00Z", "durationMinutes": 45 }),
            "2026-03-01T11:00:00.000Z",
            45,
        ),
        (json!({ "endTime": "2026-03-01T10:30:00Z", "durationMinutes": 30 }), "2026-03-01T10:30:00.000Z", 30),
    ] {
        let session = record(&learner, &ask).await;
        assert_eq!((&session["startTime"], &session["endTime"]), (&json!(start), &json!(end)), "{ask}");
        assert_eq!((&session["durationMinutes"], &session["completed"]), (&json!(minutes), &json!(true)));
    }
    // Without a start it has just ended.
    let before = now();
    let session = record(&learner, &json!({ "durationMinutes": 25 })).await;
    let end: Timestamp = serde_json::from_value(session["endTime"].clone()).unwrap();
    assert!((before..=now()).contains(&end), "{session}");
}

async fn a_change_keeps_the_times_consistent(mix: Mix) {
    let learner = mix.learner().await;
    let ask = json!({ "startTime": "2026-03-01T10:00:00Z", "durationMinutes": 60, "taskId": "t1" });
    let place = path(&record(&learner, &ask).await);
    for (change, times) in [
        (json!({}), ["10:00", "11:00", "60"]),
        (json!({ "endTime": "2026-03-01T10:40:00Z" }), ["10:00", "10:40", "40"]),
        (json!({ "durationMinutes": 30 }), ["10:00", "10:30", "30"]),
        (json!({ "startTime": "2026-03-01T10:10:00Z" }), ["10:10", "10:30", "20"]),
        (json!({ "durationMinutes": 15, "endTime": "2026-03-01T11:00:00Z" }), ["10:10", "11:00", "15"]),
        (json!({ "plannedMinutes": 300, "sessionType": "break" }), ["10:10", "11:00", "15"]),
    ] {
        let session = learner.patch(&place, &change).await.expect(200).json;
        let clock = |name: &str| text(&session[name])[11..16].to_owned();
        let [start, end, minutes] = times;
        assert_eq!([clock("startTime"), clock("endTime")], [start, end], "{change}");
        assert_eq!(session["durationMinutes"].to_string(), minutes, "{change}");
        assert_eq!(session["taskId"], "t1");
    }
    assert_fields(
        &learner.patch(&place, &json!({ "startTime": "2026-03-01T12:00:00Z" })).await,
        &["endTime"],
    );
    let kept = learner.get(&place).await.expect(200).json;
    assert_eq!((&kept["sessionType"], &kept["plannedMinutes"]), (&json!("break"), &json!(300)));
}

async fn bad_sessions_are_refused_by_field(mix: Mix) {
    let learner = mix.learner().await;
    let start = "2026-03-01T10:00:00Z";
    let long = |count: usize| "é".repeat(count);
    for (ask, fields) in [
        (json!({ "startTime": start, "endTime": "2026-03-01T09:59:59.999Z" }), vec!["endTime"]),
        (json!({ "startTime": start, "endTime": "2026-03-02T10:00:00.001Z" }), vec!["endTime"]),
        (json!({ "startTime": start, "durationMinutes": 1440.1 }), vec!["durationMinutes"]),
        (json!({ "startTime": start, "durationMinutes": -1 }), vec!["durationMinutes"]),
        (
            json!({ "startTime": start, "endTime": "2026-03-01T10:10:00Z", "durationMinutes": 12 }),
            vec!["durationMinutes"],
        ),
        (json!({ "plannedMinutes": 0 }), vec!["plannedMinutes"]),
        (json!({ "plannedMinutes": 721 }), vec!["plannedMinutes"]),
        (json!({ "startTime": "yesterday" }), vec!["startTime"]),
        (json!({ "startTime": "1969-12-31T23:59:59.999Z" }), vec!["startTime"]),
        (json!({ "startTime": "2200-01-01T00:00:00Z" }), vec!["startTime"]),
        (json!({ "startTime": 5 }), vec!["startTime"]),
        (json!({ "sessionType": "nap" }), vec!["sessionType"]),
        (json!({ "durationMinutes": "25" }), vec!["durationMinutes"]),
        (
            json!({ "subject": long(201), "topic": long(201), "taskId": long(101), "notes": long(10_001) }),
            vec!["notes", "subject", "taskId", "topic"],
        ),
        (json!({ "userId": "me" }), vec!["userId"]),
    ] {
        assert_fields(&learner.post(PATH, &ask).await, &fields);
    }
    let most =
        json!({ "subject": long(200), "topic": long(200), "taskId": long(100), "notes": long(10_000) });
    let session = record(&learner, &most).await;
    assert_eq!(session["notes"], json!(long(10_000)));
    let odd = json!({ "notes": "a\u{0}b 🦀", "subject": "\u{0}" });
    assert_eq!(record(&learner, &odd).await["notes"], odd["notes"]);
    let place = path(&session);
    assert_fields(&learner.patch(&place, &json!({ "notes": long(10_001) })).await, &["notes"]);
    assert_problem(&learner.post(PATH, &json!([])).await, 400, "validation.failed");
    let broken = learner.request(Method::POST, PATH).header("Content-Type", "application/json").body("{");
    assert_problem(&learner.send(broken).await, 400, "body.malformed");
    assert_eq!(learner.get(PATH).await.header("x-total-count"), "2", "nothing else was recorded");
}

async fn sessions_are_recorded_for_oneself_only(mix: Mix) {
    let (learner, other) = futures::join!(mix.learner(), mix.learner());
    let mine = record(&learner, &json!({ "userId": learner.user_id() })).await;
    let reply = learner.post(PATH, &json!({ "userId": other.user_id() })).await;
    assert_problem(&reply, 403, "study_session.other_user");
    let reply = learner.patch(&path(&mine), &json!({ "userId": other.user_id(), "notes": "x" })).await;
    assert_problem(&reply, 403, "study_session.other_user");
    let place = path(&mine);
    for reply in [
        other.get(&place).await,
        other.put(&place, &json!({ "notes": "x" })).await,
        other.post(&format!("{place}/finish"), &json!({})).await,
        other.delete(&place).await,
    ] {
        assert_problem(&reply, 404, "study_session.not_found");
    }
    assert_eq!(other.get(PATH).await.expect(200).json, json!([]));
    assert_eq!(learner.get(PATH).await.expect(200).json, json!([mine]));
}

async fn changes_keep_to_the_version_that_is_known(mix: Mix) {
    let learner = mix.learner().await;
    let place = path(&record(&learner, &json!({ "subject": "Biology" })).await);
    let first = learner.get(&place).await.expect(200);
    let known = learner.request(Method::GET, &place).header("If-None-Match", first.header("etag"));
    let unchanged = learner.send(known).await.expect(304);
    assert_eq!((unchanged.header("etag"), unchanged.bytes.len()), (first.header("etag"), 0));
    let change = |method, path: &str, tag: &str| {
        let request = learner.request(method, path).header("If-Match", tag);
        request.json(&json!({ "notes": tag }))
    };
    learner.send(change(Method::PATCH, &place, first.header("etag"))).await.expect(200);
    let finish = format!("{place}/finish");
    for (method, path) in
        [(Method::PATCH, &place), (Method::PUT, &place), (Method::DELETE, &place), (Method::POST, &finish)]
    {
        let reply = learner.send(change(method, path, first.header("etag"))).await;
        assert_problem(&reply, 412, "precondition.failed");
    }
    let second = learner.get(&place).await.expect(200);
    assert_eq!(second.json["notes"], json!(first.header("etag")));
    assert_ne!(second.header("etag"), first.header("etag"));
    learner.send(change(Method::POST, &finish, second.header("etag"))).await.expect(200);
    let third = learner.get(&place).await.expect(200);
    learner.send(change(Method::DELETE, &place, third.header("etag"))).await.expect(200);
}

async fn of_changes_at_once_none_is_lost(mix: Mix) {
    let learner = mix.learner().await;
    let place = path(&record(&learner, &json!({})).await);
    let fields = ["subject", "topic", "taskId", "notes"];
    let changes = fields.map(|name| {
        let (learner, place) = (learner.clone(), place.clone());
        async move { learner.patch(&place, &json!({ name: name })).await.expect(200) }
    });
    futures::future::join_all(changes).await;
    let session = learner.get(&place).await.expect(200).json;
    assert_eq!(fields.map(|name| session[name].clone()), fields.map(|name| json!(name)));
}

async fn lists_are_narrowed_sorted_and_walked(mix: Mix) {
    let learner = mix.learner().await;
    let mut made = Vec::new();
    for (start, subject, kind) in [
        ("2026-03-03T08:00:00Z", "Biology", "focus"),
        ("2026-03-01T23:30:00Z", "Physics", "review"),
        ("2026-03-05T08:00:00Z", "Biology", "break"),
        ("2026-03-01T08:00:00Z", "Biology", "focus"),
    ] {
        let ask =
            json!({ "startTime": start, "durationMinutes": 25, "subject": subject, "sessionType": kind });
        made.push(record(&learner, &ask).await["id"].clone());
    }
    for (query, expected) in [
        ("", vec![3, 2, 1, 0]),
        ("?sort=createdAt", vec![0, 1, 2, 3]),
        ("?sort=startTime", vec![3, 1, 0, 2]),
        ("?sort=-startTime", vec![2, 0, 1, 3]),
        ("?sort=-startTime&limit=1&page=2", vec![0]),
        ("?subject=Biology", vec![3, 2, 0]),
        ("?subject=biology", vec![]),
        ("?sessionType=review", vec![1]),
        ("?sessionType=focus&subject=Biology", vec![3, 0]),
        ("?from=2026-03-02", vec![2, 0]),
        ("?to=2026-03-01", vec![3, 1]),
        ("?to=2026-03-01&tz=Europe/Zurich", vec![3]),
        ("?from=2026-03-02&tz=Europe/Zurich", vec![2, 1, 0]),
        ("?from=2026-03-01T23:30:00Z&to=2026-03-03T08:00:00Z", vec![1]),
        ("?from=2026-03-01T23:30:00Z&to=2026-03-03T08:00:00.001Z", vec![1, 0]),
        ("?from=2027-01-01&to=2027-01-01", vec![]),
    ] {
        let reply = learner.get(&format!("{PATH}{query}")).await.expect(200);
        let mut expected: Vec<Value> = expected.iter().map(|&at: &usize| made[at].clone()).collect();
        let mut found = ids(&reply);
        if query.contains("from") {
            let by_id = |id: &Value| id.to_string();
            expected.sort_by_key(by_id);
            found.sort_by_key(by_id);
        }
        assert_eq!(found, expected, "{query}");
    }
    for (sort, order) in
        [("startTime", [3, 1, 0, 2]), ("-startTime", [2, 0, 1, 3]), ("-createdAt", [3, 2, 1, 0])]
    {
        let mut found = Vec::new();
        let mut place = Some(format!("{PATH}?limit=1&sort={sort}"));
        while let Some(address) = place {
            let reply = learner.get(&address).await.expect(200);
            found.extend(ids(&reply));
            place = reply
                .header("link")
                .strip_prefix('<')
                .and_then(|link| Some(link.split_once('>')?.0.to_owned()));
        }
        assert_eq!(found, order.map(|at: usize| made[at].clone()), "{sort}");
    }
    let id = text(&made[0]);
    for (query, field) in [
        ("sort=subject", "sort"),
        ("sort=startTime&cursor=x", "cursor"),
        (&format!("sort=startTime&cursor={id}"), "cursor"),
        (&format!("cursor=5.{id}"), "cursor"),
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2027-01-01&to=2026-12-31", "to"),
        ("tz=Mars/Olympus", "tz"),
        ("sessionType=nap", "sessionType"),
        ("limit=0", "limit"),
    ] {
        assert_fields(&learner.get(&format!("{PATH}?{query}")).await, &[field]);
    }
}

async fn statistics_count_what_counts_on_the_day_it_starts(mix: Mix) {
    let learner = mix.learner().await;
    let none = json!({ "totalSessions": 0, "totalMinutes": 0, "averageSessionLength": 0.0, "sessionsThisWeek": 0,
        "minutesThisWeek": 0, "today": 0, "week": 0, "total": 0 });
    assert_eq!(stats(&learner, "").await, none);
    // Midnight cannot pass between here and the answer unnoticed: the zone is one in which it is about noon.
    let zone = noon_zone();
    let today = zone.parse::<Zone>().unwrap().day(now());
    let begin = |day: i64, minutes: u32, kind: &str| {
        let start = zone.parse::<Zone>().unwrap().start_of(today.plus(day)) + hours(1);
        json!({ "startTime": start, "durationMinutes": minutes, "sessionType": kind })
    };
    let monday = -today.since(today.week());
    for ask in [
        begin(0, 30, "focus"),
        begin(0, 15, "review"),
        begin(0, 99, "break"),
        begin(monday - 1, 100, "practice"),
        begin(-400, 11, "focus"),
        json!({ "startTime": now(), "plannedMinutes": 500 }),
    ] {
        record(&learner, &ask).await;
    }
    let expected = json!({ "totalSessions": 4, "totalMinutes": 156, "averageSessionLength": 39.0,
        "sessionsThisWeek": 2, "minutesThisWeek": 45, "today": 45, "week": 45, "total": 156 });
    assert_eq!(stats(&learner, &zone).await, expected);
    let monday = record(&learner, &begin(monday, 1, "focus")).await;
    assert_eq!(stats(&learner, &zone).await["week"], 46);
    learner.delete(&path(&monday)).await.expect(200);
    assert_eq!(stats(&learner, &zone).await, expected);
    assert_fields(&learner.get(&format!("{PATH}/stats?tz=Mars/Olympus")).await, &["tz"]);
}

/// A zone in which it is between 11 and 13 o'clock.
fn noon_zone() -> String {
    // In POSIX's way, `Etc/GMT+3` is three hours behind.
    let hour = Zone::UTC.hour(now()) as i64;
    format!("Etc/GMT{:+}", hour - 12)
}

async fn a_session_left_open_is_closed(mix: Mix) {
    let learner = mix.learner().await;
    let start = now() - hours(13);
    let forgotten = record(&learner, &json!({ "startTime": start })).await;
    assert_eq!((&forgotten["durationMinutes"], &forgotten["completed"]), (&json!(25), &json!(true)));
    assert_eq!(forgotten["endTime"], json!(start + Duration::from_secs(25 * 60)));
    let planned = record(&learner, &json!({ "startTime": start, "plannedMinutes": 50 })).await;
    assert_eq!(planned["durationMinutes"], 50);
    let open = record(&learner, &json!({ "startTime": now() - hours(11), "plannedMinutes": 50 })).await;
    assert_eq!((open.get("endTime"), &open["completed"]), (None, &json!(false)));
    assert_eq!(learner.get(&path(&forgotten)).await.expect(200).json, forgotten);
    assert_eq!(learner.get(PATH).await.expect(200).json, json!([open, planned, forgotten]));
    let found = stats(&learner, "").await;
    assert_eq!((&found["totalSessions"], &found["total"]), (&json!(2), &json!(75)));
    // Whoever finishes it later finds it closed.
    let finished = learner.post(&format!("{}/finish", path(&forgotten)), &json!({})).await.expect(200).json;
    assert_eq!(finished["durationMinutes"], 25);
}

async fn days_are_those_of_the_students_zone(mix: Mix) {
    let learner = mix.learner().await;
    // Half an hour before midnight in one zone is after midnight in the other.
    let (behind, ahead) = ("Etc/GMT+12", "Etc/GMT-14");
    let zone: Zone = behind.parse().unwrap();
    let start = zone.start_of(zone.day(now())) + hours(1);
    record(&learner, &json!({ "startTime": start, "durationMinutes": 40 })).await;
    assert_eq!(stats(&learner, behind).await["today"], 40);
    let ahead_zone: Zone = ahead.parse().unwrap();
    let same = ahead_zone.day(start) == ahead_zone.day(now());
    assert_eq!(stats(&learner, ahead).await["today"], if same { 40 } else { 0 });
}
