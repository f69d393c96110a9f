//! Ranked search among notes: whole words by FTS5, runs of scripts that are written together as parts of the text.

use futures::TryStreamExt;
use sqlx::{QueryBuilder, Row, Sqlite as Engine};

use super::{Result, Sqlite, document, notes};
use crate::{
    domain::{Id, Note, Query},
    store::{Listing, NoteFilter, NoteHit, NoteOrder, Window},
};

impl Sqlite {
    pub(in crate::store) async fn search_notes(
        &self,
        filter: &NoteFilter,
        query: &Query,
        order: Option<NoteOrder>,
        window: &Window,
    ) -> Result<Listing<NoteHit>> {
        if query.is_empty() {
            return Ok(Listing::empty());
        }
        let mut count = QueryBuilder::new("SELECT count(*)");
        find(&mut count, filter, query);
        let total: i64 = count.build().fetch_one(&self.pool).await?.try_get(0)?;

        let mut select = QueryBuilder::new("SELECT ");
        select.push(notes::WHOLE).push(", ");
        score(&mut select, query);
        select.push(" AS score");
        find(&mut select, filter, query);
        let direction = if window.descending { " DESC" } else { "" };
        select.push(" ORDER BY ");
        match order {
            None => drop(select.push("score DESC, id DESC")),
            Some(order) => {
                if let Some(key) = notes::key(order) {
                    select.push(key).push(direction).push(", ");
                }
                select.push("id").push(direction);
            }
        }
        select.push(" LIMIT ").push_bind(window.reach());
        select.push(" OFFSET ").push_bind(window.skip.try_into().unwrap_or(i64::MAX));
        // One after the other: a page may have a hundred contents of a megabyte.
        let mut rows = select.build().fetch(&self.pool);
        let mut hits = Vec::new();
        while let Some(row) = rows.try_next().await? {
            hits.push(NoteHit::new(document::<Note>(&row)?, row.try_get(1)?, query));
        }
        Ok(Listing::new(hits, window, total.unsigned_abs()))
    }
}

/// The notes that match, from `FROM` on.
fn find(select: &mut QueryBuilder<Engine>, filter: &NoteFilter, query: &Query) {
    select.push(" FROM notes");
    if !query.words.is_empty() {
        select.push(" JOIN note_words ON note_words.rowid = notes.seq");
    }
    select.push(" WHERE true");
    notes::narrow(select, filter);
    if !query.words.is_empty() {
        select.push(" AND note_words MATCH ").push_bind(expression(filter.user_id, &query.words));
    }
    for run in &query.runs {
        select.push(" AND (instr(title_key, ").push_bind(run.clone());
        select.push(") > 0 OR instr(tag_keys, ").push_bind(run.clone());
        select.push(") > 0 OR instr(content_key, ").push_bind(run.clone()).push(") > 0)");
    }
}

/// What FTS5 is asked for: all of the words, in whichever field. No word holds a quotation mark.
fn expression(user_id: Id, words: &[String]) -> String {
    let all: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("owner : \"{user_id}\" AND {{title tags content}} : ({})", all.join(" AND "))
}

/// How well a note matches: a hit in the title counts ten times, one in the tags five times as much as one in the
/// content.
fn score(select: &mut QueryBuilder<Engine>, query: &Query) {
    select.push(if query.words.is_empty() { "0.0" } else { "-bm25(note_words, 0.0, 10.0, 5.0, 1.0)" });
    for run in &query.runs {
        for (weight, column) in [(10.0, "title_key"), (5.0, "tag_keys"), (1.0, "content_key")] {
            select.push(" + ").push_bind(weight).push(" * (instr(").push(column).push(", ");
            select.push_bind(run.clone()).push(") > 0)");
        }
    }
}
