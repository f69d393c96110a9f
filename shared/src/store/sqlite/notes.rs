use serde::Deserialize;
use sqlx::{QueryBuilder, Row, Sqlite as Engine, SqliteConnection};

use super::{Result, Sqlite, decode, document, encode, matching};
use crate::{
    domain::{Id, Note, NoteChange, Timestamp, Trashed, counted, distinct_tags, fold_case, tag_key, words},
    store::{Listing, NoteFilter, NoteOrder, NoteSummary, Window},
};

/// A whole note.
pub(super) const WHOLE: &str = "json_set(doc, '$.content', notes.content)";
/// A note with as much of its content as an excerpt is made of.
const HEAD: &str = "json_set(doc, '$.content', substr(content, 1, 1000))";
/// The same of a deleted note.
const TRASHED: &str = "json_object('note', json(json_set(doc, '$.content', substr(content, 1, 1000))), 'deletedAt', deleted_at)";

/// Removes what the index of words still holds of notes that are gone.
pub(super) const SWEEP: &str = "INSERT INTO note_words (note_words) VALUES ('optimize')";
/// Writes all of a note.
const UPDATE: &str = "UPDATE notes SET doc = ?, content = ?, title_key = ?, content_key = ?, tag_keys = ?, \
                      title_order = ? WHERE id = ?";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TrashedRow {
    note: Note,
    deleted_at: Timestamp,
}

impl Sqlite {
    pub(in crate::store) async fn insert_note(&self, note: &Note) -> Result<()> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let done = written(
            "INSERT INTO notes (doc, content, title_key, content_key, tag_keys, title_order, id) \
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            note,
        )?
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 1 {
            write_words(&mut tx, done.last_insert_rowid(), note).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn note(&self, user_id: Id, id: Id) -> Result<Option<Note>> {
        Ok(self.notes_by_id(user_id, &[id]).await?.pop())
    }

    pub(in crate::store) async fn notes_by_id(&self, user_id: Id, ids: &[Id]) -> Result<Vec<Note>> {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(WHOLE).push(" FROM notes WHERE deleted_at IS NULL");
        matching(&mut query, "user_id", Some(user_id.to_string()));
        query.push(" AND id IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.to_string());
        }
        query.push(")");
        let mut notes: Vec<Note> = self.documents(query).await?;
        notes.sort_by_key(|note| ids.iter().position(|id| *id == note.id));
        Ok(notes)
    }

    pub(in crate::store) async fn update_note(
        &self,
        user_id: Id,
        id: Id,
        was: Timestamp,
        change: &NoteChange,
        now: Timestamp,
    ) -> Result<Option<Note>> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let Some((seq, note)) = unchanged(&mut tx, user_id, id, was).await? else { return Ok(None) };
        let note = note.changed(change.clone(), now);
        written(UPDATE, &note)?.execute(&mut *tx).await?;
        sqlx::query("DELETE FROM note_words WHERE rowid = ?").bind(seq).execute(&mut *tx).await?;
        write_words(&mut tx, seq, &note).await?;
        tx.commit().await?;
        Ok(Some(note))
    }

    pub(in crate::store) async fn notes(
        &self,
        filter: &NoteFilter,
        order: NoteOrder,
        window: &Window,
    ) -> Result<Listing<NoteSummary>> {
        let found = self.listing_by("notes", HEAD, key(order), window, |query| narrow(query, filter)).await?;
        Ok(summaries(found))
    }

    pub(in crate::store) async fn notes_with(
        &self,
        user_id: Id,
        text: &str,
        window: &Window,
    ) -> Result<Listing<NoteSummary>> {
        let found = self.listing("notes", HEAD, window, |query| {
            narrow(query, &NoteFilter::of(user_id));
            let key = fold_case(text);
            query.push(" AND (instr(title_key, ").push_bind(key.clone());
            query.push(") > 0 OR instr(content_key, ").push_bind(key);
            query.push(") > 0 OR EXISTS (SELECT 1 FROM json_each(doc, '$.tags') WHERE value = ");
            query.push_bind(text.to_owned()).push("))");
        });
        Ok(summaries(found.await?))
    }

    pub(in crate::store) async fn note_tags(&self, user_id: Id) -> Result<Vec<(String, u64)>> {
        let groups = self.count_by("doc -> '$.tags'", user_id).await?;
        let tags: Vec<(Vec<String>, u64)> =
            groups.iter().map(|(tags, count)| Ok((decode(tags)?, *count))).collect::<Result<_>>()?;
        let each = tags
            .into_iter()
            .flat_map(|(tags, count)| distinct_tags(tags).into_iter().map(move |tag| (tag, count)));
        Ok(counted(each, tag_key))
    }

    pub(in crate::store) async fn note_categories(&self, user_id: Id) -> Result<Vec<(String, u64)>> {
        Ok(counted(self.count_by("category", user_id).await?, str::to_owned))
    }

