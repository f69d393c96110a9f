//! Attempts added up, against a slow and obvious reference.

use std::{collections::BTreeMap, time::Duration};

use harness::Mongod;
use mongodb::bson::{DateTime, Document, doc, oid::ObjectId};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use shared::domain::{
    Attempt, Difficulty, Id, Outcome, SessionType, StudySession, StudyTotals, Submission, Sum, Tally,
    Timestamp, Zone, grouped,
};
use shared::store::{Scope, Store, StudyBy, TallyBy};

use crate::{bench::Bench, make};

on_every_store![
    random_attempts_add_up_as_one_by_one,
    random_sessions_add_up_as_one_by_one,
    open_quizzes_are_counted_by_topic,
    only_the_users_own_attempts_in_the_range_count,
    attempts_of_one_millisecond_are_told_apart_by_their_ids,
    a_quiz_that_is_gone_counts_as_medium,
];

/// Zones with the oddest clocks of recent years.
const ZONES: [&str; 6] = [
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "America/St_Johns",
    "Pacific/Chatham",
];

fn tally(outcome: Outcome) -> Tally {
    Tally {
        attempts: 1,
        millionths: (outcome.percentage * 1e6).round() as i64,
        best: outcome.percentage,
        worst: outcome.percentage,
        first: outcome.clone(),
        last: outcome,
    }
}

fn alone(submission: &Submission) -> Tally {
    tally(Outcome {
        at: submission.completed_at,
        id: submission.id.to_string(),
        percentage: submission.percentage,
    })
}

async fn added_up(store: &Store, scope: &Scope, by: &TallyBy) -> BTreeMap<String, Tally> {
    grouped(store.tallies(scope, by).await.unwrap())
}

async fn submit(
    bench: &Bench,
    (user_id, quiz_id): (Id, Id),
    topic: &str,
    percentage: f64,
    completed_at: Timestamp,
) -> Submission {
    let attempt = make::attempt(bench.id(), quiz_id, user_id, completed_at);
    let submission =
        Submission { topic: topic.to_owned(), ..make::submission(&attempt, percentage, completed_at) };
    bench.store.submit(&submission, 0).await.unwrap().unwrap()
}

async fn quiz(bench: &Bench, difficulty: Difficulty) -> Id {
    let mut quiz = make::quiz(bench.id(), bench.id(), "Cells", "Cells", bench.now());
    quiz.difficulty = difficulty;
    bench.store.insert_quiz(&quiz).await.unwrap();
    quiz.id
}

fn instant(text: &str) -> Timestamp {
    Timestamp(serde_json::from_value::<Timestamp>(text.into()).unwrap().0)
}

async fn random_attempts_add_up_as_one_by_one(bench: &Bench) {
    let quizzes = [
        (quiz(bench, Difficulty::Easy).await, Difficulty::Easy),
        (quiz(bench, Difficulty::Medium).await, Difficulty::Medium),
        (quiz(bench, Difficulty::Hard).await, Difficulty::Hard),
    ];
    let topics = ["Cells", "cells", "$a.b", "", "Ökologie \u{1F33F}"];
    let (start, end) = (instant("2024-01-01T00:00:00.000Z"), instant("2027-01-01T00:00:00.000Z"));
    for seed in 0..8 {
        let mut dice = StdRng::seed_from_u64(seed);
        let zone: Zone = ZONES.choose(&mut dice).unwrap().parse().unwrap();
        let user = bench.id();
        let mut history = Vec::new();
        for _ in 0..40 {
            let &(quiz, difficulty) = quizzes.choose(&mut dice).unwrap();
            // Often near midnight, now and then in the same millisecond as another.
            let at = match history.choose(&mut dice) {
                Some((other, _)) if dice.random_bool(0.1) => Submission::clone(other).completed_at,
                _ => {
                    let at = Timestamp(dice.random_range(start.0..end.0));
                    let midnight = zone.start_of(zone.day(at));
                    if dice.random_bool(0.5) {
                        midnight - Duration::from_millis(dice.next_u64() % 2)
                    } else {
                        at
                    }
                }
            };
            let percentage = (dice.random_range(0.0..=100.0_f64) * 10.0).round() / 10.0;
            let topic = topics.choose(&mut dice).unwrap();
            history.push((submit(bench, (user, quiz), topic, percentage, at).await, difficulty));
        }
        let scope = Scope { user_id: user, from: start + Duration::from_secs(86_400 * 90), until: end };
        let counted = || history.iter().filter(|(submission, _)| submission.completed_at >= scope.from);
        let by_day = TallyBy::Day(zone.shifts(scope.from, scope.until));
        for by in [by_day, TallyBy::Topic, TallyBy::Difficulty] {
            let name = |(submission, difficulty): &(Submission, Difficulty)| match by {
                TallyBy::Day(_) => zone.day(submission.completed_at).to_string(),
                TallyBy::Topic => submission.topic.clone(),
                TallyBy::Difficulty => difficulty.as_str().to_owned(),
            };
            let wanted = grouped(counted().map(|one| (name(one), alone(&one.0))));
            assert!(wanted.len() > 2);
            assert_eq!(added_up(&bench.store, &scope, &by).await, wanted, "{seed} {by:?}");
        }
    }
}

