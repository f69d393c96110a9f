//! Dirt that documents of several collections have.

use mongodb::bson::{Binary, Bson, DateTime, Decimal128, Document, bson, doc, spec::BinarySubtype};

use super::{
    dirt::Dirty,
    world::{DAY, World},
};

/// Spoils a document and says what is to be reported of it.
pub(super) type Spoil = fn(&mut World, &mut Dirty);

/// What can come on top of any other dirt.
pub(super) const HARMLESS: [Spoil; 3] = [dates_as_text, without_created, with_unknown_fields];

/// Of some names the one that a document has; if it has none, the first.
pub(super) fn held(document: &Document, names: &[&'static str]) -> &'static str {
    names.iter().find(|name| document.contains_key(name)).unwrap_or(&names[0])
}

/// Sets a field under the name that it has.
pub(super) fn set(made: &mut Dirty, names: &[&'static str], value: impl Into<Bson>) {
    made.document.insert(held(&made.document, names), value);
}

/// Removes a field under any of its names.
pub(super) fn unset(made: &mut Dirty, names: &[&'static str]) {
    for name in names {
        made.document.remove(name);
    }
}

/// Sets a field, or removes it.
pub(super) fn put(made: &mut Dirty, names: &[&'static str], value: Option<Bson>) {
    match value {
        Some(value) => set(made, names, value),
        None => unset(made, names),
    }
}

pub(super) fn dates_as_text(world: &mut World, made: &mut Dirty) {
    let has_zone = world.chance(50);
    for (_, value) in made.document.iter_mut() {
        if let Bson::DateTime(date) = value {
            *value = iso(*date, has_zone).into();
        }
    }
}

/// ISO 8601, as JavaScript writes it or as Python does for a time without a zone.
pub(super) fn iso(date: DateTime, has_zone: bool) -> String {
    let text = date.try_to_rfc3339_string().expect("a date of our age");
    if has_zone { text } else { text.trim_end_matches('Z').to_owned() }
}

pub(super) fn without_created(_: &mut World, made: &mut Dirty) {
    unset(made, &["createdAt", "created_at"]);
}

pub(super) fn with_unknown_fields(world: &mut World, made: &mut Dirty) {
    let bytes = Binary { subtype: BinarySubtype::Generic, bytes: vec![0, 255, world.below(256) as u8] };
    made.document.extend(doc! {
        "importRow": i64::from(world.number()),
        "importedFrom": { "file": "students.csv", "lines": [1, 2.5, null], "digest": bytes },
        "oldPrice": "12.50".parse::<Decimal128>().expect("a number"),
    });
}

pub(super) fn numbers_as_double(_: &mut World, made: &mut Dirty) {
    for (_, value) in made.document.iter_mut() {
        if let Bson::Int32(number) = value {
            *value = f64::from(*number).into();
        }
    }
}

pub(super) fn numbers_as_text(_: &mut World, made: &mut Dirty) {
    for (name, value) in made.document.iter_mut() {
        if name != "__v" && matches!(value, Bson::Int32(_) | Bson::Double(_)) {
            *value = value.to_string().into();
        }
    }
}

/// Its id is older than those of its neighbours.
pub(super) fn moved(world: &mut World, made: &mut Dirty) {
    let days = 1 + world.below(300) as i64;
    made.document.insert("_id", world.id_after(-days * DAY));
}

pub(super) fn named_by_text(world: &mut World, made: &mut Dirty) {
    let name = format!("imported-{}", world.number());
    named(made, name);
}

pub(super) fn named_by_digits(world: &mut World, made: &mut Dirty) {
    let digits = world.id().to_hex();
    named(made, digits);
}

pub(super) fn named_by_number(world: &mut World, made: &mut Dirty) {
    let number = world.number();
    let forms: [Bson; 3] = [number.cast_signed().into(), i64::from(number).into(), f64::from(number).into()];
    named(made, forms[world.below(forms.len())].clone());
}

fn named(made: &mut Dirty, id: impl Into<Bson>) {
    made.document.insert("_id", id);
    made.findings.push("id.not_objectid");
}

/// A reference as its digits.
pub(super) fn reference_as_text(made: &mut Dirty, names: &[&'static str]) {
    let id = match made.document.get(held(&made.document, names)) {
        Some(Bson::Document(link)) => link.get_object_id("$id").ok(),
        Some(Bson::ObjectId(id)) => Some(*id),
        _ => None,
    };
    if let Some(id) = id {
        set(made, names, id.to_hex());
    }
}

/// Refers to a document that is not there.
pub(super) fn gone(world: &mut World, made: &mut Dirty, names: &[&'static str], finding: &'static str) {
    strayed(world, made, names);
    made.findings.push(finding);
}

/// Refers to a document that is not there, which nobody minds.
pub(super) fn strayed(world: &mut World, made: &mut Dirty, names: &[&'static str]) {
    let id = world.gone_id();
    match made.document.get_mut(held(&made.document, names)) {
        Some(Bson::Document(link)) => drop(link.insert("$id", id)),
        _ => set(made, names, id),
    }
}

/// How a reference came to refer to nothing.
#[derive(Clone, Copy)]
pub(super) enum Lost {
    Absent,
    Null,
    Unreadable,
    /// To a document of this collection, but to none.
    EmptyLink(&'static str),
}

/// Refers to nothing.
pub(super) fn lost(made: &mut Dirty, names: &[&'static str], how: Lost, finding: &'static str) {
    match how {
        Lost::Absent => unset(made, names),
        Lost::Null => set(made, names, Bson::Null),
        Lost::Unreadable => set(made, names, "anonymous"),
        Lost::EmptyLink(collection) => set(made, names, bson!({ "$ref": collection, "$id": null })),
    }
    made.findings.push(finding);
}