    /// How many of a user's notes have each value of an expression, nulls left out.
    async fn count_by(&self, expression: &'static str, user_id: Id) -> Result<Vec<(String, u64)>> {
        let mut query = QueryBuilder::new("SELECT ");
        query.push(expression).push(" AS name, count(*) FROM notes WHERE name IS NOT NULL");
        narrow(&mut query, &NoteFilter::of(user_id));
        let rows = query.push(" GROUP BY name").build().fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)?.unsigned_abs()))).collect()
    }

    pub(in crate::store) async fn trash_note(
        &self,
        user_id: Id,
        id: Id,
        was: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let Some((seq, _)) = unchanged(&mut tx, user_id, id, was).await? else { return Ok(false) };
        sqlx::query("UPDATE notes SET deleted_at = ? WHERE seq = ?")
            .bind(now.to_string())
            .bind(seq)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(in crate::store) async fn restore_note(
        &self,
        user_id: Id,
        id: Id,
        now: Timestamp,
    ) -> Result<Option<Note>> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let mut query = QueryBuilder::new("SELECT ");
        query.push(WHOLE).push(" FROM notes WHERE deleted_at IS NOT NULL");
        matching(&mut query, "user_id", Some(user_id.to_string()));
        matching(&mut query, "id", Some(id.to_string()));
        if let Some(row) = query.build().fetch_optional(&mut *tx).await? {
            let note = document::<Note>(&row)?.changed(NoteChange::default(), now);
            written(UPDATE, &note)?.execute(&mut *tx).await?;
            sqlx::query("UPDATE notes SET deleted_at = NULL WHERE id = ?")
                .bind(id.to_string())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        self.note(user_id, id).await
    }

    pub(in crate::store) async fn trashed_notes(
        &self,
        user_id: Id,
        window: &Window,
    ) -> Result<Listing<Trashed<NoteSummary>>> {
        let found = self.listing_by("notes", TRASHED, Some("deleted_at"), window, |query| {
            matching(query, "user_id", Some(user_id.to_string()));
            query.push(" AND deleted_at IS NOT NULL");
        });
        Ok(found.await?.map(|row: TrashedRow| Trashed { note: row.note.into(), deleted_at: row.deleted_at }))
    }

    pub(in crate::store) async fn purge_note(&self, user_id: Id, id: Id) -> Result<bool> {
        let purged = self.purge(|query| {
            matching(query, "user_id", Some(user_id.to_string()));
            matching(query, "id", Some(id.to_string()));
        });
        Ok(purged.await? == 1)
    }

    pub(in crate::store) async fn purge_notes(&self, deleted_before: Timestamp) -> Result<u64> {
        let purged = self.purge(|query| {
            query.push(" AND deleted_at < ").push_bind(deleted_before.to_string());
        });
        let purged = purged.await?;
        if purged > 0 {
            sqlx::query(SWEEP).execute(&self.writer).await?;
        }
        Ok(purged)
    }

    /// Removes the deleted notes that match.
    async fn purge(&self, conditions: impl Fn(&mut QueryBuilder<Engine>)) -> Result<u64> {
        let mut query = QueryBuilder::new("DELETE FROM notes WHERE deleted_at IS NOT NULL");
        conditions(&mut query);
        Ok(query.build().execute(&self.writer).await?.rows_affected())
    }
}

/// The column that an order sorts by before the id.
pub(super) fn key(order: NoteOrder) -> Option<&'static str> {
    match order {
        NoteOrder::Created => None,
        NoteOrder::Updated => Some("updated_at"),
        NoteOrder::Title => Some("title_order"),
    }
}

/// Narrows a query to the notes that match.
pub(super) fn narrow(query: &mut QueryBuilder<Engine>, filter: &NoteFilter) {
    matching(query, "user_id", Some(filter.user_id.to_string()));
    query.push(" AND deleted_at IS NULL");
    matching(query, "category", filter.category.clone());
    for tag in &filter.tags {
        query.push(" AND EXISTS (SELECT 1 FROM json_each(tag_keys) WHERE value = ");
        query.push_bind(tag_key(tag)).push(")");
    }
}

fn summaries(found: Listing<Note>) -> Listing<NoteSummary> {
    found.map(NoteSummary::from)
}

/// A note and its row, if nobody changed it since.
async fn unchanged(
    connection: &mut SqliteConnection,
    user_id: Id,
    id: Id,
    was: Timestamp,
) -> Result<Option<(i64, Note)>> {
    let mut query = QueryBuilder::new("SELECT ");
    query.push(WHOLE).push(", seq FROM notes WHERE deleted_at IS NULL");
    matching(&mut query, "user_id", Some(user_id.to_string()));
    matching(&mut query, "id", Some(id.to_string()));
    query.push(" AND updated_at = ").push_bind(was.to_string());
    let row = query.build().fetch_optional(connection).await?;
    row.map(|row| Ok((row.try_get(1)?, document(&row)?))).transpose()
}

/// A statement with the columns of a note, its id last.
fn written<'q>(
    statement: &'static str,
    note: &Note,
) -> Result<sqlx::query::Query<'q, Engine, sqlx::sqlite::SqliteArguments>> {
    let tag_keys: Vec<String> = note.tags.iter().map(|tag| tag_key(tag)).collect();
    Ok(sqlx::query(statement)
        .bind(encode(&Note { content: String::new(), ..note.clone() })?)
        .bind(note.content.clone())
        .bind(fold_case(&note.title))
        .bind(fold_case(&note.content))
        .bind(encode(&tag_keys)?)
        .bind(NoteOrder::title_key(&note.title))
        .bind(note.id.to_string()))
}

/// Writes the words of a note that has none.
async fn write_words(connection: &mut SqliteConnection, seq: i64, note: &Note) -> Result<()> {
    let folded = |text: &str| words(text).map(|word| word.folded).collect::<Vec<_>>().join(" ");
    sqlx::query("INSERT INTO note_words (rowid, owner, title, tags, content) VALUES (?, ?, ?, ?, ?)")
        .bind(seq)
        .bind(note.user_id.to_string())
        .bind(folded(&note.title))
        .bind(folded(&note.tags.join(" ")))
        .bind(folded(&note.content))
        .execute(connection)
        .await?;
    Ok(())
}
