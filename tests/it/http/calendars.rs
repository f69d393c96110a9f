//! Study plans in calendar programs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::mix::Mix;
use crate::plan_support::{early_learner, plan, plan_ask};
use crate::support::*;

on_each_mix!(
    a_calendar_has_an_event_for_each_task_and_the_exam,
    the_feed_needs_no_login_and_follows_the_plan,
    a_feed_ends_with_its_address_its_plan_and_its_owners_account,
    a_calendar_is_in_the_zone_asked_for,
);

fn calendar_of(plan: &Value) -> String {
    format!("/planner/plans/{}/calendar.ics", text(&plan["id"]))
}

/// The feed's path: what stands before it is how the outside reaches the server.
fn feed_of(plan: &Value) -> String {
    let url = text(&plan["feedUrl"]);
    assert!(url.starts_with("http://") || url.starts_with("https://"), "{url}");
    url[url.find("/planner/").unwrap()..].to_owned()
}

/// The values of a property, unfolded.
fn values<'a>(calendar: &'a str, name: &'a str) -> Vec<&'a str> {
    calendar.split("\r\n").filter_map(|line| line.strip_prefix(name)?.strip_prefix(':')).collect()
}

async fn a_calendar_has_an_event_for_each_task_and_the_exam(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let mut ask = plan_ask(today, 9);
    ask["subjects"][0]["name"] = json!("Mathematics; \\algebra\\, «漢字»\nand more");
    let made = plan(&learner, &ask).await;
    let reply = learner.get(&calendar_of(&made)).await.expect(200);
    assert_eq!(reply.header("content-type"), "text/calendar; charset=utf-8");
    let raw = reply.text();
    assert!(raw.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{raw}");
    let calendar = raw.replace("\r\n ", "");
    let days = items(&made["days"]);
    let work: Vec<&Value> =
        days.iter().flat_map(|day| items(&day["tasks"])).filter(|task| task["type"] != "break").collect();
    assert_eq!(values(&calendar, "BEGIN").iter().filter(|kind| **kind == "VEVENT").count(), work.len() + 1);
    let uids = values(&calendar, "UID");
    assert_eq!(uids.len(), work.len() + 1);
    for (task, uid) in work.iter().zip(&uids) {
        assert!(uid.starts_with(text(&task["id"])), "{uid}");
    }
    assert!(calendar.contains("Mathematics\\; \\\\algebra\\\\\\, «漢字»\\nand more"), "{calendar}");
    assert_eq!(values(&calendar, "DTSTART;VALUE=DATE"), [today.plus(9).0.strftime("%Y%m%d").to_string()]);
    let known =
        learner.request(Method::GET, &calendar_of(&made)).header("If-None-Match", reply.header("etag"));
    learner.send(known).await.expect(304);
}

async fn the_feed_needs_no_login_and_follows_the_plan(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let visitor = learner.anonymous();
    let first = visitor.get(&feed_of(&made)).await.expect(200);
    assert_eq!(first.text(), learner.get(&calendar_of(&made)).await.expect(200).text());
    let task = &made["days"][0]["tasks"][0];
    let path = format!("/planner/plans/{}/tasks/{}", text(&made["id"]), text(&task["id"]));
    learner.patch(&path, &json!({ "completed": true })).await.expect(200);
    let request = visitor.request(Method::GET, &feed_of(&made)).header("If-None-Match", first.header("etag"));
    let second = visitor.send(request).await.expect(200).text().replace("\r\n ", "");
    assert!(second.contains(&format!("SUMMARY:✓ {}", text(&task["title"]))), "{second}");
    assert!(values(&second, "SEQUENCE").iter().all(|number| *number == "1"));
    // The same events as before.
    assert_eq!(values(&second, "UID"), values(&first.text().replace("\r\n ", ""), "UID"));
}

async fn a_feed_ends_with_its_address_its_plan_and_its_owners_account(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let visitor = learner.anonymous();
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let renew = format!("/planner/plans/{}/feed", text(&made["id"]));
    let renewed = learner.post(&renew, &json!({})).await.expect(200).json;
    assert_ne!(feed_of(&renewed), feed_of(&made));
    assert_problem(&visitor.get(&feed_of(&made)).await, 404, "feed.not_found");
    visitor.get(&feed_of(&renewed)).await.expect(200);
    learner.delete(&format!("/planner/plans/{}", text(&made["id"]))).await.expect(200);
    assert_problem(&visitor.get(&feed_of(&renewed)).await, 404, "feed.not_found");
    let other = plan(&learner, &plan_ask(today, 9)).await;
    learner.delete("/users/me").await.expect(200);
    assert_problem(&visitor.get(&feed_of(&other)).await, 404, "feed.not_found");
    assert_problem(&visitor.get("/planner/feeds/%00/calendar.ics").await, 404, "feed.not_found");
}

async fn a_calendar_is_in_the_zone_asked_for(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let first = async |zone: &str| {
        let calendar = learner.get(&format!("{}?tz={zone}", calendar_of(&made))).await.expect(200).text();
        // The first day may begin when its plan was made.
        let day = text(&made["days"][1]["date"]).replace('-', "");
        let starts = values(&calendar, "DTSTART").into_iter().map(str::to_owned).collect::<Vec<_>>();
        starts.iter().find_map(|start| start.strip_prefix(&day)).expect("a task of the second day").to_owned()
    };
    assert_eq!(first("UTC").await, "T090000Z");
    assert_eq!(first("Asia/Kolkata").await, "T033000Z");
    assert_fields(&learner.get(&format!("{}?tz=Mars", calendar_of(&made))).await, &["tz"]);
}
