//! Study plans: spreading what was missed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::mix::Mix;
use crate::plan_support::*;
use crate::support::*;

on_each_mix!(
    what_was_missed_is_rescheduled,
    a_reschedule_loses_no_ticks_made_meanwhile,
    what_no_longer_fits_stays_and_is_told,
    there_is_nothing_to_reschedule_on_track_and_after_the_exam,
);

async fn what_was_missed_is_rescheduled(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 30)).await;
    let done = work(&made)[0].clone();
    tick(&learner, &made, &done).await;
    age(mix, &made, 2).await;
    let before = learner.get(&place(&made)).await.expect(200).json;
    let behind = before["progress"]["behindMinutes"].as_u64().unwrap();
    assert!(behind > 0);
    let reply =
        post_and_wait(&learner, &format!("{}/reschedule", place(&made)), &json!({})).await.expect(201);
    assert_eq!(reply.header("location"), place(&made));
    let after = &reply.json;
    assert_eq!(
        (&after["progress"]["behindMinutes"], &after["progress"]["onTrack"]),
        (&json!(0), &json!(true))
    );
    assert_eq!(after["progress"]["minutesTotal"], before["progress"]["minutesTotal"]);
    let first = &after["days"][0];
    assert_eq!((&first["tasks"][0]["id"], &first["date"]), (&done["id"], &before["days"][0]["date"]));
    for on in items(&after["days"]) {
        assert!(day(&on["date"]) < day(&after["examDate"]) && minutes(items(&on["tasks"])) <= 120, "{on:#}");
    }
    let job = learner.get("/jobs?kind=plan.reschedule").await.expect(200).json;
    assert_eq!((&job[0]["result"]["id"], &job[0]["notices"]), (&made["id"], &json!([])));
    let again = learner.post(&format!("{}/reschedule", place(&made)), &json!({})).await;
    assert_problem(&again, 409, "plan.on_track");
}

async fn a_reschedule_loses_no_ticks_made_meanwhile(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 40)).await;
    age(mix, &made, 3).await;
    // All of them are among what is moved.
    let some: Vec<&Value> = work(&made).into_iter().take(5).collect();
    let path = format!("{}/reschedule", place(&made));
    let ticks = futures::future::join_all(some.iter().map(|task| tick(&learner, &made, task)));
    let nothing = json!({});
    let (job, _) = futures::join!(learner.post(&path, &nothing), ticks);
    let job = learner.wait_job(job.expect(202).id()).await;
    assert_eq!(job["status"], "succeeded", "{job:#}");
    let after = learner.get(&place(&made)).await.expect(200).json;
    assert_eq!(after["progress"]["tasksDone"], 5);
    assert_eq!(after["progress"]["onTrack"], true);
    let ids =
        |plan: &Value| work(plan).iter().map(|task| text(&task["id"]).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(ids(&after), ids(&made));
}

async fn what_no_longer_fits_stays_and_is_told(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 6)).await;
    age(mix, &made, 4).await;
    let path = format!("{}/reschedule", place(&made));
    let job = learner.post(&path, &json!({})).await.expect(202);
    let job = learner.wait_job(job.id()).await;
    assert_eq!((&job["status"], items(&job["notices"]).len()), (&json!("succeeded"), 1), "{job:#}");
    let after = learner.get(&place(&made)).await.expect(200).json;
    let notice = text(&job["notices"][0]);
    assert!(notice.contains("found no free time"), "{notice}");
    assert_eq!(work(&after).len(), work(&made).len());
    assert_eq!(after["progress"]["minutesTotal"], made["progress"]["minutesTotal"]);
    assert_eq!(after["progress"]["onTrack"], false);
}

async fn there_is_nothing_to_reschedule_on_track_and_after_the_exam(mix: Mix) {
    let (learner, today) = early_learner(mix).await;
    let made = plan(&learner, &plan_ask(today, 9)).await;
    let path = format!("{}/reschedule", place(&made));
    assert_problem(&learner.post(&path, &json!({})).await, 409, "plan.on_track");
    age(mix, &made, 9).await;
    assert_problem(&learner.post(&path, &json!({})).await, 409, "plan.exam_passed");
    age(mix, &made, 1).await;
    assert_problem(&learner.post(&path, &json!({})).await, 409, "plan.exam_passed");
    assert_eq!(learner.get("/jobs?kind=plan.reschedule").await.expect(200).json, json!([]));
}
