use sqlx::{QueryBuilder, Sqlite as Engine};

use super::{Result, Sqlite, document, encode, matching};
use crate::{
    domain::{CLOSED_AFTER, Id, StudySession, Timestamp},
    store::{Listing, StudySessionFilter, Window},
};

impl Sqlite {
    pub(in crate::store) async fn insert_study_session(&self, session: &StudySession) -> Result<()> {
        sqlx::query("INSERT INTO study_sessions (id, doc) VALUES (?, ?)")
            .bind(session.id.to_string())
            .bind(encode(session)?)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn study_session(&self, id: Id) -> Result<Option<StudySession>> {
        let row = sqlx::query("SELECT doc FROM study_sessions WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(document).transpose()
    }

    pub(in crate::store) async fn study_sessions(
        &self,
        filter: &StudySessionFilter,
        window: &Window,
    ) -> Result<Listing<StudySession>> {
        let key = filter.by_start.then_some("start_time");
        self.listing_by("study_sessions", "doc", key, window, |query| narrow(query, filter)).await
    }

    pub(in crate::store) async fn save_study_session(&self, session: &StudySession) -> Result<bool> {
        let next = StudySession { rev: session.rev + 1, ..session.clone() };
        let done = sqlx::query("UPDATE study_sessions SET doc = ? WHERE id = ? AND rev = ?")
            .bind(encode(&next)?)
            .bind(session.id.to_string())
            .bind(session.rev)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(in crate::store) async fn delete_study_session(&self, id: Id, rev: i64) -> Result<bool> {
        let done = sqlx::query("DELETE FROM study_sessions WHERE id = ? AND rev = ?")
            .bind(id.to_string())
            .bind(rev)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(in crate::store) async fn close_stale_sessions(&self, now: Timestamp) -> Result<u64> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let rows = sqlx::query("SELECT doc FROM study_sessions WHERE end_time IS NULL AND start_time <= ?")
            .bind((now - CLOSED_AFTER).to_string())
            .fetch_all(&mut *tx)
            .await?;
        for row in &rows {
            let session: StudySession = document(row)?;
            let closed = StudySession { updated_at: now, rev: session.rev + 1, ..session.settled(now) };
            sqlx::query("UPDATE study_sessions SET doc = ? WHERE id = ?")
                .bind(encode(&closed)?)
                .bind(closed.id.to_string())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(rows.len() as u64)
    }
}

fn narrow(query: &mut QueryBuilder<Engine>, filter: &StudySessionFilter) {
    matching(query, "user_id", Some(filter.user_id.to_string()));
    let session_type = filter.session_type.map(|session_type| session_type.as_str().to_owned());
    matching(query, "session_type", session_type);
    matching(query, "subject", filter.subject.clone());
    if let Some(from) = filter.from {
        query.push(" AND start_time >= ").push_bind(from.to_string());
    }
    if let Some(until) = filter.until {
        query.push(" AND start_time < ").push_bind(until.to_string());
    }
}

/// Pushes a subquery of a student's sessions that count, begun from `from` until before `until`, as they are at
/// `now`: `start_time`, `minutes`, `subject`, `topic`.
pub(super) fn counted_sessions(
    query: &mut QueryBuilder<Engine>,
    user_id: Id,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) {
    query.push(
        "(SELECT start_time, subject, topic, iif(end_time IS NULL, open_minutes, minutes) AS minutes \
         FROM study_sessions WHERE session_type <> 'break' AND user_id = ",
    );
    query.push_bind(user_id.to_string());
    query.push(" AND start_time >= ").push_bind(from.to_string());
    query.push(" AND start_time < ").push_bind(until.to_string());
    query.push(" AND (end_time IS NOT NULL OR start_time <= ");
    query.push_bind((now - CLOSED_AFTER).to_string()).push("))");
}
