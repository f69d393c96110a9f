//! `apply` is killed somewhere and started again: in the end everything is as if it had never been disturbed.

use harness::{
    Migrate,
    legacy::{
        fill,
        kills::{copy_of, end_state, kill_after_lines},
    },
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::rig::Rig;

/// Below a thousand there are no notes of many megabytes, which take their time.
const DOCUMENTS: usize = 900;
/// Databases on which `apply` is killed once; the bench does it fifty times.
const KILLS: usize = 4;

#[tokio::test]
async fn a_killed_run_goes_on_to_the_same_end() {
    let rig = Rig::new().await;
    let db = rig.db().await;
    fill(&db, DOCUMENTS, 7).await;
    let (undisturbed, reference) = copy_of(rig.mongod, &db).await;
    let ran = Migrate::of(&rig.mongod.url(), &undisturbed).done(&["apply"]).await;
    let (lines, wanted) = (ran.events.len(), end_state(&reference).await);
    let mut rng = StdRng::seed_from_u64(1);
    let mut killed = 0;
    for _ in 0..KILLS {
        let (name, db) = copy_of(rig.mongod, &db).await;
        let migrate = Migrate::of(&rig.mongod.url(), &name);
        if kill_after_lines(&migrate, rng.random_range(0..lines)).await {
            killed += 1;
            let early = migrate.run(&["validate"]).await;
            assert!(early.complaint.contains("migrate apply"), "{}", early.complaint);
        }
        migrate.done(&["apply"]).await;
        let end = end_state(&db).await;
        assert_eq!((wanted.differences(&end), end.differences(&wanted)), (Vec::new(), Vec::new()));
        migrate.done(&["validate", "--strict"]).await;
    }
    assert!(killed > 0);

    // And one that is killed again and again.
    let (name, db) = copy_of(rig.mongod, &db).await;
    let migrate = Migrate::of(&rig.mongod.url(), &name);
    for lines in [1, 5, 20, 60, 150] {
        kill_after_lines(&migrate, lines).await;
    }
    migrate.done(&["apply"]).await;
    let end = end_state(&db).await;
    assert_eq!((wanted.differences(&end), end.differences(&wanted)), (Vec::new(), Vec::new()));
}
