//! The findings are true: they are made out once more, from the documents alone.

use std::collections::{BTreeMap, BTreeSet};

use mongodb::bson::{Bson, DateTime, Document, oid::ObjectId};

use super::{Dirty, Filled, documents, id_text};

const COUNT: usize = 2_000;
const SEED: u64 = 7;

const CODES: [&str; 18] = [
    "attempt.id_taken",
    "attempt.no_quiz",
    "attempt.no_user",
    "attempt.quiz_gone",
    "attempt.user_gone",
    "document.too_large",
    "id.not_objectid",
    "note.no_user",
    "note.owner_gone",
    "quiz.key_missing",
    "quiz.key_unmatched",
    "quiz.no_questions",
    "quiz.owner_gone",
    "session.no_user",
    "session.owner_gone",
    "user.email_shared",
    "user.no_email",
    "user.password_unusable",
];

fn all() -> Vec<Dirty> {
    documents(COUNT, SEED).collect()
}

fn of<'a>(all: &'a [Dirty], collection: &str) -> Vec<&'a Dirty> {
    all.iter().filter(|made| made.collection == collection).collect()
}

fn ids(all: &[Dirty], collection: &str) -> BTreeSet<ObjectId> {
    of(all, collection).iter().filter_map(|made| made.document.get_object_id("_id").ok()).collect()
}

fn has(made: &Dirty, finding: &str) -> bool {
    made.findings.contains(&finding)
}

/// The first field of these names that is not null.
fn field<'a>(document: &'a Document, names: &[&str]) -> Option<&'a Bson> {
    names.iter().find_map(|name| document.get(name).filter(|value| **value != Bson::Null))
}

fn reference(document: &Document, names: &[&str]) -> Option<ObjectId> {
    match field(document, names)? {
        Bson::ObjectId(id) => Some(*id),
        Bson::String(text) => ObjectId::parse_str(text).ok(),
        Bson::Document(link) => link.get_object_id("$id").ok(),
        _ => None,
    }
}

fn created(document: &Document) -> DateTime {
    let said = match field(document, &["createdAt", "created_at"]) {
        Some(Bson::DateTime(date)) => Some(*date),
        Some(Bson::String(text)) => {
            DateTime::parse_rfc3339_str(format!("{}Z", text.trim_end_matches('Z'))).ok()
        }
        _ => None,
    };
    said.unwrap_or_else(|| document.get_object_id("_id").unwrap().timestamp())
}

/// Whether the migration looks into a document.
fn is_read(made: &Dirty) -> bool {
    !has(made, "id.not_objectid") && !has(made, "document.too_large")
}

#[test]
fn a_seed_always_gives_the_same() {
    assert!(documents(COUNT, SEED).eq(documents(COUNT, SEED)));
    assert!(documents(COUNT, SEED).zip(documents(COUNT, SEED + 1)).all(|(one, other)| one != other));
}

#[test]
fn small_databases_have_every_finding() {
    for seed in [1, 2, SEED] {
        let mut filled = Filled::default();
        documents(COUNT, seed).for_each(|made| filled.add(&made));
        let found: BTreeSet<_> = filled.findings.values().flatten().copied().collect();
        assert_eq!(found, BTreeSet::from(CODES), "seed {seed}");
    }
}

#[test]
fn each_finding_is_of_a_document() {
    let (mut filled, mut keys) = (Filled::default(), BTreeSet::new());
    for made in documents(COUNT, SEED) {
        filled.add(&made);
        let key = (made.collection, id_text(made.document.get("_id").unwrap()));
        assert!(keys.insert(key), "twice the same: {:?}", made.document.get("_id"));
    }
    assert!(filled.findings.keys().all(|key| keys.contains(key)));
    assert_eq!(filled.documents.values().sum::<u64>(), keys.len() as u64);
    assert!((COUNT..COUNT + COUNT / 20).contains(&keys.len()), "{}", keys.len());
}

#[test]
fn most_documents_are_clean() {
    let all = all();
    let with_findings = all.iter().filter(|made| !made.findings.is_empty()).count();
    assert!((5..15).contains(&(with_findings * 100 / all.len())), "{with_findings}");
}

#[test]
fn a_small_database_has_both_shapes_and_notes_of_both_at_once() {
    let all = all();
    for collection in ["users", "quizzes", "notes", "studysessions"] {
        let of_port = |made: &&&Dirty| made.document.contains_key("created_at");
        let count = of(&all, collection).iter().filter(of_port).count();
        assert!((1..of(&all, collection).len() / 2).contains(&count), "{collection}: {count}");
    }
    let notes = of(&all, "notes");
    assert!(
        notes
            .iter()
            .any(|made| ["createdAt", "created_at"].iter().all(|name| made.document.contains_key(name)))
    );
}

#[test]
fn only_an_id_that_is_no_object_id_is_a_finding_of_its_own() {
    for made in all() {
        let is_odd = !matches!(made.document.get("_id"), Some(Bson::ObjectId(_)));
        assert_eq!(is_odd, has(&made, "id.not_objectid"), "{made:?}");
        assert!(!is_odd || made.findings.len() == 1, "{made:?}");
    }
}

