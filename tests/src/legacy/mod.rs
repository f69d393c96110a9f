//! An old database with all the dirt that years leave in one, and what the migration is to say about it.

pub mod dirt;
pub mod image;
pub mod kills;

mod attempts;
mod notes;
mod people;
mod quizzes;
mod spoils;
mod study;
#[cfg(test)]
mod tests;
mod world;

pub use dirt::{Dirty, Filled, documents, fill};
pub use image::Image;

use mongodb::bson::Bson;

/// The collections that the old backends write.
pub const COLLECTIONS: [&str; 7] =
    ["users", "quizzes", "quizattempts", "quiz_attempts", "notes", "studysessions", "userperformances"];

/// The text that stands for a document's `_id`: an ObjectId's digits, any other value as it is displayed.
pub fn id_text(id: &Bson) -> String {
    match id {
        Bson::ObjectId(id) => id.to_hex(),
        other => other.to_string(),
    }
}
