//! How the tool behaves towards whoever runs it.

use mongodb::bson::{Document, doc, oid::ObjectId};

use crate::rig::Rig;

#[tokio::test]
async fn a_plan_writes_nothing() {
    let rig = Rig::new().await;
    let users = rig.collection("users").await;
    users.insert_one(doc! { "name": "Ada", "email": "ada@example.com" }).await.unwrap();
    let state = async || {
        let mut names = rig.db().await.list_collection_names().await.unwrap();
        names.sort();
        (names, users.find_one(doc! {}).await.unwrap(), users.list_index_names().await.unwrap())
    };
    let before = state().await;
    let ran = rig.migrate().done(&["plan"]).await;
    assert_eq!((ran.count("documents", None), ran.count("changed", None)), (1, 1));
    assert_eq!(state().await, before);
}

#[tokio::test]
async fn commands_out_of_turn_say_what_to_do() {
    let rig = Rig::new().await;
    let migrate = rig.migrate();
    let early = migrate.run(&["validate"]).await;
    assert!(!early.status.success());
    assert!(early.complaint.contains("migrate apply"), "{}", early.complaint);
    let nothing = migrate.done(&["rollback"]).await;
    assert!(nothing.report()["collections"].as_array().unwrap().is_empty());
    migrate.done(&["apply"]).await;
    // A rollback that broke off.
    let states = rig.collection("migrations").await;
    let broken = doc! { "$set": { "stage": "rollingBack" } };
    states.update_one(doc! { "_id": "legacy" }, broken).await.unwrap();
    let refused = migrate.run(&["apply"]).await;
    assert!(!refused.status.success());
    assert!(refused.complaint.contains("migrate rollback"), "{}", refused.complaint);
    migrate.done(&["rollback"]).await;
    migrate.done(&["apply"]).await;
}

#[tokio::test]
async fn what_somebody_changes_behind_the_back_is_found_once() {
    let rig = Rig::new().await;
    let (migrate, notes) = (rig.migrate(), rig.collection("notes").await);
    let user = ObjectId::from_bytes([7; 12]);
    rig.collection("users").await.insert_one(doc! { "_id": user, "email": "a@example.com" }).await.unwrap();
    notes.insert_one(doc! { "title": "A", "tags": ["b"], "user": user }).await.unwrap();
    migrate.done(&["apply"]).await;
    notes.update_one(doc! {}, doc! { "$set": { "title": "B" } }).await.unwrap();
    let checked = migrate.run(&["validate"]).await;
    assert!(!checked.status.success());
    assert_eq!(checked.failures().len(), 1, "{:?}", checked.events);
    let renewed = migrate.done(&["apply"]).await;
    let reasons: Vec<String> = renewed.findings().into_iter().map(|(_, _, reason)| reason).collect();
    assert!(reasons.contains(&"document.changed_silently".to_owned()), "{reasons:?}");
    migrate.done(&["validate", "--strict"]).await;
    // What was given and is gone is missed.
    notes.update_one(doc! {}, doc! { "$unset": { "tagsNormalized": "" } }).await.unwrap();
    assert!(!migrate.run(&["validate"]).await.status.success());
    migrate.done(&["apply"]).await;
    migrate.done(&["validate", "--strict"]).await;
}

#[tokio::test]
async fn a_rollback_leaves_the_collections_that_there_were() {
    let rig = Rig::new().await;
    rig.collection("notes").await.insert_one(doc! { "title": "A" }).await.unwrap();
    rig.migrate().done(&["apply"]).await;
    rig.migrate().done(&["rollback"]).await;
    let mut names = rig.db().await.list_collection_names().await.unwrap();
    names.retain(|name| {
        harness::legacy::COLLECTIONS.contains(&name.as_str()) || name.starts_with("migrated_")
    });
    assert_eq!(names, ["notes"]);
    rig.migrate().done(&["rollback"]).await;
    rig.migrate().done(&["apply"]).await;
    rig.migrate().done(&["validate", "--strict"]).await;
}

#[tokio::test]
async fn a_run_that_another_one_took_over_stops() {
    let rig = Rig::new().await;
    let notes = rig.collection("notes").await;
    let many: Vec<Document> = (0..2000).map(|number| doc! { "title": number }).collect();
    notes.insert_many(many).await.unwrap();
    let migrate = rig.migrate();
    let mut slow = tokio::process::Command::from(migrate.command(&["apply", "--rate", "500"]));
    let slow =
        slow.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let states = rig.collection("migrations").await;
    let started = async {
        while states.find_one(doc! { "run": 1 }).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(harness::process::PATIENCE, started).await.expect("the first run begins");
    migrate.done(&["apply"]).await;
    let ended = slow.wait_with_output().await.unwrap();
    let complaint = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && complaint.contains("taken over"), "{complaint}");
    migrate.done(&["validate"]).await;
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_named_and_nothing_is_shown_of_its_password() {
    let migrate = harness::Migrate::of("mongodb://ada:hunter2@127.0.0.1:9/?directConnection=true", "nowhere");
    let ran = migrate.run(&["plan"]).await;
    assert!(!ran.status.success());
    assert!(!ran.complaint.contains("hunter2"), "{}", ran.complaint);
    assert!(ran.complaint.contains("MONGODB_URL"), "{}", ran.complaint);
}
