//! For operators: everybody's jobs, and the queues they wait in.

use crate::routes::Routes;

mod jobs;
mod page;
mod queues;

pub use page::routes as page;

/// The operators' routes.
pub fn routes() -> Routes {
    Routes::new().merge(jobs::routes()).merge(queues::routes())
}
