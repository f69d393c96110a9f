use serde::Deserialize;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use super::{Result, Sqlite, document, encode, matching};
use crate::{
    domain::{Id, Quiz, Timestamp},
    store::{Listing, QuizFilter, QuizSummary, Window},
};

/// A quiz without what lists leave out, and the number of its questions.
const SUMMARY: &str = "json_object('quiz', json(json_remove(json_set(doc, '$.questions', json('[]')), '$.sourceContent')), \
                       'questionCount', json_array_length(doc, '$.questions'))";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SummaryRow {
    quiz: Quiz,
    question_count: u32,
}

impl Sqlite {
    pub(in crate::store) async fn insert_quiz(&self, quiz: &Quiz) -> Result<()> {
        sqlx::query(
            "INSERT INTO quizzes (id, doc, title_key, topic_key) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        )
        .bind(quiz.id.to_string())
        .bind(encode(quiz)?)
        .bind(search_key(&quiz.title))
        .bind(search_key(&quiz.topic))
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    pub(in crate::store) async fn quiz(&self, id: Id) -> Result<Option<Quiz>> {
        let row = sqlx::query("SELECT doc FROM quizzes WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(document).transpose()
    }

    pub(in crate::store) async fn quizzes(
        &self,
        filter: &QuizFilter,
        window: &Window,
    ) -> Result<Listing<QuizSummary>> {
        let name = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let status = filter.status.and_then(|status| name(&serde_json::json!(status)));
        let difficulty = filter.difficulty.and_then(|difficulty| name(&serde_json::json!(difficulty)));
        let found = self
            .listing("quizzes", SUMMARY, window, |query| {
                matching(query, "created_by", Some(filter.created_by.to_string()));
                matching(query, "doc ->> '$.topic'", filter.topic.clone());
                matching(query, "doc ->> '$.status'", status.clone());
                matching(query, "doc ->> '$.difficulty'", difficulty.clone());
                if let Some(text) = &filter.text {
                    let text = search_key(text);
                    query.push(" AND (instr(title_key, ").push_bind(text.clone());
                    query.push(") > 0 OR instr(topic_key, ").push_bind(text).push(") > 0)");
                }
            })
            .await?;
        Ok(found.map(|row: SummaryRow| QuizSummary { quiz: row.quiz, question_count: row.question_count }))
    }

    pub(in crate::store) async fn quizzes_by_id(&self, ids: &[Id]) -> Result<Vec<Quiz>> {
        let ids: Vec<String> = ids.iter().map(Id::to_string).collect();
        let mut query = QueryBuilder::new(
            "SELECT json_remove(doc, '$.sourceContent') FROM quizzes WHERE id IN (SELECT value FROM json_each(",
        );
        query.push_bind(encode(&ids)?).push(")) ORDER BY id");
        self.documents(query).await
    }

    pub(in crate::store) async fn edit_quiz(&self, quiz: &Quiz) -> Result<bool> {
        self.change_quiz(quiz, |_| true).await
    }

    pub(in crate::store) async fn replace_questions(&self, quiz: &Quiz, _: Id) -> Result<bool> {
        self.change_quiz(quiz, |stored| {
            stored.questions.clone_from(&quiz.questions);
            !stored.edition.attempted
        })
        .await
    }

    /// Writes what an edit may change, if the quiz is at its revision and `change` agrees.
    async fn change_quiz(&self, quiz: &Quiz, change: impl FnOnce(&mut Quiz) -> bool) -> Result<bool> {
        let id = quiz.id.to_string();
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let row =
            sqlx::query("SELECT doc FROM quizzes WHERE id = ?").bind(&id).fetch_optional(&mut *tx).await?;
        let Some(row) = row else { return Ok(false) };
        let mut stored: Quiz = document(&row)?;
        if stored.edition.revision != quiz.edition.revision || !change(&mut stored) {
            return Ok(false);
        }
        stored.title.clone_from(&quiz.title);
        stored.topic.clone_from(&quiz.topic);
        stored.description.clone_from(&quiz.description);
        stored.difficulty = quiz.difficulty;
        stored.settings.clone_from(&quiz.settings);
        stored.updated_at = quiz.updated_at;
        stored.edition.revision += 1;
        sqlx::query("UPDATE quizzes SET doc = ?, title_key = ?, topic_key = ? WHERE id = ?")
            .bind(encode(&stored)?)
            .bind(search_key(&stored.title))
            .bind(search_key(&stored.topic))
            .bind(&id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(in crate::store) async fn begin_attempts(&self, id: Id, revision: i64) -> Result<bool> {
        let begun = sqlx::query(
            "UPDATE quizzes SET doc = json_set(doc, '$.edition.attempted', json('true')) \
             WHERE id = ? AND coalesce(doc ->> '$.edition.revision', 0) = ?",
        )
        .bind(id.to_string())
        .bind(revision)
        .execute(&self.writer)
        .await?;
        Ok(begun.rows_affected() == 1)
    }

    pub(in crate::store) async fn has_attempts(&self, id: Id) -> Result<bool> {
        let row = sqlx::query(
            "SELECT EXISTS (SELECT 1 FROM submissions WHERE quiz_id = ?1) \
             OR EXISTS (SELECT 1 FROM open_attempts WHERE quiz_id = ?1)",
        )
        .bind(id.to_string())
        .fetch_one(&self.pool)
        .await?;
        Ok(row.try_get(0)?)
    }

    pub(in crate::store) async fn archive_quiz(&self, id: Id, now: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE quizzes SET doc = json_set(doc, '$.status', 'archived', '$.updatedAt', ?) WHERE id = ?",
        )
        .bind(now.to_string())
        .bind(id.to_string())
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}

/// Brings a quiz's totals up to date with its submissions.
pub(super) async fn refresh_totals(connection: &mut SqliteConnection, id: Id) -> Result<()> {
    let row =
        sqlx::query("SELECT count(*), coalesce(avg(percentage), 0.0) FROM submissions WHERE quiz_id = ?")
            .bind(id.to_string())
            .fetch_one(&mut *connection)
            .await?;
    // Rounded here, because SQLite rounds halves that have no exact binary form down.
    let average = (row.try_get::<f64, _>(1)? * 10.0).round() / 10.0;
    sqlx::query(
        "UPDATE quizzes SET doc = json_set(doc, '$.totalAttempts', ?, '$.averageScore', ?) WHERE id = ?",
    )
    .bind(row.try_get::<i64, _>(0)?)
    .bind(average)
    .bind(id.to_string())
    .execute(&mut *connection)
    .await?;
    Ok(())
}

/// Text in one case, as it is searched; SQLite by itself knows only ASCII's.
fn search_key(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}
