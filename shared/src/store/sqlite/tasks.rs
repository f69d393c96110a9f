use super::{Result, Sqlite, document, encode, matching};
use crate::{
    domain::{Id, Task},
    store::{Listing, TaskFilter, Window},
};

impl Sqlite {
    pub(in crate::store) async fn insert_task(&self, task: &Task) -> Result<()> {
        sqlx::query("INSERT INTO tasks (id, doc) VALUES (?, ?)")
            .bind(task.id.to_string())
            .bind(encode(task)?)
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn task(&self, id: Id) -> Result<Option<Task>> {
        let row = sqlx::query("SELECT doc FROM tasks WHERE id = ?")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(document).transpose()
    }

    pub(in crate::store) async fn tasks(
        &self,
        filter: &TaskFilter,
        window: &Window,
    ) -> Result<Listing<Task>> {
        self.listing("tasks", "doc", window, |query| {
            matching(query, "user_id", Some(filter.user_id.to_string()));
            matching(query, "doc ->> '$.subject'", filter.subject.clone());
            if let Some(completed) = filter.completed {
                query.push(" AND doc ->> '$.completed' = ").push_bind(completed);
            }
        })
        .await
    }

    pub(in crate::store) async fn save_task(&self, task: &Task) -> Result<bool> {
        let next = Task { rev: task.rev + 1, ..task.clone() };
        let done = sqlx::query("UPDATE tasks SET doc = ? WHERE id = ? AND rev = ?")
            .bind(encode(&next)?)
            .bind(task.id.to_string())
            .bind(task.rev)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(in crate::store) async fn delete_task(&self, id: Id, rev: i64) -> Result<bool> {
        let done = sqlx::query("DELETE FROM tasks WHERE id = ? AND rev = ?")
            .bind(id.to_string())
            .bind(rev)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}
