//! Study sessions, and what the old backend made of attempts.

use mongodb::bson::{Bson, Document, doc};

use super::{
    people::USERS,
    spoils::{self, Lost, Spoil, gone, lost, reference_as_text, set, strayed},
    world::{Shape, TOPICS, World, after, number},
};

const USER: [&str; 2] = ["userId", "user_id"];
const MINUTES: [&str; 2] = ["durationMinutes", "duration_minutes"];

const NO_USER: &str = "session.no_user";
const OWNER_GONE: &str = "session.owner_gone";

pub(super) fn session(world: &mut World) -> Document {
    let shape = world.shape();
    let user = shape.reference(USERS, world.user());
    let minutes = 5 + world.below(115) as i32;
    let kind = world.pick(&["focus", "focus", "review", "practice", "break"]);
    let is_ended = world.chance(95);
    let mut session = world.stamped(shape, doc! {});
    let start = *session.get_datetime(spoils::held(&session, &["createdAt", "created_at"])).expect("a time");
    let end = is_ended.then(|| after(start, i64::from(minutes) * 60_000));
    let minutes = if is_ended { minutes } else { 0 };
    match shape {
        Shape::Mongoose => {
            session.extend(doc! {
                "userId": user, "startTime": start, "durationMinutes": minutes, "sessionType": kind,
            });
            session.extend(end.map(|end| ("endTime".to_owned(), Bson::from(end))));
            if world.chance(50) {
                let subject = world.pick(&TOPICS);
                session.extend(doc! { "subject": subject, "topic": "Leaves", "completed": is_ended });
            }
        }
        Shape::Beanie => session.extend(doc! {
            "user_id": user, "start_time": start, "end_time": end, "duration_minutes": minutes,
            "session_type": kind, "notes": null,
        }),
    }
    session
}

pub(super) const SPOILS: &[Spoil] = &[
    spoils::numbers_as_text,
    |world, made| gone(world, made, &USER, OWNER_GONE),
    spoils::numbers_as_double,
    |_, made| lost(made, &USER, Lost::Absent, NO_USER),
    spoils::dates_as_text,
    |_, made| lost(made, &USER, Lost::Null, NO_USER),
    spoils::without_created,
    |_, made| lost(made, &USER, Lost::Unreadable, NO_USER),
    |_, made| reference_as_text(made, &USER),
    |_, made| lost(made, &USER, Lost::EmptyLink(USERS), NO_USER),
    |_, made| set(made, &MINUTES, 24.5),
    |world, made| {
        gone(world, made, &USER, OWNER_GONE);
        reference_as_text(made, &USER);
    },
    |_, made| made.document.extend(doc! { "sessionType": null, "completed": null, "plannedMinutes": null }),
    spoils::named_by_text,
    |_, made| made.document.extend(doc! { "plannedMinutes": 45, "rev": null }),
    spoils::named_by_number,
    spoils::with_unknown_fields,
    spoils::moved,
    |_, made| set(made, &["startTime", "start_time"], Bson::Null),
    spoils::named_by_digits,
];

pub(super) fn performance(world: &mut World) -> Document {
    let mut topics = Document::new();
    for topic in TOPICS.iter().take(world.below(4)) {
        let best = 50.0 + world.below(51) as f64;
        let topical = doc! {
            "quizzesTaken": 1 + world.below(9) as i32, "averageScore": number(best - 12.5),
            "bestScore": number(best), "improvementTrend": world.pick(&[-1, 0, 1]),
        };
        topics.insert(*topic, topical);
    }
    let mut fields = doc! {
        "userId": world.user(), "totalQuizzes": world.below(20) as i32,
        "averageScore": number(world.below(200) as f64 / 2.0),
    };
    if !topics.is_empty() {
        fields.insert("topicPerformance", topics);
    }
    let mut performance = world.stamped(Shape::Mongoose, fields);
    let changed = performance.get("updatedAt").cloned();
    performance.extend(changed.map(|changed| ("lastUpdated".to_owned(), changed)));
    performance
}

/// Nothing is reported of them: nobody reads them but the old backend.
pub(super) const SPOILS_OF_PERFORMANCES: &[Spoil] = &[
    spoils::numbers_as_text,
    spoils::dates_as_text,
    |world, made| strayed(world, made, &USER),
    spoils::numbers_as_double,
    |_, made| reference_as_text(made, &USER),
    |_, made| made.document.extend(doc! { "topicPerformance": null, "lastUpdated": null }),
    spoils::without_created,
    |_, made| set(made, &USER, Bson::Null),
];