#[test]
fn one_document_has_no_room() {
    let all = all();
    let full = |made: &&Dirty| has(made, "document.too_large");
    assert_eq!(all.iter().filter(full).count(), 1);
    for made in &all {
        let size = made.document.to_vec().unwrap().len();
        assert_eq!(full(&made), size > (16 << 20) - (64 << 10), "{size}");
        assert!(size < 16 << 20);
    }
    let large = all.iter().filter(|made| made.document.to_vec().unwrap().len() > 1 << 20).count();
    assert!((3..=6).contains(&large), "{large}");
}

#[test]
fn references_lead_where_the_findings_say() {
    let all = all();
    let (users, quizzes, attempts) = (ids(&all, "users"), ids(&all, "quizzes"), ids(&all, "quizattempts"));
    let check = |made: &Dirty, names: &[&str], there: &BTreeSet<ObjectId>, lost: &str, gone: &str| {
        let id = reference(&made.document, names);
        assert_eq!(id.is_none(), has(made, lost), "{made:?}");
        assert_eq!(id.is_some_and(|id| !there.contains(&id)), has(made, gone), "{made:?}");
    };
    for made in all.iter().filter(|made| is_read(made)) {
        match made.collection {
            "quizzes" => {
                let owner = reference(&made.document, &["createdBy", "created_by"]);
                let is_gone = owner.is_some_and(|owner| !users.contains(&owner));
                assert_eq!(is_gone, has(made, "quiz.owner_gone"), "{made:?}");
            }
            "notes" => check(made, &["user"], &users, "note.no_user", "note.owner_gone"),
            "studysessions" => {
                check(made, &["userId", "user_id"], &users, "session.no_user", "session.owner_gone");
            }
            "quiz_attempts"
                if made.document.get_bool("is_completed").is_ok_and(|is_completed| !is_completed) =>
            {
                assert!(made.findings.is_empty(), "{made:?}");
            }
            "quizattempts" | "quiz_attempts" => {
                check(made, &["userId", "user"], &users, "attempt.no_user", "attempt.user_gone");
                check(made, &["quizId", "quiz"], &quizzes, "attempt.no_quiz", "attempt.quiz_gone");
                let id = made.document.get_object_id("_id").unwrap();
                let is_taken = made.collection == "quiz_attempts" && attempts.contains(&id);
                assert_eq!(is_taken, has(made, "attempt.id_taken"), "{made:?}");
            }
            "userperformances" => assert!(made.findings.is_empty(), "{made:?}"),
            _ => {}
        }
    }
}

#[test]
fn of_accounts_with_one_email_all_but_the_oldest_are_reported() {
    let all = all();
    let mut groups: BTreeMap<String, Vec<&Dirty>> = BTreeMap::new();
    for made in of(&all, "users").into_iter().filter(|made| is_read(made)) {
        let email = field(&made.document, &["email"]).and_then(Bson::as_str).unwrap_or_default();
        let key = email.trim().to_lowercase();
        assert_eq!(key.is_empty(), has(made, "user.no_email"), "{made:?}");
        if !key.is_empty() {
            groups.entry(key).or_default().push(made);
        }
    }
    let mut against_ids = 0;
    for group in groups.values_mut() {
        group.sort_by_key(|made| created(&made.document));
        assert!(
            group.iter().enumerate().all(|(at, made)| (at > 0) == has(made, "user.email_shared")),
            "{group:?}"
        );
        let id = |made: &Dirty| made.document.get_object_id("_id").unwrap();
        against_ids += usize::from(group.iter().any(|made| id(made) < id(group[0])));
    }
    assert!(against_ids >= 2, "{against_ids}");
    assert!(groups.values().filter(|group| group.len() > 1).count() > against_ids);
    assert!(groups.iter().any(|(key, group)| !key.is_ascii() && group.len() > 1));
}

#[test]
fn passwords_are_hashes_unless_reported() {
    for made in of(&all(), "users").into_iter().filter(|made| is_read(made)) {
        let password = field(&made.document, &["password"]).and_then(Bson::as_str).unwrap_or_default();
        let bytes = password.as_bytes();
        let is_hash = matches!(bytes, [b'$', b'2', b'a' | b'b' | b'x' | b'y', b'$', tens, ones, b'$', ..]
            if tens.is_ascii_digit() && ones.is_ascii_digit() && bytes.len() == 60);
        assert_eq!(is_hash, !has(made, "user.password_unusable"), "{made:?}");
    }
}

#[test]
fn keys_are_as_the_findings_say() {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    for made in of(&all(), "quizzes").into_iter().filter(|made| is_read(made)) {
        let list = |names: &[&str]| {
            field(&made.document, names).and_then(Bson::as_array).cloned().unwrap_or_default()
        };
        let (questions, answers) = (list(&["questions"]), list(&["correctAnswers", "correct_answers"]));
        assert_eq!(questions.is_empty(), has(made, "quiz.no_questions"), "{made:?}");
        assert_eq!(answers.len() < questions.len(), has(made, "quiz.key_missing"), "{made:?}");
        let is_unmatched = questions.iter().zip(&answers).any(|(question, answer)| {
            let options = question.as_document().unwrap().get_array("options").cloned().unwrap_or_default();
            let answer = folded(answer.as_str().unwrap());
            let letter = answer.trim_end_matches(')').bytes().next().filter(|_| answer.len() < 3);
            let is_letter = letter.is_some_and(|letter| usize::from(letter - b'a') < options.len());
            !is_letter && options.iter().all(|option| folded(option.as_str().unwrap()) != answer)
        });
        assert_eq!(is_unmatched, has(made, "quiz.key_unmatched"), "{made:?}");
    }
}