async fn random_sessions_add_up_as_one_by_one(bench: &Bench) {
    let (start, end) = (instant("2024-01-01T00:00:00.000Z"), instant("2027-01-01T00:00:00.000Z"));
    let now = end + Duration::from_secs(86_400);
    let names = [None, Some(String::new()), Some("Cells".to_owned()), Some("$a.\u{1F33F}".to_owned())];
    let types = [SessionType::Focus, SessionType::Review, SessionType::Practice, SessionType::Break];
    for seed in 0..8 {
        let mut dice = StdRng::seed_from_u64(seed);
        let zone: Zone = ZONES.choose(&mut dice).unwrap().parse().unwrap();
        let user = bench.id();
        let mut history = Vec::new();
        for _ in 0..40 {
            let at = Timestamp(dice.random_range(start.0..end.0));
            let mut session = make::study_session(bench.id(), user, at);
            session.session_type = *types.choose(&mut dice).unwrap();
            session.subject = names.choose(&mut dice).unwrap().clone();
            session.topic = names.choose(&mut dice).unwrap().clone();
            session.set_times(at, None, dice.random_bool(0.9).then(|| dice.random_range(1..200))).unwrap();
            bench.store.insert_study_session(&session).await.unwrap();
            history.push(session.settled(now));
        }
        let scope = Scope { user_id: user, from: start + Duration::from_secs(86_400 * 90), until: end };
        let shifts = zone.shifts(scope.from, scope.until);
        let counted = || {
            let within = history.iter().filter(|session| session.start_time >= scope.from);
            within.filter(|session| session.is_finished() && session.session_type != SessionType::Break)
        };
        for by in [StudyBy::Day(shifts.clone()), StudyBy::Hour(shifts), StudyBy::Subject, StudyBy::Topic] {
            let name = |session: &StudySession| match by {
                StudyBy::Day(_) => zone.day(session.start_time).to_string(),
                StudyBy::Hour(_) => format!("{:02}", zone.hour(session.start_time)),
                StudyBy::Subject => session.subject.clone().unwrap_or_default(),
                StudyBy::Topic => session.topic.clone().unwrap_or_default(),
            };
            let totals = |session: &StudySession| StudyTotals {
                sessions: 1,
                minutes: session.duration_minutes.into(),
            };
            let wanted = grouped(counted().map(|session| (name(session), totals(session))));
            assert!(wanted.len() > 2);
            let found = grouped(bench.store.study_by(&scope, &by, now).await.unwrap());
            assert_eq!(found, wanted, "{seed} {by:?}");
        }
    }
}

