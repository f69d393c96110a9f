use std::collections::BTreeMap;

use super::{Result, Sqlite, document, encode, matching, quizzes::refresh_totals};
use crate::{
    domain::{Attempt, Given, Id, Submission},
    store::{Listing, SubmissionFilter, Window},
};

impl Sqlite {
    pub(in crate::store) async fn open_attempt(&self, attempt: &Attempt) -> Result<Option<Attempt>> {
        let (quiz, user) = (attempt.quiz_id.to_string(), attempt.user_id.to_string());
        // In one transaction, or an attempt could be opened and submitted before this one goes in.
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let open = sqlx::query("SELECT doc FROM open_attempts WHERE quiz_id = ? AND user_id = ?")
            .bind(&quiz)
            .bind(&user)
            .fetch_optional(&mut *tx)
            .await?;
        if let Some(row) = open {
            return document(&row).map(Some);
        }
        let opened = sqlx::query(
            "INSERT INTO open_attempts (id, doc) SELECT ?1, ?2 \
             WHERE (SELECT count(*) FROM submissions WHERE user_id = ?3 AND quiz_id = ?4) = ?5 \
             AND NOT EXISTS (SELECT 1 FROM quizzes WHERE id = ?4 AND doc ->> '$.status' = 'archived')",
        )
        .bind(attempt.id.to_string())
        .bind(encode(attempt)?)
        .bind(&user)
        .bind(&quiz)
        .bind(i64::from(attempt.attempt_number) - 1)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok((opened.rows_affected() == 1).then(|| attempt.clone()))
    }

    pub(in crate::store) async fn attempt(&self, id: Id) -> Result<Option<Attempt>> {
        let row = sqlx::query("SELECT doc FROM open_attempts WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(document).transpose()
    }

    pub(in crate::store) async fn attempt_at(&self, quiz_id: Id, user_id: Id) -> Result<Option<Attempt>> {
        let row = sqlx::query("SELECT doc FROM open_attempts WHERE quiz_id = ? AND user_id = ?")
            .bind(quiz_id.to_string())
            .bind(user_id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(document).transpose()
    }

    pub(in crate::store) async fn save_answers(
        &self,
        id: Id,
        answers: &BTreeMap<String, Given>,
    ) -> Result<bool> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let row = sqlx::query("SELECT doc FROM open_attempts WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(false) };
        let mut attempt: Attempt = document(&row)?;
        attempt.answers.extend(answers.clone());
        attempt.rev += 1;
        sqlx::query("UPDATE open_attempts SET doc = ? WHERE id = ?")
            .bind(encode(&attempt)?)
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(in crate::store) async fn submit(
        &self,
        submission: &Submission,
        rev: i64,
    ) -> Result<Option<Submission>> {
        let id = submission.id.to_string();
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let first = sqlx::query("SELECT doc FROM submissions WHERE id = ?")
            .bind(&id)
            .fetch_optional(&mut *tx)
            .await?;
        if let Some(row) = first {
            return document(&row).map(Some);
        }
        let open = sqlx::query("SELECT doc FROM open_attempts WHERE id = ?")
            .bind(&id)
            .fetch_optional(&mut *tx)
            .await?;
        if let Some(row) = open
            && document::<Attempt>(&row)?.rev != rev
        {
            return Ok(None);
        }
        sqlx::query("INSERT INTO submissions (id, doc) VALUES (?, ?)")
            .bind(&id)
            .bind(encode(submission)?)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM open_attempts WHERE id = ?").bind(&id).execute(&mut *tx).await?;
        refresh_totals(&mut tx, submission.quiz_id).await?;
        tx.commit().await?;
        Ok(Some(submission.clone()))
    }

    pub(in crate::store) async fn submission(&self, id: Id) -> Result<Option<Submission>> {
        let row = sqlx::query("SELECT doc FROM submissions WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(document).transpose()
    }

    pub(in crate::store) async fn submissions(
        &self,
        filter: &SubmissionFilter,
        window: &Window,
    ) -> Result<Listing<Submission>> {
        self.listing("submissions", "doc", window, |query| {
            matching(query, "user_id", Some(filter.user_id.to_string()));
            matching(query, "quiz_id", filter.quiz_id.map(|id| id.to_string()));
            matching(query, "topic", filter.topic.clone());
            if let Some(from) = filter.from {
                query.push(" AND completed_at >= ").push_bind(from.to_string());
            }
            if let Some(until) = filter.until {
                query.push(" AND completed_at < ").push_bind(until.to_string());
            }
            if let Some(min) = filter.min_score {
                query.push(" AND percentage >= ").push_bind(min);
            }
            if let Some(max) = filter.max_score {
                query.push(" AND percentage <= ").push_bind(max);
            }
        })
        .await
    }
}
