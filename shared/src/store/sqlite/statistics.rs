use sqlx::{QueryBuilder, Row};

use super::{Result, Sqlite, encode};
use crate::{
    domain::{Quiz, Responses},
    store::statistics::counted,
};

impl Sqlite {
    pub(in crate::store) async fn responses(&self, quiz: &Quiz) -> Result<Responses> {
        let id = quiz.id.to_string();
        let rows = sqlx::query(
            "SELECT percentage, count(*) FROM submissions WHERE quiz_id = ? GROUP BY percentage ORDER BY percentage",
        )
        .bind(&id)
        .fetch_all(&self.pool)
        .await?;
        let percentages = rows
            .iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)?.unsigned_abs())))
            .collect::<Result<_>>()?;

        // `total` and not `sum`, which fails where whole numbers grow too large.
        let mut query = QueryBuilder::new(
            "WITH answers AS (SELECT result.value ->> '$.questionId' AS question, \
               CASE WHEN result.value ->> '$.questionId' IN (SELECT value FROM json_each(",
        );
        query.push_bind(encode(&counted(quiz))?);
        query.push(
            ")) THEN result.value -> '$.userAnswer' END AS answer, result.value ->> '$.isCorrect' AS correct, \
               round(submissions.doc ->> '$.score' * 100) - round(result.value ->> '$.points' * 100) AS rest \
               FROM submissions, json_each(submissions.doc, '$.questionResults') AS result \
               WHERE submissions.quiz_id = ",
        );
        query.push_bind(&id);
        query.push(
            ") SELECT json_object('questionId', question, 'answer', json(answer), 'count', count(*), \
               'correct', CAST(total(correct) AS INTEGER), 'rest', total(rest), 'restSquares', total(rest * rest), \
               'correctRest', total(CASE WHEN correct THEN rest END)) \
               FROM answers GROUP BY question, answer",
        );
        Ok(Responses { percentages, answers: self.documents(query).await? })
    }
}
