use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::{QueryBuilder, Row, sqlite::SqliteRow};

use super::{Result, Sqlite, encode, local_time::local_time, study_sessions::counted_sessions};
use crate::{
    domain::{Difficulty, Id, StudyTotals, Tally, Timestamp},
    store::{Scope, StudyBy, TallyBy},
};

#[derive(Deserialize)]
struct Group {
    key: String,
    tally: Tally,
}

impl Sqlite {
    pub(in crate::store) async fn tallies(
        &self,
        scope: &Scope,
        by: &TallyBy,
    ) -> Result<Vec<(String, Tally)>> {
        let mut query = QueryBuilder::new("WITH outcomes AS (SELECT id, completed_at AS at, percentage, ");
        match by {
            TallyBy::Day(shifts) => {
                query.push("substr(");
                local_time(&mut query, "completed_at", shifts);
                query.push(", 1, 10)");
            }
            TallyBy::Topic => {
                query.push("coalesce(topic, '')");
            }
            TallyBy::Difficulty => {
                query.push("quiz_id");
            }
        }
        query.push(" AS key FROM submissions WHERE user_id = ").push_bind(scope.user_id.to_string());
        query.push(" AND completed_at >= ").push_bind(scope.from.to_string());
        query.push(" AND completed_at < ").push_bind(scope.until.to_string());
        query.push(
            "), placed AS (SELECT *, row_number() OVER (PARTITION BY key ORDER BY at, id) AS place, \
                           count(*) OVER (PARTITION BY key) AS size FROM outcomes) \
             SELECT json_object('key', key, 'tally', json_object( \
                 'attempts', count(*), \
                 'millionths', sum(CAST(percentage * 1000000 + 0.5 AS INTEGER)), \
                 'best', max(percentage), 'worst', min(percentage), \
                 'first', json(max(json_object('at', at, 'id', id, 'percentage', percentage)) FILTER (WHERE place = 1)), \
                 'last', json(max(json_object('at', at, 'id', id, 'percentage', percentage)) FILTER (WHERE place = size)))) \
             FROM placed GROUP BY key",
        );
        let groups: Vec<Group> = self.documents(query).await?;
        let mut groups: Vec<(String, Tally)> =
            groups.into_iter().map(|group| (group.key, group.tally)).collect();
        if *by == TallyBy::Difficulty {
            let quizzes: Vec<&str> = groups.iter().map(|(quiz, _)| quiz.as_str()).collect();
            let known = self.difficulties(&quizzes).await?;
            for (key, _) in &mut groups {
                *key = known.get(key).copied().unwrap_or_default().as_str().to_owned();
            }
        }
        Ok(groups)
    }

    pub(in crate::store) async fn study_by(
        &self,
        scope: &Scope,
        by: &StudyBy,
        now: Timestamp,
    ) -> Result<Vec<(String, StudyTotals)>> {
        let mut query = QueryBuilder::new("SELECT ");
        match by {
            StudyBy::Day(shifts) | StudyBy::Hour(shifts) => {
                query.push("substr(");
                local_time(&mut query, "start_time", shifts);
                query.push(if matches!(by, StudyBy::Day(_)) { ", 1, 10)" } else { ", 12, 2)" });
            }
            StudyBy::Subject => {
                query.push("coalesce(subject, '')");
            }
            StudyBy::Topic => {
                query.push("coalesce(topic, '')");
            }
        }
        query.push(" AS key, count(*), coalesce(sum(minutes), 0) FROM ");
        counted_sessions(&mut query, scope.user_id, (scope.from, scope.until), now);
        let rows = query.push(" GROUP BY key").build().fetch_all(&self.pool).await?;
        let read = |row: &SqliteRow| {
            let count = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
            Ok((row.try_get(0)?, StudyTotals { sessions: count(1)?, minutes: count(2)? }))
        };
        rows.iter().map(read).collect()
    }

    pub(in crate::store) async fn quiz_topics(&self, user_id: Id) -> Result<Vec<(String, u64)>> {
        let rows = sqlx::query(
            "SELECT doc ->> '$.topic' AS topic, count(*) FROM quizzes \
             WHERE created_by = ? AND doc ->> '$.status' = 'active' GROUP BY topic ORDER BY topic",
        )
        .bind(user_id.to_string())
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)?.unsigned_abs()))).collect()
    }

    async fn difficulties(&self, quizzes: &[&str]) -> Result<BTreeMap<String, Difficulty>> {
        let rows = sqlx::query(
            "SELECT id, json_object('is', doc ->> '$.difficulty') FROM quizzes \
             WHERE id IN (SELECT value FROM json_each(?))",
        )
        .bind(encode(quizzes)?)
        .fetch_all(&self.pool)
        .await?;
        #[derive(Deserialize)]
        struct Of {
            is: Difficulty,
        }
        rows.iter().map(|row| Ok((row.try_get(0)?, super::decode::<Of>(row.try_get(1)?)?.is))).collect()
    }
}
