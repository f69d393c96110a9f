//! Notes as a text to make a quiz from.

use shared::domain::Id;

use super::missing;
use crate::{
    app::App,
    problem::{Problem, Result},
    routes::generate::TEXT_MIN,
};

/// The contents of somebody's notes as they are now, each under its title.
pub async fn texts(app: &App, user: Option<Id>, ids: &[Id]) -> Result<String> {
    let Some(user) = user else {
        return Err(Problem::unauthorized("auth.required", "Sign in first: notes have owners."));
    };
    let mut wanted: Vec<Id> = Vec::with_capacity(ids.len());
    for id in ids {
        if !wanted.contains(id) {
            wanted.push(*id);
        }
    }
    let notes = app.ledger.store.notes_by_id(user, &wanted).await?;
    if notes.len() < wanted.len() {
        return Err(missing());
    }
    let characters: usize = notes.iter().map(|note| note.content.trim().chars().count()).sum();
    if characters < TEXT_MIN {
        let message = format!(
            "noteIds must name notes with at least {TEXT_MIN} characters of content; they have {characters}"
        );
        return Err(Problem::field("noteIds", message));
    }
    let texts: Vec<String> =
        notes.iter().map(|note| format!("# {}\n\n{}", note.title, note.content.trim())).collect();
    let text = texts.join("\n\n");
    if text.len() > app.max_file_size {
        let most = app.max_file_size >> 20;
        return Err(Problem::field(
            "noteIds",
            format!("noteIds must name notes with at most {most} MB of text"),
        ));
    }
    Ok(text)
}
