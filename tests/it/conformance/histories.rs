//! Sums, days and streaks of random histories in random time zones, against a slow and obvious reference that looks
//! at one instant after another.

use std::collections::BTreeSet;

use harness::Mongod;
use mongodb::bson::{Bson, DateTime, Document, doc, oid::ObjectId};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use shared::{
    domain::{
        Day, EVER, Id, ScoreTotals, SessionType, StudySession, StudyTotals, Submission, Timestamp, Zone,
        streak,
    },
    store::Store,
};

use crate::{bench::Bench, make};

on_every_store![random_histories_are_counted_as_an_obvious_reference_counts_them];

const CASES: u64 = 20;
const DAY: i64 = 86_400_000;
/// Zones with the oddest clocks: half and quarter hours, far ahead, a skipped day, changes at midnight or of half an
/// hour, offsets with seconds, a clock that goes back in the other half of the year.
const ODD: [&str; 14] = [
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Africa/Cairo",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Africa/Monrovia",
    "Africa/Casablanca",
    "Europe/Dublin",
    "America/New_York",
    "Antarctica/Troll",
];

/// What a student did, and the present in which it is looked at.
struct History {
    zone: Zone,
    now: Timestamp,
    sessions: Vec<StudySession>,
    attempts: Vec<Submission>,
}

/// A history of some weeks around an instant that is as awkward as can be.
fn history(bench_id: impl Fn() -> Id, dice: &mut StdRng) -> History {
    let student = bench_id();
    let zone = zone(dice);
    let shifts = zone.shifts(EVER.0, Timestamp(1_780_000_000_000));
    // Around a clock change, if the zone has any.
    let center = Timestamp(shifts[dice.random_range(0..shifts.len())].from.0.max(30 * DAY));
    let spread = if dice.random() { 3 * DAY } else { 20 * DAY };
    let now = near(&zone, center, spread, dice);
    let types = [SessionType::Focus, SessionType::Review, SessionType::Practice, SessionType::Break];
    let session = |number| {
        let mut session = make::study_session(bench_id(), student, near(&zone, center, spread, dice));
        let start = session.start_time;
        match number % 5 {
            0 => session.planned_minutes = Some(dice.random_range(1..=720)),
            1 => session.default_minutes = dice.random_range(1..=720),
            2 => session.set_times(start, None, Some(dice.random_range(0..=1440))).unwrap(),
            _ => {
                let end = Timestamp(start.0 + dice.random_range(0..=DAY));
                session.set_times(start, Some(end), None).unwrap();
            }
        }
        session.session_type = types[dice.random_range(0..types.len())];
        session
    };
    let sessions: Vec<_> = (0..25).map(session).collect();
    let attempt = |_| {
        let at = near(&zone, center, spread, dice);
        let percentage = f64::from(dice.random_range(0..=1000)) / 10.0;
        make::submission(&make::attempt(bench_id(), bench_id(), student, at), percentage, at)
    };
    let attempts: Vec<_> = (0..6).map(attempt).collect();
    History { zone, now, sessions, attempts }
}

/// An instant about this one: the very one, a midnight, or just before either, or any.
fn near(zone: &Zone, center: Timestamp, spread: i64, dice: &mut StdRng) -> Timestamp {
    let any = Timestamp(center.0 + dice.random_range(-spread..spread));
    match dice.random_range(0..4) {
        0 => Timestamp(center.0 - dice.random_range(0..=1)),
        1 => Timestamp(zone.start_of(zone.day(any)).0 - dice.random_range(0..=1)),
        _ => any,
    }
}

fn zone(dice: &mut StdRng) -> Zone {
    let all: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    let name = match dice.random_range(0..2) {
        0 => ODD[dice.random_range(0..ODD.len())],
        _ => &all[dice.random_range(0..all.len())],
    };
    name.parse().unwrap_or(Zone::UTC)
}

impl History {
    fn student(&self) -> Id {
        self.sessions[0].user_id
    }

    fn today(&self) -> Day {
        self.zone.day(self.now)
    }

    /// The sessions that count, each with its minutes.
    fn counted(&self) -> Vec<(Timestamp, u64)> {
        let mut counted = Vec::new();
        for session in &self.sessions {
            let stale = self.now.0 - session.start_time.0 >= 12 * 3_600_000;
            let length = match session.end_time {
                Some(_) => session.duration_minutes,
                None if stale => session.planned_minutes.unwrap_or(session.default_minutes),
                None => continue,
            };
            if session.session_type != SessionType::Break {
                counted.push((session.start_time, length.into()));
            }
        }
        counted
    }

    fn totals(&self, within: impl Fn(Timestamp) -> bool) -> StudyTotals {
        let mut totals = StudyTotals::default();
        for (at, minutes) in self.counted() {
            if within(at) {
                totals.sessions += 1;
                totals.minutes += minutes;
            }
        }
        totals
    }

    fn active(&self) -> BTreeSet<Day> {
        let sessions = self.counted().into_iter().map(|(at, _)| at);
        let attempts = self.attempts.iter().map(|attempt| attempt.completed_at);
        sessions.chain(attempts).map(|at| self.zone.day(at)).filter(|day| *day <= self.today()).collect()
    }

    /// Days in a row that end with this one, found by walking back to the instant before each day.
    fn run(&self, mut day: Day) -> u32 {
        let active = self.active();
        let mut count = 0;
        while active.contains(&day) {
            count += 1;
            day = self.before(day);
        }
        count
    }

    fn before(&self, day: Day) -> Day {
        self.zone.day(Timestamp(self.zone.start_of(day).0 - 1))
    }