async fn open_quizzes_are_counted_by_topic(bench: &Bench) {
    let (ada, bob) = (bench.id(), bench.id());
    let mut last = ada;
    for (owner, topic) in
        [(ada, "Cells"), (ada, "atoms"), (bob, "Cells"), (ada, "Cells"), (ada, "Zoo"), (ada, "")]
    {
        let quiz = make::quiz(bench.id(), owner, "Title", topic, bench.now());
        bench.store.insert_quiz(&quiz).await.unwrap();
        last = if topic == "Zoo" { quiz.id } else { last };
    }
    bench.store.archive_quiz(last, bench.now()).await.unwrap();
    let topics = bench.store.quiz_topics(ada).await.unwrap();
    let wanted = [("", 1), ("Cells", 2), ("atoms", 1)].map(|(topic, quizzes)| (topic.to_owned(), quizzes));
    assert_eq!(topics, wanted);
    assert_eq!(bench.store.quiz_topics(bench.id()).await.unwrap(), []);
}

async fn only_the_users_own_attempts_in_the_range_count(bench: &Bench) {
    let (ada, bob, quiz) = (bench.id(), bench.id(), bench.id());
    let at = |seconds: u64| instant("2026-03-01T00:00:00.000Z") + Duration::from_secs(seconds);
    let mut of_ada = Vec::new();
    for seconds in [0, 10, 20] {
        of_ada.push(submit(bench, (ada, quiz), "Cells", 50.0, at(seconds)).await);
        submit(bench, (bob, quiz), "Cells", 90.0, at(seconds)).await;
    }
    let open = Attempt { attempt_number: 4, ..make::attempt(bench.id(), quiz, ada, at(10)) };
    bench.store.open_attempt(&open).await.unwrap().unwrap();
    for (from, until, places) in [
        (at(0), at(100), vec![0, 1, 2]),
        (at(10), at(20), vec![1]),
        (at(0) + Duration::from_millis(1), at(20) + Duration::from_millis(1), vec![1, 2]),
        (at(30), at(100), vec![]),
    ] {
        let wanted = grouped(places.iter().map(|&place| ("Cells".to_owned(), alone(&of_ada[place]))));
        let scope = Scope { user_id: ada, from, until };
        assert_eq!(added_up(&bench.store, &scope, &TallyBy::Topic).await, wanted);
        let by_day = TallyBy::Day(Zone::UTC.shifts(from, until));
        let days = added_up(&bench.store, &scope, &by_day).await;
        assert_eq!(days.values().collect::<Vec<_>>(), wanted.values().collect::<Vec<_>>());
    }
    let nobody = Scope { user_id: bench.id(), from: at(0), until: at(100) };
    for by in [TallyBy::Topic, TallyBy::Difficulty, TallyBy::Day(Zone::UTC.shifts(at(0), at(100)))] {
        assert_eq!(added_up(&bench.store, &nobody, &by).await, BTreeMap::new());
    }
}

async fn attempts_of_one_millisecond_are_told_apart_by_their_ids(bench: &Bench) {
    let (user, quiz, at) = (bench.id(), bench.id(), instant("2026-03-01T12:00:00.000Z"));
    let mut all = Vec::new();
    for percentage in [30.0, 10.0, 20.0] {
        all.push(submit(bench, (user, quiz), "Cells", percentage, at).await);
    }
    let scope = Scope { user_id: user, from: at, until: at + Duration::from_millis(1) };
    let found = added_up(&bench.store, &scope, &TallyBy::Topic).await.remove("Cells").unwrap();
    assert_eq!((found.first.percentage, found.last.percentage, found.improvement()), (30.0, 20.0, -10.0));
    assert_eq!((found.best, found.worst, found.average()), (30.0, 10.0, 20.0));
    assert_eq!(found.last.id, all[2].id.to_string());
}

