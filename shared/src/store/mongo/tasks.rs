//! Tasks of the old frontend.

use bson::{Bson, doc};

use super::{Mongo, Result};
use crate::{
    domain::{Id, Task},
    store::{Listing, TaskFilter, Window},
};

const TASKS: &str = "tasks";

impl Mongo {
    /// Adds a task.
    pub async fn insert_task(&self, task: &Task) -> Result<()> {
        self.run(self.of::<Task>(TASKS).insert_one(task)).await.map(drop)
    }

    /// A task by id.
    pub async fn task(&self, id: Id) -> Result<Option<Task>> {
        self.run(self.of(TASKS).find_one(doc! { "_id": id })).await
    }

    /// Tasks by id.
    pub async fn tasks(&self, filter: &TaskFilter, window: &Window) -> Result<Listing<Task>> {
        let mut wanted = doc! { "userId": filter.user_id };
        wanted.extend(filter.completed.map(|completed| ("completed".to_owned(), completed.into())));
        wanted.extend(filter.subject.as_ref().map(|subject| ("subject".to_owned(), subject.into())));
        let after = window.after.as_deref().and_then(|id| id.parse::<Id>().ok()).map(Bson::from);
        self.list(TASKS, wanted, window, after, doc! { "_id": "$_id" }).await
    }

    /// Writes a task and raises its `rev`; false if it was written or deleted since it was read.
    pub async fn save_task(&self, task: &Task) -> Result<bool> {
        let next = Task { rev: task.rev + 1, ..task.clone() };
        let unchanged = doc! { "_id": task.id, "rev": task.rev };
        Ok(self.run(self.of::<Task>(TASKS).replace_one(unchanged, &next)).await?.matched_count == 1)
    }

    /// Deletes a task; false if it was written or deleted since it had this `rev`.
    pub async fn delete_task(&self, id: Id, rev: i64) -> Result<bool> {
        let unchanged = doc! { "_id": id, "rev": rev };
        Ok(self.run(self.docs(TASKS).delete_one(unchanged)).await?.deleted_count == 1)
    }
}