    async fn check(&self, store: &Store, seed: u64) {
        let (zone, today, student) = (&self.zone, self.today(), self.student());
        let context = format!("seed {seed}, {} at {:?}", zone.name(), self.now);

        let span = |from: Day, until: Day| (zone.start_of(from), zone.start_of(until));
        let spans = [EVER, span(today.week(), today.week().plus(7)), span(today, today.plus(1))];
        let totals = store.study_totals(student, &spans, self.now).await.unwrap();
        assert_eq!(totals[0], self.totals(|_| true), "{context}");
        assert_eq!(totals[1], self.totals(|at| zone.day(at).week() == today.week()), "{context}");
        assert_eq!(totals[2], self.totals(|at| zone.day(at) == today), "{context}");

        let shifts = zone.shifts(EVER.0, zone.start_of(today.plus(1)));
        let days = store.active_days(student, &shifts, self.now).await.unwrap();
        assert_eq!(days, self.active().into_iter().collect::<Vec<_>>(), "{context}");
        let streak = streak(&days, today, zone);
        let current = self.run(today).max(self.run(self.before(today)));
        let longest = days.iter().map(|day| self.run(*day)).max().unwrap_or(0);
        assert_eq!((streak.current, streak.longest), (current, longest), "{context}: {days:?}");

        let scores = store.score_totals(student).await.unwrap();
        let tenths: u64 =
            self.attempts.iter().map(|attempt| (attempt.percentage * 10.0).round() as u64).sum();
        let count = self.attempts.len() as u64;
        let wanted = ScoreTotals { attempts: count, scored: count, millionths: tenths * 100_000 };
        assert_eq!(scores, wanted, "{context}");
        assert!((scores.average() - tenths as f64 / 10.0 / count as f64).abs() < 0.0501, "{context}");
    }
}

async fn random_histories_are_counted_as_an_obvious_reference_counts_them(bench: &Bench) {
    for seed in 0..CASES {
        let mut dice = StdRng::seed_from_u64(seed);
        let history = history(|| bench.id(), &mut dice);
        for session in &history.sessions {
            bench.store.insert_study_session(session).await.unwrap();
        }
        for attempt in &history.attempts {
            bench.store.submit(attempt, 0).await.unwrap();
        }
        history.check(&bench.store, seed).await;
    }
}

/// The same histories as the old backends would have written them.
#[tokio::test]
async fn random_histories_of_the_old_backends_are_counted_alike() {
    let bench = Bench::mongo().await;
    let mongod = Mongod::shared().await;
    let database = mongod.database();
    let store = Store::mongo(&mongod.url(), &database, harness::process::PATIENCE).await.unwrap();
    let client = mongodb::Client::with_uri_str(mongod.url()).await.unwrap();
    let database = client.database(&database);
    for seed in 1000..1000 + CASES {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut history = history(|| bench.id(), &mut dice);
        for session in &mut history.sessions {
            // They know no plans, and leave no trace of a session without a length.
            (session.planned_minutes, session.default_minutes) = (None, 25);
        }
        history.sessions.retain(|session| !session.is_finished() || session.duration_minutes > 0);
        let sessions: Vec<_> =
            history.sessions.iter().map(|session| old_session(session, &mut dice)).collect();
        let attempts: Vec<_> =
            history.attempts.iter().map(|attempt| old_attempt(attempt, &mut dice)).collect();
        database.collection::<Document>("studysessions").insert_many(sessions).await.unwrap();
        database.collection::<Document>("quizattempts").insert_many(attempts).await.unwrap();
        history.check(&store, seed).await;
    }
}

fn when(at: Timestamp, dice: &mut StdRng) -> Bson {
    match dice.random_range(0..3) {
        0 => Bson::String(at.to_string()),
        _ => Bson::DateTime(DateTime::from_millis(at.0)),
    }
}

fn number(value: f64, dice: &mut StdRng) -> Bson {
    match dice.random_range(0..3) {
        0 => Bson::String(value.to_string()),
        1 if value.fract() == 0.0 => Bson::Int32(value as i32),
        _ => Bson::Double(value),
    }
}

fn old_session(session: &StudySession, dice: &mut StdRng) -> Document {
    let id = ObjectId::from(session.id);
    let user = ObjectId::from(session.user_id);
    let start = when(session.start_time, dice);
    let length =
        if session.is_finished() { number(session.duration_minutes.into(), dice) } else { Bson::Null };
    let end = session.end_time.map_or(Bson::Null, |end| when(end, dice));
    let kind = session.session_type.as_str();
    match dice.random_range(0..3) {
        0 => doc! { "_id": id, "user_id": { "$ref": "users", "$id": user }, "start_time": start,
        "duration_minutes": length, "end_time": end, "session_type": kind, "notes": Bson::Null },
        1 => doc! { "_id": id, "userId": user.to_hex(), "startTime": start, "durationMinutes": length,
        "sessionType": kind.to_uppercase(), "__v": 0 },
        _ => doc! { "_id": id, "userId": user, "startTime": start, "durationMinutes": length, "endTime": end,
        "sessionType": kind, "completed": session.is_finished(), "__v": 0 },
    }
}

fn old_attempt(attempt: &Submission, dice: &mut StdRng) -> Document {
    let user = ObjectId::from(attempt.user_id);
    let user = if dice.random() { Bson::ObjectId(user) } else { Bson::String(user.to_hex()) };
    let mut doc = doc! { "_id": ObjectId::from(attempt.id), "quizId": ObjectId::from(attempt.quiz_id),
    "userId": user, "percentage": number(attempt.percentage, dice) };
    let name = if dice.random() { "completedAt" } else { "createdAt" };
    doc.insert(name, when(attempt.completed_at, dice));
    doc
}
