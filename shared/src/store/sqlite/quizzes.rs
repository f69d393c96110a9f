use serde::Deserialize;
use sqlx::{Row, SqliteConnection};

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
        .execute(&self.pool)
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
        let found: Listing<SummaryRow> = self
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
        let items = found
            .items
            .into_iter()
            .map(|row| QuizSummary { quiz: row.quiz, question_count: row.question_count })
            .collect();
        Ok(Listing { items, total: found.total })
    }

    pub(in crate::store) async fn archive_quiz(&self, id: Id, now: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE quizzes SET doc = json_set(doc, '$.status', 'archived', '$.updatedAt', ?) WHERE id = ?",
        )
        .bind(now.to_string())
        .bind(id.to_string())
        .execute(&self.pool)
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
