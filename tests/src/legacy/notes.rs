//! Notes: small ones, large ones, and one without room for anything more.

use mongodb::bson::{Bson, Document, RawDocumentBuf, doc};

use super::{
    dirt::Dirty,
    people::USERS,
    spoils::{self, Lost, Spoil, gone, lost, reference_as_text},
    world::{DAY, Shape, TOPICS, World, after},
};

const USER: [&str; 1] = ["user"];

const NO_USER: &str = "note.no_user";
const OWNER_GONE: &str = "note.owner_gone";
const TOO_LARGE: &str = "document.too_large";

/// A size between that from which on a document takes no field, and the greatest.
const FULL: usize = (16 << 20) - (20 << 10);

pub(super) fn note(world: &mut World) -> Document {
    let shape = world.shape();
    let topic = world.pick(&TOPICS);
    let mut fields = doc! { "title": format!("{topic} {}", world.number()) };
    if world.chance(90) {
        fields.insert("content", world.text(6));
    } else if shape == Shape::Beanie {
        fields.insert("content", Bson::Null);
    }
    let tags: &[&str] = world.pick(&[&["Exam", "biology"] as &[&str], &["Öko"], &[]]);
    fields.insert("tags", tags);
    fields.insert("user", shape.reference(USERS, world.user()));
    if world.chance(50) {
        fields.insert("metadata", doc! { "category": topic, "color": "#ffcc00", "pinned": world.chance(10) });
    } else if shape == Shape::Beanie {
        fields.insert("metadata", doc! {});
    }
    let mut note = world.stamped(shape, fields);
    if shape == Shape::Mongoose && world.chance(10) {
        change_by_port(world, &mut note);
    }
    note
}

/// The port has its own names for the times, and makes a link of the reference.
fn change_by_port(world: &mut World, note: &mut Document) {
    let made = *note.get_datetime("createdAt").expect("a time");
    let changed = after(made, (1 + world.below(300) as i64) * DAY * 1000);
    let user = note.get_object_id("user").expect("a user");
    note.extend(doc! {
        "user": Shape::Beanie.reference(USERS, user), "created_at": changed, "updated_at": changed,
    });
}

pub(super) const SPOILS: &[Spoil] = &[
    large,
    |_, made| made.document.extend(doc! { "language": "hi", "title": "कोशिका" }),
    |world, made| gone(world, made, &USER, OWNER_GONE),
    spoils::dates_as_text,
    |_, made| lost(made, &USER, Lost::Absent, NO_USER),
    full,
    |_, made| made.document.extend(doc! { "tags": "exam, Biology ,, leaf,exam" }),
    |_, made| lost(made, &USER, Lost::Null, NO_USER),
    |_, made| made.document.extend(doc! { "tags": null }),
    |world, made| {
        gone(world, made, &USER, OWNER_GONE);
        reference_as_text(made, &USER);
    },
    spoils::without_created,
    |_, made| lost(made, &USER, Lost::Unreadable, NO_USER),
    |_, made| reference_as_text(made, &USER),
    |_, made| lost(made, &USER, Lost::EmptyLink(USERS), NO_USER),
    spoils::with_unknown_fields,
    spoils::named_by_text,
    |_, made| {
        let metadata = doc! { "category": " Botany " };
        made.document.extend(doc! { "category": "A category of its own", "metadata": metadata });
    },
    |_, made| {
        let metadata = doc! { "category": null };
        made.document.extend(doc! { "category": null, "tagsNormalized": null, "metadata": metadata });
    },
    large,
    spoils::named_by_number,
    |_, made| made.document.extend(doc! { "content": null, "metadata": null }),
    |_, made| drop(made.document.remove("title")),
    spoils::moved,
    |_, made| made.document.extend(doc! { "category": "", "title": "" }),
    spoils::named_by_digits,
    spoils::numbers_as_double,
];

fn large(world: &mut World, made: &mut Dirty) {
    if world.large_notes > 0 {
        world.large_notes -= 1;
        let megabytes = 2 + world.below(4);
        made.document.insert("content", "What grows is large. ".repeat(megabytes * 50_000));
    }
}

fn full(world: &mut World, made: &mut Dirty) {
    if world.full_notes > 0 {
        world.full_notes -= 1;
        made.document.insert("content", "");
        let rest = RawDocumentBuf::try_from(&made.document).expect("a document").as_bytes().len();
        made.document.insert("content", "x".repeat(FULL - rest));
        made.findings.push(TOO_LARGE);
    }
}
