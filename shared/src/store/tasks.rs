//! Tasks of the old frontend.

use super::{Listing, Result, Store, Window};
use crate::domain::{Id, Task};

/// Which tasks to list; what is absent does not restrict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFilter {
    /// Whose tasks.
    pub user_id: Id,
    /// Done or not.
    pub completed: Option<bool>,
    /// With exactly this subject.
    pub subject: Option<String>,
}

backends! { "tasks":
    /// Adds a task.
    fn insert_task(&self, task: &Task) -> ();
    /// A task by id.
    fn task(&self, id: Id) -> Option<Task>;
    /// Tasks by id.
    fn tasks(&self, filter: &TaskFilter, window: &Window) -> Listing<Task>;
    /// Writes a task and raises its `rev`; false if it was written or deleted since it was read.
    fn save_task(&self, task: &Task) -> bool;
    /// Deletes a task; false if it was written or deleted since it had this `rev`.
    fn delete_task(&self, id: Id, rev: i64) -> bool;
}