async fn a_quiz_that_is_gone_counts_as_medium(bench: &Bench) {
    let (user, gone, hard) = (bench.id(), bench.id(), quiz(bench, Difficulty::Hard).await);
    let medium = quiz(bench, Difficulty::Medium).await;
    let at = instant("2026-03-01T12:00:00.000Z");
    let (one, two) = (
        submit(bench, (user, gone), "Cells", 10.0, at).await,
        submit(bench, (user, medium), "Cells", 20.0, at).await,
    );
    let three = submit(bench, (user, hard), "Cells", 30.0, at).await;
    let scope = Scope { user_id: user, from: at, until: at + Duration::from_millis(1) };
    let mut both = alone(&one);
    both.add(&alone(&two));
    let wanted = [("hard".to_owned(), alone(&three)), ("medium".to_owned(), both)].into();
    assert_eq!(added_up(&bench.store, &scope, &TallyBy::Difficulty).await, wanted);
}

/// What the old backend left: ids as text, dates as text or absent, percentages as text, absent or no numbers, no
/// topics, quizzes that are gone.
#[tokio::test]
async fn old_attempts_count_as_they_are_read() {
    let mongod = Mongod::shared().await;
    let database = mongod.database();
    let store = Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap();
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let docs = |name: &str| client.database(&database).collection::<Document>(name);
    let oid = |number: u8| ObjectId::from_bytes([0x65, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number]);
    let (user, cells, atoms, gone) = (oid(1), oid(2), oid(3), oid(4));
    docs("quizzes")
        .insert_many([
            doc! { "_id": cells, "topic": "Cells", "questions": [], "correctAnswers": [] },
            doc! { "_id": atoms, "topic": "Atoms", "difficulty": "Hard", "questions": [], "correctAnswers": [] },
        ])
        .await
        .unwrap();
    let date = |millis: i64| DateTime::from_millis(millis);
    let (noon, day) = (1_772_366_400_000_i64, 86_400_000_i64); // 1 March 2026, 12:00
    docs("quizattempts")
        .insert_many([
            doc! { "_id": oid(11), "userId": user, "quizId": cells, "percentage": 50, "completedAt": date(noon) },
            doc! { "_id": oid(12), "userId": user.to_hex(), "quizId": cells.to_hex(), "percentage": "75.5",
                   "completedAt": "2026-03-02T12:00:00Z" },
            doc! { "_id": oid(13), "userId": user, "quizId": atoms, "score": 1, "totalQuestions": 4,
                   "percentage": null, "createdAt": date(noon + 2 * day) },
            doc! { "_id": oid(14), "userId": user, "quizId": gone, "percentage": f64::NAN, "score": 2,
                   "maxScore": "8", "completedAt": "no date", "createdAt": date(noon + 3 * day) },
            doc! { "_id": oid(15), "userId": user, "quizId": atoms, "percentage": 100.0 / 3.0, "topic": "Named",
                   "completedAt": date(noon + 4 * day) },
            // Only its id says when it was, in September 2023.
            doc! { "_id": oid(16), "userId": user, "quizId": cells, "percentage": 5 },
        ])
        .await
        .unwrap();
    let user_id = Id::from(user);
    let all = Scope { user_id, from: Timestamp(0), until: Timestamp(noon + 30 * day) };
    let found = |by: TallyBy| {
        let store = &store;
        async move {
            let tallies = added_up(store, &all, &by).await;
            let shown =
                |(key, tally): (String, Tally)| (key, tally.attempts, tally.average(), tally.improvement());
            tallies.into_iter().map(shown).collect::<Vec<_>>()
        }
    };
    let row = |key: &str, attempts, average, improvement| (key.to_owned(), attempts, average, improvement);
    assert_eq!(
        found(TallyBy::Topic).await,
        [
            row("", 1, 25.0, 0.0),
            row("Atoms", 1, 25.0, 0.0),
            row("Cells", 3, 43.5, 70.5),
            row("Named", 1, 33.3, 0.0)
        ]
    );
    assert_eq!(found(TallyBy::Difficulty).await, [row("hard", 2, 29.2, 8.3), row("medium", 4, 38.9, 20.0)]);
    let by_day = found(TallyBy::Day(Zone::UTC.shifts(all.from, all.until))).await;
    let days: Vec<&str> = by_day.iter().map(|(key, ..)| key.as_str()).collect();
    assert_eq!(days, ["2023-09-12", "2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]);
}
