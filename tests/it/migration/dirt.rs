//! An old database with every kind of dirt: the plan names what cannot be converted, the move adds and changes nothing
//! else, and all of it can be taken back.

use std::collections::{BTreeMap, BTreeSet};

use harness::{
    legacy::{COLLECTIONS, Filled, Image, fill},
    migrate::Ran,
};

use crate::rig::Rig;

/// Enough that every kind of dirt is there.
const DOCUMENTS: usize = 2000;
const SEED: u64 = 5;

/// What is wrong, by collection and id.
type Findings = BTreeMap<(String, String), BTreeSet<String>>;

/// What was found and not expected, and the other way round.
fn differences(found: &Findings, expected: &Findings) -> Vec<String> {
    let documents: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let differing = documents.into_iter().filter(|document| found.get(document) != expected.get(document));
    differing
        .map(|document| format!("{document:?}: {:?} for {:?}", found.get(document), expected.get(document)))
        .collect()
}

/// What a run found.
fn found(ran: &Ran) -> Findings {
    let mut found = Findings::new();
    for (collection, id, reason) in ran.findings() {
        found.entry((collection, id)).or_default().insert(reason);
    }
    found
}

/// What the generator put in.
fn expected(filled: &Filled) -> Findings {
    let owned = |reasons: &BTreeSet<&str>| reasons.iter().map(|reason| (*reason).to_owned()).collect();
    filled
        .findings
        .iter()
        .map(|((of, id), reasons)| (((*of).to_owned(), id.clone()), owned(reasons)))
        .collect()
}

#[tokio::test]
async fn dirt_is_named_survives_the_move_byte_for_byte_and_comes_back_from_it() {
    let rig = Rig::new().await;
    let db = rig.db().await;
    let filled = fill(&db, DOCUMENTS, SEED).await;
    let before = Image::of(&db, &COLLECTIONS).await;
    let migrate = rig.migrate();

    let plan = migrate.done(&["plan"]).await;
    let expected = expected(&filled);
    assert_eq!(differences(&found(&plan), &expected), Vec::<String>::new());
    assert!(before.differences(&Image::of(&db, &COLLECTIONS).await).is_empty());

    let apply = migrate.done(&["apply"]).await;
    assert_eq!(differences(&found(&apply), &expected), Vec::<String>::new());
    for (name, documents) in &filled.documents {
        assert_eq!(plan.count("documents", Some(name)), *documents, "{name}");
        assert_eq!(apply.count("changed", Some(name)), plan.count("changed", Some(name)), "{name}");
        assert_eq!(apply.count("copied", Some(name)), plan.count("copied", Some(name)), "{name}");
    }
    assert!(apply.count("changed", None) > DOCUMENTS as u64 / 3);
    let legacy = before.beginnings(&db, &COLLECTIONS).await;
    assert_eq!(before.differences(&legacy), [""; 0], "what was there has its bytes");

    let checked = migrate.done(&["validate", "--strict"]).await;
    assert_eq!(checked.count("identical", None), checked.count("documents", None));
    let applied = Image::of(&db, &COLLECTIONS).await;
    let again = migrate.done(&["apply"]).await;
    assert_eq!((again.count("changed", None), again.count("copied", None)), (0, 0));
    assert_eq!(migrate.done(&["plan"]).await.count("changed", None), 0);
    assert_eq!(applied.differences(&Image::of(&db, &COLLECTIONS).await), [""; 0]);

    migrate.done(&["rollback"]).await;
    let after = Image::of(&db, &COLLECTIONS).await;
    assert_eq!(before.differences(&after), [""; 0]);
    assert_eq!(after.len(), before.len(), "nothing is left over");
}
